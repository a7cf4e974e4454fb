"""Pictures made small enough for the network."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image

from torget.channels import pictures
from torget.channels.contract import SendError
from torget.protocols import files

# Lexicon app.bsky.embed.images: maxSize 2,000,000. Older servers took half of that; a picture on a telephone needs no more.
MOST_BYTES = 1_000_000
SMALLEST_EDGE = 400


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is uploaded; width and height in pixels."""

    content: bytes
    media_type: str
    width: int
    height: int


def fitting(raw: bytes, most_bytes: int = MOST_BYTES) -> Picture:
    """The picture without hidden data, in fewer pixels when it is too heavy.

    Raises:
        SendError: it is no picture, or cannot be made small enough; trying again cannot help.
    """
    try:
        made = Picture(*pictures.clean(raw, patient=True))
    except files.BadFile as fault:
        raise SendError(f"A picture cannot be used: {fault.code}.", permanent=True) from fault
    edge = max(made.width, made.height)
    while len(made.content) > most_bytes and edge > SMALLEST_EDGE:
        edge = edge * 4 // 5
        made = _smaller(made, edge)
    if len(made.content) > most_bytes:
        raise SendError("A picture cannot be made small enough.", permanent=True)
    return made


def _smaller(picture: Picture, edge: int) -> Picture:
    image = Image.open(io.BytesIO(picture.content))
    flat = Image.new("RGB", image.size, "white")
    # What is see-through becomes white, as on the page it was made for.
    flat.paste(image, mask=image.getchannel("A") if image.mode == "RGBA" else None)
    flat.thumbnail((edge, edge), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    flat.save(out, "JPEG", quality=85, optimize=True, progressive=True)
    return Picture(out.getvalue(), "image/jpeg", *flat.size)
