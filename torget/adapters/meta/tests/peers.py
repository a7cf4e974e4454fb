"""Meta's side in its documented shapes, as far as sending and looking up go; invented data."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

PAGE = "1015"
GONE = {"error": {"message": "…", "type": "GraphMethodException", "code": 100, "error_subcode": 33}}


def said(held, status=200):
    return status, {"content-type": "application/json"}, json.dumps(held).encode()


class Graph:
    """A page that keeps what is published, commented, sent and changed. `calls` are method and path."""

    def __init__(self):
        self.published = []
        self.calls = []
        self.objects = {"1015_1": {"id": "1015_1", "message": "Visst?", "is_hidden": False}}
        self.photos = []
        self.refuse = []
        self.done = 0

    def answer(self, method, path, headers, body):
        parts = urlsplit(path)
        query = {name: held[0] for name, held in parse_qs(parts.query).items()}
        if headers.get("content-type", "").startswith("multipart/"):
            given = {"multipart": body}
        else:
            given = json.loads(body) if body else query
        steps = parts.path.strip("/").split("/")[1:]
        self.calls.append((method, "/".join(steps), given))
        if self.refuse and method == "POST":
            return self.refuse.pop(0)
        name = steps[-1] if len(steps) > 1 else "object"
        return getattr(self, f"{method.lower()}_{name}", self.nothing)(steps, given)

    def nothing(self, steps, given):
        return said(GONE, 400)

    def new(self, text, **more):
        self.done += 1
        named = f"{PAGE}_{100 + self.done}"
        self.published.append(text)
        self.objects[named] = {"id": named, "message": text, "from": {"id": PAGE}, **more}
        return said({"id": named})

    def post_feed(self, steps, given):
        return self.new(given["message"], on="feed")

    def post_photos(self, steps, given):
        self.photos.append(given["multipart"])
        return said({"id": f"55{len(self.photos)}"})

    def post_comments(self, steps, given):
        return self.new(given["message"], on=steps[0])

    def post_messages(self, steps, given):
        self.done += 1
        text = given["message"]["text"]
        self.published.append(text)
        self.objects[f"m_{self.done}"] = {
            "id": f"m_{self.done}",
            "message": text,
            "from": {"id": PAGE},
            "on": "messages",
        }
        return said({"recipient_id": "9001", "message_id": f"m_{self.done}"})

    def post_object(self, steps, given):
        held = self.objects.get(steps[0])
        if held is None:
            return said(GONE, 400)
        held.update({name: given[name] for name in ("message", "is_hidden") if name in given})
        self.published.append(f"changed {steps[0]}")
        return said({"success": True})

    def delete_object(self, steps, given):
        if self.objects.pop(steps[0], None) is None:
            return said(GONE, 400)
        self.published.append(f"deleted {steps[0]}")
        return said({"success": True})

    def get_object(self, steps, given):
        held = self.objects.get(steps[0])
        return said(held) if held else said(GONE, 400)

    def _on(self, what):
        return [held for held in self.objects.values() if held.get("on") == what]

    def get_feed(self, steps, given):
        return said({"data": self._on("feed")})

    def get_comments(self, steps, given):
        return said({"data": self._on(steps[0])})

    def get_conversations(self, steps, given):
        return said({"data": [{"id": "t_1", "messages": {"data": self._on("messages")}}]})


class Containers:
    """Publishing in two steps, for Instagram ("media") and Threads ("threads")."""

    def __init__(self, name="media", text="caption"):
        self.name, self.text = name, text
        self.published, self.calls = [], []
        self.containers, self.shown = {}, []
        self.used, self.states = 0, []

    def answer(self, method, path, headers, body):
        parts = urlsplit(path)
        last = parts.path.rsplit("/", 1)[-1]
        given = json.loads(body) if body else {}
        self.calls.append((method, last, given))
        if last.endswith("publishing_limit"):
            quota = {"quota_usage": self.used, "config": {"quota_total": 100}}
            return said({"data": [quota]})
        if method == "POST" and last == self.name:
            named = f"c{len(self.containers) + 1}"
            self.containers[named] = given
            return said({"id": named})
        if method == "POST" and last == f"{self.name}_publish":
            text = self.containers[given["creation_id"]].get(self.text, "")
            self.published.append(text)
            named = f"18{len(self.published)}"
            self.shown.append({"id": named, self.text: text, "timestamp": None})
            return said({"id": named})
        if method == "GET" and last == self.name:
            return said({"data": [{**one, "timestamp": now()} for one in self.shown]})
        if last in self.containers:
            state = self.states.pop(0) if self.states else "FINISHED"
            return said({"id": last, "status_code": state, "status": state})
        return said(GONE, 400)


def now():
    """Now, as the Graph API writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")
