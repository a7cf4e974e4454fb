from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from smpplib import consts

from torget.adapters.sms import centre
from torget.adapters.sms.adapter import SmsAdapter
from torget.adapters.sms.tests.smsc import Smsc
from torget.channels.contract import AccountAccess, Outgoing, RawItem, SendError, Unparseable
from torget.channels.tests.mutations import bytes_spoiled, thousands
from torget.protocols import gsm7, smpp

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
OUT = Outgoing("m7a1", "+4790000001", "Badet åpner klokka ti.")


@pytest.fixture
def smsc():
    held = Smsc()
    yield held
    held.close()


@pytest.fixture
def adapter(monkeypatch):
    monkeypatch.setattr(centre, "WAIT_SECONDS", 1.0)
    held = SmsAdapter()
    yield held
    held.sender.close()
    held.receiver.close()


def account(smsc, **changes):
    said = {"way": "smpp", "host": "127.0.0.1", "port": smsc.port, "tls": "no"}
    return AccountAccess(
        7,
        "sms",
        "2097",
        "SMS",
        {**said, "system_id": "torget", "sender": "2097", **changes},
        {"password": "hemmelig"},
    )


def heard(adapter, snapshot, cursor):
    """One poll, with what comes of it, settled as the worker does after its commit."""
    polled = adapter.poll(snapshot, cursor)
    said = [one for item in polled.items for one in adapter.parse(item, snapshot, received_at=NOW)]
    return polled, said


def test_a_text_is_answered_for_only_after_it_is_kept(smsc, adapter):
    smsc.deliver("Når åpner badet?".encode("latin-1"), data_coding=consts.SMPP_ENCODING_ISO88591)
    polled, (said,) = heard(adapter, account(smsc), {})
    assert (said.body, said.author.external_id) == ("Når åpner badet?", "+4790000001")
    assert smsc.answered == []
    polled.settle()
    assert smsc.all_answered()


def test_a_worker_that_dies_before_the_commit_gets_the_text_again(smsc, adapter):
    smsc.deliver(gsm7.encode("Æ Ø Å {€}"))
    first, _said = heard(adapter, account(smsc), {})
    smsc.hang_up()
    again, (said,) = heard(SmsAdapter(), account(smsc), {})
    assert said.body == "Æ Ø Å {€}"
    assert [one.external_id for one in again.items] == [one.external_id for one in first.items]


def test_a_text_kept_but_not_answered_for_is_not_kept_twice(smsc, adapter):
    smsc.deliver(b"Ja")
    first, _said = heard(adapter, account(smsc), {})
    smsc.hang_up()
    other = SmsAdapter()
    again, said = heard(other, account(smsc), first.cursor)
    assert said == []
    again.settle()
    assert smsc.all_answered()
    other.receiver.close()


def test_two_equal_texts_are_two(smsc, adapter):
    smsc.deliver(b"Ja")
    first, _said = heard(adapter, account(smsc), {})
    first.settle()
    smsc.deliver(b"Ja")
    second, _said = heard(adapter, account(smsc), first.cursor)
    second.settle()
    assert first.items[0].external_id != second.items[0].external_id


def test_a_long_text_is_joined_however_its_parts_come_and_each_is_answered_for_at_once(
    smsc, adapter
):
    words = "Blåbær " * 40
    pieces = smpp.parted(tuple(gsm7.encode(part) for part in gsm7.cut(words).parts), 9)
    cursor = {}
    for piece in reversed(pieces):
        smsc.deliver(piece, esm_class=consts.SMPP_GSMFEAT_UDHI)
        polled, said = heard(adapter, account(smsc), cursor)
        polled.settle()
        assert smsc.all_answered()
        cursor = polled.cursor
    assert [one.body for one in said] == [words.strip()]
    assert cursor["parts"] == {}


def test_parts_that_wait_for_one_that_never_comes_go_on_without_it_after_a_day():
    piece = smpp.parted((b"Hei", b"der"), 9)[0]
    body = smpp.message_body(smpp.Message("+4790000001", "2097", piece, 0x40))
    items, cursor = centre.keep([smpp.Pdu(smpp.DELIVER_SM, 0, 1, body)], {}, now=0.0)
    assert items == []
    (item,), cursor = centre.keep([], cursor, now=centre.PART_SECONDS + 1)
    (said,) = SmsAdapter().parse(item, account(type("S", (), {"port": 1})), received_at=NOW)
    assert said.body == "Hei\n[En del av meldingen kom ikke fram.]"


@pytest.mark.parametrize(("state", "kind"), [("DELIVRD", "receipt"), ("UNDELIV", "bounce")])
def test_a_delivery_receipt_tells_of_what_we_sent(smsc, adapter, state, kind):
    sent = adapter.send(OUT, account(smsc))
    told = f"id:{sent.external_id} sub:001 dlvrd:001 submit date:2611230900 done date:2611230901 stat:{state} err:000 text:"
    smsc.deliver(told.encode(), esm_class=0x04)
    _polled, (notice,) = heard(adapter, account(smsc), {})
    assert (notice.kind, notice.of) == (kind, sent.external_id)


def test_a_short_text_is_sent_in_the_alphabet_of_phones(smsc, adapter):
    adapter.send(OUT, account(smsc))
    (taken,) = smsc.taken
    assert gsm7.decode(taken.short_message) == OUT.body
    assert (taken.source_addr, taken.destination_addr) == (b"2097", b"4790000001")
    assert (taken.data_coding, taken.registered_delivery) == (0, 1)


