"""Invitations in words: what, when and where, as a person reads them."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from torget.design import times
from torget.protocols.mail import Invitation


def in_words(invitation: Invitation) -> str:
    """The invitation as lines of text, in Oslo time and the language that is on."""
    what = _title(invitation) + (f": {invitation.summary}" if invitation.summary else "")
    who = invitation.answered_by or invitation.organiser
    label = _("Svar fra") if invitation.answered_by else _("Arrangør")
    lines = [
        what,
        _("Når: %(when)s") % {"when": when} if (when := _when(invitation)) else "",
        _("Gjentas: %(how)s") % {"how": _repeated(invitation.repeats)}
        if invitation.repeats
        else "",
        _("Hvor: %(where)s") % {"where": invitation.place} if invitation.place else "",
        f"{label}: {who}" if who else "",
        _("Filen har %(count)s hendelser til.") % {"count": invitation.more}
        if invitation.more
        else "",
    ]
    words = "\n".join(line for line in lines if line)
    return f"{words}\n\n{invitation.description}" if invitation.description else words


def _title(invitation: Invitation) -> str:
    if invitation.cancelled:
        return _("Avlyst")
    if invitation.method == "REPLY":
        answers = {
            "ACCEPTED": _("Svar på innkalling (kommer)"),
            "DECLINED": _("Svar på innkalling (kommer ikke)"),
            "TENTATIVE": _("Svar på innkalling (kanskje)"),
        }
        return answers.get(invitation.answer, _("Svar på innkalling"))
    return {
        "REQUEST": _("Innkalling"),
        "COUNTER": _("Forslag om ny tid"),
        "DECLINECOUNTER": _("Nei til forslag om ny tid"),
        "REFRESH": _("Ber om innkallingen på nytt"),
    }.get(invitation.method, _("Kalenderhendelse"))


def _when(invitation: Invitation) -> str:
    begins, ends = invitation.begins, invitation.ends
    if begins is None:
        return ""
    if not isinstance(begins, datetime):
        span = [times.whole_day(day) for day in (begins, ends) if day is not None]
        return " – ".join(span)
    begins = _local(begins)
    words = times.whole(begins)
    if not isinstance(ends, datetime):
        return words
    ends = _local(ends)
    if ends.date() != begins.date():
        return f"{words} – {times.whole(ends)}"
    return f"{words}–{times.clock(ends).removeprefix('kl. ')}"


def _local(at: datetime) -> datetime:
    # Without a zone it is the clock on the wall wherever one is (RFC 5545 §3.3.5): here.
    return at.replace(tzinfo=times.OSLO) if at.tzinfo is None else at.astimezone(times.OSLO)


def _repeated(frequency: str) -> str:
    return {
        "DAILY": _("hver dag"),
        "WEEKLY": _("hver uke"),
        "MONTHLY": _("hver måned"),
        "YEARLY": _("hvert år"),
    }.get(frequency, _("flere ganger"))
