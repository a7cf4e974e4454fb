"""Everything of one conversation, as staff may take it along: on paper and as a file."""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import datetime
from typing import IO, Any

from torget.channels import files
from torget.conversations.models import Attachment, Conversation, Message
from torget.desk.queries.timeline import events
from torget.errors import Refused
from torget.intake.models import Envelope

IN_MEMORY_BYTES = 8_000_000
FEW = 4


def messages_of(conversation: Conversation) -> list[Message]:
    """All that was said, notes too; of what came in raw no more than what it is, not the bytes."""
    return list(
        Message.objects.filter(conversation=conversation)
        .select_related("identity", "staff", "envelope", "origin")
        .defer("search", "envelope__body", "envelope__headers")
        .with_files_and_versions()
    )


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _message(message: Message) -> dict[str, Any]:
    return {
        "id": str(message.public_id),
        "kind": message.kind,
        "visibility": message.visibility,
        "author": message.author_name or message.signature,
        "address": message.identity.external_id if message.identity else None,
        "body": message.body,
        "folded": message.folded,
        "language": message.language,
        "occurred_at": _time(message.occurred_at),
        "claimed_at": _time(message.claimed_at),
        "remarks": message.remarks,
        "received_at": _time(message.created_at),
        "edited_at": _time(message.edited_at),
        "removed_at": _time(message.removed_at),
        "hidden_at": _time(message.hidden_at),
        "first_said_in": message.origin.ref if message.origin else None,
        "original": _original_name(message) if message.envelope else None,
        "versions": [
            {
                "body": old.body,
                "until": _time(old.replaced_at),
                "why": old.why,
                "attachments": [_attachment(file) for file in old.files],
            }
            for old in message.versions.all()
        ],
        "attachments": [_attachment(file) for file in message.attachments.all()],
    }


def _attachment(file: Attachment) -> dict[str, Any]:
    return {
        "name": file.name,
        "sha256": file.sha256,
        "media_type": file.media_type,
        "size": file.size,
        "alt": file.alt,
        "file": f"vedlegg/{file.sha256}",
    }


def _original_name(message: Message) -> str:
    mail = message.envelope is not None and message.envelope.media_type == "message/rfc822"
    return f"originaler/{message.public_id}.{'eml' if mail else 'bin'}"


def _originals(messages: list[Message]) -> Iterator[tuple[str, bytes]]:
    """What came in, byte for byte; a few at a time, as they may be large."""
    names: dict[int, list[str]] = {}
    for message in messages:
        if message.envelope_id:
            names.setdefault(message.envelope_id, []).append(_original_name(message))
    bodies = Envelope.objects.filter(pk__in=names).order_by("pk").values_list("pk", "body")
    for pk, body in bodies.iterator(chunk_size=FEW):
        yield from ((name, bytes(body)) for name in names[pk])


def as_json(conversation: Conversation, messages: list[Message]) -> dict[str, Any]:
    """The conversation as plain values."""
    return {
        "ref": conversation.ref,
        "subject": conversation.subject,
        "kind": conversation.kind,
        "visibility": conversation.visibility,
        "state": conversation.state,
        "unit": conversation.unit.name,
        "assignee": str(conversation.assignee) if conversation.assignee else None,
        "network": conversation.network,
        "tags": conversation.tags,
        "opened_at": _time(conversation.opened_at),
        "first_answer_at": _time(conversation.first_answer_at),
        "closed_at": _time(conversation.closed_at),
        "merged_into": conversation.merged_into.ref if conversation.merged_into else None,
        "split_from": conversation.split_from.ref if conversation.split_from else None,
        "messages": [_message(message) for message in messages],
        "history": [
            {"at": _time(event.at), "verb": event.verb, "words": event.words}
            for event in events(conversation)
        ],
    }


def as_zip(conversation: Conversation) -> IO[bytes]:
    """A ZIP: sak.json, the originals byte for byte, and the attachments by their hash. A file that is gone is named."""
    messages = messages_of(conversation)
    record = as_json(conversation, messages)
    out: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115 - the response closes it
    missing: list[str] = []
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in _originals(messages):
            archive.writestr(name, body)
        hashes = Attachment.everything.filter(message__in=messages).order_by("sha256")
        for sha256 in hashes.values_list("sha256", flat=True).distinct():
            try:
                archive.writestr(f"vedlegg/{sha256}", files.get(sha256))
            except Refused:
                missing.append(sha256)
        record["missing_files"] = missing
        archive.writestr("sak.json", json.dumps(record, ensure_ascii=False, indent=2))
    out.seek(0)
    return out
