"""The channel of docs/channels/adding.md, built as the page says in a folder of its own, keeps the contract."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

import pytest
from django.test import override_settings

from torget.channels.models import Account
from torget.channels.registry import adapters
from torget.channels.tests import test_contract as contract
from torget.channels.tests.scripted import serving
from torget.channels.tests.specimens import Specimens
from torget.config import adapters as found
from torget.people.models import Unit

PAGE = Path(__file__).resolve().parents[1] / "docs" / "channels" / "adding.md"
BLOCK = re.compile(r"^## `([\w./]+)`$.*?^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder as the page builds it, importable, and its specimens."""
    home = tmp_path_factory.mktemp("channels")
    files = dict(BLOCK.findall(PAGE.read_text()))
    assert set(files) == {"__init__.py", "adapter.py", "tests/specimens.py"}
    for name, text in files.items():
        path = home / "oppslag" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (home / "oppslag" / "tests" / "__init__.py").touch()
    sys.path.insert(0, str(home))
    yield "oppslag"
    sys.path.remove(str(home))
    for name in [name for name in sys.modules if name.split(".")[0] == "oppslag"]:
        del sys.modules[name]


@pytest.fixture
def one(built, monkeypatch) -> Specimens:
    """Its specimens, with the channel among those of the installation."""
    adapter = importlib.import_module(built).adapter
    monkeypatch.setitem(adapters(), adapter.network, adapter)
    specimens: Specimens = importlib.import_module(f"{built}.tests.specimens").SPECIMENS
    return specimens


def test_the_folder_is_all_an_installation_must_name(built):
    with override_settings(ADAPTERS=["torget.adapters.form", built]):
        adapters.cache_clear()
        try:
            assert set(adapters()) == {"form", "chat", "oppslag"}
        finally:
            adapters.cache_clear()
    assert not found.has(built, "models")
    assert {"torget.adapters.form", "torget.adapters.email"} <= set(found.ours())


def test_it_keeps_the_contract_as_read(one, db):
    contract.test_what_it_says_it_can_it_has_made(one)
    contract.test_it_understands_its_own_envelopes_the_same_way_every_time(one)
    contract.test_a_delivery_is_taken_only_with_its_own_signature(one, db)
    contract.test_a_preview_counts_and_tells_when_it_is_too_long(one)


def test_no_payload_however_damaged_breaks_it(one):
    for seed in range(contract.TIMES):
        contract.test_no_payload_however_damaged_breaks_it.hypothesis.inner_test(one, seed)


@pytest.mark.parametrize("order", ["twice", "backwards", "shuffled"])
def test_received_again_or_in_another_order_it_is_one_message(one, order, nordvaag):
    contract.test_received_again_or_in_another_order_it_is_one_message(one, order, nordvaag)


@pytest.mark.parametrize("cut", ["before", "after"])
def test_a_line_cut_at_any_step_publishes_at_most_once(one, cut):
    contract.test_a_line_cut_at_any_step_publishes_at_most_once(one, cut)
    contract.test_nobody_at_home_is_certainly_not_sent(one)


@pytest.mark.django_db(transaction=True)
def test_refusals_are_told_by_their_kind(one):
    for refusal in one.refusals:
        contract.test_a_refusal_is_told_by_its_kind(one, refusal)


@pytest.mark.django_db(transaction=True)
def test_an_administrator_connects_it_from_the_page_made_of_its_fields(one, client, nordvaag, liv):
    class Welcoming:
        published: list[str] = []

        def answer(self, method, path, headers, body):
            return (200 if headers["authorization"] == "Bearer t" else 401), {}, b""

    client.force_login(liv.staff.user)
    assert "Oppslag" in client.get("/desk/innstillinger/ny").content.decode()
    front = Unit.objects.get(municipality=nordvaag, slug="servicetorget")
    with serving(Welcoming()) as line:
        filled = {"name": "Tavlen", "unit": front.pk, "k_address": "Nordvaag", "k_url": line.url}
        filled |= {"k_token": "feil", "k_signing": "s"}
        refused = client.post("/desk/innstillinger/ny/oppslag", filled)
        assert refused.status_code == 422
        assert "Oppslag 401" in refused.content.decode()
        assert not Account.objects.filter(network="oppslag").exists()
        client.post("/desk/innstillinger/ny/oppslag", filled | {"k_token": "t"})
    account = Account.objects.get(network="oppslag")
    assert account.address == "nordvaag"
    assert b"feil" not in bytes(account.secrets)
    page = client.get(f"/desk/innstillinger/kanal/{account.pk}").content.decode()
    assert f"/hooks/{account.hook}" in page
    assert "https://oppslag.example/nordvaag" in page
