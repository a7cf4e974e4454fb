"""Hosts as strangers write them: one canonical spelling for everybody who reads it, and which addresses are nobody's inside."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import idna

MOST_URL_CHARS = 8_000
_MOST_HOST_CHARS = 253
_PORTS = {"http": 80, "https": 443}
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
# What a reader of web addresses takes for a number, and so for an IPv4 address (WHATWG URL, "ends in a number").
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_NETLOC = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[^\[\]:@/\\?#%\s]+)(?::([0-9]{1,5}))?")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# The IANA registries of special-purpose addresses (RFC 6890 and what has been added), kept here: what an old Python
# calls global is not (CVE-2024-4032), and site-local it never knew. Ranges that are special and yet reachable (anycast
# of protocols nobody serves pages from) are left out too.
_NOT_OUTSIDE_4 = tuple(
    ipaddress.IPv4Network(net)
    for net in [
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    ]
)
_UNICAST_6 = ipaddress.IPv6Network("2000::/3")  # all that is given out (RFC 4291 §2.4)
_NOT_OUTSIDE_6 = tuple(
    ipaddress.IPv6Network(net)
    for net in ["2001::/23", "2001:db8::/32", "2620:4f:8000::/48", "3fff::/20"]
)
_SIX_TO_FOUR = ipaddress.IPv6Network("2002::/16")
_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")


class BadHost(ValueError):  # noqa: N818 - names what was read
    """This is no host, or one that two readers would read as two."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a web address leads: its one spelling, and host and port as they are in it."""

    url: str
    host: str
    port: int


def canonical(host: str) -> str:
    """The host as everybody writes it: ASCII in lower case (UTS 46, IDNA 2008), or an IP address in its usual form.

    Raises:
        BadHost: nothing a name may be; numbers that would be taken for an IPv4 address and are not written as one; a name
            beyond ASCII that does not stay one (full-width digits, invisible letters).
    """
    if host.startswith("["):
        return f"[{_ipv6(host[1:-1] if host.endswith(']') else host)}]"
    name = host.lower() if host.isascii() else _encoded(host)
    name = name.removesuffix(".")
    labels = name.split(".")
    if len(name) > _MOST_HOST_CHARS or not all(map(_LABEL.fullmatch, labels)):
        raise BadHost("That is no name of a host.")
    if _NUMBER.fullmatch(labels[-1]):
        return str(_ipv4(name))
    if any(label.startswith("xn--") for label in labels) and not _is_encoded(labels):
        raise BadHost("That name is not written as it should be.")
    return name


def _is_encoded(labels: list[str]) -> bool:
    """Whether those that say they are names in other letters are, and in the one way to write them."""
    return all(_encoded(label) == label for label in labels if label.startswith("xn--"))


def _encoded(host: str) -> str:
    if len(host) > _MOST_HOST_CHARS:
        raise BadHost("That is no name of a host.")
    try:
        name = idna.encode(host, uts46=True, std3_rules=True, transitional=False).decode("ascii")
    except (idna.IDNAError, UnicodeError, ValueError, IndexError) as fault:
        raise BadHost("That name cannot be written in ASCII.") from fault
    if "xn--" not in name:
        # Letters that look like others and become them: no honest address is written so.
        raise BadHost("That name is written in letters that stand for others.")
    return name


def _ipv4(text: str) -> ipaddress.IPv4Address:
    try:
        return ipaddress.IPv4Address(text)
    except ValueError as fault:
        raise BadHost("That is no IP address as it is usually written.") from fault


def _ipv6(text: str) -> ipaddress.IPv6Address:
    try:
        if "%" in text:
            raise BadHost("An address with a zone leads nowhere outside.")
        return ipaddress.IPv6Address(text)
    except ValueError as fault:
        raise BadHost("That is no IP address as it is usually written.") from fault


def host_and_port(netloc: str) -> tuple[str, int | None]:
    """Host (canonical) and port of `host`, `host:port` or `[v6]:port`, as in a Host header (RFC 9110 §7.2).

    Raises:
        BadHost: anything else: a user, a port that is none.
    """
    parts = _NETLOC.fullmatch(netloc)
    if parts is None:
        raise BadHost("The address has no host, or more in front of it than a host and a port.")
    port = int(parts[2]) if parts[2] else None
    if port is not None and not 0 < port < 65_536:
        raise BadHost("That is no port.")
    return canonical(parts[1]), port


def place_of(url: str) -> Place:
    """Where an http(s) address leads, with the address rebuilt from it; the fragment is left out.

    Raises:
        BadHost: another scheme, or written so that two readers would find two hosts in it.
    """
    if len(url) > MOST_URL_CHARS or not url.isprintable() or " " in url or "\\" in url:
        raise BadHost("The address has characters that do not belong in one.")
    try:
        parts = urlsplit(url)
    except ValueError as fault:
        raise BadHost("That is no address.") from fault
    if parts.scheme not in _PORTS:
        raise BadHost("The address must begin with http:// or https://.")
    host, port = host_and_port(parts.netloc)
    usual = _PORTS[parts.scheme]
    netloc = host if port in {None, usual} else f"{host}:{port}"
    return Place(
        urlunsplit((parts.scheme, netloc, parts.path, parts.query, "")), host, port or usual
    )


def is_outside(address: Address) -> bool:
    """Whether an address is out in the world: nobody's own network, no machine's own, none for a purpose of its own.

    Of an address with an IPv4 address in it (mapped, translated by NAT64, 6to4: RFC 4291, 6052, 3056) that one counts too.
    """
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in net for net in _NOT_OUTSIDE_4)
    number = int(address)
    if address in _MAPPED or address in _TRANSLATED:
        return is_outside(ipaddress.IPv4Address(number & 0xFFFF_FFFF))
    if address in _SIX_TO_FOUR:
        return is_outside(ipaddress.IPv4Address(number >> 80 & 0xFFFF_FFFF))
    return address in _UNICAST_6 and not any(address in net for net in _NOT_OUTSIDE_6)
