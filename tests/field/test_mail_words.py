"""The words of a mail arrive whole: its body, its pieces, its alphabets, its pictures, what is signed and what is sealed."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

from tests.field.letters import PLAIN, b64, letter, parted, understood
from tests.field.test_mail import KARI, RECEIVED, codes

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\5\0\0\0\5\x08\2\0\0\0\2\r\xb1\xb2"
PDF = b"%PDF-1.4\n1 0 obj\n"

# The body is the body --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "body", "files"),
    [
        (letter("Brøyt!", 'text/plain; charset=utf-8; name="m.txt"'), "Brøyt!", []),
        (
            letter("Brøyt!", PLAIN[14:], Content_Disposition='attachment; filename="m.txt"'),
            "Brøyt!",
            [],
        ),
        (letter("<p>Brøyt!", 'text/html; charset=utf-8; name="m.html"'), "Brøyt!", []),
        (
            parted(
                "alternative",
                (f"{PLAIN}; name=a.txt\nContent-Disposition: inline; filename=a.txt", "Brøyt!"),
                ("Content-Type: text/html; name=a.html", "<p>Br&oslash;yt!"),
            ),
            "Brøyt!",
            [],
        ),
        (
            parted(
                "mixed",
                (f"{PLAIN}\nContent-Disposition: attachment", "Brøyt!"),
                ("Content-Type: application/pdf; name=a.pdf", PDF),
            ),
            "Brøyt!",
            ["a.pdf"],
        ),
        (
            parted(
                "mixed",
                (PLAIN, "Se notatet."),
                (f"{PLAIN}; name=notat.txt\nContent-Disposition: inline; filename=notat.txt", "N"),
                (PLAIN, "Hilsen Kari"),
            ),
            "Se notatet.\n\nHilsen Kari",
            ["notat.txt"],
        ),
        (
            parted(
                "related",
                (
                    'Content-Type: text/html; name="b.html"\nContent-Disposition: inline; filename=b.html',
                    "<p>Hei",
                ),
                (
                    "Content-Type: image/png\nContent-ID: <1>\nContent-Transfer-Encoding: base64",
                    b64(PNG),
                ),
            ),
            "Hei",
            ["vedlegg.png"],
        ),
        (parted("alternative", (PLAIN, " \n"), ("Content-Type: text/html", "<p>Hei")), "Hei", []),
        (
            parted(
                "mixed",
                (PLAIN, "Hei"),
                ("Content-Type: image/png; name=rot.png\nContent-Transfer-Encoding: rot13", "%%%"),
                ("Content-Type: text", "Og mer"),
            ),
            "Hei\n\nOg mer",
            ["rot.png"],
        ),
        (
            parted(
                "alternative", (PLAIN, "."), ("Content-Type: text/html", f"<p>{'Brøyt! ' * 40}")
            ),
            ("Brøyt! " * 40).strip(),
            [],
        ),
        (letter("<bold>Hei</bold> 1 << 2", "text/enriched"), "Hei 1 < 2", []),
    ],
)
def test_the_body_is_the_body_whatever_it_is_called(raw, body, files):
    found = understood(raw)
    assert (found.body, [file.name for file in found.attachments]) == (body, files)


def test_of_a_mail_that_only_holds_a_mail_that_one_is_told():
    inner = "From: Per Strand <per@x.example>\nSubject: Vei\nContent-Type: text/plain; charset=utf-8\n\nKan dere brøyte?"
    raw = parted("mixed", (PLAIN, ""), ("Content-Type: message/rfc822", inner))
    found = understood(raw)
    assert found.body == "Vedlagt e-post fra Per Strand (per@x.example): Vei\n\nKan dere brøyte?"
    assert [file.name for file in found.attachments] == ["Vei.eml"]
    with_words = parted("mixed", (PLAIN, "Se denne."), ("Content-Type: message/rfc822", inner))
    assert understood(with_words).body == "Se denne."


def test_a_picture_in_the_other_alternative_is_kept():
    markup = f"<p>Hullet</p><img src='data:image/png;base64,{base64.b64encode(PNG).decode()}'>"
    found = understood(
        parted("alternative", (PLAIN, "Hullet"), ("Content-Type: text/html", markup))
    )
    assert (found.body, [file.name for file in found.attachments]) == ("Hullet", ["bilde-1.png"])


def test_a_part_nobody_can_read_leaves_the_others(monkeypatch):
    def stumble(_markup):
        raise ValueError("odd")

    monkeypatch.setattr("torget.protocols.mail.html.to_text", stumble)
    raw = parted("mixed", (PLAIN, "Før"), ("Content-Type: text/html", "<p>x"), (PLAIN, "Etter"))
    found = understood(raw)
    assert (found.body, codes(found)) == ("Før\n\nEtter", ["damaged"])
    assert found.attachments[0].content == b"<p>x"


# Pieces are joined before they are decoded -----------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "encoding", "said"),
    [
        (b64("Hei, ") + b64("dette er ") + b64("alt."), "base64", "Hei, dette er alt."),
        (base64.b64encode(b"Hei,!") + base64.b64encode(b" du") + b"\n", "base64", "Hei,! du"),
        (b64("På gjensyn").replace(b"\n", b"\r\n"), "BASE64", "På gjensyn"),
        (
            b64("Hei.") + b"\n____\nSendt fra listen vel@x.example\n",
            "base64",
            "Hei.\n____\nSendt fra listen vel@x.example",
        ),
        (b64("Hei, hele veien.").replace(b"l", b"!l"), "base64", "Hei, hele veien."),
        (
            base64.b64encode("Blå".encode()[:3]) + b"\n" + base64.b64encode("Blå".encode()[3:]),
            "base64",
            "Blå",
        ),
        (b"Bl=C3=\n=A5tt og =\nslutt =E2=82=\n=AC\n", "quoted-printable", "Blått og slutt €"),
        (b"bl=c3=a5 =3d =zz\n", "Quoted-Printable", "blå = =zz"),
    ],
)
def test_what_comes_in_pieces_is_joined(body, encoding, said):
    assert understood(letter(body, encoding=encoding)).body == said


@pytest.mark.parametrize(
    ("subject", "read"),
    [
        ("=?utf-8?B?w4U=?= =?utf-8?B?w6U=?=\n =?utf-8?Q?_bl=C3?=\n =?utf-8?Q?=A5?=", "Åå blå"),
        ("=?gb2312?B?x+vOyg==?= =?gb2312?B?6UY=?=", "请问镕"),
        ("=?iso-8859-9?Q?=DEehir?=", "Şehir"),
        ("=?iso-8859-2?Q?=8Cwietlica?=", "Świetlica"),
        ("=?us-ascii?Q?Bl=E5?=", "Blå"),
        ("=?utf-8?Q?Bl=E5?= og =?utf-8?Q?gr=C3=B8nt?=", "Blå og grønt"),
        ("=?ISO-2022-JP?B?GyRCM1g5OxsoQg==?=", "学校"),
    ],
)
def test_the_subject_is_read_as_it_was_meant(subject, read):
    assert understood(letter("Hei", subject=subject)).subject == read


@pytest.mark.parametrize(
    ("parameter", "name"),
    [
        ("filename*0*=gb2312''%C7%EB; filename*1*=%CE%CA.pdf", "请问.pdf"),
        ("filename*=iso-8859-9''%DEehir.pdf", "Şehir.pdf"),
        ("filename*0*=utf-8''Bl%C3; filename*1*=%A5b%C3%A6r; filename*2=\".pdf\"", "Blåbær.pdf"),
        ('filename="Blåbær.pdf"', "Blåbær.pdf"),
        ('filename="=?iso-8859-1?Q?Bl=E5?=.pdf"', "Blå.pdf"),
        ("filename*=utf-8'nb'kart%20over%20br%C3%B8yting.pdf", "kart over brøyting.pdf"),
    ],
)
def test_a_files_name_is_read_as_it_was_meant(parameter, name):
    head = f"Content-Type: application/pdf\nContent-Disposition: attachment; {parameter}"
    [file] = understood(parted("mixed", (PLAIN, "Se"), (head, PDF))).attachments
    assert file.name == name


# What is declared is often wrong ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("declared", "written_in", "text"),
    [
        ("gb2312", "gb18030", "请问学校什么时候开学？镕"),
        ("iso-8859-9", "cp1254", "“Okul ne zaman başlıyor?” – Şişli"),
        ("iso-8859-2", "cp1250", "Kiedy „szkoła” zaczyna się – Świetlica"),
        ("iso-8859-1", "cp1252", "“Når” – 5 €"),
        ("ks_c_5601-1987", "cp949", "학교는 언제 시작하나요 똠"),
        ("us-ascii", "utf-8", "Når åpner badet?"),
        ("utf-8", "cp1252", "Når åpner badet på lørdag?"),
        ("windows-1251", "utf-8", "Коли починається школа?"),
        ("x-unknown", "utf-8", "Når åpner badet?"),
        ("iso-2022-jp", "iso2022_jp", "学校はいつ始まりますか"),
        ("utf-16", "utf-8", "Når åpner badet?"),
        ("iso-8859-15", "cp1252", "“Når” åpner badet?"),
    ],
)
def test_a_body_is_read_in_the_alphabet_it_was_written_in(declared, written_in, text):
    for kind in ("plain", "html"):
        raw = letter(text.encode(written_in), f"text/{kind}; charset={declared}")
        assert understood(raw).body == text


@pytest.mark.parametrize("footer", ["p\xe5 nett", "\xe5", "F\xf8rst"])
def test_a_bad_byte_spoils_one_letter(footer):
    raw = letter("Når åpner badet på lørdag?\n\n".encode() + footer.encode("latin-1"))
    body = understood(raw).body
    assert body.startswith("Når åpner badet på lørdag?")
    assert body.count("\ufffd") == 1


# Clocks ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("date", "said_at", "claimed"),
    [
        ("Mon, 30 Nov 2026 09:00:00 CET", datetime(2026, 11, 30, 8, tzinfo=UTC), False),
        ("30 Nov 26 09:00 +0100", datetime(2026, 11, 30, 8, tzinfo=UTC), False),
        ("man, 30 nov 2026 09:00:00 +0100", datetime(2026, 11, 30, 8, tzinfo=UTC), False),
        ("Mon, 30 Nov 2026 9:00:00 AM +0100", datetime(2026, 11, 30, 8, tzinfo=UTC), False),
        ("2026-11-30T09:00:00+01:00", datetime(2026, 11, 30, 8, tzinfo=UTC), False),
        ("Fri, 27 Nov 2026 09:00:00 +0100", datetime(2026, 11, 27, 8, tzinfo=UTC), False),
        ("Thu, 1 Jan 1970 00:00:00 +0000", RECEIVED, True),
        ("Tue, 19 Jan 2038 03:14:07 +0000", RECEIVED, True),
        ("Fri, 30 Oct 2026 09:00:00 +0100", RECEIVED, True),
        ("Mon, 30 Nov 2026 25:61:00 +0100", RECEIVED, False),
        ("Fri, 31 Dec 9999 23:59:00 +0000", RECEIVED, False),
        ("Mon, 1 Jan 0001 00:00:00 +1400", RECEIVED, None),
        ("i dag", RECEIVED, False),
        (None, RECEIVED, False),
    ],
)
def test_a_time_is_read_and_one_far_off_is_a_claim(date, said_at, claimed):
    found = understood(letter("Hei", Date=date))
    assert found.occurred_at == said_at
    assert claimed is None or (found.claimed_at is not None) == claimed


# Who writes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (f"Nordmo, Kari <{KARI}>", "Nordmo, Kari"),
        (f"Nordmo, Kari (Skatt; Nord) <{KARI}>", "Nordmo, Kari (Skatt; Nord)"),
        (f'"Nordmo, Kari" <{KARI}>', "Nordmo, Kari"),
        (f"=?utf-8?q?Nordm=C3=B8?=, Kari <{KARI}>", "Nordmø, Kari"),
        (f"=?utf-8?q?Nordmo=2C_Kari?= <{KARI}>", "Nordmo, Kari"),
        (f"Nordmo, Kari, Teknisk <{KARI}>", "Nordmo, Kari, Teknisk"),
        (f"'Kari Nordmo' <{KARI}>", "Kari Nordmo"),
        (f"{KARI} (Kari Nordmo)", "Kari Nordmo"),
        (f"Velet: Kari Nordmo <{KARI}>;", "Kari Nordmo"),
        (f"<{KARI}>", ""),
        (f"Kari Nordmo <{KARI}", "Kari Nordmo"),
        (f'"annen@sted.example" <{KARI}>', "annen@sted.example"),
        (f"<@videre.example:{KARI}>", ""),
    ],
)
def test_the_name_is_whole_and_the_address_is_theirs(value, name):
    found = understood(letter("Hei", From=value))
    assert (found.author.external_id, found.author.name) == (KARI, name)


def test_every_copy_is_seen_from_every_header():
    raw = letter(
        "Hei", Cc="Hansen, Per <per@x.example>, <ola@x.example>, Styret: a@x.example, b@x.example;"
    )
    assert understood(raw).copied_to == [f"{who}@x.example" for who in ("per", "ola", "a", "b")]


# Plain text is not markup ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "body"),
    [
        (
            letter("# Hei\n\n* punkt <filmen>\n", "text/markdown; charset=utf-8"),
            "# Hei\n\n* punkt <filmen>",
        ),
        (letter("1 < 2 & <b>ikke fet</b> &amp; slik"), "1 < 2 & <b>ikke fet</b> &amp; slik"),
        (
            letter(
                "En lang \nlinje.\n\n> sitert \n> linje\n Fra nå\n", 'text/plain; format="Flowed"'
            ),
            "En lang linje.\n\n> sitert linje\nFra nå",
        ),
        (letter("En la \nng linje.\n", "text/plain; format=flowed; DelSp=YES"), "En lang linje."),
        (letter("En linje \nog en til\n", "text/plain; charset=utf-8"), "En linje\nog en til"),
        (
            letter("Se <https://x.example/a> og <kari@x.example>"),
            "Se <https://x.example/a> og <kari@x.example>",
        ),
        (
            letter("<p>1 < 2 og <filmen>, skriv til <kari@x.example> <3", "text/html"),
            "1 < 2 og <filmen>, skriv til <kari@x.example> <3",
        ),
    ],
)
def test_signs_stay_what_they_are(raw, body):
    assert understood(raw).body == body


# What stands beside the words ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("markup", "body"),
    [
        ("<ol start='0'><li>null<li>en</ol>", "0. null\n1. en"),
        ("<ol><li value='4'>fire<li>fem</ol>", "4. fire\n5. fem"),
        ("<ol reversed start='2'><li>to<li>en</ol>", "2. to\n1. en"),
        ("<ol type='a'><li>x<li>y</ol>", "a. x\nb. y"),
        (
            "<ol style='list-style-type: upper-roman'><li>x<li>y<li>z<li>w</ol>",
            "I. x\nII. y\nIII. z\nIV. w",
        ),
        ("<ul><li>a<li>b<ol start='5'><li>x<li>y</ol></ul>", "- a\n- b\n  5. x\n  6. y"),
        ("<ol><li><p>en</p></li><li><p>to</p></li></ol>", "1. en\n\n2. to"),
        (
            "<p style='mso-list:l0'><![if !supportLists]><span>4. </span><![endif]>Fire</p>",
            "4. Fire",
        ),
        ("<pre>en\n  to\n\ntre</pre>", "en\n  to\n\ntre"),
        ("<div style='white-space: pre-wrap'>en\n  to</div>", "en\n  to"),
        (
            "<p>Se <a href='https://x.example/s?a=1&amp;b=2'>skjemaet</a>",
            "Se skjemaet (https://x.example/s?a=1&b=2)",
        ),
        (
            "<a href='mailto:kari@x.example'>meg</a> <a href='tel:+4712345678'>ring</a>",
            "meg (kari@x.example) ring (+4712345678)",
        ),
        (
            "<a href='https://x.example/s'><img alt='Kart' src='https://x.example/k.png'></a>",
            "[Kart] (https://x.example/s)",
        ),
        (
            "<video src='https://x.example/f.mp4' title='Hullet'>nei</video>",
            "[Hullet https://x.example/f.mp4]",
        ),
        (
            "Se<img src='https://x.example/hull.jpg'><img width='1' src='https://x.example/p.gif'>",
            "Se[https://x.example/hull.jpg]",
        ),
        ("&aring;pent p&aring; l&oslash;rdag &ndash; n&#229;r?", "åpent på lørdag – når?"),
        (
            "<a href='https://x.example/s'><p>skjemaet</p></a>her",
            "skjemaet (https://x.example/s)\n\nher",
        ),
        ("<a href='mailto:kari@x.example?subject=Hei'>skriv</a>", "skriv (kari@x.example)"),
        ("<a href='#topp'>opp</a> <a href='javascript:x()'>x</a>", "opp x"),
        ("<p>Pris <s>12</s> <del>13</del> 14", "Pris ~~12~~ ~~13~~ 14"),
        ("<input type=checkbox checked> ja <input type=radio> nei", "[x] ja [ ] nei"),
        ("Navn: <input value='Kari'><input type=hidden value='h'>", "Navn: Kari"),
        ("<textarea>en\nto</textarea>", "en\nto"),
        ("Hei<![foo[ du ]]> der", "Hei<![foo[ du der"),
        ("<![CDATA[Hei du]]>", "Hei du"),
        ("Hei <!ENTITY x> du", "Hei <!ENTITY x> du"),
        ("<?xml version='1.0'?><!DOCTYPE html><p>Hei<!-- nei --> du", "Hei du"),
        ("<p>Hei<!", "Hei<!"),
    ],
)
def test_markup_is_laid_out_as_it_is_seen(markup, body):
    assert understood(letter(markup, "text/html; charset=utf-8")).body == body


@pytest.mark.parametrize(
    "hidden",
    [
        "<div style='display:none;max-height:0'>Skjult</div>",
        "<span style='DISPLAY: NONE !important; mso-hide:all'>Skjult</span>",
        "<div style='max-height:0px;overflow:hidden'>Skjult&zwnj;&nbsp;</div>",
        "<div style='visibility: hidden'>Skjult<p>Skjult</p></div>",
        "<div hidden>Skjult</div>",
        "<div style='opacity:0'>Skjult</div>",
        "<style>.pre, .x{color:red}.preheader{display:none!important}</style><p class='a preheader'>Skjult</p>",
    ],
)
def test_what_nobody_sees_is_left_out(hidden):
    found = understood(letter(f"{hidden}<p>Hei, her er svaret.</p>", "text/html"))
    assert found.body == "Hei, her er svaret."


@pytest.mark.parametrize(
    "shown",
    [
        "<td style='font-size:0px'>Hei</td>",
        "<style>@media print {.a{display:none}}</style><p class='a'>Hei",
        "<div style='height:0'>Hei</div>",
        "<div style='display:block'>Hei</div>",
    ],
)
def test_what_is_seen_somewhere_is_told(shown):
    assert understood(letter(shown, "text/html")).body == "Hei"


PICTURE = base64.b64encode(PNG).decode()


@pytest.mark.parametrize(
    ("markup", "names"),
    [
        (f"<img src='data:image/png;base64,{PICTURE}'>", ["bilde-1.png"]),
        (f"<img alt=x src=data:image/png;base64,{PICTURE} title=y>", ["bilde-1.png"]),
        (
            f'<IMG SRC = "data:image/png;charset=utf-8;base64,{PICTURE[:20]}\n {PICTURE[20:]}">',
            ["bilde-1.png"],
        ),
        (
            f"<a href='data:application/pdf;base64,{base64.b64encode(PDF).decode()}'>skjema</a>",
            ["fil-1.pdf"],
        ),
        (
            f"<img src='data:image/png;base64,{PICTURE}'><p>og</p><img src='data:image/png;base64,{PICTURE}'>",
            ["bilde-1.png", "bilde-2.png"],
        ),
        (
            "<img src='data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7'>",
            [],
        ),
        (
            "<img src=\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E\">",
            ["bilde-1.svg"],
        ),
        ("<img src='data:image/png;base64,'><img src='data:'>", []),
    ],
)
def test_pictures_written_into_the_markup_are_kept(markup, names):
    found = understood(letter(f"<p>Hullet:</p>{markup}<p>Hilsen Kari</p>", "text/html"))
    assert [file.name for file in found.attachments] == names
    assert found.body.startswith("Hullet:")
    assert found.body.endswith("Hilsen Kari")
    assert all(file.content == PNG for file in found.attachments if file.name.endswith("png"))


def test_a_large_picture_leaves_the_words_after_it():
    picture = base64.b64encode(PNG + bytes(6_000_000)).decode()
    markup = f"<p>Før</p><img src='data:image/png;base64,{picture}'><p>Etter</p>"
    found = understood(letter(markup, "text/html"))
    assert found.body == "Før\n\nEtter"
    assert len(found.attachments[0].content) == len(PNG) + 6_000_000


# Signed and sealed -----------------------------------------------------------------------------------

ENTITY = "Content-Type: text/plain; charset=utf-8\r\n\r\nKan dere brøyte?\r\n".encode()


def certificate(key, address=KARI, *, by="Utsteder AS"):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Kari Nordmo")])
    issuer = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, by)]) if by else name
    made = x509.CertificateBuilder(
        issuer, name, key.public_key(), 7, RECEIVED, RECEIVED + timedelta(days=9)
    )
    named = x509.SubjectAlternativeName([x509.RFC822Name(address)])
    return made.add_extension(named, critical=False).sign(key, hashes.SHA256())


def signed(*options, key=None, address=KARI, entity=ENTITY):
    """A signed mail's own headers and body, by a program that is not ours."""
    key = key or rsa.generate_private_key(65537, 2048)
    builder = pkcs7.PKCS7SignatureBuilder().set_data(entity)
    builder = builder.add_signer(certificate(key, address), key, hashes.SHA256())
    return builder.sign(serialization.Encoding.SMIME, list(options))


