"""What a ready page depends on, and the request that asks Django for it with nothing else in it."""

from __future__ import annotations

import sys
from io import BytesIO
from urllib.parse import quote

from django.http.cookie import parse_cookie

from torget.config.bridge import Environ, split_address
from torget.config.rsgi import MOST_HEADER_BYTES, Scope, ScopeHeaders
from torget.design.cookies import JUST_WROTE, LANGUAGE, MESSAGES, THEME
from torget.protocols.cookies import without_escapes

_PERSONAL: Looks = ("-", "-")
_SAFE = {"GET", "HEAD"}
_THEMES = {"light", "dark"}
_MOST_REMEMBERED = 10_000
_LONGEST_REMEMBERED = 500


# Host, path, query, language, theme: everything that may differ between two answers that are given to everyone.
Key = tuple[str, str, str, str, str]
# Language and theme a reader has chosen; empty for the municipality's own.
Looks = tuple[str, str]
_PLAIN: Looks = ("", "")


class Keys:
    """Finds keys. Cookie headers are remembered: the same reader sends the same one again and again."""

    def __init__(self, session_cookie: str, languages: set[str], *, https: bool) -> None:
        self._personal = {session_cookie, MESSAGES, JUST_WROTE}
        self._languages = languages
        self._https = https
        self._known: dict[str, Looks] = {}

    def key(self, scope: Scope, headers: ScopeHeaders) -> Key | None:
        """The key of a request with these headers; None when its answer may be for this reader only."""
        get = headers.get
        if scope.method not in _SAFE:
            return None
        language, theme = looks = _PLAIN if get("cookie") is None else self._looks(headers)
        if looks is _PERSONAL or "json" in get("accept", ""):
            return None
        host = get("host") or scope.authority or ""
        return host, scope.path, scope.query_string, language, theme

    def _looks(self, headers: ScopeHeaders) -> Looks:
        cookie = "; ".join(value for name, value in headers.items() if name == "cookie")
        if (known := self._known.get(cookie)) is not None:
            return known
        looks = self._read(cookie) if len(cookie) <= MOST_HEADER_BYTES else _PERSONAL
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        if len(cookie) <= _LONGEST_REMEMBERED:
            self._known[cookie] = looks
        return looks

    def _read(self, cookie: str) -> Looks:
        # Django's own parser, so that we never read a cookie otherwise than the page that is made of it.
        chosen = parse_cookie(without_escapes(cookie))
        if self._personal & chosen.keys():
            return _PERSONAL
        language, theme = chosen.get(LANGUAGE, ""), chosen.get(THEME, "")
        return language if language in self._languages else "", theme if theme in _THEMES else ""

    def environ(self, key: Key) -> Environ:
        """The request that asks for the page of a key (PEP 3333): nothing else of the reader's can change the answer."""
        host, path, query, language, theme = key
        name, port = split_address(host, "localhost") if ":" in host else (host, "")
        scheme = "https" if self._https else "http"
        chosen = {LANGUAGE: language, THEME: theme}
        return {
            "REQUEST_METHOD": "GET",
            "SCRIPT_NAME": "",
            "PATH_INFO": path.encode("utf-8", "surrogateescape").decode("latin-1"),
            "QUERY_STRING": query,
            "SERVER_NAME": name,
            "SERVER_PORT": port or ("443" if self._https else "80"),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "",
            "CONTENT_TYPE": "",
            "CONTENT_LENGTH": "",
            "HTTP_HOST": host,
            "HTTP_COOKIE": "; ".join(f"{n}={quote(v)}" for n, v in chosen.items() if v),
            "HTTP_X_FORWARDED_PROTO": scheme,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": scheme,
            "wsgi.input": BytesIO(),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }
