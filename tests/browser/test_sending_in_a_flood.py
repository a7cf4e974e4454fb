"""When much comes from one place: what is typed is sent after a moment, with a browser's sum or by waiting."""

from __future__ import annotations

import pytest

TYPED = "Hvorfor tuter ferja tre ganger? Zwqx."


@pytest.fixture
def flood(square):
    """As if others at this address had sent a great deal: the next form is one too many."""
    square.query(
        "INSERT INTO people_limitvalue (municipality_id, name, value, changed_at)"
        " SELECT id, 'forms_address', 1, now() FROM people_municipality"
    )
    square.query("DELETE FROM people_counter")
    yield
    square.query("DELETE FROM people_limitvalue")
    square.query("DELETE FROM people_counter")


def write(page, text):
    page.goto("/spor")
    page.get_by_label("Hva lurer du på?").fill(text)
    page.get_by_role("button", name="Send", exact=False).last.click()
    if page.get_by_role("button", name="Nei, send spørsmålet mitt").count():
        page.get_by_role("button", name="Nei, send spørsmålet mitt").click()


def test_a_browser_does_its_sum_and_the_question_arrives_untouched(flood, page, complaints, square):
    page.wait_for_timeout(5_500)  # what holds is remembered for five seconds
    write(page, "Den første herfra?")
    write(page, TYPED)
    page.wait_for_url("**/saker/**")
    assert TYPED in page.content()
    # The slow lane answers 429, which the browser notes; nothing else is wrong.
    assert not [one for one in complaints if "429" not in one]


def test_without_javascript_one_reads_how_long_to_wait(flood, new_context):
    page = new_context(java_script_enabled=False).new_page()
    page.wait_for_timeout(5_500)
    write(page, "Xyz qwrt plmn?")
    write(page, TYPED)
    assert page.get_by_role("heading", level=1).inner_text() == "Ett steg til før det sendes"
    assert page.get_by_label("Det du skrev").input_value() == TYPED
    assert "sekunder, og send på nytt" in page.get_by_role("status").inner_text()


def test_the_page_of_limits(flood, faults, sign_in):
    sign_in("liv")
    assert faults("/desk/innstillinger/grenser") == []
