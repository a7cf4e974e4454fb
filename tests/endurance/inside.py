"""Acts inside the square under test, as a process of its own: `python -m tests.endurance.inside open|answer|check`."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "torget.config.settings")
django.setup()

from django.db import Error, close_old_connections, connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from torget.channels.rules import open_account  # noqa: E402
from torget.conversations import rules as conversations  # noqa: E402
from torget.conversations.models import Conversation  # noqa: E402
from torget.history.seal import seal, verify  # noqa: E402
from torget.people.actor import Actor  # noqa: E402
from torget.people.models import Staff, Unit  # noqa: E402


def tell(**held: object) -> None:
    sys.stdout.write(json.dumps(held) + "\n")
    sys.stdout.flush()


def open_webhook(deliver_url: str, secret: str) -> None:
    """The account the load delivers to."""
    unit = Unit.objects.get(is_front=True)
    account = open_account(
        unit,
        network="webhook",
        address="fagsystem.test",
        name="Fagsystem",
        settings={"deliver_url": deliver_url},
        secrets={"secret": secret},
        by=Actor.system(unit.municipality_id),
        at=timezone.now(),
    )
    tell(key=str(account.key))


def answer_all() -> None:
    """Answer whatever waits, once each, until told to stop; patient with a database that comes and goes."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_args: stop.set())
    while not stop.is_set():
        try:
            close_old_connections()
            staff = [Actor.of_staff(one) for one in Staff.objects.order_by("pk")]
            waiting = Conversation.objects.filter(network="webhook", first_answer_at=None)
            for one in waiting.select_related("unit").order_by("pk")[:20]:
                by = next(who for who in staff if who.may("conversations.reply", one.unit))
                message = conversations.answer(
                    one, "Vi kommer med et nytt lokk på torsdag.", by=by, at=timezone.now()
                )
                tell(answered=f"m{message.public_id.hex}")
        except Error:
            connection.close()
        stop.wait(0.3)


def check() -> None:
    """Seal what is left and check every seal."""
    seal(at=timezone.now())
    tell(faults=verify())


if __name__ == "__main__":
    {"open": open_webhook, "answer": answer_all, "check": check}[sys.argv[1]](*sys.argv[2:])
