"""What the sender wrote now is told apart from history and signature, and nothing is lost."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from torget.protocols.mail import fold
from torget.protocols.mail.tests.samples import NAMES, sample


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gmail_reply_nb", "Takk! Det er det grønne spannet.\n\nHilsen Kari"),
        ("gmail_reply_en", "Thank you, that answers it."),
        ("outlook_reply_nb", "Hei,\n\nVedlagt følger det dere ba om.\n\nMvh\nPer Strand"),
        ("outlook_html_nn", "Hei! Vatnet er framleis brunt."),
        ("outlook_en_original_message", "Please find it attached."),
        ("apple_reply_nb", "Veien er fortsatt ikke brøytet."),
        ("android_outlook_mobile", "Når er fristen for å søke?"),
        (
            "interleaved",
            "Den 4. nov. 2026 kl. 10:00 skrev Servicetorget:\n> Hvor er hullet?\nStorgata 3.\n"
            "> Hvor stort er det?\nEn halv meter.",
        ),
    ],
)
def test_a_reply_shows_only_what_is_new(name, said):
    mail = sample(name)
    assert fold(mail.text, subject=mail.subject)[0] == said


def test_what_is_forwarded_is_what_the_sender_wants_us_to_see():
    mail = sample("forwarded_nb")
    said, folded = fold(mail.text, subject=mail.subject)
    assert "Vi graver i veien din i morgen." in said
    assert not folded


@pytest.mark.parametrize(
    "history",
    [
        "Den 3. nov. 2026 kl. 10:00 skrev Ola <ola@example.no>:\n> Hei",
        "Den tir. 3. nov. 2026 kl. 10:00 skrev\nOla Svarer <ola@example.no>:\n\n> Hei",
        "Den tysdag 3. november 2026 skreiv Ola <ola@example.no>:\nHei",
        "På 3. november 2026 kl. 10:00:12, Ola (ola@example.no) skrev:\n\nHei",
        "On Tue, 3 Nov 2026 at 10:00, Ola <ola@example.no> wrote:\n> Hi",
        "Am 03.11.2026 um 10:00 schrieb Ola <ola@example.no>:\n> Hallo",
        "Le mar. 3 nov. 2026 à 10:00, Ola <ola@example.no> a écrit :\n> Salut",
        "Ola <ola@example.no> skrev 3. nov. 2026 kl. 10:00:\n> Hei",
        "-----Opprinnelig melding-----\nFra: Ola\nSendt: i dag\nTil: Kari\nEmne: Hei\n\nHei",
        "________________________________\nFra: Ola <ola@example.no>\nSendt: tirsdag\nTil: Kari\nEmne: Hei\n\nHei",
        "*Fra:* Ola <ola@example.no>\n*Sendt:* tirsdag\n*Til:* Kari\n*Emne:* Hei\n\nHei",
        "Frå: Ola\nSendt: tysdag\nTil: Kari\nEmne: Hei\n\nHei",
        "From: Ola\nSent: Tuesday\nTo: Kari\nSubject: Hi\n\nHi",
        "> gammelt\n> enda eldre",
        "-- \nKari Nordmo\nStorgata 1",
        "Sendt fra min iPhone",
        "Sendt frå min iPad",
        "Sent from my Galaxy",
        "Sent from Outlook for iOS",
        "Få Outlook for iOS",
        "Sendt fra Yahoo Mail på Android",
        "Sendt fra E-post for Windows",
        "Skickat från min iPhone",
    ],
)
def test_history_and_signatures_of_common_clients_are_folded(history):
    said, folded = fold(f"Hullet er i Storgata 3.\nHilsen Kari\n\n{history}")
    assert said == "Hullet er i Storgata 3.\nHilsen Kari"
    assert folded == history


@pytest.mark.parametrize(
    "story",
    [
        "På mandag kl. 10:30 skrev naboen min:\nFlytt bilen!\nHva gjør jeg?",
        "Fra: Storgata\ntil Kirkegata er det hull.",
        "Priser:\n-- to kroner\n-- tre kroner",
        "Jeg har fått brevet sendt fra dere i mobilpost og lurer på noe.\nKan dere forklare?",
        "Den gamle veien er stengt:\nnår åpner den?",
        "Vi har spurt to ganger > ingen svar.",
    ],
)
def test_an_ordinary_text_is_not_cut(story):
    assert fold(story) == (story, "")


@pytest.mark.parametrize("only", ["> bare et sitat", "Sendt fra min iPhone", "-- \nKari", ""])
def test_if_nothing_would_be_left_everything_is_said(only):
    assert fold(only) == (only, "")


def test_an_answer_below_the_quote_is_found():
    said, folded = fold(
        "Den 3. nov. 2026 kl. 10:00 skrev Ola <o@example.no>:\n> Hvor?\n> Når?\n\nI Storgata."
    )
    assert said == "I Storgata."
    assert folded.endswith("> Hvor?\n> Når?")


def lines_of(*texts: str) -> Counter[str]:
    return Counter(line.strip() for text in texts for line in text.split("\n") if line.strip())


LINES = st.sampled_from(
    [
        "Hei",
        "",
        "> sitat",
        ">> eldre",
        "-- ",
        "Sendt fra min iPhone",
        "Fra: Ola",
        "Sendt: i dag",
        "Til: Kari",
        "Emne: x",
        "On 3 Nov 2026, Ola <o@example.no> wrote:",
        "Den 3. nov. 2026 skrev",
        "Ola <o@example.no>:",
        "_____",
        " ",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(LINES | st.text(max_size=30), max_size=25))
def test_every_line_is_either_said_or_folded(lines):
    text = "\n".join(lines).replace("\r", "")
    said, folded = fold(text)
    assert lines_of(said, folded) == lines_of(text)
    assert bool(said.strip()) == bool(text.strip())


@pytest.mark.parametrize("name", NAMES)
def test_no_mail_of_the_corpus_loses_a_line(name):
    mail = sample(name)
    assert lines_of(*fold(mail.text, subject=mail.subject)) == lines_of(mail.text)
