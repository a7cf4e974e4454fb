"""Those who attack: `python -m torget.bench.besiegers`, a process of its own. Reads one line of JSON: port, hook, seconds.

Each kind of attack has an address of its own on loopback; each of its lines asks again as soon as it is answered, and ends by
itself.
"""

from __future__ import annotations

import http.client
import io
import json
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from urllib.parse import urlencode

from PIL import Image

FLOODS = 8
BOMBS = 2
PICTURES = 6
EDGE_PIXELS = 7_071  # fifty megapixels, 212 KB as a file
_FORM = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}

Act = Callable[[int, str], int]


def ask(
    port: int, source: str, method: str, path: str, body: bytes, headers: dict[str, str]
) -> int:
    """One request from an address; its status, 0 when the line was cut."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=60, source_address=(source, 0))
    try:
        link.request(method, path, body=body, headers={"host": "localhost", **headers})
        answer = link.getresponse()
        answer.read()
        return answer.status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        link.close()


def marks(hook: str) -> Act:
    """An unsigned delivery to the fediverse's inbox, full of marks that must be put in order."""
    words = "a" + "\u0315\u0300" * 200_000
    body = json.dumps({"type": "Create", "actor": "https://nobody.example/u", "content": words})
    headers = {"content-type": "application/activity+json"}
    return lambda port, source: ask(port, source, "POST", hook, body.encode(), headers)


def bombs() -> Act:
    """A chat with six pictures that are small as files and large in memory."""
    held = io.BytesIO()
    Image.new("RGBA", (EDGE_PIXELS, EDGE_PIXELS), (9, 90, 200, 99)).save(held, "PNG")
    edge = uuid.uuid4().hex
    part = (
        f'--{edge}\r\ncontent-disposition: form-data; name="pictures"; filename="x.png"\r\n'
        "content-type: image/png\r\n\r\n"
    ).encode()
    words = f'--{edge}\r\ncontent-disposition: form-data; name="body"\r\n\r\nSe her\r\n'.encode()
    body = words + (part + held.getvalue() + b"\r\n") * PICTURES + f"--{edge}--\r\n".encode()
    headers = {"content-type": f"multipart/form-data; boundary={edge}"}
    return lambda port, source: ask(port, source, "POST", "/prat", body, headers)


def cookies() -> Act:
    """A page asked for with a cookie that takes long to unquote, as large as it is let through, and larger."""
    sizes = [30_000, 60_000, 240_000]

    def act(port: int, source: str) -> int:
        sizes.append(sizes.pop(0))
        evil = 'a="' + '\\"' * (sizes[0] // 2) + '"'
        return ask(port, source, "GET", "/spor", b"", {"cookie": evil})

    return act


def forms() -> Act:
    """A question nobody means, as fast as they are answered."""

    def act(port: int, source: str) -> int:
        said = {"body": f"Kjøp billig {uuid.uuid4().hex}", "visibility": "private", "seen": "1"}
        said |= {"email": f"{uuid.uuid4().hex}@example.org", "nonce": str(uuid.uuid4())}
        return ask(port, source, "POST", "/spor", urlencode(said).encode(), _FORM)

    return act


def besiege(port: int, hook: str, seconds: float) -> Counter[str]:
    """Everything at once for that long; how often each was answered what."""
    answered: Counter[str] = Counter()
    until = time.monotonic() + seconds

    def again(name: str, act: Act, source: str) -> None:
        while time.monotonic() < until:
            answered[f"{name} {act(port, source)}"] += 1

    attackers = [(marks(hook), 1), (cookies(), 1), (bombs(), BOMBS), (forms(), FLOODS)]
    names = ("marks", "cookies", "bombs", "forms")
    threads = [
        threading.Thread(target=again, args=(name, act, f"127.66.{number}.1"))
        for number, (name, (act, lines)) in enumerate(zip(names, attackers, strict=True))
        for _line in range(lines)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answered


if __name__ == "__main__":
    order = json.loads(sys.stdin.readline())
    print("ready", flush=True)  # noqa: T201 - read by who started this
    print(json.dumps(besiege(order["port"], order["hook"], order["seconds"])), flush=True)  # noqa: T201
