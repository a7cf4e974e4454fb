"""Facebook pages, Messenger, Instagram and Threads, on Meta's Graph API."""

from __future__ import annotations

from torget.adapters.meta.facebook import FacebookAdapter
from torget.adapters.meta.instagram import InstagramAdapter
from torget.adapters.meta.messenger import MessengerAdapter
from torget.adapters.meta.threads import ThreadsAdapter

adapters = [FacebookAdapter(), MessengerAdapter(), InstagramAdapter(), ThreadsAdapter()]
