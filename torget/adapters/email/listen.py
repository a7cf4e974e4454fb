"""Listening to every mailbox: each mail is stored before the cursor moves, whatever happens in between."""

from __future__ import annotations

import logging
import threading
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import Error as DatabaseFault
from django.db import connection
from django.utils import timezone

from torget.adapters.email.adapter import HEADER_ONLY, MEDIA_TYPE, EmailAdapter
from torget.adapters.email.imap import Fetched, Mailbox
from torget.channels import accounts
from torget.channels import rules as channels
from torget.channels.account_lock import account_lock
from torget.channels.contract import AccountAccess, Health, RawItem, SendError
from torget.channels.supervisor import (
    FIRST_PAUSE_SECONDS,
    LONGEST_PAUSE_SECONDS,
    LOOK_FOR_ACCOUNTS_SECONDS,
    supervise,
)
from torget.intake import rules as intake
from torget.intake.lookups import header_of, header_since
from torget.protocols import mail as mails

log = logging.getLogger(__name__)

IDLE_SECONDS = 4 * 60.0
RECONCILE_DAYS = 7


def listen_loop(stop: threading.Event) -> None:
    """Listen to every e-mail account until told to stop."""
    supervise([EmailAdapter.network], follow, "mail", stop)


def follow(access: AccountAccess, stop: threading.Event) -> None:
    """Listen to one mailbox until told to stop; trouble is waited out, longer each time."""
    pause = FIRST_PAUSE_SECONDS
    try:
        while not stop.is_set():
            try:
                with account_lock(access.id) as ours:
                    if ours:
                        _follow_once(access, stop)
                pause = FIRST_PAUSE_SECONDS
                stop.wait(0 if ours else LOOK_FOR_ACCOUNTS_SECONDS)
            except SendError as fault:
                log.warning(
                    "Mailbox of account %s: %s",
                    access.id,
                    "refused" if fault.account else "no connection",
                )
                if fault.account:
                    channels.note_health(access.id, Health(False, str(fault)))
                pause = _rest(pause, stop)
            except DatabaseFault:
                log.warning("Mailbox of account %s: the database is away", access.id)
                connection.close()
                pause = _rest(pause, stop)
    finally:
        connection.close()


def _rest(pause: float, stop: threading.Event) -> float:
    stop.wait(pause)
    return min(pause * 2, LONGEST_PAUSE_SECONDS)


def _follow_once(access: AccountAccess, stop: threading.Event) -> None:
    with Mailbox(access.settings.get("imap", {}), access.secrets.get("imap_password", "")) as box:
        while not stop.is_set():
            catch_up(box, access, at=timezone.now())
            _mend_health(access)
            box.wait(IDLE_SECONDS, stop)
            # A server may give a folder a new UIDVALIDITY while we look: EXAMINE again before trusting UIDs.
            box.examine()


def _mend_health(access: AccountAccess) -> None:
    """The mailbox answers: if the account was marked ailing, see whether sending works again too."""
    if not accounts.is_well(access.id):
        channels.note_health(access.id, EmailAdapter().check(access))


def catch_up(box: Mailbox, access: AccountAccess, *, at: datetime) -> int:
    """Store every mail since the cursor, however old, and then those a cursor may have missed; how many were new.

    The cursor moves after each batch is committed. A new UIDVALIDITY makes the old UIDs worthless: everything is
    fetched again, and what we have is recognised by its identity.
    """
    cursor = channels.cursor(access.id)
    fresh = cursor.get("uidvalidity") != box.validity
    if fresh:
        cursor = {
            "uidvalidity": box.validity,
            "last_uid": 0,
            "reconciled_on": at.date().isoformat(),
        }
    sizes = box.sizes(cursor["last_uid"] + 1)
    newest = max([cursor["last_uid"], *(uid for uid, _size in sizes)])
    new = 0
    for batch in box.fetch(_wanted(sizes, box, access) if fresh else sizes, max_bytes=_max_bytes()):
        new += sum(keep(access.id, fetched, box.validity, at=at) for fetched in batch)
        cursor = {
            **cursor,
            "last_uid": max([cursor["last_uid"], *(fetched.uid for fetched in batch)]),
        }
        channels.move_cursor(access.id, cursor)
    cursor = {**cursor, "last_uid": newest}
    if cursor["reconciled_on"] != at.date().isoformat():
        new += reconcile(box, access, at=at)
        cursor = {**cursor, "reconciled_on": at.date().isoformat()}
    channels.move_cursor(access.id, cursor)
    channels.saw_life(access.id, received=bool(new), at=at)
    return new


def _wanted(
    sizes: list[tuple[int, int]], box: Mailbox, access: AccountAccess
) -> list[tuple[int, int]]:
    """At the first meeting: everything, or what came from the day the setting `from_on` names."""
    from_on = str(access.settings.get("from_on", ""))
    if not from_on:
        return sizes
    try:
        recent = dict(box.sizes_since(date.fromisoformat(from_on)))
    except ValueError as fault:
        raise SendError(
            "The setting from_on must be a date such as 2026-11-23.", account=True
        ) from fault
    return [pair for pair in sizes if pair[0] in recent]


def reconcile(box: Mailbox, access: AccountAccess, *, at: datetime) -> int:
    """Once a day: fetch mails of the last week that we do not have (a server may show a low UID late); how many."""
    since = at.date() - timedelta(days=RECONCILE_DAYS)
    sizes = box.sizes_since(since)
    known = header_since(access.id, "uid", at - timedelta(days=RECONCILE_DAYS + 1))
    missing = [(uid, size) for uid, size in sizes if _place(box.validity, uid) not in known]
    return sum(
        keep(access.id, fetched, box.validity, at=at)
        for batch in box.fetch(missing, max_bytes=_max_bytes())
        for fetched in batch
    )


def _max_bytes() -> int:
    return min(int(settings.MAX_BODY_BYTES), mails.MAX_BYTES)


def _place(validity: int, uid: int) -> str:
    return f"{validity}:{uid}"


def keep(account_id: int, fetched: Fetched, validity: int, *, at: datetime) -> bool:
    """Store one mail; whether it was new. Two mails with one Message-ID are both kept."""
    message_id, _hash, digest = mails.identity(fetched.raw).rpartition("#")
    item = RawItem(
        external_id=message_id,
        body=fetched.raw,
        media_type=MEDIA_TYPE if fetched.whole else HEADER_ONLY,
        headers={"uid": _place(validity, fetched.uid), "digest": digest, "size": str(fetched.size)},
    )
    envelope_id, known = intake.receive(account_id, item, at=at)
    if not known:
        return True
    if header_of(envelope_id, "digest") == digest:
        return False
    other = RawItem(f"{message_id}#{digest}", item.body, item.media_type, item.headers)
    return not intake.receive(account_id, other, at=at)[1]
