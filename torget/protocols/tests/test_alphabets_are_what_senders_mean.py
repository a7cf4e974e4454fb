"""Bytes become the text their sender wrote, whatever alphabet was declared."""

from __future__ import annotations

import codecs
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torget.protocols.encodings import codec_of, decode


@pytest.mark.parametrize(
    ("label", "written_in", "text"),
    [
        ("gb2312", "gb18030", "请问学校何时开学？䃁龍"),
        ("GB_2312-80", "gbk", "镕"),
        ("iso-8859-1", "cp1252", "“Nordvåg” – 5 €"),
        ("us-ascii", "cp1252", "Blåbær"),
        ("ISO-8859-9", "cp1254", "“Şişli” ığdır"),
        ("iso-8859-2", "cp1250", "Świetlica – „żółw” Ź"),
        ("iso-8859-2", "iso-8859-2", "Świetlica ąśźŁ"),
        ("iso-8859-5", "cp1251", "«Школа» – “да”"),
        ("iso-8859-7", "cp1253", "“Σχολείο” Ά"),
        ("iso-8859-13", "cp1257", "„Mokykla“ ąčę"),
        ("iso-8859-15", "iso-8859-15", "5 € œuvre Š"),
        ("iso-8859-15", "cp1252", "“Råd” – 5 kr"),
        ("ks_c_5601-1987", "cp949", "학교 똠방각하"),
        ("shift_jis", "cp932", "①学校㈱"),
        ("big5", "big5hkscs", "學校嘅"),
        ("iso-2022-jp", "iso2022_jp", "学校はいつ"),
        ("us-ascii", "iso2022_jp", "学校はいつ"),
        ("iso-2022-kr", "iso2022_kr", "학교"),
        ("hz-gb-2312", "hz", "学校"),
        ("tis-620", "cp874", "โรงเรียน “ดี”"),
        ("koi8-r", "koi8-r", "Когда школа"),
        ("windows-1251", "utf-8", "Когда школа"),
        ("iso-8859-1", "utf-8", "Når åpner badet"),
        ("gb2312", "utf-8", "请问学校何时"),
        ("x-unknown", "utf-8", "Når"),
        ("unknown-8bit", "cp1252", "Når"),
        ("", "cp1252", "Når"),
        ("", "cp1251", "Когда начинается школа?"),
        ("iso-8859-1", "cp1251", "Коли починається школа? Дякую."),
        ("us-ascii", "koi8-r", "Когда начинается школа?"),
        ("utf-8", "koi8-u", "Коли починається школа? Дякую."),
        ("", "cp1252", "ÅÅÅÅ! ØØØ"),
        ("iso-8859-1", "cp1252", "ÆØÅ æøå éèê"),
        ("utf8mb4", "utf-8", "Når"),
        (' "utf-8" ; format=flowed', "utf-8", "Når"),
        ("utf-8", "cp1252", "Når åpner – badet"),
        ("utf-7", "utf-7", "Når åpner"),
        ("utf-16", "utf-16-be", "Når åpner"),
        ("utf-16be", "utf-16-le", "Når åpner"),
        ("utf-16", "utf-8", "Når åpner"),
        ("unicode", "utf-8", "Når åpner"),
        ("cp850", "cp850", "Når åpner"),
        ("macintosh", "mac_roman", "Når åpner “badet”"),
    ],
)
def test_what_was_meant_is_read(label, written_in, text):
    assert decode(text.encode(written_in), label) == text


@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("label", ["", "utf-8", "iso-8859-1", "gb2312"])
def test_a_mark_at_the_start_outweighs_what_is_declared(mark, label):
    assert decode("Når åpner badet".encode(mark), label) == "Når åpner badet"
    assert decode(codecs.BOM_UTF16_BE + "Når".encode("utf-16-be"), label) == "Når"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"N\xc3\xa5r \xc3\xa5pner badet p\xe5", "Når åpner badet p\ufffd"),
        (b"N\xc3\xa5r \xff", "Når \ufffd"),
        (b"\xc3\xa6\xc3\xb8\xc3\xa5 slutt\xc3\n\xa6", "æøå slutt\ufffd\n"),
        (b"\xe2\x82\xac 50 \xe2\x82", "€ 50 \ufffd"),
        (b"\xf0\x9f\x9a\xa8\xf0\x9f\x9a", "🚨\ufffd"),
    ],
)
def test_one_bad_byte_spoils_one_letter(raw, text):
    assert decode(raw, "utf-8") == decode(raw, "") == decode(raw, "iso-8859-1") == text


def test_a_bad_byte_spoils_one_letter_in_other_alphabets_too():
    for label, text in (("gb2312", "请问学校何时开学"), ("shift_jis", "学校はいつ始まりますか")):
        raw = text.encode(codec_of(label))
        assert decode(raw + b"\xff", label).startswith(text)


def test_a_text_of_two_alphabets_is_read_as_both():
    raw = "Når\n".encode() + "Besøk vår side på nettet".encode("cp1252")
    assert decode(raw, "utf-8") == "Når\nBesøk vår side på nettet"


@pytest.mark.parametrize("label", ["rot13", "zlib", "base64", "idna", "punycode", "nothing", ""])
def test_what_is_no_alphabet_is_as_if_not_declared(label):
    assert decode("Når".encode("cp1252"), label) == decode("Når".encode(), label) == "Når"


@given(st.binary(max_size=200), st.text(max_size=30) | st.sampled_from(["utf-8", "gb2312", "hz"]))
def test_whatever_comes_becomes_text(raw, label):
    assert isinstance(decode(raw, label), str)


@pytest.mark.parametrize(
    "piece", [b"\xe5", b"\xc3\xa5", b"\xc3\xa5\xe5\xe5", b"\x81\x20", b"\xff", b"\x1b$B", b"\0"]
)
@pytest.mark.parametrize("label", ["", "utf-8", "gb2312", "iso-8859-2", "utf-16", "iso-2022-jp"])
def test_millions_of_bytes_take_less_than_a_second(piece, label):
    raw = piece * (4_000_000 // len(piece))
    begun = time.process_time()
    decode(raw, label)
    assert time.process_time() - begun < 1.0
