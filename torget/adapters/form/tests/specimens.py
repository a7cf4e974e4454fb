"""What the form lays before the shared contract test."""

from __future__ import annotations

import json

from torget.channels.contract import AccountAccess, RawItem
from torget.channels.tests.specimens import Specimens

SAID = {
    "author": {"network": "email", "id": "kari@innbygger.test", "name": "Kari"},
    "body": "Når blir Fjellveien brøytet?",
    "visibility": "private",
    "language": "nb",
}

SPECIMENS = [
    Specimens(
        network=network,
        account=AccountAccess(1, network, f"torget.prove.{network}", "Torget"),
        items=[RawItem("f1", json.dumps(SAID).encode(), "application/vnd.torget.form+json")],
    )
    for network in ("form", "chat")
]
