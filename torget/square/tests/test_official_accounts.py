from __future__ import annotations

import pytest

from torget.channels.models import Account
from torget.channels.rules import open_account
from torget.people.actor import Actor
from torget.people.models import Unit
from torget.protocols import jws


@pytest.fixture
def mailbox(nordvaag, now):
    unit = Unit.objects.get(municipality=nordvaag, slug="servicetorget")
    return open_account(
        unit,
        network="email",
        address="postmottak@nordvaag.test",
        name="Postmottak",
        by=Actor.system(nordvaag.pk),
        at=now,
    )


def test_residents_see_which_accounts_are_the_municipalitys_own(client, mailbox):
    page = client.get("/kontoer").content.decode()
    assert "postmottak@nordvaag.test" in page
    assert "torget.by-9901" not in page  # the square itself is no account on a network


def test_the_signed_list_is_verified_with_the_key_beside_it(client, mailbox):
    key = client.get("/.well-known/official-accounts.jwks.json").json()["keys"][0]
    signed = client.get("/.well-known/official-accounts").content.decode()
    held = jws.verify(signed, key)
    assert [one["address"] for one in held["accounts"]] == ["postmottak@nordvaag.test"]
    assert held["municipality"]["number"] == "9901"
    assert held["exp"] > held["iat"]
    head, payload, signature = signed.split(".")
    for forged in (f"{head}.{payload[:-2]}AA.{signature}", f"{head}.{payload}", "x"):
        with pytest.raises(jws.Invalid):
            jws.verify(forged, key)
    with pytest.raises(jws.Invalid):
        jws.verify(signed, jws.jwk(jws.new_key()))


def test_an_account_not_in_use_or_not_listed_is_left_out(client, mailbox):
    Account.objects.filter(pk=mailbox.pk).update(in_use=False)
    assert "postmottak@nordvaag.test" not in client.get("/kontoer").content.decode()
    Account.objects.filter(pk=mailbox.pk).update(in_use=True, listed=False)
    assert "postmottak@nordvaag.test" not in client.get("/kontoer").content.decode()


def test_the_key_of_rfc_8037_has_the_thumbprint_it_says():
    # RFC 8037 appendix A.1 and A.3: the key pair and its thumbprint.
    assert jws.jwk("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")["kid"] == (
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    )
