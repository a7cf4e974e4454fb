"""The cookies of the square by name: what a reader has chosen, and what makes a page theirs alone."""

from __future__ import annotations

LANGUAGE = "spraak"
THEME = "utseende"
MESSAGES = "messages"  # Django's own, for who has no session
# For a few seconds after somebody has written: what they read next is made for them, so that it shows what they wrote.
JUST_WROTE = "nettopp"
JUST_WROTE_SECONDS = 10
