"""Files from strangers: what they are by their content, and pictures made safe to show."""

from __future__ import annotations

import io
import re
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pillow_heif
from PIL import Image, ImageCms, ImageOps

from torget.protocols.plaintext import one_line

# JPEG is made smaller while it is decoded; every other kind is decoded whole, four bytes a pixel and several times over.
MAX_PIXELS = {"JPEG": 50_000_000, "MPO": 50_000_000}
MAX_PIXELS_DECODED_WHOLE = 25_000_000  # a telephone's HEIC has 24.5 million
MAX_PIXELS_TOGETHER = 150_000_000  # of the pictures of one request, JPEG counted as a quarter
MAX_EDGE_PIXELS = 2560
HEAD_BYTES = 4096
UNKNOWN = "application/octet-stream"

# Only these decoders ever see a stranger's bytes; the plugin turns HEIC upright and corrects its EXIF to match.
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "HEIF", "AVIF")
pillow_heif.register_heif_opener()

_OFFICE = "application/vnd.openxmlformats-officedocument"
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"\x78\x9f\x3e\x22", "application/ms-tnef"),
    (b"BEGIN:VCALENDAR", "text/calendar"),
    (b"-----BEGIN PGP MESSAGE", "application/pgp-encrypted"),
    (b"-----BEGIN PGP SIGNATURE", "application/pgp-signature"),
    (b"-----BEGIN PGP PUBLIC KEY", "application/pgp-keys"),
    (b"{\\rtf", "application/rtf"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
)
# Major brands of ISO 14496-12 files (the four bytes after `ftyp`).
_BRANDS = {
    **dict.fromkeys(
        (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), "image/heic"
    ),
    **dict.fromkeys((b"avif", b"avis"), "image/avif"),
    **dict.fromkeys(
        (
            b"isom",
            b"iso2",
            b"iso4",
            b"iso5",
            b"iso6",
            b"mp41",
            b"mp42",
            b"avc1",
            b"M4V ",
            b"dash",
            b"3gp4",
            b"3gp5",
        ),
        "video/mp4",
    ),
    b"qt  ": "video/quicktime",
    b"M4A ": "audio/mp4",
}
_MEMBERS = (
    ("word/", f"{_OFFICE}.wordprocessingml.document"),
    ("xl/", f"{_OFFICE}.spreadsheetml.sheet"),
    ("ppt/", f"{_OFFICE}.presentationml.presentation"),
)
_MAIL_HEADER = re.compile(
    rb"\A(?:Return-Path|Received|Delivered-To|From|Message-ID|MIME-Version|Date|Subject):[ \t]",
    re.IGNORECASE,
)
_NAME_UNSAFE = re.compile(r'[/\\:*?"<>|\x00-\x1f]')
_DOTS = re.compile(r"\A[.\s]+|[.\s]+\Z")

EXTENSIONS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "image/heic": ".heic",
    "image/avif": ".avif",
    "application/pdf": ".pdf",
    "application/zip": ".zip",
    "text/plain": ".txt",
    "text/calendar": ".ics",
    "message/rfc822": ".eml",
    "video/mp4": ".mp4",
    "application/pgp-signature": ".asc",
    "application/pgp-encrypted": ".asc",
}


class BadFile(Exception):  # noqa: N818 - names the verdict
    """A picture cannot be used.

    Attributes:
        code: `not_an_image`, `broken`, `too_large`; the caller has the sentence for the person.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def sniff(content: bytes) -> str:
    """The media type by what the bytes are, never by what anybody says they are.

    Zip containers need the whole content (their list of members stands at the end); for everything else the first
    4096 bytes are enough. Nothing is unpacked. Unknown is `application/octet-stream`.
    """
    head = content[:HEAD_BYTES]
    if media_type := next((kind for magic, kind in _MAGIC if head.startswith(magic)), ""):
        return media_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], UNKNOWN)
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return _zip_kind(content)
    return _text_kind(head)


def _zip_kind(content: bytes) -> str:
    # ODF 1.3 part 2 §3.3: the first member is `mimetype`, stored, without extra field, at a fixed place.
    if content[30:38] == b"mimetype":
        size = struct.unpack("<I", content[18:22])[0]
        kind = content[38 : 38 + min(size, 100)]
        if kind.startswith(b"application/vnd.oasis.opendocument."):
            return kind.decode("ascii", "replace")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as container:
            names = container.namelist()[:1000]
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, struct.error, zlib.error):
        return "application/zip"
    if "[Content_Types].xml" in names:
        for prefix, kind_of in _MEMBERS:
            if any(name.startswith(prefix) for name in names):
                return kind_of
    return "application/zip"


def _text_kind(head: bytes) -> str:
    if not head or b"\x00" in head:
        return UNKNOWN
    if _MAIL_HEADER.match(head):
        return "message/rfc822"
    controls = sum(byte < 32 and byte not in (9, 10, 12, 13, 27) for byte in head)
    return UNKNOWN if controls else "text/plain"


Cleaned = tuple[bytes, str, int, int]


def clean_image(raw: bytes) -> Cleaned:
    """A picture made safe: upright, in sRGB, at most 2560 pixels long, without EXIF, place, maker notes or comments.

    HEIC, AVIF and WebP become JPEG (or PNG when transparent), so that every browser shows them. Of an animation the
    first picture is kept. The result is a new encoding of the pixels: nothing hidden in the file survives. Nothing
    bounds the time a decoder takes: of strangers' pictures this runs in a process of its own (`channels.pictures`).

    Returns:
        The new file, its media type, its width and height in pixels.

    Raises:
        BadFile: `not_an_image`, `broken` (truncated, invalid) or `too_large` (over 50 megapixels as JPEG, 25 otherwise).
    """
    kind = sniff(raw)
    if not kind.startswith("image/"):
        raise BadFile("not_an_image")
    with _refusing():
        return _encode(_upright(_open(raw)), transparent_ok=kind != "image/jpeg")


def clean_images(raws: Sequence[bytes]) -> list[Cleaned | str]:
    """Pictures that came together, each as `clean_image` makes it, or the code of what is wrong with it.

    When they have too many pixels in all, none is decoded and each is `too_large`.
    """
    if sum(map(_weight, raws)) > MAX_PIXELS_TOGETHER:
        return ["too_large" for _each in raws]
    made: list[Cleaned | str] = []
    for raw in raws:
        try:
            made.append(clean_image(raw))
        except BadFile as fault:
            made.append(fault.code)
    return made


def _weight(raw: bytes) -> int:
    """How many pixels must be decoded; 0 for what will be refused anyway."""
    try:
        with _refusing():
            opened = Image.open(io.BytesIO(raw), formats=_FORMATS)
            pixels = opened.size[0] * opened.size[1]
            return pixels // 4 if opened.format in MAX_PIXELS else pixels
    except BadFile:
        return 0


def image_size(raw: bytes) -> tuple[int, int] | None:
    """Width and height in pixels as the picture's head tells; nothing is decoded. None when it tells nothing."""
    try:
        with _refusing():
            width, height = Image.open(io.BytesIO(raw), formats=_FORMATS).size
            return width, height
    except BadFile:
        return None


