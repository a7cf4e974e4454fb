"""Strangers' pictures made safe, in processes of their own: what a decoder takes of time and memory harms nobody else."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache

from django.conf import settings
from django.utils.translation import gettext as _
from PIL import Image

from torget.channels.apart.answers import Raised
from torget.channels.apart.places import Died, Full, NotStarted, Place, TooLong, Work
from torget.channels.contract import SendError
from torget.errors import Busy
from torget.protocols.files import BadFile, Cleaned

FIRST_SECONDS, MORE_SECONDS = 8.0, 3.0  # for pictures that came together: and for each of them
WAIT_SECONDS = 3.0  # somebody sits and waits for the page
AGAIN_SECONDS = 10
SMALLEST_EDGE = 400  # of a picture made smaller for a network
# The heaviest picture that is let through takes 500 MB (WebP of 25 megapixels, transparent).
MOST_BYTES = 700_000_000

PLACE = Place(
    Work(
        name="pictures",
        act="torget.protocols.files:clean_images",
        at_once=1 if (os.cpu_count() or 1) <= 2 else 2,
        most_bytes=MOST_BYTES,
    )
)


def clean(raw: bytes, *, patient: bool = False) -> Cleaned:
    """One picture made safe: see `protocols.files.clean_image`, and `clean_all`.

    Raises:
        BadFile: it cannot be used.
        Busy: too many are under way.
    """
    made = clean_all([raw], patient=patient)[0]
    if isinstance(made, BadFile):
        raise made
    return made


def clean_all(raws: Sequence[bytes], *, patient: bool = False) -> list[Cleaned | BadFile]:
    """Pictures that came together, each made safe or with what is wrong with it.

    Args:
        raws: the files as they came.
        patient: wait until there is room, as the worker can; otherwise a person waits, and at most half of the threads
            that make pages may be busy with pictures.

    Raises:
        Busy: no room within three seconds, or no process can be started; nothing was kept.
    """
    if not raws:
        return []
    seconds = FIRST_SECONDS + MORE_SECONDS * len(raws)
    try:
        with _room(patient=patient):
            wait = None if patient else WAIT_SECONDS
            made = PLACE.run(list(raws), seconds=seconds, wait_seconds=wait)
    except (Full, NotStarted) as fault:
        raise _busy() from fault
    except (TooLong, Died, Raised):
        # Whichever of them it was: looking for it would be the same work again.
        return [BadFile("too_heavy") for _each in raws]
    return [BadFile(result) if isinstance(result, str) else result for result in made]


def fitting(raw: bytes, most_bytes: int) -> Cleaned:
    """A picture of ours without hidden data, in fewer pixels when it is too heavy for a network.

    Raises:
        SendError: it is no picture, or cannot be made small enough; trying again cannot help.
    """
    try:
        made = clean(raw, patient=True)
    except BadFile as fault:
        raise SendError(f"A picture cannot be used: {fault.code}.", permanent=True) from fault
    _content, _media_type, width, height = made
    edge = max(width, height)
    while len(made[0]) > most_bytes and edge > SMALLEST_EDGE:
        edge = edge * 4 // 5
        made = _smaller(made[0], edge)
    if len(made[0]) > most_bytes:
        raise SendError("A picture cannot be made small enough.", permanent=True)
    return made


def _smaller(content: bytes, edge: int) -> Cleaned:
    image = Image.open(io.BytesIO(content))
    flat = Image.new("RGB", image.size, "white")
    # What is see-through becomes white, as on the page it was made for.
    flat.paste(image, mask=image.getchannel("A") if image.mode == "RGBA" else None)
    flat.thumbnail((edge, edge), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    flat.save(out, "JPEG", quality=85, optimize=True, progressive=True)
    return out.getvalue(), "image/jpeg", *flat.size


@lru_cache(maxsize=1)
def _threads() -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(max(1, settings.THREADS // 2))


@contextmanager
def _room(*, patient: bool) -> Iterator[None]:
    """One of the threads that may be busy with pictures: the others must answer everybody else."""
    if patient:
        yield
        return
    if not _threads().acquire(blocking=False):
        raise _busy()
    try:
        yield
    finally:
        _threads().release()


def _busy() -> Busy:
    return Busy(
        _("Mange sender bilder akkurat nå. Vent litt og send en gang til, eller send uten bilder."),
        "pictures_busy",
        retry_after_seconds=AGAIN_SECONDS,
    )
