"""History is folded by proof, whatever client wrote it; what is not ours, or nobody's, stays."""

from __future__ import annotations

import pytest

from tests.field.letters import letter, understood
from tests.field.test_mail import OWN

QUOTE = "> Hei Kari,\n>\n> Vi ser på det.\n"
US = f"Servicetorget i Nordvåg kommune <{OWN}>"

HISTORY = {
    "Gmail en": f"On Wed, Nov 25, 2026 at 2:05 PM Servicetorget i Nordvåg kommune <\n{OWN}> wrote:\n\n{QUOTE}",
    "Gmail nn": f"ons. 25. nov. 2026 kl. 14:05 skreiv {US}:\n\n{QUOTE}",
    "Gmail sv": f"Den ons 25 nov. 2026 kl 14:05 skrev {US}:\n\n{QUOTE}",
    "Gmail da": f"Den ons. 25. nov. 2026 kl. 14.05 skrev Servicetorget <\n{OWN}>:\n\n{QUOTE}",
    "Gmail de": f"Am Mi., 25. Nov. 2026 um 14:05 Uhr schrieb {US}:\n\n{QUOTE}",
    "Gmail pl": f"śr., 25 lis 2026 o 14:05 Servicetorget <{OWN}>\nnapisał(a):\n\n{QUOTE}",
    "Gmail uk": f"ср, 25 лист. 2026 р. о 14:05 {US} пише:\n\n{QUOTE}",
    "Gmail ar": f"في الأربعاء، 25 نوفمبر 2026 في 2:05 م تمت كتابة ما يلي بواسطة <{OWN}>:\n\n{QUOTE}",
    "Gmail, torn": f"ons. 25. nov. 2026 kl. 14:05 skrev Servicetorget <postmottak@nordvaag.example.\nno>:\n\n{QUOTE}",
    "Thunderbird nb": f"Den 25.11.2026 14:05, skrev Servicetorget:\n{QUOTE}",
    "Thunderbird en": f"On 25/11/2026 14:05, Servicetorget wrote:\n{QUOTE}",
    "Apple Mail": f"> Den 25. nov. 2026 kl. 14:05 skrev {US}:\n>\n{QUOTE}",
    "Proton en": f"On Wednesday, November 25th, 2026 at 14:05, {US} wrote:\n\n{QUOTE}",
    "Roundcube nb": f"Servicetorget skrev den 25.11.2026 14:05:\n\n{QUOTE}",
    "Roundcube pl": f"W dniu 2026-11-25 14:05, Servicetorget napisał(a):\n{QUOTE}",
    "SOGo": f"On Wednesday, November 25, 2026 14:05 CET, {US} wrote:\n\n{QUOTE}",
    "Yahoo": f"    Den onsdag 25. november 2026 kl. 14:05:33 CET skrev {US}:\n\n Hei Kari,\nVi ser på det.",
    "Outlook, inside": "Fra: Servicetorget\nSendt: onsdag 25. november 2026 14:05\nTil: Kari Nordmo\nEmne: Vei\n\nHei",
    "Outlook nn": f"Frå: {US}\nSendt: onsdag 25. november 2026 14:05\nTil: Kari\nEmne: Vei\n\nHei",
    "Outlook de": f"Von: {US}\nGesendet: Mittwoch, 25. November 2026 14:05\nAn: Kari\nBetreff: AW: Weg\n\nHallo",
    "Outlook pl": f"Od: {US}\nWysłano: środa, 25 listopada 2026 14:05\nDo: Kari\nTemat: Droga\n\nCześć",
    "Huawei": "-------- Opprinnelig melding --------\nEmne: Re: Vei\nFra: Servicetorget\nTil: k@x.example\n\nHei",
    "Outlook uk": f"Від: {US}\nНадіслано: 25 листопада 2026 р. 14:05\nКому: Kari\nТема: Re: X\n\nHei",
    "Outlook lt": f"Nuo: {US}\nIšsiųsta: 2026 m. lapkričio 25 d. 14:05\nKam: Kari\nTema: X\n\nHei",
    "a Finnish divider": f"-----Alkuperäinen viesti-----\nLähettäjä: {US}\nLähetetty: 25.11.2026\n\nHei",
    "Yahoo es, unmarked": f"El miércoles, 25 de noviembre de 2026, 14:05:33 CET, {US} escribió:\n\nHei",
    "Gmail vi": f"Vào Th 4, 25 thg 11, 2026 vào lúc 14:05 {US} đã viết:\n\n{QUOTE}",
    "nothing but the quote": QUOTE,
}


@pytest.mark.parametrize("client", HISTORY)
def test_what_we_wrote_is_folded(client):
    found = understood(letter(f"Takk!\n\n{HISTORY[client]}", subject="Re: Vei"))
    assert found.body == "Takk!"
    assert HISTORY[client].strip().splitlines()[-1].strip() in found.folded


