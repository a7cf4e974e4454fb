"""Mail no person wrote: bounces, automatic replies, lists, our own mail coming back (RFC 3834, RFC 3464)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from torget.protocols.mail.values import Mail
from torget.protocols.plaintext import one_line

LOOP_HEADER = "X-Torget-Loop"
Kind = Literal["own", "loop", "bounce", "receipt", "auto_reply", "generated", "list", "quiet"]

_OUR_ID = re.compile(r"<?(t\.[0-9a-f]{32}@[^\s<>]{1,200})>?")
_ANY_ID = re.compile(r"^[ \t>]*message-id:[ \t]*<([^<>\s]{1,400})>", re.IGNORECASE | re.MULTILINE)
_STATUS = re.compile(r"\b([45])\.\d{1,3}\.\d{1,3}\b")
_REPLY_CODE = re.compile(r"\b([45])\d\d[ -]")
_BOUNCE_SENDERS = re.compile(
    r"\A(?:mailer-daemon|postmaster|mail-daemon|mdaemon|bounces?|microsoftexchange[0-9a-f]+)\b.*@"
)
_BOUNCE_SUBJECT = re.compile(
    r"undeliver|delivery (?:status|has failed|failure|failed)|returned mail|failure notice|mail delivery|kan ikke leveres|"
    r"kunne ikke leveres|kunne ikkje leverast|ikke levert|leveringsfeil|not delivered|delivery notification|delayed",
    re.IGNORECASE,
)
_AWAY_SUBJECT = re.compile(
    r"\A\s*(?:re: |sv: )?(?:autosvar|automatisk svar|automatic reply|auto[- ]?reply|out of (?:the )?office|fraværsmelding|"
    r"fråværsmelding|ikke til stede|ikkje til stades|borte fra kontoret|vacation)\b",
    re.IGNORECASE,
)
_NOBODY = re.compile(
    r"\A(?:no-?reply|do-?not-?reply|ikke-?svar|noreply.*|mailer-daemon|postmaster)@"
)
# Addresses that take no answers: what stands before or after the words is a name of a system.
_TAKES_NO_ANSWER = re.compile(
    r"\A(?:.*[._+-])?(?:no[._-]?reply|do[._-]?not[._-]?reply|not?[._-]?respond|ikke[._-]?svar|ikkje[._-]?svar|"
    r"svar[._-]?ikke|wordpress|www-data|apache|nginx|nobody|web(?:form|skjema|server)|(?:contact|kontakt)[._-]?(?:form|skjema)|"
    r"skjema|form(?:s|mail)?|mailer-daemon)(?:[._+-].*)?@",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Machine:
    """What kind of machine mail it is.

    `own`: what we sent, as a copy. `loop`: our own words thrown back at us. `bounce`: not delivered; `permanent`
    tells whether for good. `receipt`: delivered or read. `auto_reply`: someone is away. These four need no person.
    `generated`, `list` and `quiet` (sender wants no automatic answer) may say something: a person must see them,
    but no machine may answer. `of` is the message id it concerns, when known.
    """

    kind: Kind
    of: str = ""
    detail: str = ""
    permanent: bool | None = None

    @property
    def is_news_only(self) -> bool:
        """Nothing in it is said to us."""
        return self.kind in ("own", "loop", "bounce", "receipt", "auto_reply")


def machine(mail: Mail, own_address: str = "") -> Machine | None:
    """What kind of machine sent this, or None when a person did."""
    rules: tuple[Callable[[Mail, str], Machine | None], ...] = (_own, _bounce, _auto_reply, _many)
    return next((found for rule in rules if (found := rule(mail, own_address.lower()))), None)


def may_answer(mail: Mail, own_address: str = "") -> bool:
    """Whether an automatic answer may be sent (RFC 3834 §2): never to machines, lists, nobody or ourselves."""
    sender = mail.sender.address
    if not sender or sender == own_address.lower() or _NOBODY.match(sender):
        return False
    return mail.header("return-path").strip() != "<>" and machine(mail, own_address) is None


def takes_no_answer(address: str) -> bool:
    """Whether the address itself says that nobody reads what is sent there (no-reply, a web form)."""
    return bool(_TAKES_NO_ANSWER.match(address))


def _own(mail: Mail, own: str) -> Machine | None:
    mark = mail.header(LOOP_HEADER)
    if not mark:
        return None
    if mail.sender.address == own and _OUR_ID.fullmatch(mail.message_id):
        return Machine("own", mail.message_id)
    # Another installation of Torget marks its mail too, and is somebody to listen to: only our own mark is a loop.
    return Machine("loop", _about(mail)) if own and mark.lower() == own else None


def _about(mail: Mail) -> str:
    """The message of ours it concerns: nearest first."""
    ours = [
        known
        for known in (*mail.in_reply_to, *reversed(mail.references))
        if _OUR_ID.fullmatch(known)
    ]
    if ours:
        return ours[0]
    if mail.in_reply_to:
        return mail.in_reply_to[0]
    found = _OUR_ID.search(mail.text)
    return found[1] if found else ""


def _bounce(mail: Mail, _own_address: str) -> Machine | None:
    report = mail.report
    if report and (report.action or report.status):
        if report.action in ("delivered", "relayed", "expanded") or report.status.startswith("2."):
            return Machine("receipt", report.original_id or _about(mail), report.action)
        permanent = report.action != "delayed" and not report.status.startswith("4.")
        detail = " ".join(
            part for part in (report.recipient, report.status, report.diagnostic) if part
        )
        return Machine(
            "bounce", report.original_id or _original_in_text(mail), detail[:500], permanent
        )
    if mail.header("content-type").lower().find("disposition-notification") >= 0:
        return Machine("receipt", _about(mail), "read")
    return _bounce_in_words(mail)


def _bounce_in_words(mail: Mail) -> Machine | None:
    """Bounces that follow no standard: qmail, old Exim and Exchange."""
    named = mail.header("x-failed-recipients")
    empty_path = mail.header("return-path").strip() == "<>"
    looks = bool(_BOUNCE_SENDERS.match(mail.sender.address)) and bool(
        _BOUNCE_SUBJECT.search(mail.subject)
    )
    if not (named or looks or (empty_path and _BOUNCE_SUBJECT.search(mail.subject))):
        return None
    code = _STATUS.search(mail.text) or _REPLY_CODE.search(mail.text)
    delayed = bool(re.search(r"\bdelay|forsink", mail.subject, re.IGNORECASE))
    permanent = not delayed and (code is None or code[1] == "5")
    where = mail.text.find(code[0]) if code else 0
    detail = one_line(f"{named} {mail.text[where : where + 200]}", 300)
    return Machine("bounce", _original_in_text(mail), detail, permanent)


def _original_in_text(mail: Mail) -> str:
    if about := _about(mail):
        return about
    pieces = [
        mail.text,
        *(part.content[:20_000].decode("utf-8", "replace") for part in mail.attachments[:5]),
    ]
    for piece in pieces:
        if found := _OUR_ID.search(piece) or _ANY_ID.search(piece):
            return found[1]
    return ""


def _auto_reply(mail: Mail, _own_address: str) -> Machine | None:
    submitted = mail.header("auto-submitted").lower()
    if submitted.startswith("auto-replied"):
        return Machine("auto_reply", _about(mail), mail.subject)
    old_marks = ("x-autoreply", "x-autorespond", "x-autoresponder")
    precedence = mail.header("precedence").lower()
    if any(mail.header(mark) for mark in old_marks) or precedence in ("auto_reply", "auto-reply"):
        return Machine("auto_reply", _about(mail), mail.subject)
    # Exchange and others mark badly; with the subject of an absence and a second sign it is one.
    signs = (
        mail.header("x-auto-response-suppress")
        or mail.header("return-path").strip() == "<>"
        or submitted
    )
    if _AWAY_SUBJECT.match(mail.subject) and (signs or mail.in_reply_to):
        return Machine("auto_reply", _about(mail), mail.subject)
    return None


def _many(mail: Mail, _own_address: str) -> Machine | None:
    submitted = mail.header("auto-submitted").lower()
    if submitted and not submitted.startswith("no"):
        return Machine("generated", _about(mail), submitted[:100])
    if (
        mail.header("list-id")
        or mail.header("list-unsubscribe")
        or mail.header("precedence").lower() in (*("bulk", "junk", "list"),)
    ):
        return Machine("list", "", mail.header("list-id")[:200])
    if mail.header("x-auto-response-suppress") or mail.header("return-path").strip() == "<>":
        return Machine("quiet")
    return None