def der(*options, key=None, entity=ENTITY, by="Utsteder AS"):
    key = key or rsa.generate_private_key(65537, 2048)
    builder = pkcs7.PKCS7SignatureBuilder().set_data(entity)
    builder = builder.add_signer(certificate(key, by=by), key, hashes.SHA256())
    return builder.sign(serialization.Encoding.DER, list(options))


def enveloped():
    key = rsa.generate_private_key(65537, 2048)
    builder = pkcs7.PKCS7EnvelopeBuilder().set_data(ENTITY).add_recipient(certificate(key))
    return builder.encrypt(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary])


def undefined_lengths(entity=ENTITY):
    """As programs write that do not know beforehand how long it becomes; signed by nobody."""
    oid_signed, oid_data = (
        bytes.fromhex("06092a864886f70d010702"),
        bytes.fromhex("06092a864886f70d010701"),
    )
    pieces = b"".join(
        b"\x04" + bytes([len(entity[at : at + 20])]) + entity[at : at + 20]
        for at in range(0, len(entity), 20)
    )
    content = b"\x30\x80" + oid_data + b"\xa0\x80\x24\x80" + pieces + b"\0\0" * 3
    return (
        b"\x30\x80"
        + oid_signed
        + b"\xa0\x80\x30\x80\x02\x01\x01\x31\x00"
        + content
        + b"\x31\x00"
        + b"\0\0" * 3
    )


