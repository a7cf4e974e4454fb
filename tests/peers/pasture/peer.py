"""Actors of fediverse-pasture, signing and verifying with bovine, told what to do over HTTP. Run in its own environment."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

import aiohttp
from fediverse_pasture.data_provider import bovine_actor_for_actor_data
from fediverse_pasture.data_provider.generate import (
    generate_key_pair,
    generate_one_actor,
    generate_possible_actors,
)
from fediverse_pasture.data_provider.models import ActorData
from fediverse_pasture.server import BlueprintForActors
from fediverse_pasture.server.verify_actor import ActorVerifier
from fediverse_pasture.types import Message
from hypercorn.asyncio import serve
from hypercorn.config import Config
from quart import Quart, request

PORT = int(os.environ["PORT"])
ORIGIN = f"http://localhost:{PORT}"
KARI = ActorData(
    actor_name="kari",
    user_part="kari",
    key_pairs=[generate_key_pair("main")],
    requires_signed_post_for_inbox=True,
)
DEMANDING = [*generate_possible_actors(), generate_one_actor()]
heard: list[dict[str, Any]] = []
statuses: list[int] = []
app = Quart(__name__)


async def keep(activity: dict[str, Any]) -> None:
    heard.append(activity)


app.register_blueprint(BlueprintForActors([*DEMANDING, KARI], on_inbox=keep).blueprint)


@app.after_request
async def note(response: Any) -> Any:
    if request.path.endswith("/inbox"):
        statuses.append(response.status_code)
    return response


@app.get("/control/heard")
async def told() -> dict[str, Any]:
    return {"heard": heard, "statuses": statuses}


@app.post("/control/send")
async def send() -> dict[str, Any]:
    """Kari delivers an activity to an inbox; the status she was answered with."""
    given = await request.get_json(force=True)
    actor, _data = bovine_actor_for_actor_data(f"{ORIGIN}/kari", KARI)
    async with aiohttp.ClientSession() as session:
        await actor.init(session=session)
        answer = await actor.client.post(given["inbox"], json.dumps(given["activity"]))
        return {"status": answer.status}


@app.post("/control/fetch")
async def fetch() -> dict[str, Any]:
    """Kari fetches something, signed."""
    given = await request.get_json(force=True)
    actor, _data = bovine_actor_for_actor_data(f"{ORIGIN}/kari", KARI)
    async with aiohttp.ClientSession() as session:
        await actor.init(session=session)
        return {"found": await actor.get(given["url"], fail_silently=True)}


@app.post("/control/rotate")
async def rotate() -> dict[str, Any]:
    KARI.key_pairs[0] = generate_key_pair("next")
    return {}


@app.post("/control/verify")
async def verify() -> dict[str, Any]:
    """What the suite's own verifier finds out about an actor, by each of its demanding actors."""
    given = await request.get_json(force=True)
    message = Message()
    verifier = ActorVerifier(
        actor_list=DEMANDING,
        remote_uri=given["actor"],
        message=message,
        domain=f"localhost:{PORT}",
        timeout=20,
    )
    verifier.scheme = "http"
    return {"result": await verifier.verify(), "messages": message.response}


async def main() -> None:
    config = Config()
    config.bind = [f"127.0.0.1:{PORT}"]
    print("READY", flush=True)  # noqa: T201 - whoever started this waits for it
    await serve(app, config)


asyncio.run(main())
