"""Who gets the answer, through the real mail servers: the one who asked, and whoever knows of her mail does not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.test import Client

from tests.cast import NOW, make_municipality, make_staff
from torget.adapters.email.imap import Mailbox
from torget.adapters.email.listen import catch_up
from torget.channels import rules as channels
from torget.conversations.models import Conversation, Message
from torget.conversations.rules import Agreed, answer, participants
from torget.conversations.tasks import file_due
from torget.errors import Refused
from torget.outbox.models import Delivery
from torget.outbox.tasks import deliver_due
from torget.people.actor import Actor
from torget.people.models import Unit
from torget.people.roles import Role
from torget.protocols.mail import read

pytestmark = [
    pytest.mark.mail,
    pytest.mark.timeout(180),
    pytest.mark.django_db(transaction=True),
]

OWN, OTHER_OWN = "postmottak@nordvaag.test", "post@sorvaag.test"
KARI, NEIGHBOUR, OLA = "kari@innbygger.test", "nina@innbygger.test", "ola@innbygger.test"
SECRET = "Det gjelder sønnen min."


def opened(post_office, municipality, address):
    return channels.open_account(
        Unit.objects.get(municipality=municipality, slug="servicetorget"),
        network="email",
        address=address,
        name="Servicetorget, Nordvåg kommune",
        settings=post_office.settings(address),
        secrets=post_office.secrets(address),
        by=Actor.system(municipality.pk),
        at=NOW,
    )


@pytest.fixture
def channel(post_office):
    return opened(post_office, make_municipality(), OWN)


@pytest.fixture
def clerk(channel):
    roles = (Role.RESPONDER, Role.DUTY_LEAD)
    return Actor.of_staff(make_staff(channel.municipality, "Per", *roles))


def take_in(post_office, *accounts):
    for account in accounts:
        imap = post_office.settings(account.address)["imap"]
        with Mailbox(imap, post_office.password(account.address)) as box:
            catch_up(box, channels.access(account), at=NOW)
    file_due(now=lambda: NOW)


def send_out():
    with ThreadPoolExecutor(1) as pool:
        deliver_due(pool, now=lambda: NOW)


def mail(*, sender, number, body, subject="Søknad", **headers):
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return (
        f"From: {sender}\r\nTo: {OWN}\r\nSubject: {subject}\r\nMessage-ID: <{number}@innbygger.test>\r\n"
        f"{more}Content-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n"
    ).encode()


def ask(post_office, channel, **headers):
    """Kari asks in private."""
    post_office.deliver(
        mail(sender=f"Kari Nordmo <{KARI}>", number="k1", body=SECRET, **headers), OWN
    )
    take_in(post_office, channel)
    return Conversation.objects.get()


def answers_in(post_office, address):
    return [read(raw, received_at=NOW) for raw in post_office.inbox(address)]


def test_a_neighbour_on_copy_who_answers_gets_neither_the_answer_nor_the_key(
    post_office, channel, clerk
):
    case = ask(post_office, channel, Cc=NEIGHBOUR)
    post_office.deliver(
        mail(
            sender=f"Nina Nabo <{NEIGHBOUR}>",
            number="n1",
            body="Hva gjelder det?",
            In_Reply_To="<k1@innbygger.test>",
        ),
        OWN,
        sender=NEIGHBOUR,
    )
    take_in(post_office, channel)
    beside = Conversation.objects.exclude(pk=case.pk).get()
    assert (beside.beside, beside.person_name, beside.unit) == (case, "Nina Nabo", case.unit)
    case.refresh_from_db()
    answer(case, "Vedtaket er vedlagt.", by=clerk, at=NOW)
    with pytest.raises(Refused) as refused:
        answer(beside, "Hva gjelder det for deg?", by=clerk, at=NOW)
    assert refused.value.code == "recipient_changed"
    answer(beside, "Hva gjelder det for deg?", by=clerk, at=NOW, agreed=Agreed(yes=True))
    send_out()
    post_office.wait_for(lambda: post_office.count(KARI), "the answer")
    post_office.wait_for(lambda: post_office.count(NEIGHBOUR), "the neighbour's own")
    [hers], [theirs] = answers_in(post_office, KARI), answers_in(post_office, NEIGHBOUR)
    assert "Vedtaket er vedlagt." in hers.text
    assert case.key in hers.text
    raw = post_office.inbox(NEIGHBOUR)[0].decode()
    for foreign in (case.key, "Vedtaket", SECRET, case.ref):
        assert foreign not in raw
    assert beside.key in theirs.text
    page = Client().get(f"/saker/{beside.ref}/{beside.key}").content.decode()
    assert "Hva gjelder det for deg?" in page
    assert SECRET not in page


def test_forwarded_with_our_id_among_the_references_it_is_a_case_of_its_own(
    post_office, channel, clerk
):
    case = ask(post_office, channel)
    answer(case, "Hei, vi ser på det.", by=clerk, at=NOW)
    send_out()
    post_office.wait_for(lambda: post_office.count(KARI), "the answer")
    ours = answers_in(post_office, KARI)[0]
    for number, pointer in enumerate(
        (
            {"References": f"<k1@innbygger.test> <{ours.message_id}> <fw1@innbygger.test>"},
            {"Reply_To": NEIGHBOUR, "X_Original_To": ours.reply_to.address},
            {"In_Reply_To": f"<{ours.message_id}>"},
        )
    ):
        raw = mail(
            sender=f"Nina Nabo <{NEIGHBOUR}>",
            number=f"n{number}",
            subject=f"VS: Søknad [{case.ref}]",
            body=f"Jeg fikk denne videresendt. Hva gjelder det? {number}",
            **pointer,
        )
        to = ours.reply_to.address if "X_Original_To" in pointer else OWN
        post_office.deliver(raw, to, sender=NEIGHBOUR)
    take_in(post_office, channel)
    case.refresh_from_db()
    assert case.messages.filter(kind="inbound").count() == 1
    besides = Conversation.objects.filter(beside=case)
    assert {one.person_name for one in besides} == {"Nina Nabo"}
    assert Message.objects.filter(conversation__in=besides).count() == 3
    answer(case, "Her er vedtaket.", by=clerk, at=NOW)
    assert set(Delivery.objects.values_list("recipient", flat=True)) == {KARI}
    client = Client()
    client.force_login(clerk.staff.user)
    page = client.get(f"/desk/sak/{case.ref}").content.decode()
    assert besides[0].ref in page
    other = client.get(f"/desk/sak/{besides[0].ref}").content.decode()
    assert "Kom fra en annen enn den som spurte" in other
    assert case.ref in other


def test_who_asks_by_a_form_that_sends_from_noreply_is_answered_herself(
    post_office, channel, clerk
):
    raw = mail(
        sender='"Skjema Nordvåg" <noreply@skjema.test>',
        number="f1",
        subject="Nytt skjema: Melding om feil",
        body="Navn: Kari Nordmo\r\nMelding: Gatelyset er mørkt.",
        Reply_To=f"Kari Nordmo <{KARI}>",
        Auto_Submitted="auto-generated",
    )
    post_office.deliver(raw, OWN, sender="noreply@skjema.test")
    take_in(post_office, channel)
    case = Conversation.objects.get()
    assert (case.person_name, case.identity.external_id) == ("Kari Nordmo", KARI)
    answer(case, "Vi ser på lyset.", by=clerk, at=NOW)
    send_out()
    post_office.wait_for(lambda: post_office.count(KARI), "the answer")
    assert "Vi ser på lyset." in answers_in(post_office, KARI)[0].text
    said = Message.objects.get(kind="inbound")
    assert said.proof == "none"  # the form's server knows as little as we of who filled it in


def test_an_address_she_asks_to_be_answered_at_waits_for_a_persons_yes(post_office, channel, clerk):
    case = ask(post_office, channel, Reply_To=OLA)
    answer(case, "Først bare til henne.", by=clerk, at=NOW)
    assert list(Delivery.objects.values_list("recipient", flat=True)) == [KARI]
    answer(case, "Så til begge.", by=clerk, at=NOW, agreed=Agreed(also=[OLA]))
    send_out()
    post_office.wait_for(lambda: post_office.count(OLA), "the copy")
    [copy] = answers_in(post_office, OLA)
    assert "Så til begge." in copy.text
    assert case.key not in post_office.inbox(OLA)[0].decode()


def test_those_on_copy_are_seen_and_get_the_answer_only_when_chosen(post_office, channel, clerk):
    case = ask(post_office, channel, Cc=f"Nina <{NEIGHBOUR}>, {OWN}")
    assert Message.objects.get().copied_to == [NEIGHBOUR]
    with pytest.raises(Refused):
        answer(case, "Til noen vi ikke vet om", by=clerk, at=NOW, agreed=Agreed(also=[OLA]))
    answer(case, "Til begge", by=clerk, at=NOW, agreed=Agreed(also=[NEIGHBOUR]))
    send_out()
    post_office.wait_for(lambda: post_office.count(NEIGHBOUR), "the copy")
    [copy] = answers_in(post_office, NEIGHBOUR)
    assert "Til begge" in copy.text
    raw = post_office.inbox(NEIGHBOUR)[0].decode()
    assert case.key not in raw
    assert "/saker/" not in raw
    # She was let in by a person, so what she answers is heard in the case – and the next answer is Kari's alone.
    post_office.deliver(
        mail(
            sender=f"Nina <{NEIGHBOUR}>",
            number="n1",
            body="Takk!",
            In_Reply_To=f"<{copy.message_id}>",
        ),
        OWN,
        sender=NEIGHBOUR,
    )
    take_in(post_office, channel)
    assert Conversation.objects.count() == 1
    Delivery.objects.all().update(state="sent")
    message = answer(case, "Bare til Kari", by=clerk, at=NOW)
    sent = Delivery.objects.filter(subject_id=message.pk)
    assert list(sent.values_list("recipient", flat=True)) == [KARI]
    participants.dismiss(case.participants.get(), by=clerk, at=NOW)
    post_office.deliver(
        mail(
            sender=f"Nina <{NEIGHBOUR}>",
            number="n2",
            body="Igjen",
            In_Reply_To=f"<{copy.message_id}>",
        ),
        OWN,
        sender=NEIGHBOUR,
    )
    take_in(post_office, channel)
    assert Conversation.objects.get(beside=case).messages.get().body == "Igjen"


def test_one_mail_to_two_of_our_mailboxes_is_two_cases_that_know_of_each_other(
    post_office, channel, clerk
):
    other = opened(post_office, channel.municipality, OTHER_OWN)
    raw = mail(sender=f"Kari Nordmo <{KARI}>", number="two1", body="Vannet renner.", Cc=OTHER_OWN)
    for address in (OWN, OTHER_OWN):
        post_office.deliver(raw, address)
    take_in(post_office, channel, other)
    first, second = Conversation.objects.order_by("pk")
    assert second.beside == first
    client = Client()
    client.force_login(clerk.staff.user)
    for here, there in ((first, second), (second, first)):
        page = client.get(f"/desk/sak/{here.ref}").content.decode()
        assert there.ref in page
        assert "Kom fra en annen" not in page
    answer(second, "Vi kommer.", by=clerk, at=NOW)  # it is her own: nothing to ask about