def with_head(smime: bytes, sender=KARI) -> bytes:
    return (
        f"From: {sender}\nTo: postmottak@nordvaag.example.no\nSubject: Signert\nMessage-ID: <s@x>\n".encode()
        + smime
    )


def opaque(content: bytes, kind="application/pkcs7-mime; smime-type=signed-data; name=smime.p7m"):
    return letter(b64(content), kind, encoding="base64")


BINARY, DETACHED = pkcs7.PKCS7Options.Binary, pkcs7.PKCS7Options.DetachedSignature


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_signed_mail_is_read_and_its_signature_checked(kind):
    key = (
        rsa.generate_private_key(65537, 2048)
        if kind == "rsa"
        else ec.generate_private_key(ec.SECP256R1())
    )
    beside = with_head(signed(BINARY, DETACHED, key=key))
    for raw in (beside, opaque(der(BINARY, key=key))):
        found = understood(raw)
        assert (found.body, codes(found)) == ("Kan dere brøyte?", ["signed"])
        told = dict(found.remarks)["signed"]
        assert (told["address"], told["issuer"]) == (KARI, "Utsteder AS")
        assert found.attachments == []
        assert found.may_answer


def test_what_was_changed_after_it_was_signed_is_told():
    raw = with_head(signed(BINARY, DETACHED))
    changed = raw.replace("brøyte".encode(), b"betale")
    assert codes(understood(changed)) == ["signature_wrong"]
    whole = der(BINARY)
    spoilt = whole.replace("brøyte".encode(), "brøita".encode())
    found = understood(opaque(spoilt))
    assert (found.body, codes(found)) == ("Kan dere brøita?", ["signature_wrong"])