@contextmanager
def _refusing() -> Iterator[None]:
    """Decoders raise almost anything on hostile input; all of it means the same here."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except BadFile:
        raise
    except Image.DecompressionBombError as fault:
        raise BadFile("too_large") from fault
    except _STUMBLES as fault:
        raise BadFile("broken") from fault


_STUMBLES = (
    *(OSError, ValueError, SyntaxError, EOFError, RuntimeError, IndexError, KeyError, TypeError),
    *(struct.error, zlib.error, OverflowError, MemoryError, AttributeError, ZeroDivisionError),
)
# Modes that can be made smaller as they are; a palette or sixteen bits must be made colours first.
_SHRINKABLE = {"L", "LA", "RGB", "RGBA", "CMYK", "YCbCr"}


def _open(raw: bytes) -> Image.Image:
    opened = Image.open(io.BytesIO(raw), formats=_FORMATS)
    most = MAX_PIXELS.get(opened.format or "", MAX_PIXELS_DECODED_WHOLE)
    if opened.size[0] * opened.size[1] > most:
        raise BadFile("too_large")
    # For JPEG the decoder can shrink while decoding: less memory, much faster on telephone pictures.
    opened.draft("RGB", (MAX_EDGE_PIXELS, MAX_EDGE_PIXELS))
    opened.load()
    return opened


def _upright(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    transparent = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
    wanted = "RGBA" if transparent else "RGB"
    if image.mode not in _SHRINKABLE or (transparent and image.mode in ("L", "RGB")):
        image = _converted(image, wanted)
    # Smaller first, and everything else on the small one: of a large picture there are at most two copies at once.
    image.thumbnail((MAX_EDGE_PIXELS, MAX_EDGE_PIXELS), Image.Resampling.LANCZOS, reducing_gap=2.0)
    turned = ImageOps.exif_transpose(image)
    if profile and not transparent and turned.mode in ("RGB", "CMYK", "L"):
        return _srgb(turned, profile)
    return turned.convert(wanted)


def _converted(image: Image.Image, mode: str) -> Image.Image:
    """In another mode, still knowing which way up it is."""
    made = image.convert(mode)
    made.info["exif"] = image.getexif().tobytes()
    return made


def _srgb(image: Image.Image, profile: bytes) -> Image.Image:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        target = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        converted = None
    # A profile that cannot be read must not cost the resident the picture: the colours are then a little off.
    return converted if converted is not None else image.convert("RGB")


def _encode(image: Image.Image, *, transparent_ok: bool) -> Cleaned:
    # A fresh image carries no metadata, so none can be written.
    fresh = Image.frombytes(image.mode, image.size, image.tobytes())
    out = io.BytesIO()
    if image.mode == "RGBA" and transparent_ok:
        fresh.save(out, "PNG", optimize=False)
        return out.getvalue(), "image/png", *image.size
    fresh.convert("RGB").save(out, "JPEG", quality=85, optimize=True, progressive=True)
    return out.getvalue(), "image/jpeg", *image.size


def safe_name(name: str, media_type: str = "", fallback: str = "vedlegg") -> str:
    """A file name without folders, control characters, direction overrides or leading dots, at most 120 characters.

    Without an extension it gets that of the media type, when known.
    """
    name = re.split(r"[/\\]", one_line(name, 2000))[-1]
    name = _DOTS.sub("", _NAME_UNSAFE.sub("_", name)) or fallback
    stem, dot, suffix = name.rpartition(".")
    if not dot or not stem or len(suffix) > 10:
        return name[:110] + EXTENSIONS.get(media_type, "")
    return f"{stem[: 120 - len(suffix) - 1]}.{suffix}"
