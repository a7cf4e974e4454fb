"""Who may do what: the one matrix. Roles are given per unit and hold for the units below it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """The roles of DESIGN §4."""

    RESPONDER = "responder", _("Svarer")
    DUTY_LEAD = "duty_lead", _("Vaktleder")
    EDITOR = "editor", _("Redaktør")
    APPROVER = "approver", _("Godkjenner")
    MODERATOR = "moderator", _("Moderator")
    ARCHIVIST = "archivist", _("Arkivar")
    CRISIS_LEAD = "crisis_lead", _("Kriseleder")
    ANALYST = "analyst", _("Innsyn")
    ADMINISTRATOR = "administrator", _("Administrator")


R = Role
ANSWERS = frozenset({R.RESPONDER, R.DUTY_LEAD})
READS = ANSWERS | {R.MODERATOR, R.ARCHIVIST}

# act -> the roles that may. A new act gets its row here and in tests/test_access.py.
MAY: dict[str, frozenset[Role]] = {
    "conversations.read": frozenset(READS),
    "conversations.take": ANSWERS,
    "conversations.assign": frozenset({R.DUTY_LEAD}),
    "conversations.forward": ANSWERS,
    "conversations.note": frozenset(READS),
    "conversations.reply": ANSWERS,
    "conversations.close": ANSWERS,
    "messages.hide": frozenset({R.MODERATOR, R.DUTY_LEAD}),
    "persons.merge": ANSWERS,
    "persons.note": ANSWERS,
    "persons.block": frozenset({R.DUTY_LEAD, R.MODERATOR}),
    "figures.read": ANSWERS | {R.ANALYST},
    "replies.approve": frozenset({R.APPROVER, R.DUTY_LEAD}),
    "replies.terms": frozenset({R.DUTY_LEAD, R.ADMINISTRATOR}),
    "canned.edit": frozenset({R.DUTY_LEAD, R.EDITOR, R.ADMINISTRATOR}),
    "conversations.handle": ANSWERS,
    "desk.arrange": frozenset({R.DUTY_LEAD, R.ADMINISTRATOR}),
    "wall.post": frozenset({R.EDITOR, R.RESPONDER, R.DUTY_LEAD}),
    "answers.publish": frozenset({R.RESPONDER, R.EDITOR, R.DUTY_LEAD}),
    "answers.topics": frozenset({R.EDITOR, R.DUTY_LEAD, R.ADMINISTRATOR}),
    "intake.quarantine": frozenset({R.DUTY_LEAD, R.ADMINISTRATOR}),
    "outbox.settle": frozenset({R.DUTY_LEAD}),
    "channels.pause": frozenset({R.DUTY_LEAD, R.ADMINISTRATOR}),
    "people.roster": frozenset({R.DUTY_LEAD}),
    "people.administer": frozenset({R.ADMINISTRATOR}),
}
