"""Nothing of persons is kept here."""

from __future__ import annotations

RULES = ()
KEPT = {"x_charge": "What we spent; no persons."}
