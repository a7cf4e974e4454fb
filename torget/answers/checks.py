"""What `torget doctor` looks at: whether answers are found by meaning."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings

from torget.answers import learning, meaning


def answers(at: datetime) -> Iterator[str]:
    """What keeps answers from being found by meaning."""
    if settings.MEANING == "off":
        return
    if not meaning.installed():
        yield "The model that knows what words mean is not installed: answers are found by words only. Run python3 tools/setup.py run, or set TORGET_MEANING=off."
    elif not meaning.available():
        yield "The database has no vectors: answers are found by words only. Let its superuser run CREATE EXTENSION vector and start torget work again, or set TORGET_MEANING=off."
    elif (lacking := learning.not_understood(at=at)) > 0:
        yield f"{lacking} answers have had no vectors for ten minutes. See to it that torget work runs."
