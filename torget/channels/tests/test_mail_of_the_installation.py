"""New passwords and alarms are queued, find a way out, and say nothing in the log or the queue."""

from __future__ import annotations

import contextlib
import logging

import pytest
from django.core.mail import EmailMessage
from procrastinate.contrib.django.models import ProcrastinateJob

from tests.cast import NOW, make_municipality
from torget.channels import rules, smtp
from torget.channels.sysmail import Backend, NotSent, send_mail_of_ours
from torget.people.actor import Actor
from torget.people.models import Unit

OWN = "postmottak@nordvaag.test"
SECRET = "hemmelig-lenke"


@pytest.fixture
def submitted(monkeypatch):
    """What would have been sent, without a server."""
    sent: list[tuple[smtp.Server, str, str, bytes]] = []
    monkeypatch.setattr(smtp, "submit", lambda *given: sent.append(given) or "250 ok")
    return sent


def link_to(*recipients: str) -> EmailMessage:
    return EmailMessage("Logg inn", f"Her: {SECRET}", None, list(recipients))


def work():
    """The worker sends what is queued."""
    for job in ProcrastinateJob.objects.filter(task_name="channels.mail").order_by("id"):
        send_mail_of_ours(**job.args)


def open_email_account() -> None:
    municipality = make_municipality()
    rules.open_account(
        Unit.objects.get(municipality=municipality, slug="servicetorget"),
        network="email", address=OWN, name="Servicetorget", secrets={"smtp_password": "pw"},
        settings={"smtp": {"host": "mx.nordvaag.test", "security": "tls", "user": "u"}},
        by=Actor.system(municipality.pk), at=NOW,
    )  # fmt: skip


@pytest.mark.django_db
def test_the_municipalitys_own_channel_is_the_way_out(submitted, settings):
    settings.SMTP_URL = ""
    open_email_account()
    assert Backend().send_messages([link_to("kari@innbygger.test")]) == 1
    work()
    [(server, sender, recipient, raw)] = submitted
    assert server == smtp.Server("mx.nordvaag.test", 465, "tls", "u", "pw")
    assert (sender, recipient) == (OWN, "kari@innbygger.test")
    assert b"Auto-Submitted: auto-generated\r\n" in raw
    assert b"\n" not in raw.replace(b"\r\n", b"")


@pytest.mark.django_db
def test_a_server_given_in_the_settings_is_used_before_any_channel(submitted, settings):
    settings.SMTP_URL = "smtps://torget%40nordvaag.test:p%3Aw@smtp.nordvaag.test"
    open_email_account()
    Backend().send_messages([link_to("kari@innbygger.test", "ola@innbygger.test")])
    work()
    assert {server for server, *_rest in submitted} == {
        smtp.Server("smtp.nordvaag.test", 465, "tls", "torget@nordvaag.test", "p:w")
    }
    assert [recipient for _server, _sender, recipient, _raw in submitted] == [
        "kari@innbygger.test",
        "ola@innbygger.test",
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("url", ["", "http://smtp.nordvaag.test", "smtp://"])
def test_without_a_way_out_the_worker_fails_aloud_and_tries_again_and_nothing_is_logged(
    settings, caplog, url
):
    settings.SMTP_URL = url
    with caplog.at_level(logging.DEBUG):
        assert Backend().send_messages([link_to("kari@innbygger.test")]) == 1
        with pytest.raises(NotSent) as fault:
            work()
    job = ProcrastinateJob.objects.get(task_name="channels.mail")
    assert send_mail_of_ours.retry_strategy.get_retry_decision(exception=fault.value, job=job)
    assert caplog.records
    assert SECRET not in caplog.text
    assert "kari@" not in caplog.text


@pytest.mark.django_db
def test_what_waits_in_the_queue_cannot_be_read_there():
    Backend().send_messages([link_to("kari@innbygger.test")])
    job = ProcrastinateJob.objects.get(task_name="channels.mail")
    assert SECRET not in str(job.args)
    assert "kari" not in str(job.args)


@pytest.mark.django_db
def test_an_address_cannot_add_recipients(submitted, settings):
    settings.SMTP_URL = "smtp://u@smtp.nordvaag.test"
    Backend().send_messages([link_to("kari@innbygger.test\r\nBcc: x@y.test")])
    with contextlib.suppress(NotSent, ValueError):
        work()
    assert not submitted
