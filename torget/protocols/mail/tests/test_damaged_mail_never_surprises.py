"""Whatever bytes arrive, they are read or refused with the one declared error."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from torget.protocols.mail import BadMail, case_of, fold, identity, machine, may_answer, read
from torget.protocols.mail.tests.samples import NAMES, NOW, OWN, raw

SNIPPETS = [
    *(
        b"\r\n\r\n",
        b"\n",
        b"\r",
        b"\x00",
        b"\xff\xfe",
        b"=?utf-8?B?",
        b"?=",
        b'boundary="',
        b"--",
        b"Content-Type: ",
    ),
    *(
        b"message/rfc822",
        b"multipart/mixed",
        b"multipart/report",
        b"charset=undefined",
        b"charset=idna",
        b"name*0*=",
    ),
    *(
        b"filename*=utf-8''%ff",
        b"base64",
        b"x-uuencode",
        b"quoted-printable",
        b"From: ",
        b"Date: 99",
        b"To: (((",
        b"<script>",
    ),
    *(
        b"charset=utf-7",
        b"Status: 5",
        b"Message-ID: <>",
        b"\xe2\x80\xae",
        b"&#x110000;",
        b"\xed\xa0\x80",
    ),
]


@st.composite
def damaged_mails(draw: st.DrawFn) -> bytes:
    mail = bytearray(raw(draw(st.sampled_from(NAMES))))
    for _ in range(draw(st.integers(1, 8))):
        at = draw(st.integers(0, len(mail)))
        match draw(st.sampled_from(["change", "insert", "cut", "repeat"])):
            case "change":
                mail[at : at + 1] = bytes([draw(st.integers(0, 255))])
            case "insert":
                mail[at:at] = draw(st.sampled_from(SNIPPETS))
            case "cut":
                del mail[at : at + draw(st.integers(1, 200))]
            case _:
                mail[at:at] = mail[at : at + 80]
    return bytes(mail)


def everything(raw_mail: bytes) -> None:
    try:
        mail = read(raw_mail, received_at=NOW)
    except BadMail:
        identity(raw_mail)
        return
    assert mail.identity == identity(raw_mail)
    said, folded = fold(mail.text, subject=mail.subject)
    assert bool(said.strip()) == bool(mail.text.strip())
    for text in (
        said,
        folded,
        mail.subject,
        mail.sender.name,
        mail.identity,
        *(value for _, value in mail.headers),
    ):
        text.encode("utf-8")
        assert "\x00" not in text
    machine(mail, OWN)
    may_answer(mail, OWN)
    case_of(mail, OWN)


@settings(max_examples=300, deadline=None)
@given(damaged_mails())
def test_a_damaged_mail_is_read_or_refused(raw_mail):
    everything(raw_mail)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=2000))
def test_noise_is_read_or_refused(noise):
    everything(noise)
