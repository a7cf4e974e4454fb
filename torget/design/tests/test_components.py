"""The components say what they should, to eyes and to machines."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from types import SimpleNamespace

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone, translation


class Form(forms.Form):
    """A form of every kind of field."""

    body = forms.CharField(label="Hva?", help_text="Kort.", max_length=20, widget=forms.Textarea)
    email = forms.EmailField(label="E-post", required=False)
    who = forms.ChoiceField(
        label="Hvem?", choices=[("a", "Alle"), ("b", "Bare oss")], widget=forms.RadioSelect
    )
    sure = forms.BooleanField(label="Sikker", required=False)


def render(source, **context):
    with translation.override("nb"):
        return " ".join(Template(source).render(Context(context)).split())


def test_a_field_ties_its_explanation_and_its_fault_to_the_control():
    html = render("{% field form.body counter=True %}", form=Form({"body": ""}))
    assert 'for="id_body"' in html
    assert 'aria-describedby="id_body-om id_body-feil"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="id_body-om">Kort.' in html
    assert 'id="id_body-feil"' in html
    assert 'data-limit="20"' in html


def test_only_what_may_be_left_out_is_marked_so():
    assert "(valgfritt)" in render("{% field form.email %}", form=Form())
    assert "(valgfritt)" not in render("{% field form.body %}", form=Form())


def test_choices_stand_in_a_fieldset_with_an_explanation_each():
    html = render('{% field form.who a="Også naboen." %}', form=Form({"who": "b"}))
    assert html.count('type="radio"') == 2
    assert 'value="b" checked' in html
    assert 'aria-describedby="id_who_0-om"' in html
    assert "Også naboen." in html


def test_the_summary_links_to_every_fault_and_takes_focus_without_script():
    html = render("{% error_summary form %}", form=Form({"email": "kari@"}))
    assert "Du må rette 3 felt" in html
    assert "autofocus" in html
    for field in ("id_body", "id_email", "id_who"):
        assert f'href="#{field}"' in html


def test_there_is_no_summary_without_faults():
    assert not render("{% error_summary form %}", form=Form()).strip()


def test_what_a_form_says_of_itself_cannot_bring_markup():
    html = render(
        "{% field form.body label=words %}", form=Form({"body": '"><script>'}), words="<b>x"
    )
    assert "<script>" not in html
    assert "<b>" not in html


def test_numbered_pages_keep_the_rest_of_the_address():
    page = Paginator(range(100), 10).page(5)
    request = RequestFactory().get("/svar/?enhet=skole&side=5")
    html = render("{% pager page %}", page=page, request=request)
    assert 'href="?enhet=skole&amp;side=6"' in html
    assert html.count("<li></li>") == 2  # a gap on each side
    assert 'aria-current="true" aria-label="Side 5"' in html


def test_keyset_pages_have_only_a_next_and_a_previous():
    html = render("{% pager page %}", page=SimpleNamespace(previous="", next="for=x"))
    assert 'rel="next" href="?for=x"' in html
    assert 'rel="prev"' not in html


def test_a_time_carries_the_exact_moment_for_machines():
    at = datetime(2020, 5, 17, 10, 0, tzinfo=UTC)
    assert (
        render("{% when at %}", at=at)
        == '<time datetime="2020-05-17T10:00:00+00:00">17. mai 2020 kl. 12.00</time>'
    )
    assert render("{% when at %}", at=None) == ""


def test_a_wait_can_be_traced_to_its_beginning():
    since = timezone.now() - timedelta(hours=2, minutes=5)
    html = render("{% waiting since %}", since=since)
    assert ">2 t<" in html
    assert f'datetime="{since.isoformat(timespec="seconds")}"' in html


def test_who_is_on_duty_is_told_by_first_name_unit_and_until_when():
    until = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
    duty = [
        SimpleNamespace(first_name=name, unit="Servicetorget", until=until)
        for name in ("Martin", "Per", "Ola")
    ]
    html = render("{% duty_line %}", duty=duty)
    assert "Martin, Servicetorget" in html
    assert "kl. 15.30" in html
    assert "Ola" not in html
    assert "og 1 til" in html


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (20, "Vi er på plass igjen"),
        (-1, "Vi er på jobb nå"),
        (None, "så svarer vi når vi åpner igjen"),
    ],
)
def test_with_nobody_on_duty_the_line_tells_when_an_answer_can_come(hours, words):
    at = None if hours is None else timezone.now() + timedelta(hours=hours)
    assert words in render("{% duty_line %}", duty=[], next_answer_at=at)


def test_opening_hours_are_told_in_as_few_lines_as_they_allow():
    def row(weekday, closes):
        return SimpleNamespace(weekday=weekday, opens=time(8), closes=time(closes, 30))

    rows = [row(0, 15), row(1, 15), row(2, 15), row(3, 17), row(4, 15)]
    parent = SimpleNamespace(opening_hours=SimpleNamespace(all=lambda: rows), parent=None)
    unit = SimpleNamespace(opening_hours=SimpleNamespace(all=list), parent=parent)
    html = render(
        "{% for line in unit|opening_lines %}{{ line.days }} {{ line.hours }};{% endfor %}",
        unit=unit,
    )
    assert html == "Mandag–onsdag 08.00–15.30;Torsdag 08.00–17.30;Fredag 08.00–15.30;"


def test_an_icon_beside_words_is_silent_and_alone_it_speaks():
    assert 'aria-hidden="true"' in render('{% icon "lock" %}')
    assert 'role="img" aria-label="Privat"' in render('{% icon "lock" "Privat" %}')


def test_colours_not_known_become_neutral():
    assert 'data-color="neutral"' in render("{% tag 'Ny' 'x\" onclick=1' %}")


def test_names_lose_what_cannot_be_seen():
    assert render("{{ name|safe_words }}", name="Ka\u202eri\n  N\x00") == "Kari N"
