"""The web form and the chat: what residents send from our own pages. The page itself carries the answer back."""

from __future__ import annotations

from torget.adapters.form.adapter import ChatAdapter, FormAdapter

adapters = (FormAdapter(), ChatAdapter())
