"""The doctor finds what is wrong and says how to mend it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import OperationalError, connection

from tests.cast import NOW
from torget.channels import files
from torget.channels.models import Account, Alarm
from torget.channels.rules import beat, note_fault, raise_alarm
from torget.config import doctor
from torget.config.commands import main
from torget.conversations.models import Attachment
from torget.history.models import Entry
from torget.history.seal import seal
from torget.intake.models import Envelope
from torget.people.models import Municipality

LATER = NOW + timedelta(hours=1)


def troubles(name: str) -> str:
    return "\n".join(
        text for found in doctor.examine(at=LATER) if found.name == name for text in found.troubles
    )


@pytest.fixture
def town(nordvaag: Municipality) -> Municipality:
    seal(at=NOW)
    return nordvaag


@pytest.mark.parametrize("name", ["migrations", "attachments", "accounts", "movement", "history"])
def test_in_a_sound_house_nothing_is_wrong(town, name):
    assert troubles(name) == ""


def test_history_that_was_tampered_with_is_pointed_out_and_the_command_fails(town, capsys):
    row = Entry.objects.order_by("pk").first()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE history_entry DISABLE TRIGGER USER")
        cursor.execute("UPDATE history_entry SET verb = 'nothing.happened' WHERE id = %s", [row.pk])
        cursor.execute("ALTER TABLE history_entry ENABLE TRIGGER USER")
    assert main(["doctor"]) == 1
    told = capsys.readouterr().out
    assert f"History row {row.pk} was changed after it was sealed." in told
    assert "NO  history" in told


def test_a_crowded_database_is_found(town, monkeypatch):
    assert troubles("connections") == ""
    monkeypatch.setattr(doctor, "CROWDED", 0.0)
    assert "Raise max_connections" in troubles("connections")


def test_a_secret_others_may_read_is_found(town, settings, tmp_path):
    settings.HOME = tmp_path
    (tmp_path / "secret.key").write_text("x")
    (tmp_path / "secret.key").chmod(0o644)
    assert "chmod 600" in troubles("files")
    (tmp_path / "secret.key").chmod(0o600)
    assert "chmod 600" not in troubles("files")


def test_a_picture_missing_on_disk_is_found(town, question, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    sha256 = files.put(b"a picture")
    Attachment.objects.create(
        message=question.messages.get(),
        sha256=sha256,
        media_type="image/png",
        name="a",
        size=9,
    )
    assert troubles("attachments") == ""
    files.path_of(sha256).unlink()
    assert sha256[:12] in troubles("attachments")


def test_ailing_accounts_and_secrets_of_another_key_are_found(town):
    Account.objects.update(healthy=False, health_detail="token expired.")
    assert "token expired." in troubles("accounts")
    Account.objects.update(healthy=True, secrets=b"sealed elsewhere")
    assert "secret.key" in troubles("accounts")


def test_faults_of_the_last_day_are_named(town):
    note_fault("KeyError", "square:ask", at=LATER - timedelta(hours=20))
    note_fault("ValueError", "desk:inbox", at=LATER - timedelta(hours=30))
    told = troubles("faults")
    assert "KeyError in square:ask, 1 times" in told
    assert "ValueError" not in told


def test_what_stands_still_is_found(town):
    now = LATER
    beat("filing", at=now - timedelta(hours=1))
    Envelope.objects.create(
        account=Account.objects.first(),
        external_id="x",
        media_type="a/b",
        body=b"x",
        sha256=b"x",
        size=1,
        received_at=now - timedelta(hours=1),
    )
    raise_alarm("disk", "", "The disk is dying.", at=now)
    told = troubles("movement")
    assert "filing" in told
    assert len(told.splitlines()) == 3
    assert Alarm.objects.get().detail in told


def test_without_a_database_the_rest_is_still_looked_at(town, monkeypatch):
    def away(_at):
        raise OperationalError("no server")
        yield

    monkeypatch.setattr(doctor, "DATABASE", ("database", away))
    found = list(doctor.examine(at=LATER))
    assert [one.name for one in found] == ["settings", "python", "files", "database"]
    assert "no server" in found[-1].troubles[0]


def test_unsealed_history_is_found(nordvaag):
    assert "not been sealed" in troubles("history")


def test_a_folder_nothing_can_be_written_to_is_found(town, settings, monkeypatch):
    def refuse(**_given):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(doctor.tempfile, "NamedTemporaryFile", refuse)
    assert str(Path(settings.HOME)) in troubles("files")
