"""What the worker does for those who follow: beginning to follow something, which nobody waits for."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.utils import timezone
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from torget.errors import Refused
from torget.outbox import letters
from torget.people.sealed import seal, unseal
from torget.subscriptions import rules


def follow_by_letter(topic: Any, address: str, title: str, language: str) -> None:
    """Ask the worker to let an address follow a public thing; the same work whoever's it is. The address rests sealed.

    Raises:
        Refused: the municipality has no account to write from.
    """
    if letters.no_way_out(topic.municipality_id):
        raise Refused(_("Vi har ingen måte å nå deg på der. Ring oss i stedet."), "no_way")
    begin_to_follow.defer(
        topic_type=topic._meta.label_lower,
        topic_id=topic.pk,
        sealed=seal(address.encode()),
        title=title,
        language=language,
    )


# By its name from before too: such jobs may wait while the program is exchanged.
@app.task(name="subscriptions.follow", aliases=["square.follow"])
def begin_to_follow(topic_type: str, topic_id: int, sealed: str, title: str, language: str) -> None:
    """Begin to follow, and write to the address for a confirmation."""
    topic = apps.get_model(topic_type).objects.filter(pk=topic_id).first()
    if topic is not None:
        address = unseal(sealed).decode()
        rules.follow_by_address(topic, address, title=title, language=language, at=timezone.now())