def test_a_long_text_with_a_smile_is_sent_in_parts_that_join_to_it(smsc, adapter):
    words = "Hei 🙂 " + "å" * 100
    receipt = adapter.send(replace(OUT, body=words), account(smsc))
    heads = [one.short_message[:6] for one in smsc.taken]
    assert [head[4:] for head in heads] == [b"\x02\x01", b"\x02\x02"]
    assert heads[0][3] == heads[1][3]
    joined = b"".join(one.short_message[6:] for one in smsc.taken).decode("utf-16-be")
    assert joined == words
    assert receipt.external_id == "id2"
    assert [one.registered_delivery for one in smsc.taken] == [0, 1]


def test_one_session_serves_a_burst_and_is_given_back(smsc, adapter, monkeypatch):
    monkeypatch.setattr(centre, "IDLE_SECONDS", 0.05)
    for _each in range(5):
        adapter.send(OUT, account(smsc))
    assert len(smsc.taken) == 5
    assert smsc.binds == ["bind_transmitter"]
    until = time.monotonic() + 2
    while adapter.sender._lent and time.monotonic() < until:
        time.sleep(0.01)
    assert not adapter.sender._lent


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_line_cut_while_a_text_is_submitted_is_never_sent_again(smsc, adapter, when):
    smsc.cut = when
    with pytest.raises(SendError) as caught:
        adapter.send(OUT, account(smsc))
    assert caught.value.ambiguous
    with pytest.raises(SendError) as asked:
        adapter.find(OUT, account(smsc))
    assert asked.value.ambiguous


def test_when_only_a_part_went_out_nobody_sends_it_all_again(smsc, adapter):
    smsc.refuse = [0, consts.SMPP_ESME_RTHROTTLED]
    with pytest.raises(SendError) as caught:
        adapter.send(replace(OUT, body="å" * 200), account(smsc))
    assert caught.value.ambiguous


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (consts.SMPP_ESME_RTHROTTLED, "limited"),
        (consts.SMPP_ESME_RINVDSTADR, "permanent"),
        (consts.SMPP_ESME_RINVSRCADR, "account"),
        (consts.SMPP_ESME_RSYSERR, "later"),
    ],
)
def test_refusals_are_told_apart_by_command_status(smsc, adapter, status, kind):
    smsc.refuse = [status]
    with pytest.raises(SendError) as caught:
        adapter.send(OUT, account(smsc))
    fault = caught.value
    kinds = {"limited": fault.limited, "permanent": fault.permanent, "account": fault.account}
    assert [name for name, said in kinds.items() if said] == ([kind] if kind in kinds else [])
    assert not fault.ambiguous


def test_a_wrong_password_is_the_accounts_fault_when_sending_and_when_listening(smsc, adapter):
    wrong = replace(account(smsc), secrets={"password": "feil"})
    for act in (lambda: adapter.send(OUT, wrong), lambda: adapter.poll(wrong, {})):
        with pytest.raises(SendError) as caught:
            act()
        assert caught.value.account
    assert not adapter.check(wrong).ok
    assert adapter.check(account(smsc)).ok


def test_a_centre_that_is_away_has_certainly_sent_nothing(smsc, adapter):
    smsc.close()
    with pytest.raises(SendError) as caught:
        adapter.send(OUT, account(smsc))
    assert not caught.value.ambiguous


def test_a_centre_that_hangs_up_is_bound_again(smsc, adapter):
    adapter.poll(account(smsc), {})
    smsc.hang_up()
    with pytest.raises(SendError):
        adapter.poll(account(smsc), {})
    smsc.deliver(b"Hei")
    assert len(adapter.poll(account(smsc), {}).items) == 1


def test_an_account_nobody_listens_to_any_more_leaves_the_centre(smsc, adapter):
    stop = threading.Event()
    news = adapter.news(account(smsc), stop)
    next(news)
    adapter.poll(account(smsc), {})
    ((_where, session),) = adapter.receiver._sessions.values()
    assert not session.closed
    stop.set()
    assert list(news) == []
    assert session.closed
    assert adapter.receiver._sessions == {}


def test_a_name_as_sender_cannot_be_answered(smsc, adapter):
    with pytest.raises(SendError) as caught:
        adapter.send(replace(OUT, recipient="Apoteket"), account(smsc))
    assert caught.value.permanent


ADAPTER = SmsAdapter()
BODY = smpp.message_body(
    smpp.Message(
        "+4790000001", "2097", smpp.parted((b"Hei", b"der"), 9)[0], 0x40, 0, 0, {0x20C: b"1"}
    )
)
RECEIPT = smpp.message_body(smpp.Message("+4790000001", "2097", b"id:7 stat:DELIVRD err:000", 0x04))


def test_thousands_of_mutated_pdus_are_understood_or_set_aside():
    snapshot = AccountAccess(1, "sms", "2097", "SMS", {"way": "smpp"})

    def parse(body):
        items, _cursor = centre.keep([smpp.Pdu(smpp.DELIVER_SM, 0, 1, body)], {}, now=0.0)
        for item in [*items, RawItem("x", body, centre.MEDIA_TYPE)]:
            with contextlib.suppress(Unparseable):
                ADAPTER.parse(item, snapshot, received_at=NOW)

    thousands([BODY, RECEIPT], parse, spoil=bytes_spoiled)