def test_a_certificate_the_sender_made_proves_nothing_of_who_it_is():
    assert codes(understood(opaque(der(BINARY, by="")))) == ["signed_by_itself"]


def test_signed_by_another_than_the_sender_is_told():
    assert codes(understood(with_head(signed(BINARY, DETACHED, address="per@x.example")))) == [
        "signed_by_other"
    ]


@pytest.mark.parametrize(
    ("raw", "remark"),
    [
        (opaque(undefined_lengths()), "signature_unchecked"),
        (
            opaque(undefined_lengths(), "application/x-pkcs7-mime; name=smime.p7m"),
            "signature_unchecked",
        ),
        (
            opaque(undefined_lengths(), "application/octet-stream; name=smime.p7m"),
            "signature_unchecked",
        ),
        (
            parted(
                "mixed",
                (
                    "Content-Type: application/pkcs7-mime\nContent-Transfer-Encoding: base64",
                    b64(undefined_lengths()),
                ),
                (PLAIN, ""),
            ),
            "signature_unchecked",
        ),
        (
            letter(
                "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nKan dere brøyte?\n-----BEGIN PGP SIGNATURE-----\n\niQ\n-----END PGP SIGNATURE-----\n"
            ),
            "signature_unchecked",
        ),
        (
            parted(
                'signed; protocol="application/pgp-signature"',
                (PLAIN, "Kan dere brøyte?"),
                (
                    "Content-Type: application/pgp-signature; name=signature.asc",
                    "-----BEGIN PGP SIGNATURE-----\n\niQ\n",
                ),
            ),
            "signature_unchecked",
        ),
    ],
)
def test_what_is_signed_in_other_ways_is_read_and_said_to_be_unchecked(raw, remark):
    found = understood(raw)
    assert (found.body, codes(found)) == ("Kan dere brøyte?", [remark])


