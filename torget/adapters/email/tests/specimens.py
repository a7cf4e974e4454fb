"""What e-mail lays before the shared contract test: mails of the corpus."""

from __future__ import annotations

from torget.channels.contract import AccountAccess, RawItem
from torget.channels.tests.specimens import Specimens
from torget.protocols.mail.tests.samples import OWN, raw

SPECIMENS = Specimens(
    network="email",
    account=AccountAccess(1, "email", OWN, "Servicetorget", {"authserv_id": "mx.nordvaag.test"}),
    items=[
        RawItem(name, raw(name), "message/rfc822")
        for name in ("latin1", "gmail_reply_nb", "bounce_postfix")
    ],
)
