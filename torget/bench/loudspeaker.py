"""The least there is: `python -m torget.bench.loudspeaker` says each line of its input to everyone connected, as an event."""

from __future__ import annotations

import asyncio
import json
import sys

_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"


async def speak() -> None:
    """Take connections and say the port; then one event for each line, until standard input ends."""
    everyone: list[asyncio.StreamWriter] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(_HEAD)
        everyone.append(writer)

    server = await asyncio.start_server(take, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - its answer
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        event = b"event: change\ndata: " + json.dumps({"subject": line.strip()}).encode() + b"\n\n"
        for writer in everyone:
            writer.write(event)


if __name__ == "__main__":
    asyncio.run(speak())
