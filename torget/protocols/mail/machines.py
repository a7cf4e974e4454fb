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
    r"\A(?:mailer-daemon|mail-daemon|mdaemon|mail-?delivery(?:-?(?:sub)?system)?|postmaster|microsoftexchange[0-9a-f]+)"
    r"(?:[+=][^@]*)?@"
)
_ANSWER_SUBJECT = re.compile(
    r"\A\s*(?:\[[^\[\]]{1,40}\]\s*){0,3}(?:re|sv|vs|vid|aw|antw|fwd?|wg|tr|odp|pd|ynt)(?:\[\d+\])?\s*:",
    re.IGNORECASE,
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
    return next((verdict for rule in rules if (verdict := rule(mail, own_address.lower()))), None)


def may_answer(mail: Mail, own_address: str = "") -> bool:
    """Whether an automatic answer may be sent (RFC 3834 §2): never to machines, lists, nobody or ourselves."""
    sender = mail.sender.address
    if not sender or sender == own_address.lower() or _NOBODY.match(sender):
        return False
    return not _has_no_way_back(mail) and machine(mail, own_address) is None


def takes_no_answer(address: str) -> bool:
    """Whether the address itself says that nobody reads what is sent there (no-reply, a web form)."""
    return bool(_TAKES_NO_ANSWER.match(address))


def _own(mail: Mail, own: str) -> Machine | None:
    mark = mail.header(LOOP_HEADER)
    ours = bool(_OUR_ID.fullmatch(mail.message_id))
    # Some servers take headers they do not know away, and our mark with them.
    if own and mail.sender.address == own and ours:
        return Machine("own", mail.message_id)
    if not mark:
        return None
    # Another installation of Torget marks its mail too, and is somebody to listen to: only our own mark is a loop.
    if not own or mark.lower() != own:
        return None
    # Whoever sends our mail on, with words of their own above it, is a person.
    return Machine("loop" if ours or _is_proven(mail) else "quiet", _about(mail))


def _is_proven(mail: Mail) -> bool:
    """A machine says that it is one (RFC 3834 §5, RFC 5321 §4.5.5); nothing less may put words aside."""
    return _has_no_way_back(mail) or _submitted(mail) not in ("", "no")


def _has_no_way_back(mail: Mail) -> bool:
    return mail.header("return-path").strip() == "<>"


def _submitted(mail: Mail) -> str:
    """The keyword of Auto-Submitted, without comment and parameters."""
    return re.split(r"[\s;(]", mail.header("auto-submitted").strip().lower(), maxsplit=1)[0]


def _is_from_nobody(mail: Mail) -> bool:
    return _is_proven(mail) or bool(_BOUNCE_SENDERS.match(mail.sender.address))


def _is_report(mail: Mail, kind: str) -> bool:
    """The mail itself is a report (RFC 6522 §3), not one with a report somewhere in it."""
    declared = mail.header("content-type").lower()
    top = declared.partition(";")[0].strip()
    return top == f"message/{kind}" or (top == "multipart/report" and kind in declared)


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
    match = _OUR_ID.search(mail.text)
    return match[1] if match else ""


def _bounce(mail: Mail, _own_address: str) -> Machine | None:
    report = mail.report
    if _is_report(mail, "disposition-notification"):
        return Machine("receipt", (report and report.original_id) or _about(mail), "read")
    if not _is_from_nobody(mail):
        # A person who sends a report on, and asks about it: its words are hers, and no machine answers it.
        at_top = mail.header("content-type").lower().startswith("multipart/report")
        return Machine("quiet") if report and at_top else None
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
    return _bounce_in_words(mail)


def _bounce_in_words(mail: Mail) -> Machine | None:
    """Bounces that follow no standard: qmail, old Exim and Exchange."""
    named = mail.header("x-failed-recipients")
    looks = bool(_BOUNCE_SUBJECT.search(mail.subject)) and not _ANSWER_SUBJECT.match(mail.subject)
    if not (named or looks):
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
        if match := _OUR_ID.search(piece) or _ANY_ID.search(piece):
            return match[1]
    return ""


def _auto_reply(mail: Mail, _own_address: str) -> Machine | None:
    """Somebody is away (RFC 3834 §5). A subject or a header of another kind only makes it `quiet`: a person may have written it."""
    replied = _submitted(mail) == "auto-replied"
    away = bool(_AWAY_SUBJECT.match(mail.subject)) and _is_proven(mail)
    marked = _has_no_way_back(mail) and _marks_itself(mail)
    # A form that calls its mail an answer stands for somebody: their words are in it.
    for_somebody = takes_no_answer(mail.sender.address) and mail.reply_to.address
    if (replied or away or marked) and not for_somebody:
        return Machine("auto_reply", _about(mail), mail.subject)
    return None


def _marks_itself(mail: Mail) -> bool:
    marks = ("x-autoreply", "x-autorespond", "x-autoresponder")
    precedence = mail.header("precedence").strip().lower()
    return precedence in ("auto_reply", "auto-reply") or any(
        mail.header(mark).strip().lower() not in ("", "no", "false", "0") for mark in marks
    )


def _many(mail: Mail, _own_address: str) -> Machine | None:
    submitted = _submitted(mail)
    if submitted not in ("", "no"):
        return Machine("generated", _about(mail), submitted[:100])
    if (
        mail.header("list-id")
        or mail.header("list-unsubscribe")
        or mail.header("precedence").strip().lower() in ("bulk", "junk", "list")
    ):
        return Machine("list", "", mail.header("list-id")[:200])
    if _wants_no_answer(mail) or _has_no_way_back(mail) or _marks_itself(mail):
        return Machine("quiet")
    return None


def _wants_no_answer(mail: Mail) -> bool:
    """The sender's server keeps automatic answers from it ([MS-OXCMAIL] §2.2.3.2.14); `None`, or only reports, is no such wish."""
    wishes = re.split(r"[\s,;]+", mail.header("x-auto-response-suppress").lower())
    return not {"all", "oof", "autoreply"}.isdisjoint(wishes)
