"""Files said along: understood by content, cleaned, kept by hash."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from torget.channels import files, pictures
from torget.channels.contract import File, InboundMessage
from torget.conversations.models import Attachment, Message, Version
from torget.protocols.files import BadFile, Cleaned, safe_name, sniff


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
    def from_json(cls, values: Mapping[str, Any]) -> Prepared:
        """The value again, as it stood in an envelope."""
        return cls(**values)

    def as_json(self) -> dict[str, Any]:
        """The value for an envelope."""
        return asdict(self)


def _kept(name: str, cleaned: Cleaned, alt: str) -> Prepared:
    content, media_type, width, height = cleaned
    stem = safe_name(name).rsplit(".", 1)[0] or "bilde"
    suffix = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/gif": "gif"}[
        media_type
    ]
    return Prepared(
        files.put(content),
        media_type,
        f"{stem}.{suffix}",
        len(content),
        alt.strip()[:300],
        width,
        height,
    )


def prepare_picture(name: str, content: bytes, *, alt: str = "", patient: bool = False) -> Prepared:
    """Clean a picture (turned upright, no place or time in it, HEIC to JPEG) and keep it.

    Raises:
        BadFile: not a picture we can read, or one too large.
        Busy: too many pictures are being read; `patient` waits instead.
    """
    return _kept(name, pictures.clean(content, patient=patient), alt)


def prepare_pictures(sent: Sequence[tuple[str, bytes]]) -> list[Prepared | BadFile]:
    """Clean and keep the pictures of one form, by name and content; for each that cannot be used, why.

    Raises:
        Busy: too many pictures are being read; none was kept.
    """
    made = pictures.clean_all([content for _name, content in sent])
    return [
        picture if isinstance(picture, BadFile) else _kept(name, picture, "")
        for (name, _content), picture in zip(sent, made, strict=True)
    ]


def prepare(file: File, *, patient: bool = False) -> Prepared:
    """Keep any file; pictures cleaned where they can be read, everything else as it came, for download only.

    Raises:
        Busy: too many pictures are being read; `patient` waits instead.
    """
    if sniff(file.content[:4096]).startswith("image/"):
        try:
            return prepare_picture(file.name, file.content, alt=file.alt, patient=patient)
        except BadFile:
            pass  # kept as it came; offered for download, never shown
    return Prepared(
        files.put(file.content),
        "application/octet-stream" if file.media_type.startswith("image/") else file.media_type,
        safe_name(file.name),
        len(file.content),
        file.alt,
    )


def prepared_of(inbound: InboundMessage) -> list[Prepared]:
    """What was said along: kept when it came in at our own door, or made ready when it was filed."""
    return [Prepared.from_json(file) for file in inbound.stored_files]


def attach(message: Message, prepared: Sequence[Prepared]) -> None:
    """Attach prepared files to a message."""
    Attachment.objects.bulk_create(
        [Attachment(message=message, **file.as_json()) for file in prepared]
    )


@dataclass(frozen=True, slots=True)
class Exchange:
    """What an edit or a deletion outside does to a message's files."""

    gone: Sequence[Attachment] = ()
    new: Sequence[Prepared] = ()

    def __bool__(self) -> bool:
        return bool(self.gone or self.new)

    def carry_out(self, message: Message, version: Version) -> None:
        """The files that are gone belong to what it said before; they are kept, and shown to staff only."""
        Attachment.objects.filter(pk__in=[file.pk for file in self.gone]).update(version=version)
        attach(message, self.new)


def exchange(message: Message, inbound: InboundMessage) -> Exchange:
    """Which files are gone, and which are new, by content and description. An edit that does not tell changes none.

    Where one could not be had nothing is taken away: it may be the one we have.
    """
    has = list(message.attachments.all())
    if inbound.kind == "delete":
        return Exchange(gone=has)
    if not inbound.whole:
        return Exchange()
    now = prepared_of(inbound)
    stay = {(file.sha256, file.alt) for file in now}
    before = {(file.sha256, file.alt) for file in has}
    return Exchange(
        [file for file in has if (file.sha256, file.alt) not in stay and not inbound.files_lost],
        [file for file in now if (file.sha256, file.alt) not in before],
    )
