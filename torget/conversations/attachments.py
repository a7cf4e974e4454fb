"""Files said along: understood by content, cleaned, kept by hash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from torget.channels import files
from torget.channels.contract import File
from torget.conversations.models import Attachment, Message
from torget.protocols.files import BadFile, clean_image, safe_name, sniff


@dataclass(frozen=True, slots=True)
class Prepared:
    """A file ready to be attached: already kept, not yet anyone's."""

    sha256: str
    media_type: str
    name: str
    size: int
    alt: str = ""
    width: int | None = None
    height: int | None = None

    @classmethod
    def from_json(cls, held: dict[str, Any]) -> Prepared:
        """The value again, as it stood in an envelope."""
        return cls(**held)

    def as_json(self) -> dict[str, Any]:
        """The value for an envelope."""
        return asdict(self)


def prepare_picture(name: str, content: bytes, *, alt: str = "") -> Prepared:
    """Clean a picture (turned upright, no place or time in it, HEIC to JPEG) and keep it.

    Raises:
        BadFile: not a picture we can read, or one too large.
    """
    cleaned, media_type, width, height = clean_image(content)
    stem = safe_name(name).rsplit(".", 1)[0] or "bilde"
    suffix = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/gif": "gif"}[
        media_type
    ]
    return Prepared(
        files.put(cleaned),
        media_type,
        f"{stem}.{suffix}",
        len(cleaned),
        alt.strip()[:300],
        width,
        height,
    )


def prepare(file: File) -> Prepared:
    """Keep any file; pictures cleaned where they can be read, everything else as it came, for download only."""
    if sniff(file.content[:4096]).startswith("image/"):
        try:
            return prepare_picture(file.name, file.content, alt=file.alt)
        except BadFile:
            pass  # kept as it came; offered for download, never shown
    return Prepared(
        files.put(file.content),
        "application/octet-stream" if file.media_type.startswith("image/") else file.media_type,
        safe_name(file.name),
        len(file.content),
        file.alt,
    )


def attach(message: Message, prepared: Sequence[Prepared]) -> None:
    """Attach prepared files to a message."""
    Attachment.objects.bulk_create(
        [Attachment(message=message, **one.as_json()) for one in prepared]
    )
