"""What the form lays before the shared contract test."""

from __future__ import annotations

import json

from torget.channels.contract import AccountFacts, Item
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
        account=AccountFacts(1, network, f"torget.prove.{network}", "Torget"),
        items=[Item("f1", json.dumps(SAID).encode(), "application/vnd.torget.form+json")],
    )
    for network in ("form", "chat")
]
