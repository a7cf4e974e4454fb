"""A server made with apkit, told what to do over HTTP. Run in its own environment."""

from __future__ import annotations

import os
from typing import Any

import uvicorn
from apkit.client.asyncio.client import ActivityPubClient
from apkit.config import AppConfig
from apkit.server.app import ActivityPubServer
from apkit.server.types import ActorKey
from apmodel.vocab import activity as kinds
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import Request, Response
from fastapi.responses import JSONResponse

PORT = int(os.environ["PORT"])
ORIGIN = f"http://localhost:{PORT}"
KARI = f"{ORIGIN}/kari"
KINDS = ("Accept", "Reject", "Create", "Update", "Delete", "Undo", "Like", "Announce", "Follow")
heard: list[Any] = []
statuses: list[int] = []
held = {"name": "main", "key": rsa.generate_private_key(public_exponent=65537, key_size=2048)}
app = ActivityPubServer(apkit_config=AppConfig())
app.setup()
app.inbox("/kari/inbox")


async def keep(ctx: Any) -> Response:
    heard.append(await ctx.request.json())
    return Response(status_code=202)


for kind in KINDS:
    app.on(getattr(kinds, kind))(keep)


@app.middleware("http")
async def note(request: Request, go_on: Any) -> Any:
    answer = await go_on(request)
    if request.url.path.endswith("/inbox"):
        statuses.append(answer.status_code)
    return answer


@app.webfinger
async def finger(request: Request, resource: Any) -> Response:
    link = {"rel": "self", "type": "application/activity+json", "href": KARI}
    subject = f"acct:kari@localhost:{PORT}"
    return JSONResponse({"subject": subject, "links": [link]}, media_type="application/jrd+json")


@app.get("/kari")
async def kari() -> Response:
    pem = (
        held["key"]
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    actor = {
        "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"],
        "id": KARI,
        "type": "Person",
        "preferredUsername": "kari",
        "name": "kari på apkit",
        "inbox": f"{KARI}/inbox",
        "outbox": f"{KARI}/outbox",
        "publicKey": {
            "id": f"{KARI}#{held['name']}",
            "owner": KARI,
            "publicKeyPem": pem.decode(),
        },
    }
    return JSONResponse(actor, media_type="application/activity+json")


@app.get("/control/heard")
async def told() -> dict[str, Any]:
    return {"heard": heard, "statuses": statuses}


def _keys() -> list[ActorKey]:
    return [ActorKey(key_id=f"{KARI}#{held['name']}", private_key=held["key"])]


@app.post("/control/send")
async def send(request: Request) -> dict[str, Any]:
    """Kari delivers an activity to an inbox; the status she was answered with."""
    given = await request.json()
    async with (
        ActivityPubClient() as client,
        client.post(
            given["inbox"],
            json=given["activity"],
            signatures=_keys(),
            sign_with=["draft-cavage"],
        ) as answer,
    ):
        return {"status": answer.status}


@app.post("/control/rotate")
async def rotate() -> dict[str, Any]:
    held["name"] = "next"
    held["key"] = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return {}


print("READY", flush=True)  # noqa: T201 - whoever started this waits for it
uvicorn.run(app, host="127.0.0.1", port=PORT, log_level="warning")
