"""Addresses where Meta may fetch a picture that is being published; they end after an hour."""

from __future__ import annotations

import hashlib
from io import BytesIO

from django.core import signing
from PIL import Image

from torget.channels import files
from torget.channels.contract import AccountAccess, File, Outgoing
from torget.errors import Refused

SALT = "torget.adapters.meta.pictures"
GOOD_SECONDS = 3600
PATH = "kanalbilde"
QUALITY = 90


def address(account: AccountAccess, picture: File) -> str:
    """Where the picture can be fetched, for an hour; "" when we do not know our own address."""
    origin = str(account.settings.get("origin", "")).rstrip("/")
    name = signing.dumps(hashlib.sha256(picture.content).hexdigest(), salt=SALT)
    return f"{origin}/{PATH}/{name}.jpg" if origin else ""


def of(out: Outgoing, account: AccountAccess) -> list[tuple[str, str]]:
    """Address and alternative text of each picture to publish: those that have one, else our own of the files."""
    addressed = [
        (url, alt) for url, alt in out.picture_urls if url.startswith(("https://", "http://"))
    ]
    if addressed:
        return addressed
    pictures = [file for file in out.attachments if file.media_type.startswith("image/")]
    return [(url, file.alt) for file in pictures if (url := address(account, file))]


def jpeg(name: str) -> bytes:
    """The picture as JPEG, the only kind Instagram takes.

    Raises:
        LookupError: the name is not one we gave, or older than an hour, or the file is gone.
    """
    try:
        content = files.get(signing.loads(name, salt=SALT, max_age=GOOD_SECONDS))
        with Image.open(BytesIO(content)) as picture:
            out = BytesIO()
            picture.convert("RGB").save(out, "JPEG", quality=QUALITY)
    except (signing.BadSignature, Refused, OSError, Image.DecompressionBombError) as fault:
        raise LookupError("no such picture") from fault
    return out.getvalue()
