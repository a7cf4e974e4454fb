"""Files a network only names by their address: fetched before the message they belong to is filed."""

from __future__ import annotations

import time
from dataclasses import replace

from django.utils.translation import gettext as _

from torget.channels import http
from torget.channels.contract import File, InboundMessage
from torget.conversations import attachments

MOST_BYTES = 20_000_000
SECONDS = 10.0  # for all the files of one message


def to_fetch(file: File) -> bool:
    """Whether another server must be asked for its content."""
    return bool(file.url and not file.content)


def fetched(file: File, until: float) -> File | None:
    """A file with its content, asked for until that moment of the monotonic clock; None when it cannot be had."""
    if not to_fetch(file):
        return file
    if (left := until - time.monotonic()) <= 0:
        return None
    try:
        answer = http.fetch(file.url, most_bytes=MOST_BYTES, timeout_seconds=left)
    except http.HttpError:
        return None
    whole = answer.status == 200 and answer.body and not answer.cut
    return replace(file, content=answer.body) if whole else None


def with_files(message: InboundMessage) -> InboundMessage:
    """The message with its files prepared; of one that could not be had its address stays with the message."""
    until = time.monotonic() + SECONDS
    files = [(file, fetched(file, until)) for file in message.attachments]
    lost = [f"{file.alt} {file.url}".strip() for file, whole in files if whole is None]
    prepared = [attachments.prepare(whole, patient=True) for _file, whole in files if whole]
    note = "\n".join([_("Vedlegg vi ikke fikk hentet:"), *lost]) if lost else ""
    return replace(
        message,
        folded="\n\n".join(part for part in (message.folded, note) if part),
        stored_files=[*message.stored_files, *(file.as_json() for file in prepared)],
        files_lost=bool(lost),
    )