def test_what_is_signed_may_hold_files_and_be_signed_twice():
    inner = parted(
        "mixed", (PLAIN, "Kan dere brøyte?"), ("Content-Type: application/pdf; name=a.pdf", PDF)
    )
    twice = b"Content-Type: application/pkcs7-mime\nContent-Transfer-Encoding: base64\n\n" + b64(
        der(BINARY, entity=inner)
    )
    for entity in (inner, twice):
        found = understood(opaque(der(BINARY, entity=entity)))
        assert found.body == "Kan dere brøyte?"
        assert [file.name for file in found.attachments] == ["a.pdf"]
        assert codes(found) == ["signed"]


ARMOUR = "-----BEGIN PGP MESSAGE-----\n\nhQEMA1234\n-----END PGP MESSAGE-----"


@pytest.mark.parametrize(
    ("raw", "remark", "body"),
    [
        (
            opaque(
                enveloped(), "application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m"
            ),
            "encrypted_smime",
            "",
        ),
        (opaque(enveloped(), "application/octet-stream; name=smime.p7m"), "encrypted_smime", ""),
        (opaque(b"\x30\x03rot"), "unreadable", ""),
        (letter(ARMOUR), "encrypted_openpgp", ""),
        (letter(f"Hei\n\n{ARMOUR}\n\nKari"), "encrypted_openpgp", "Hei\n"),
        (
            parted(
                'encrypted; protocol="application/pgp-encrypted"',
                ("Content-Type: application/pgp-encrypted", "Version: 1"),
                ("Content-Type: application/octet-stream; name=encrypted.asc", ARMOUR),
            ),
            "encrypted_openpgp",
            "",
        ),
        (
            parted(
                "mixed",
                (PLAIN, ""),
                ("Content-Type: application/pgp-encrypted", "Version: 1"),
                ("Content-Type: application/octet-stream; name=encrypted.asc", ARMOUR),
            ),
            "encrypted_openpgp",
            "",
        ),
        (
            parted(
                "mixed",
                (PLAIN, "Åpne i Outlook"),
                ("Content-Type: application/x-microsoft-rpmsg-message; name=message.rpmsg", b"v"),
            ),
            "encrypted_rights",
            "Åpne i Outlook",
        ),
        (
            letter(
                b64(b"\x78\x9f\x3e\x22" + bytes(40)),
                "application/ms-tnef; name=winmail.dat",
                encoding="base64",
            ),
            "only_winmail",
            "",
        ),
    ],
)
def test_what_cannot_be_opened_is_said_and_kept(raw, remark, body):
    found = understood(raw)
    assert codes(found) == [remark]
    assert found.body.startswith(body)
    assert found.attachments
    assert found.may_answer
