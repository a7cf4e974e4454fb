"""Whatever is sent gets a clear error or is set aside: nothing is lost, no page answers 5xx."""

from __future__ import annotations

import io
import struct
import uuid
import zipfile
import zlib

import pillow_heif
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from tests.cast import make_question
from torget.answers.rules import publish
from torget.channels.files import get
from torget.conversations.models import Attachment, Conversation, Message
from torget.conversations.rules import answer

pytestmark = pytest.mark.django_db


def picture(kind="JPEG", size=(40, 30), **save):
    out = io.BytesIO()
    Image.new("RGB", size, "green").save(out, kind, **save)
    return out.getvalue()


def located_picture():
    exif = Image.Exif()
    exif[0x0112] = 6  # turned a quarter
    exif[0x010F] = "KAMERA"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (62.0, 28.0, 12.0)
    return picture(exif=exif)


def ask(client, **fields):
    form = {
        "body": "Når brøytes det?",
        "visibility": "private",
        "nonce": str(uuid.uuid4()),
        "seen": "1",
    }
    return client.post("/spor", form | fields)


@pytest.fixture(autouse=True)
def _square(nordvaag):
    pass


def test_a_question_is_sent_and_followed_at_once(client):
    response = ask(client)
    assert response.status_code == 302
    page = client.get(response.url)
    assert page.status_code == 200
    assert Conversation.objects.get().ref in page.content.decode()


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"body": ""}, "Skriv hva det gjelder"),
        ({"body": "   \n\t "}, "Skriv hva det gjelder"),
        ({"body": "\u202e\u200b\x00"}, "Skriv"),
        ({"body": "x" * 100_000}, "for lang"),
        ({"visibility": "everyone"}, ""),
        ({"email": "kari@"}, "gyldig e-postadresse"),
        ({"email": "a@b.no\r\nBcc: x@y.no"}, "gyldig e-postadresse"),
        ({"unit": "finnes-ikke"}, ""),
        ({"nonce": "ikke en uuid"}, ""),
        ({"visibility": "public", "body": "Mitt nummer er 01010750160"}, "fødselsnummer"),
    ],
)
def test_what_is_wrong_is_said_and_everything_typed_is_kept(client, fields, word):
    response = ask(client, **fields)
    assert response.status_code == 422
    page = response.content.decode()
    assert word in page
    if fields.get("email"):
        assert "Når brøytes det?" in page
    assert not Conversation.objects.exists()


def test_control_characters_and_direction_overrides_are_taken_out(client):
    ask(client, body="Hei\x07 der\u202egnp.exe\u2066 du", name="Ka\u202eri\x1b[31m")
    message = Message.objects.get()
    assert not set("\x07\u202e\u2066\x1b") & set(message.body + message.author_name)


@pytest.mark.parametrize(
    "body",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "{{ 7*7 }}",
        "'; DROP TABLE x;--",
    ],
)
def test_script_in_words_is_only_words(client, body):
    where = client.post("/vegg/nytt", {"body": body, "nonce": str(uuid.uuid4())}).url
    page = client.get(where).content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert 'href="javascript' not in page
    assert Message.objects.get().body == body


def test_a_picture_loses_where_and_when_and_stands_upright(client):
    ask(
        client,
        pictures=[SimpleUploadedFile("ute.jpg", located_picture(), "image/jpeg")],
        picture_text="En dunk",
    )
    kept = Attachment.objects.get()
    cleaned = Image.open(io.BytesIO(get(kept.sha256)))
    assert (cleaned.size, dict(cleaned.getexif())) == ((30, 40), {})
    assert kept.alt == "En dunk"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("ødelagt.heic", b"\x00\x00\x00\x18ftypheic" + b"\x00" * 200),
        ("tom.jpg", b""),
        ("tekst.jpg", b"not a picture"),
        ("avkortet.jpg", picture()[:200]),
        ("skript.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
        ("bombe.png", None),
    ],
)
def test_a_file_that_is_no_picture_is_refused_with_its_name(client, name, content):
    if content is None:
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as bomb:
            bomb.writestr("null", b"\0" * 20_000_000)
        content = archive.getvalue()
    response = ask(client, pictures=[SimpleUploadedFile(name, content, "image/jpeg")])
    assert response.status_code == 422
    assert not Message.objects.exists()


def test_a_picture_far_too_wide_to_unpack_is_refused(client):
    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )
    response = ask(client, pictures=[SimpleUploadedFile("stor.png", bomb, "image/png")])
    assert response.status_code == 422


def test_several_pictures_are_taken_and_too_many_are_not(client):
    files = [
        SimpleUploadedFile(f"{n}.png", picture("PNG", (10 + n, 10)), "image/png") for n in range(7)
    ]
    assert ask(client, pictures=files).status_code == 422
    for file in files:
        file.seek(0)
    assert ask(client, pictures=files[:6]).status_code == 302
    assert Attachment.objects.count() == 6


def test_a_heic_from_a_phone_becomes_a_jpeg(client):
    out = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (64, 48), "blue")).save(out, quality=80)
    assert (
        ask(
            client, pictures=[SimpleUploadedFile("bilde.heic", out.getvalue(), "image/heic")]
        ).status_code
        == 302
    )
    assert Attachment.objects.get().media_type == "image/jpeg"


@pytest.mark.parametrize(
    "address",
    [
        "/sok?q=%00",
        "/sok?q=" + "x" * 5000,
        "/sok?q=%F0%28%8C%28",
        "/sok?q=(((",
        "/sok?q=%27%22%3B--",
        "/sok?q=a%20OR",
        "/vegg?for=x",
        "/vegg?for=2026-99-99_1",
        "/vegg?for=2026-01-01T00:00:00%2B00:00_99999999999999999999",
        "/svar/?enhet=%00",
        "/svar/%00",
        "/saker/%00",
        "/saker/x/%F0%9F%92%A9",
        "/vegg/%2e%2e",
        "/spor?q=%00",
        "/spor/forslag?q=%00%F0",
        "/feed/svar.exe",
        "/folg/%00",
        "/min-side/inn/%00",
        "/fil/ikke-uuid",
        "/feed/%00.rss",
    ],
)
def test_strange_addresses_get_an_ordinary_answer(client, address):
    assert client.get(address).status_code in {200, 302, 400, 404}


def test_a_field_filled_by_machines_sends_nothing(client):
    assert ask(client, website="https://spam.example").status_code == 302
    assert not Conversation.objects.exists()


def test_the_same_form_pressed_twice_is_one_question(client):
    nonce = str(uuid.uuid4())
    assert ask(client, nonce=nonce).url == ask(client, nonce=nonce).url
    assert Message.objects.count() == 1


def test_similar_answers_are_shown_before_sending_and_not_again(client, nordvaag, ola, now):
    question = make_question(nordvaag, "Når brøytes det?")
    answer(question, "Klokka fire.", by=ola, at=now)
    published = publish(
        question, question="Når blir veien brøytet?", body="Fra klokka fire.", by=ola, at=now
    )
    page = ask(client, seen="")
    assert page.status_code == 200
    assert "Når blir veien brøytet?" in page.content.decode()
    assert Conversation.objects.count() == 1
    assert client.post(f"/spor/hjalp/{published.slug}").status_code == 200
    published.refresh_from_db()
    assert published.helped == 1
    assert ask(client, seen="1").status_code == 302
