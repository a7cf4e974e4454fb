"""JSON over HTTP, as most networks speak it: one call, one reading of the answer, one classification of refusals."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol
from urllib.parse import quote, urlencode

from torget.channels import http
from torget.channels.contract import AccountAccess, AccountSnapshot, File, SendError
from torget.protocols import clocks, jsonvalues

Query = Mapping[str, Any] | Sequence[tuple[str, str]]
# What a refusal means. "unsure" is ambiguous of what writes; "later": nothing was done, another try may help.
Verdict = Literal["account", "limited", "permanent", "unsure", "later"]
RESETS = ("x-rate-limit-reset", "ratelimit-reset", "x-ratelimit-reset")  # a moment, not a wait
GONE = frozenset({404, 410})


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: `value` is its JSON ({} when the body is empty, None when it cannot be read)."""

    status: int
    headers: Mapping[str, str]
    value: Any = None
    body: bytes = b""
    cut: bool = False

    @property
    def table(self) -> dict[str, Any]:
        """Its JSON object; {} when it is anything else."""
        return self.value if isinstance(self.value, dict) else {}

    def rows(self, *names: str) -> list[dict[str, Any]]:
        """The objects in a list within it; [] when there is none."""
        return [dict(row) for row in jsonvalues.tables(jsonvalues.within(self.table, *names))]


def read(answer: http.Response) -> Reply:
    """An answer with its JSON read."""
    try:
        value = jsonvalues.load(answer.body) if answer.body else {}
    except ValueError:
        value = None
    return Reply(answer.status, answer.headers, value, answer.body, answer.cut)


@dataclass(frozen=True, slots=True)
class Request:
    """One request, without what every request to that network has in common.

    `form` and `files` make a form (RFC 7578), `raw` is media type and octets; at most one of those, `json` and `form`.
    `writes`: it may change what people see, so that without a clear answer nobody knows whether it did.
    """

    method: str
    path: str
    query: Query = ()
    json: Any = None
    form: Mapping[str, str] | None = None
    files: Mapping[str, File] = field(default_factory=dict)
    raw: tuple[str, bytes] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    writes: bool = False
    root: str = ""
    timeout_seconds: float | None = None
    most_bytes: int = http.MOST_BYTES

    def body(self) -> tuple[dict[str, str], bytes | None]:
        """Headers that say what the body is, and the body."""
        if self.raw is not None:
            return {"content-type": self.raw[0]}, self.raw[1]
        if self.files:
            kind, content = multipart(self.form or {}, self.files)
            return {"content-type": kind}, content
        if self.form is not None:
            kind = "application/x-www-form-urlencoded"
            return {"content-type": kind}, urlencode(self.form).encode()
        if self.json is not None:
            content = json.dumps(self.json, ensure_ascii=False).encode("utf-8", "replace")
            return {"content-type": "application/json"}, content
        return {}, None


def multipart(fields: Mapping[str, Any], files: Mapping[str, File]) -> tuple[str, bytes]:
    """A form with files (RFC 7578): its media type and octets. A file's own name is not sent along."""
    border = secrets.token_hex(16)
    content = bytearray()
    for name, value in fields.items():
        content += f'--{border}\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n'.encode()
        content += f"{value}\r\n".encode()
    for name, file in files.items():
        content += f'--{border}\r\ncontent-disposition: form-data; name="{name}"; filename="file"\r\n'.encode()
        content += f"content-type: {file.media_type}\r\n\r\n".encode() + file.content + b"\r\n"
    content += f"--{border}--\r\n".encode()
    return f"multipart/form-data; boundary={border}", bytes(content)


class Grants(Protocol):
    """Where access tokens come from (`oauth.OAuth`)."""

    def access_token(self, account: AccountAccess) -> str: ...

    def refuse(self, token: str) -> None: ...


