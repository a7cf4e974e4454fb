"""A lost secret key is told of and never replaced in silence, while something rests on it."""

from __future__ import annotations

import stat
from collections.abc import Iterator

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from cryptography.fernet import Fernet

from tests.house import House, new_home, remove
from torget.config.postgres import Cluster
from torget.history.models import Entry
from torget.people import checks
from torget.people import rules as people


@pytest.fixture(scope="module")
def town() -> Iterator[House]:
    house = House(new_home())
    assert house.torget("demo").returncode == 0
    yield house
    remove(house.home)


@pytest.fixture
def house(town: House) -> House:
    """The town, where ola has a second factor under the key of now."""
    town.run(
        "from allauth.mfa.models import Authenticator; from allauth.mfa.totp.internal import auth\n"
        "from torget.people.models import User\n"
        "Authenticator.objects.all().delete()\n"
        "auth.TOTP.activate(User.objects.get(email__startswith='ola'), auth.generate_totp_secret())"
    )
    return town


def test_the_next_command_stops_with_what_to_do_and_makes_no_key(house: House) -> None:
    key = house.home / "secret.key"
    whole = key.read_text()
    key.unlink()
    for words in (("demo",), ("doctor",), ("manage", "check")):
        refused = house.torget(*words)
        assert refused.returncode == 1
        assert "The secret key is lost" in refused.stderr
        assert "torget new-key secret --yes" in refused.stderr
        assert not key.exists()
    Cluster(house.home).start()  # now it is known what rests on it
    assert "second factors of staff" in house.torget("doctor").stderr
    assert house.torget("new-key", "secret").returncode == 1
    assert not key.exists()
    key.write_text(whole)
    assert "NO  second factors" not in house.torget("doctor").stdout


def test_beginning_anew_is_a_deliberate_act_that_names_what_is_lost(house: House) -> None:
    Cluster(house.home).start()
    key = house.home / "secret.key"
    whole = key.read_text()
    key.unlink()
    begun = house.torget("new-key", "secret", "--yes")
    assert begun.returncode == 0, begun.stderr
    assert "Second factors of 1 members of staff were removed" in begun.stdout
    assert "Enter the secrets of" in begun.stdout
    assert key.read_text() != whole
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert "second factors" not in [line for line in house.torget("doctor").stdout if "NO" in line]


def test_an_installation_on_which_nothing_rests_makes_its_key_by_itself() -> None:
    fresh = House(new_home())
    try:
        assert fresh.torget("manage", "check").returncode == 0
        assert (fresh.home / "secret.key").exists()
    finally:
        remove(fresh.home)


@pytest.fixture
def with_factor(ola):
    totp.TOTP.activate(ola.staff.user, totp.generate_totp_secret())
    return ola.staff.user


def test_the_doctor_names_second_factors_of_another_key_and_they_can_be_dropped(with_factor, now):
    assert people.unreadable_factors() == []
    factor = Authenticator.objects.get()
    factor.data["secret"] = Fernet(Fernet.generate_key()).encrypt(b"x").decode()
    factor.save()
    assert people.unreadable_factors() == [with_factor]
    [told] = list(checks.factors(now))
    assert "Second factors of 1 members of staff" in told
    assert people.drop_unreadable_factors(at=now) == 1
    assert not Authenticator.objects.exists()
    assert Entry.objects.filter(verb="signin.factors_dropped").count() == 1
    assert people.drop_unreadable_factors(at=now) == 0
