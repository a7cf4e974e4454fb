from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from tests.cast import make_staff
from torget.channels.base import Base
from torget.channels.contract import Capabilities, Receipt, SendError
from torget.channels.models import Account
from torget.channels.registry import adapters
from torget.channels.rules import open_account
from torget.conversations import rules as conversations
from torget.conversations.models import Message
from torget.conversations.rules import correcting
from torget.desk.queries.thread import offer
from torget.errors import NotAllowed, Refused
from torget.outbox.models import Delivery
from torget.outbox.tasks import deliver_due
from torget.outbox.tests.test_sending import Inline
from torget.people.actor import Actor
from torget.people.models import Unit
from torget.people.roles import Role


class Net(Base):
    """A network that remembers everything it was asked to do."""

    label = "Nett"
    capabilities = Capabilities(
        read_public=True,
        reply=True,
        publish=True,
        edit=True,
        withdraw=True,
        hide=True,
        remove=True,
        look_up=True,
        max_pictures=1,
        max_body_chars=100,
    )
    hide_means = "Den som skrev, ser det fortsatt."

    def __init__(self, network="net", **can):
        self.network, self.did, self.fault = network, [], None
        fields = Capabilities.__dataclass_fields__
        held = {name: getattr(self.capabilities, name) for name in fields}
        self.capabilities = Capabilities(**held | can)

    def send(self, out, account):
        if self.fault:
            raise self.fault
        self.did.append(out)
        return Receipt(out.target or f"{self.network}-{len(self.did)}", url="https://net.example/1")

    def find(self, out, account):
        return None


@pytest.fixture
def nets(nordvaag, now, monkeypatch):
    unit = Unit.objects.get(municipality=nordvaag, slug="servicetorget")
    made = {"net": Net(), "stiff": Net("stiff", edit=False, withdraw=False)}
    for name, net in made.items():
        monkeypatch.setitem(adapters(), name, net)
        open_account(
            unit,
            network=name,
            address=f"{name}.test",
            name=name.title(),
            by=Actor.system(nordvaag.pk),
            at=now,
        )
    return made


def send(at):
    return deliver_due(Inline(), now=lambda: at)


def post(amina, now, body="Brua er åpen igjen.", **more):
    accounts = list(Account.objects.filter(network__in=["net", "stiff"]).order_by("network"))
    here = Account.objects.get(network="form", municipality=amina.municipality_id)
    return conversations.post(
        amina.staff.unit, here, body, by=amina, at=now, accounts=accounts, **more
    )


def test_one_post_goes_out_on_every_account_chosen_and_its_outcome_is_seen(
    nets, amina, now, client
):
    message = post(amina, now)
    nets["stiff"].fault = SendError("Not that word.", permanent=True)
    send(now)
    assert [out.body for out in nets["net"].did] == ["Brua er åpen igjen."]
    client.force_login(amina.staff.user)
    page = client.get(f"/desk/vegg/{message.conversation.ref}").content.decode()
    assert "Sendt" in page
    assert "https://net.example/1" in page
    assert "Kom ikke fram" in page
    assert "Not that word." in page


def test_what_a_network_remarks_is_told_the_writer_where_the_outcome_stands(
    nets, amina, now, client, monkeypatch
):
    remark = "Fant ingen bak @x@y.example."
    monkeypatch.setattr(nets["net"], "send", lambda out, account: Receipt("1", remark=remark))
    message = post(amina, now, "Hei @x@y.example")
    deliver_due(Inline())
    client.force_login(amina.staff.user)
    page = client.get(f"/desk/vegg/{message.conversation.ref}").content.decode()
    assert page.count(remark) == 1


def test_what_may_have_gone_out_is_said_to_be_unknown(nets, amina, now, client):
    message = post(amina, now)
    nets["net"].fault = SendError("Cut.", ambiguous=True)
    send(now)
    client.force_login(amina.staff.user)
    page = client.get(f"/desk/vegg/{message.conversation.ref}?del=utfall").content.decode()
    assert "Vi vet ikke om det kom fram" in page


def test_the_preview_shows_what_each_takes_and_nothing_is_sent(nets, amina, client):
    client.force_login(amina.staff.user)
    account = Account.objects.get(network="net")
    picture = io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "PNG")
    given = {"subject": "Brua", "body": "Brua er åpen. " * 20, "accounts": [account.pk]}
    files = {
        "alt_1": "Brua sett fra land",
        "picture_1": SimpleUploadedFile("a.png", picture.getvalue(), "image/png"),
    }
    page = client.post("/desk/vegg", given | files | {"gjor": "vis"})
    text = page.content.decode()
    assert page.status_code == 200
    assert "Slik blir det" in text
    assert "100 tegn" in text
    assert "Teksten er forkortet, med lenke til resten." in text
    assert not Message.objects.exists()
    kept = page.context["kept"]
    client.post("/desk/vegg", given | {"kept": kept, "gjor": "legg-ut"})
    message = Message.objects.get()
    assert [one.alt for one in message.attachments.all()] == ["Brua sett fra land"]
    assert Delivery.objects.get().payload["files"][0][3] == "Brua sett fra land"


def test_a_picture_without_words_for_those_who_do_not_see_it_is_sent_back(nets, amina, client):
    client.force_login(amina.staff.user)
    picture = io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "PNG")
    given = {"subject": "Brua", "body": "Åpen."}
    given["picture_1"] = SimpleUploadedFile("a.png", picture.getvalue(), "image/png")
    page = client.post("/desk/vegg", given)
    assert page.status_code == 422
    assert "Skriv hva bildet viser." in page.content.decode()


def test_other_words_on_one_account(nets, amina, now):
    stiff = Account.objects.get(network="stiff")
    post(amina, now, texts={stiff.pk: "Kort sagt: åpen."})
    send(now)
    assert nets["stiff"].did[0].body == "Kort sagt: åpen."
    assert nets["net"].did[0].body == "Brua er åpen igjen."


def test_a_correction_says_where_it_replaces_words_of_their_own(nets, amina, now, client):
    net = Account.objects.get(network="net")
    message = post(amina, now, texts={net.pk: "Kort sagt: åpen."})
    send(now)
    client.force_login(amina.staff.user)
    said = "Her sto det en egen tekst."
    assert said in client.get(f"/desk/vegg/{message.conversation.ref}").content.decode()
    correcting.correct(message, "Brua er stengt.", by=amina, at=now)
    send(now)
    assert nets["net"].did[-1].body == "Brua er stengt."
    other = post(amina, now, "Uten egne ord.")
    assert said not in client.get(f"/desk/vegg/{other.conversation.ref}").content.decode()


def test_a_correction_follows_wherever_it_can_and_says_where_it_cannot(nets, amina, now):
    message = post(amina, now)
    send(now)
    correcting.correct(message, "Brua er stengt.", by=amina, at=now)
    send(now)
    change = nets["net"].did[-1]
    assert (change.act, change.target, change.body) == ("edit", "net-1", "Brua er stengt.")
    assert len(nets["stiff"].did) == 1
    message.refresh_from_db()
    assert message.body == "Brua er stengt."
    assert [old.body for old in message.versions.all()] == ["Brua er åpen igjen."]
    assert [one.account.network for one in correcting.stays_in(message, "edit")] == ["stiff"]


def test_what_has_not_gone_out_yet_goes_out_corrected(nets, amina, now):
    message = post(amina, now)
    correcting.correct(message, "Brua er stengt.", by=amina, at=now)
    send(now)
    assert [out.body for out in nets["net"].did] == ["Brua er stengt."]
    assert [out.body for out in nets["stiff"].did] == ["Brua er stengt."]


def test_a_correction_waits_until_what_it_corrects_is_known_to_be_out(nets, amina, now):
    message = post(amina, now)
    nets["net"].fault = SendError("Cut.", ambiguous=True)
    send(now)
    correcting.correct(message, "Brua er stengt.", by=amina, at=now)
    nets["net"].fault = None
    send(now)
    assert nets["net"].did == []
    Delivery.objects.filter(account__network="net", payload__act="publish").update(
        state=Delivery.State.SENT, receipt="net-7"
    )
    send(now + timedelta(seconds=10))
    assert [(out.act, out.target) for out in nets["net"].did] == [("edit", "net-7")]


def test_only_the_newest_of_two_corrections_goes_out(nets, amina, now):
    message = post(amina, now)
    send(now)
    correcting.correct(message, "Brua er stengt.", by=amina, at=now)
    correcting.correct(message, "Brua åpner klokka ti.", by=amina, at=now)
    send(now)
    edits = [out.body for out in nets["net"].did if out.act == "edit"]
    assert edits == ["Brua åpner klokka ti."]


def test_withdrawn_it_is_taken_away_everywhere_it_can_be(nets, amina, now, client):
    message = post(amina, now)
    send(now)
    with pytest.raises(Refused):
        correcting.withdraw(message, " ", by=amina, at=now)
    correcting.withdraw(message, "Det stemte ikke.", by=amina, at=now)
    send(now)
    assert [(out.act, out.target) for out in nets["net"].did[1:]] == [("withdraw", "net-1")]
    page = client.get(f"/vegg/{message.conversation.ref}").content.decode()
    assert "Meldingen er trukket tilbake." in page
    assert "Brua er åpen igjen." not in page


def test_withdrawn_before_it_went_it_never_goes(nets, amina, now):
    message = post(amina, now)
    correcting.withdraw(message, "Det stemte ikke.", by=amina, at=now)
    send(now)
    assert nets["net"].did == nets["stiff"].did == []


def test_only_those_who_may_speak_for_us_correct_us(nets, amina, siri, charlie, now):
    message = post(amina, now)
    for stranger in (siri, charlie):
        with pytest.raises(NotAllowed):
            correcting.correct(message, "Tull.", by=stranger, at=now)
        with pytest.raises(NotAllowed):
            correcting.withdraw(message, "Tull.", by=stranger, at=now)


def test_an_editor_of_one_unit_does_not_publish_from_anothers_account(nordvaag, now, client, nets):
    other = Unit.objects.filter(municipality=nordvaag).exclude(slug__in=["servicetorget", "rot"])
    unit = other.exclude(children__slug="servicetorget")[0]
    Account.objects.filter(network="net").update(name="Servicetorgets nett")
    made = make_staff(nordvaag, "Nina", Role.EDITOR, unit=unit.slug, over=unit.slug)
    theirs = Account.objects.filter(municipality=nordvaag, network="net").get()
    assert theirs.unit.slug == "servicetorget"
    by = Actor.of_staff(made)
    with pytest.raises(NotAllowed):
        conversations.post(unit, theirs, "Hei", by=by, at=now, accounts=[theirs])
    assert not Delivery.objects.exists()
    client.force_login(made.user)
    assert theirs.name not in client.get("/desk/vegg").content.decode()


@pytest.mark.parametrize(
    ("acts", "words"),
    [
        (["hide", "remove"], "Skjul eller slett på kanalen"),
        (["hide"], "Skjul på kanalen"),
        (["remove"], "Slett på kanalen"),
        (["show"], "Vis igjen på kanalen"),
        (["show", "hide"], "Slipp gjennom eller skjul på kanalen"),
        ([], ""),
    ],
)
def test_the_link_beside_a_message_promises_what_the_channel_lets_us_do(acts, words):
    assert offer(acts) == words