class Api:
    """A network's API. A subclass says where it is, and where its refusals differ from what HTTP says of them."""

    name = ""  # in the sentences of faults
    root = ""
    root_setting = "api"  # the account's setting that names another place
    account_statuses: frozenset[int] = frozenset({401})
    limit_seconds: float | None = None  # when the network does not tell how long
    grants: Grants | None = None

    def address(self, account: AccountSnapshot) -> str:
        """Where the API is, without a slash at the end."""
        place = str(account.settings.get(self.root_setting) or self.root).strip().rstrip("/")
        if not place:
            raise SendError("The account has no server.", account=True)
        return place if "://" in place else f"https://{place}"

    def token(self, account: AccountAccess) -> str:
        """The access token calls are made with; "" for none.

        Raises:
            SendError: the network gives none.
        """
        return (
            self.grants.access_token(account) if self.grants else account.secrets.get("token", "")
        )

    def call(
        self, account: AccountAccess, method: str, path: str, query: Query = (), **more: Any
    ) -> Reply:
        """One request as the account; `more` as in `Request`. All but GET write, unless told otherwise.

        Raises:
            SendError: no answer, or a refusal, by `verdict`.
        """
        more.setdefault("writes", method != "GET")
        token = self.token(account)
        try:
            return self.ask(account, Request(method, path, query, **more), token)
        except SendError as fault:
            if fault.status == 401 and self.grants:
                self.grants.refuse(token)
            raise

    def ask(self, account: AccountAccess, request: Request, token: str) -> Reply:
        """One request with that token.

        Raises:
            SendError: as `call`.
        """
        kind, content = request.body()
        headers = {"accept": "application/json", **kind, **self.headers(account), **request.headers}
        if token:
            headers.setdefault("authorization", f"Bearer {token}")
        query = urlencode(request.query, doseq=True, quote_via=quote)
        url = "/".join(
            filter(None, [request.root or self.address(account), request.path.lstrip("/")])
        )
        url += f"?{query}" if query else ""
        try:
            answer = http.request(
                request.method,
                url,
                headers=headers,
                content=content,
                timeout_seconds=request.timeout_seconds,
                most_bytes=request.most_bytes,
            )
        except http.HttpError as fault:
            raise SendError(str(fault), ambiguous=request.writes and fault.maybe_sent) from fault
        reply = read(answer)
        if not self.is_done(reply):
            raise self.refusal(reply, writes=request.writes)
        return reply

    def headers(self, account: AccountAccess) -> Mapping[str, str]:
        """What every request has beside its token."""
        return {}

    def is_done(self, reply: Reply) -> bool:
        """Whether the answer says yes."""
        return 200 <= reply.status < 300 and reply.value is not None

    def code(self, reply: Reply) -> str:
        """The network's own name of a refusal; "" when it has none."""
        return ""

    def verdict(self, reply: Reply, code: str) -> Verdict | None:
        """What the network's own codes say of a refusal; None: what HTTP says of it."""
        return None

    def wait_seconds(self, reply: Reply, code: str) -> float | None:
        """How long the network asks us to wait."""
        wait = until(reply.headers)
        return self.limit_seconds if wait is None else wait

    def refusal(self, reply: Reply, *, writes: bool) -> SendError:
        """What a refusal means, with its status and code."""
        code = self.code(reply)[:60]
        verdict = self.verdict(reply, code) or by_status(reply.status, self.account_statuses)
        wait = self.wait_seconds(reply, code) if verdict in {"limited", "later"} else None
        return SendError(
            f"{self.name} {reply.status} {code}".strip(),
            permanent=verdict == "permanent",
            account=verdict == "account",
            limited=verdict == "limited",
            ambiguous=verdict == "unsure" and writes,
            retry_after_seconds=wait,
            status=reply.status,
            code=code,
        )


def by_status(status: int, account: frozenset[int]) -> Verdict:
    """What an HTTP status says of a refusal (RFC 9110 §15)."""
    if status in account:
        return "account"
    if status == 429:
        return "limited"
    if status >= 500 or status in {408, 425} or status < 400:  # also an answer that cannot be read
        return "unsure"
    return "permanent"


def until(headers: Mapping[str, str]) -> float | None:
    """Seconds a server asks us to wait, by Retry-After or by the moment its limit ends; None when it does not say."""
    for name in RESETS:
        value = headers.get(name, "")
        seconds = http.seconds_told(value)
        moment = clocks.when(value) if seconds is None and value else None
        if moment is not None:
            seconds = moment.timestamp()
        if seconds is not None:
            return max(1.0, seconds - time.time())
    return http.seconds_told(headers.get("retry-after", ""))


@contextmanager
def gone_is_done() -> Iterator[None]:
    """Taking away what is not there any more is as good."""
    try:
        yield
    except SendError as fault:
        if not fault.is_gone:
            raise
