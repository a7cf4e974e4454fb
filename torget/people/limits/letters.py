"""Letters that a stranger can cause: so many to each recipient, however many ask for them."""

from __future__ import annotations

from datetime import datetime

from torget.people.limits.counting import at_most
from torget.people.limits.values import note_met
from torget.people.models import Municipality


def may_write_to(
    recipient: str, kind: str, municipality: Municipality | None, *, at: datetime
) -> bool:
    """Whether one more automatic letter of the kind may go to a recipient; counted when it may.

    Whoever asks must not learn the answer: the page says the same. A letter that is not written costs nobody's turn.
    """
    address = recipient.strip().lower()
    for name, about in (("letters_kind", (kind, address)), ("letters_all", (address,))):
        if not at_most(name, municipality, *about, at=at).counted:
            note_met(name, municipality, refused=True, at=at)
            return False
    return True
