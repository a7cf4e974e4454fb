"""Pictures made small enough for the server."""

from __future__ import annotations

import io

from PIL import Image

from torget.channels import pictures
from torget.channels.contract import SendError
from torget.protocols import files

SMALLEST_EDGE = 400


def fitting(raw: bytes, most_bytes: int) -> tuple[bytes, str]:
    """The picture without hidden data, in fewer pixels when it is too heavy; and its media type.

    Raises:
        SendError: it is no picture, or cannot be made small enough; trying again cannot help.
    """
    try:
        content, media_type, width, height = pictures.clean(raw, patient=True)
    except files.BadFile as fault:
        raise SendError(f"A picture cannot be used: {fault.code}.", permanent=True) from fault
    edge = max(width, height)
    while len(content) > most_bytes and edge > SMALLEST_EDGE:
        edge = edge * 4 // 5
        content, media_type = _smaller(content, edge), "image/jpeg"
    if len(content) > most_bytes:
        raise SendError("A picture cannot be made small enough.", permanent=True)
    return content, media_type


def _smaller(raw: bytes, edge: int) -> bytes:
    image = Image.open(io.BytesIO(raw))
    flat = Image.new("RGB", image.size, "white")
    flat.paste(image, mask=image.getchannel("A") if image.mode == "RGBA" else None)
    flat.thumbnail((edge, edge), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    flat.save(out, "JPEG", quality=85, optimize=True, progressive=True)
    return out.getvalue()