OWN_WORDS = {
    "what the neighbour wrote": "Naboen skrev:\n\nDen ons. 25. nov. 2026 kl. 14:05 skrev Per <per@nabo.example>:\n"
    "> Flytt bilen.\n\nHva sier reglene?",
    "what the landlord wrote": "Se her:\n\nFra: Huseier AS <post@huseier.example>\n"
    "Sendt: onsdag 25. november 2026 14:05\nTil: Kari\nEmne: Oppsigelse\n\nDu må flytte ut.",
    "a law": "Loven sier:\n> § 12. Snø skal ryddes.\n> Innen åtte.",
    "an order with a time": "Fra: Kai 3\nTil: Sørøya\nDato: 3.12.2026 kl. 08.15\n\nKan dere bekrefte?",
    "an order in English": "From: Oslo\nTo: Nordvåg\nDate: 3 Dec 2026 08:15\n\nPlease confirm.",
    "a letter with its head": "Fra: Nordvåg vel\nTil: Nordvåg kommune\nDato: 1. desember 2026\nEmne: Gatelys\n\nFlere lys!",
    "minutes": "Vi møttes 25.11.2026 kl. 14:05, og da sa vaktmesteren:\nDere får vente.\nEr det riktig?",
    "sections": "Punkt 1: lys\n--\nPunkt 2: søppel\n--\nPunkt 3: vei",
    "a second matter": "Lyset er borte.\n--\nOg en ting til: Kan dere tømme søpla?",
    "a second matter, told": "Lyset er borte.\n--\nSøpla er heller ikke tømt ennå.",
    "arrows": "Prioritert rekkefølge:\n> vei\n> lys\n> vann\nHilsen Kari",
    "what we said before": "Dere skrev tidligere:\n\n> Vi brøyter før klokka sju.\n\nDet stemmer ikke!",
    "an address list": "Hei!\nKontakter:\nFormann: Ola <ola@vel.example>\nKasserer: Per <per@vel.example>\nMøte: 3.12.2026 kl. 18:00",
    "our address among others": "Hei!\nJeg skrev 25.11.2026 kl. 14:05 til postmottak@nordvaag.example.no og ba om:\nlys i gata",
    "a story": "Saksbehandleren skrev 25. november 2026 at: vedtaket er endelig. Er det sant?",
}


@pytest.mark.parametrize("what", OWN_WORDS)
def test_what_is_theirs_is_said_whole(what):
    found = understood(letter(OWN_WORDS[what], subject="Noe nytt"))
    assert (found.body, found.folded) == (OWN_WORDS[what], "")


def test_an_answer_on_both_sides_of_one_quote_is_said_whole():
    words = f"Hei!\n\nDen ons. 25. nov. 2026 kl. 14:05 skrev {US}:\n> Hvor?\n> Når?\n\nI Storgata.\n\nKari"
    found = understood(letter(words, subject="Re: Vei"))
    assert found.body == "Hei!\n\nI Storgata.\n\nKari"
    assert "> Hvor?" in found.folded


@pytest.mark.parametrize(
    "lead",
    [
        "Se mine svar i rødt under.",
        "Svarene mine står nedenfor.",
        "Please see my answers inline",
        "Kommentarer i teksten",
    ],
)
def test_answers_written_into_what_nothing_marks_are_said(lead):
    words = f"{lead}\n\n{HISTORY['Outlook, inside']}\nHvor er hullet? I STORGATA"
    assert understood(letter(words, subject="SV: Vei")).body == words


def test_a_gateways_tag_before_the_subject_changes_nothing():
    found = understood(letter(f"Takk!\n\n{QUOTE}", subject="[EKSTERN] SV: Vei"))
    assert found.body == "Takk!"


def test_answers_between_the_lines_keep_what_they_answer():
    words = f"Den 4. nov. 2026 kl. 10:00 skrev {US}:\n> Hvor?\nI Storgata.\n> Når?\nI går."
    assert understood(letter(words, subject="Re: Vei")).body == words


@pytest.mark.parametrize(
    "line",
    [
        "Sendt fra min Samsung Galaxy-smarttelefon.",
        "Sent with Proton Mail secure email.",
        "Sendt frå min iPad",
        "Hent Outlook for iOS<https://aka.example/o0ukef>",
        "Von meinem iPhone gesendet",
        "Sendt fra Outlook for Android",
    ],
)
def test_what_a_device_adds_is_folded(line):
    found = understood(letter(f"Takk!\n\n{line}\n\n{HISTORY['Gmail nn']}", subject="Re: Vei"))
    assert found.body == "Takk!"


def test_a_signature_with_its_exact_mark_is_folded_whatever_it_says():
    found = understood(letter("Takk!\n-- \nKari Nordmo\nDenne e-posten er bare for mottakeren."))
    assert found.body == "Takk!"
