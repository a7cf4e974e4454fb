"""The part of structured fields (RFC 8941) that signatures and digests are written in."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from torget.protocols.http_signatures.request import Invalid

Bare = str | int | bool | bytes | None  # str: an sf-string; a Token is its own class
_KEY = re.compile(r"[a-z*][a-z0-9_\-.*]*")
_INTEGER = re.compile(r"-?[0-9]{1,15}(?![0-9.])")
_TOKEN = re.compile(r"[A-Za-z*][A-Za-z0-9!#$%&'*+\-.^_`|~:/]*")
_STRING = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')
_BYTES = re.compile(r":([A-Za-z0-9+/]*={0,2}):")
_OWS = re.compile(r"[ \t]*")
MOST_CHARS = 16_000


class Token(str):
    """An sf-token, which is written without quotes."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Member:
    """An item with its parameters, or an inner list (then `value` is None and `items` are its members)."""

    value: Bare = None
    params: tuple[tuple[str, Bare], ...] = ()
    items: tuple[Member, ...] | None = None

    def param(self, name: str) -> Bare:
        """A parameter's value; None when it has none of that name."""
        return dict(self.params).get(name)


class _Reader:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        match = pattern.match(self.text, self.at)
        if match:
            self.at = match.end()
        return match

    def next(self, character: str) -> bool:
        if self.text.startswith(character, self.at):
            self.at += 1
            return True
        return False

    def key(self) -> str:
        if token := self.take(_KEY):
            return token[0]
        raise Invalid("A structured field has a key that is none.")

    def bare(self) -> Bare:
        if token := self.take(_STRING):
            return re.sub(r"\\(.)", r"\1", token[1])
        if token := self.take(_BYTES):
            try:
                return base64.b64decode(token[1], validate=True)
            except binascii.Error as fault:
                raise Invalid("A structured field holds base64 that is none.") from fault
        if token := self.take(_INTEGER):
            return int(token[0])
        if self.next("?"):
            return self._flag()
        if token := self.take(_TOKEN):
            return Token(token[0])
        raise Invalid("A structured field holds something we cannot read.")

    def _flag(self) -> bool:
        if self.next("1"):
            return True
        if self.next("0"):
            return False
        raise Invalid("A structured field holds a boolean that is none.")

    def params(self) -> tuple[tuple[str, Bare], ...]:
        parameters: dict[str, Bare] = {}
        while self.next(";"):
            self.take(_OWS)
            name = self.key()
            parameters.pop(name, None)  # the last one counts, in its place (RFC 8941 §4.2.3.2)
            parameters[name] = self.bare() if self.next("=") else True
        return tuple(parameters.items())

    def member(self) -> Member:
        if not self.next("("):
            return Member(self.bare(), self.params())
        items: list[Member] = []
        while True:
            self.take(_OWS)
            if self.next(")"):
                return Member(None, self.params(), tuple(items))
            if items and self.text[self.at - 1] not in " \t":
                raise Invalid("An inner list has no space between its members.")
            items.append(Member(self.bare(), self.params()))


def dictionary(text: str) -> dict[str, Member]:
    """An sf-dictionary (RFC 8941 §4.2.2).

    Raises:
        Invalid: it is none, or longer than anything honest.
    """
    if len(text) > MOST_CHARS:
        raise Invalid("A structured field is too long.")
    reader, members = _Reader(text.strip(" ")), dict[str, Member]()
    while reader.at < len(reader.text):
        name = reader.key()
        members.pop(name, None)
        members[name] = reader.member() if reader.next("=") else Member(True, reader.params())
        reader.take(_OWS)
        if reader.at == len(reader.text):
            return members
        if not reader.next(","):
            raise Invalid("A dictionary has no comma between its members.")
        reader.take(_OWS)
        if reader.at == len(reader.text):
            raise Invalid("A dictionary ends with a comma.")
    return members


def write_bare(value: Bare) -> str:
    """A bare item as text (RFC 8941 §4.1.3.1)."""
    if isinstance(value, bool):
        return "?1" if value else "?0"
    if isinstance(value, bytes):
        return f":{base64.b64encode(value).decode()}:"
    if isinstance(value, int | Token):
        return str(value)
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def write(member: Member) -> str:
    """An item or inner list as text (RFC 8941 §4.1)."""
    if member.items is None:
        written = write_bare(member.value)
    else:
        written = f"({' '.join(write(member_item) for member_item in member.items)})"
    params = [
        f";{name}" if value is True else f";{name}={write_bare(value)}"
        for name, value in member.params
    ]
    return written + "".join(params)
