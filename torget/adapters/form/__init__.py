"""The web form: what residents send from our own pages. The page itself carries the answer back."""

from __future__ import annotations

from torget.adapters.form.adapter import FormAdapter

adapter = FormAdapter()
