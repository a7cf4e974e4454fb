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


def _message(said: Message) -> dict[str, Any]:
    return {
        "id": str(said.public_id),
        "kind": said.kind,
        "visibility": said.visibility,
        "author": said.author_name or said.signature,
        "address": said.identity.external_id if said.identity else None,
        "body": said.body,
        "folded": said.folded,
        "language": said.language,
        "occurred_at": _time(said.occurred_at),
        "claimed_at": _time(said.claimed_at),
        "remarks": said.remarks,
        "received_at": _time(said.created_at),
        "edited_at": _time(said.edited_at),
        "removed_at": _time(said.removed_at),
        "hidden_at": _time(said.hidden_at),
        "first_said_in": said.origin.ref if said.origin else None,
        "original": _original_name(said) if said.envelope else None,
        "versions": [
            {
                "body": old.body,
                "until": _time(old.replaced_at),
                "why": old.why,
                "attachments": [_attachment(one) for one in old.files],
            }
            for old in said.versions.all()
        ],
        "attachments": [_attachment(one) for one in said.attachments.all()],
    }


def _attachment(one: Attachment) -> dict[str, Any]:
    return {
        "name": one.name,
        "sha256": one.sha256,
        "media_type": one.media_type,
        "size": one.size,
        "alt": one.alt,
        "file": f"vedlegg/{one.sha256}",
    }


def _original_name(said: Message) -> str:
    mail = said.envelope is not None and said.envelope.media_type == "message/rfc822"
    return f"originaler/{said.public_id}.{'eml' if mail else 'bin'}"


def _originals(said: list[Message]) -> Iterator[tuple[str, bytes]]:
    """What came in, byte for byte; a few at a time, as they may be large."""
    names: dict[int, list[str]] = {}
    for one in said:
        if one.envelope_id:
            names.setdefault(one.envelope_id, []).append(_original_name(one))
    bodies = Envelope.objects.filter(pk__in=names).order_by("pk").values_list("pk", "body")
    for pk, body in bodies.iterator(chunk_size=FEW):
        yield from ((name, bytes(body)) for name in names[pk])


def as_json(conversation: Conversation, said: list[Message]) -> dict[str, Any]:
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
        "messages": [_message(one) for one in said],
        "history": [
            {"at": _time(event.at), "verb": event.verb, "words": event.words}
            for event in events(conversation)
        ],
    }


def as_zip(conversation: Conversation) -> IO[bytes]:
    """A ZIP: sak.json, the originals byte for byte, and the attachments by their hash. A file that is gone is named."""
    said = messages_of(conversation)
    held = as_json(conversation, said)
    out: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115 - the response closes it
    missing: list[str] = []
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in _originals(said):
            archive.writestr(name, body)
        hashes = Attachment.everything.filter(message__in=said).order_by("sha256")
        for sha256 in hashes.values_list("sha256", flat=True).distinct():
            try:
                archive.writestr(f"vedlegg/{sha256}", files.get(sha256))
            except Refused:
                missing.append(sha256)
        held["missing_files"] = missing
        archive.writestr("sak.json", json.dumps(held, ensure_ascii=False, indent=2))
    out.seek(0)
    return out
