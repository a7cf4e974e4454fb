"""A page of our square as other servers ask for it: found under its own address, as whatever a network has of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from django.http import HttpResponse, HttpResponseRedirect
from django.utils.cache import patch_vary_headers

from torget.channels.registry import adapters
from torget.people.models import Municipality


@dataclass(frozen=True, slots=True)
class PublicPage:
    """What a public page of ours says. `receipts` is what it is called on each network it went to.

    Attributes:
        url: the page's own whole address.
        ours: the words are the municipality's own, so that they may be given out as something it says.
        html: the text as the page shows it, safe; empty: the text is plain.
    """

    municipality: Municipality
    url: str
    title: str
    text: str
    language: str
    published_at: datetime
    changed_at: datetime | None = None
    ours: bool = False
    html: str = ""
    receipts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Document:
    """What a network has of a page: at another address (`url`), or a body of that media type."""

    media_type: str
    url: str = ""
    body: bytes = b""


@runtime_checkable
class Shows(Protocol):
    """An adapter whose network asks for pages in a language of its own."""

    page_types: Sequence[str]  # media types; the first is what pages say of themselves

    def document(self, page: PublicPage) -> Document | None:
        """What the network has of a page; None: nothing. No network call."""
        ...


def documents(page: PublicPage) -> list[Document]:
    """What the networks have of a page: what it says of itself in its head."""
    offers = [
        adapter.document(page) for adapter in adapters().values() if isinstance(adapter, Shows)
    ]
    return [offer for offer in offers if offer is not None]


def asked_as(request: Any, page: PublicPage) -> HttpResponse | None:
    """The answer to who asks for the page as a network's document; None when a person asks, or no network has one."""
    accept = request.headers.get("Accept", "")
    if "json" not in accept or "text/html" in accept:
        return None
    for adapter in adapters().values():
        if not isinstance(adapter, Shows) or not any(
            page_type in accept for page_type in adapter.page_types
        ):
            continue
        if (document := adapter.document(page)) is not None:
            answer = HttpResponseRedirect(document.url) if document.url else HttpResponse(document.body, content_type=document.media_type)  # fmt: skip
            answer.headers["Access-Control-Allow-Origin"] = "*"
            patch_vary_headers(answer, ["Accept"])
            return answer
    return None


def head_of(page: PublicPage, picture: str = "") -> dict[str, Any]:
    """What `design/page_head.html` takes: title, beginning, address and picture, and the networks' documents."""
    return {
        "page": page,
        "page_summary": " ".join(page.text.split())[:300],
        "page_picture": picture,
        "page_documents": [
            (document.media_type, document.url or page.url) for document in documents(page)
        ],
    }
