"""The roles. They are given per unit and hold for the units below it; what each may, the rooms' manifests say."""

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
