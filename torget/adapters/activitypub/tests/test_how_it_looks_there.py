"""What other servers can show of what we say: an event's when and where, the size and name of a picture, its counts."""

from __future__ import annotations

import io
from datetime import datetime

import pytest
from PIL import Image

from torget.adapters.activitypub.channel import ADAPTER
from torget.adapters.activitypub.models import APObject, Response
from torget.channels.contract import File, Outgoing
from torget.people.hours import OSLO

pytestmark = pytest.mark.django_db
JSON = {"HTTP_ACCEPT": "application/activity+json"}


def post(snapshot, body="Kom på folkemøte!", *, key="p1", **changes):
    out = Outgoing(key, snapshot.address, body, act="publish", visibility="public", **changes)
    return ADAPTER.send(out, snapshot).external_id


def png(width, height):
    file = io.BytesIO()
    Image.new("RGB", (width, height)).save(file, "PNG")
    return file.getvalue()


MEETING = {
    "name": "Folkemøte",
    "starts_at": datetime(2026, 12, 3, 18, 0, tzinfo=OSLO).isoformat(),
    "ends_at": datetime(2026, 12, 3, 20, 0, tzinfo=OSLO).isoformat(),
    "place": "Rådhuset",
}


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        ("nb", ["Når: torsdag 3. desember 2026 kl. 18.00 – torsdag", "Hvor: Rådhuset"]),
        ("nn", ["Når: torsdag 3. desember 2026 kl. 18.00", "Kvar: Rådhuset"]),
        ("en", ["When: Thursday 3 December 2026 at 18:00", "Where: Rådhuset"]),
    ],
)
def test_when_and_where_an_event_is_stands_in_its_text_also_when_it_is_corrected(
    snapshot, language, lines
):
    uri = post(snapshot, event=MEETING, language=language)
    ap_object = APObject.objects.get(uri=uri)
    assert ap_object.document["startTime"] == "2026-12-03T17:00:00Z"
    assert all(line in ap_object.document["content"] for line in lines)
    edit = Outgoing("e1", "", "Nytt sted!", act="edit", target=uri, language=language)
    ADAPTER.send(edit, snapshot)
    ap_object.refresh_from_db()
    assert "Nytt sted!" in ap_object.document["content"]
    assert all(line in ap_object.document["content"] for line in lines)


def test_a_picture_says_how_large_it_is_and_its_address_what_it_is(client, snapshot):
    uri = post(snapshot, attachments=[File("brøyting.png", "image/png", png(64, 48), "Brøytebil")])
    shown = APObject.objects.get(uri=uri).document["attachment"][0]
    assert (shown["width"], shown["height"]) == (64, 48)
    assert shown["url"] == f"{uri}/fil/0.png"
    for address in (shown["url"], f"{uri}/fil/0"):  # as they were named before
        answer = client.get(address.removeprefix("http://testserver"))
        assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")


def test_a_note_says_where_its_counts_are_and_every_collection_has_a_first_page(
    client, snapshot, at
):
    uri = post(snapshot)
    held = client.get(uri.removeprefix("http://testserver"), **JSON).json()
    for name in ("replies", "likes", "shares"):
        assert (held[name]["id"], held[name]["totalItems"]) == (f"{uri}/{name}", 0)
        whole = client.get(held[name]["id"].removeprefix("http://testserver"), **JSON).json()
        assert whole["totalItems"] == 0
        page = client.get(whole["first"].removeprefix("http://testserver"), **JSON).json()
        assert (page["type"], page["orderedItems"]) == ("OrderedCollectionPage", [])
    ap_object = APObject.objects.get(uri=uri)
    Response.objects.create(
        ap_object=ap_object, kind="like", actor="https://x.example/a", uri="l", at=at
    )
    counted = client.get(uri.removeprefix("http://testserver"), **JSON).json()
    assert [counted[name]["totalItems"] for name in ("replies", "likes", "shares")] == [0, 1, 0]
