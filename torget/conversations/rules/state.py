"""The lock every change of a conversation holds, and what must be true of it first."""

from __future__ import annotations

from django.utils.translation import gettext as _

from torget.conversations.models import Conversation
from torget.errors import Refused

State = Conversation.State
MAX_BODY_CHARS = 20_000


def lock(conversation: Conversation) -> Conversation:
    """The conversation as it is now, held until the transaction ends."""
    return Conversation.objects.select_for_update().get(pk=conversation.pk)


def see_that_it_lives_here(conversation: Conversation) -> None:
    """Nothing is answered in a conversation that lives on in another: nobody would read it there.

    Call it with the conversation locked.

    Raises:
        Refused: it was merged into another.
    """
    if conversation.merged_into_id:
        raise Refused(
            _(
                "Saken er slått sammen med en annen, og svaret er ikke sendt. Teksten din er tatt vare på, og du kan sende den i saken som lever videre."
            ),
            "merged",
        )


def see_that_no_reply_waits(conversation: Conversation) -> None:
    """A pending reply was written to this conversation, where it is and with what is in it: it must not change meanwhile.

    Call it with the conversation locked, so that none is written the very moment after.

    Raises:
        Refused: one waits to be sent or approved.
    """
    if conversation.replies_pending:
        raise Refused(
            _("Et svar i saken er ikke sendt ennå. Vent til det er sendt, eller angre det først."),
            "reply_waits",
        )


def text_of(body: str) -> str:
    """What was written, trimmed.

    Raises:
        Refused: empty, or longer than MAX_BODY_CHARS.
    """
    body = body.strip()
    if not body:
        raise Refused(_("Skriv en tekst først."), "empty")
    if len(body) > MAX_BODY_CHARS:
        raise Refused(
            _("Teksten er for lang. Kort den ned til %(most)s tegn.") % {"most": MAX_BODY_CHARS},
            "too_long",
        )
    return body


def case_path(conversation: Conversation) -> str:
    """The secret address a resident follows the case at."""
    return f"/saker/{conversation.ref}/{conversation.key}"
