"""Media types by content, pictures made safe, names made safe."""

from __future__ import annotations

import io
import zipfile

import pillow_heif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from torget.protocols import files
from torget.protocols.files import BadFile, clean_image, safe_name, sniff

PLACE_OF_BIRTH = "63.4305"


def picture(
    kind: str = "JPEG", size: tuple[int, int] = (60, 40), mode: str = "RGB", **save
) -> bytes:
    image = Image.new(mode, size, (200, 30, 30) if mode == "RGB" else (200, 30, 30, 120))
    image.paste(
        (10, 10, 200) if mode == "RGB" else (10, 10, 200, 255), (0, 0, size[0] // 2, size[1] // 2)
    )
    out = io.BytesIO()
    image.save(out, kind, **save)
    return out.getvalue()


def exif_with_place(orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Kameramerket"
    exif[0x010E] = PLACE_OF_BIRTH
    exif.get_ifd(0x8825).update({1: "N", 2: (63.0, 25.0, 49.8), 3: "E", 4: (10.0, 23.0, 42.0)})
    return exif.tobytes()


def container(*names: str, first: tuple[str, str] | None = None) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        if first:
            made.writestr(zipfile.ZipInfo(first[0]), first[1])
        for name in names:
            # Without the time of day: the bytes name the test.
            made.writestr(zipfile.ZipInfo(name), "x" * 1000)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (picture("JPEG"), "image/jpeg"),
        (picture("PNG"), "image/png"),
        (picture("GIF"), "image/gif"),
        (picture("WEBP"), "image/webp"),
        (picture("HEIF"), "image/heic"),
        (picture("AVIF"), "image/avif"),
        (b"%PDF-1.7\n...", "application/pdf"),
        (
            container("[Content_Types].xml", "word/document.xml"),
            f"{files._OFFICE}.wordprocessingml.document",
        ),
        (
            container("[Content_Types].xml", "xl/workbook.xml"),
            f"{files._OFFICE}.spreadsheetml.sheet",
        ),
        (
            container("content.xml", first=("mimetype", "application/vnd.oasis.opendocument.text")),
            "application/vnd.oasis.opendocument.text",
        ),
        (container("bilde.jpg"), "application/zip"),
        (container("a")[:40], "application/zip"),
        (b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom", "video/mp4"),
        (b"BEGIN:VCALENDAR\r\nVERSION:2.0", "text/calendar"),
        (b"Received: from x by y\r\n\r\n", "message/rfc822"),
        ("Vanleg tekst med æøå".encode(), "text/plain"),
        (b"MZ\x90\x00\x03\x00\x00\x00", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_the_content_decides_what_a_file_is(content, kind):
    assert sniff(content) == kind


def test_a_program_called_a_picture_is_no_picture():
    with pytest.raises(BadFile) as refused:
        clean_image(b"MZ\x90\x00 this is a program")
    assert refused.value.code == "not_an_image"


def test_place_and_camera_are_gone_from_a_cleaned_picture():
    raw = picture("JPEG", exif=exif_with_place(), comment=b"hemmelig")
    assert Image.open(io.BytesIO(raw)).getexif().get_ifd(0x8825), (
        "the test picture must carry a place"
    )

    cleaned, kind, _, _ = clean_image(raw)

    image = Image.open(io.BytesIO(cleaned))
    assert kind == "image/jpeg"
    assert not image.getexif()
    assert PLACE_OF_BIRTH.encode() not in cleaned
    assert b"Kameramerket" not in cleaned
    assert b"hemmelig" not in cleaned
    assert not {"exif", "icc_profile", "comment", "xmp"} & set(image.info)


@pytest.mark.parametrize("kind", ["JPEG", "HEIF"])
def test_a_picture_lying_on_its_side_is_turned_once(kind):
    cleaned, _, width, height = clean_image(
        picture(kind, (60, 40), exif=exif_with_place(orientation=6))
    )
    assert (width, height) == (40, 60)
    red, _, blue = Image.open(io.BytesIO(cleaned)).convert("RGB").getpixel((35, 5))
    assert blue > red, "orientation 6: the blue corner goes from top left to top right"


def test_heic_becomes_jpeg():
    cleaned, kind, width, height = clean_image(picture("HEIF", (64, 48)))
    assert (kind, width, height) == ("image/jpeg", 64, 48)
    assert sniff(cleaned) == "image/jpeg"


def test_an_invalid_heic_is_refused():
    raw = picture("HEIF", (64, 48))
    for bad in (raw[: len(raw) // 2], raw[:40], raw[:16] + b"\xff" * 400):
        with pytest.raises(BadFile):
            clean_image(bad)


def test_a_truncated_jpeg_is_refused():
    raw = picture("JPEG", (400, 400))
    with pytest.raises(BadFile) as refused:
        clean_image(raw[: len(raw) // 3])
    assert refused.value.code == "broken"


def test_a_decompression_bomb_is_refused_before_it_is_unpacked():
    bomb = picture("PNG", (8000, 7000))
    assert len(bomb) < 1_000_000
    with pytest.raises(BadFile) as refused:
        clean_image(bomb)
    assert refused.value.code == "too_large"


def test_a_large_picture_shrinks_and_keeps_its_shape():
    _, _, width, height = clean_image(picture("JPEG", (4000, 3000)))
    assert (width, height) == (2560, 1920)


def test_transparency_survives():
    cleaned, kind, _, _ = clean_image(picture("PNG", mode="RGBA"))
    assert kind == "image/png"
    assert Image.open(io.BytesIO(cleaned)).mode == "RGBA"


def test_an_animation_becomes_its_first_picture():
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    cleaned, _, _, _ = clean_image(out.getvalue())
    assert getattr(Image.open(io.BytesIO(cleaned)), "n_frames", 1) == 1


def test_a_colour_profile_is_converted_and_dropped():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for given_profile in (profile, b"not a profile"):
        cleaned, _, _, _ = clean_image(picture("JPEG", icc_profile=given_profile))
        assert "icc_profile" not in Image.open(io.BytesIO(cleaned)).info


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_damaged_picture_is_cleaned_or_refused_and_nothing_else(data):
    raw = bytearray(
        data.draw(st.sampled_from([picture(k) for k in ("JPEG", "PNG", "GIF", "WEBP", "HEIF")]))
    )
    for _ in range(data.draw(st.integers(1, 12))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        _, kind, _, _ = clean_image(bytes(raw))
    except BadFile:
        return
    assert kind in ("image/jpeg", "image/png")


@pytest.mark.parametrize(
    ("given_name", "safe"),
    [
        ("../../etc/passwd", "passwd.jpg"),
        ("C:\\Users\\kari\\bilde.jpg", "bilde.jpg"),
        ("faktura\u202efdp.exe", "fakturafdp.exe"),
        ("  .skjult", "skjult.jpg"),
        ("", "vedlegg.jpg"),
        ("hull i veien.jpg", "hull i veien.jpg"),
        ("linje\r\nskift.jpg", "linje skift.jpg"),
    ],
)
def test_a_name_keeps_nothing_dangerous(given_name, safe):
    assert safe_name(given_name, "image/jpeg") == safe


@given(st.text(max_size=300))
def test_any_name_becomes_a_usable_one(name):
    safe = safe_name(name)
    assert safe
    assert len(safe) <= 120
    assert not set(safe) & set('/\\:*?"<>|\n\r\x00\u202e')


def test_the_heif_library_is_the_one_that_reads():
    assert pillow_heif.is_supported(picture("HEIF"))
