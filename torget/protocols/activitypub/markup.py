"""Our plain text → HTML as other servers read it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from html import escape

_BETWEEN_BLOCKS = re.compile(r"\n\s*\n")
_WORD = re.compile(
    r"(?P<url>https?://[^\s<>\"'()\[\]{}]+[^\s<>\"'()\[\]{}.,;:!?])|(?<![\w/])#(?P<tag>[^\W_]\w*)"
)


# As people write a name elsewhere: @name@host. What stands in an address or an e-mail address is none.
_HANDLE = re.compile(
    r"(?<![\w@/.+-])@[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,62}[A-Za-z0-9_])?"
    r"@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(?::[0-9]{1,5})?(?![\w@-]|\.\w)"
)


def hashtags(text: str) -> list[str]:
    """The hashtags of a text, each once, as written."""
    tags: dict[str, str] = {}
    for word in _WORD.finditer(text):
        if word["tag"] and not word["tag"].isdigit():
            tags.setdefault(word["tag"].lower(), word["tag"])
    return list(tags.values())


def handles(text: str) -> list[str]:
    """The names of people elsewhere in a text (@name@host), each once, as written."""
    outside = [text[at:to] for at, to in _between_addresses(text)]
    return list(dict.fromkeys(match[0] for part in outside for match in _HANDLE.finditer(part)))


def _between_addresses(text: str) -> Iterator[tuple[int, int]]:
    at = 0
    for word in _WORD.finditer(text):
        if word["url"]:
            yield at, word.start()
            at = word.end()
    yield at, len(text)


def to_html(text: str, *, mentions: Mapping[str, str] | None = None, tag_url: str = "") -> str:
    """Paragraphs with links, hashtags and mentions (handle as written → the person's page)."""
    links = {escape(handle): _mention(handle, page) for handle, page in (mentions or {}).items()}
    names = "|".join(map(re.escape, sorted(links, key=len, reverse=True)))
    handles = re.compile(rf"(?<![\w@])(?:{names})(?![\w@-]|\.\w)" if names else r"(?!)")

    def mentioned(plain: str) -> str:
        return handles.sub(lambda handle: links[handle[0]], escape(plain))

    blocks = [block for block in _BETWEEN_BLOCKS.split(text.strip()) if block.strip()]
    return "".join(
        f"<p>{'<br>'.join(_line(line, mentioned, tag_url) for line in block.splitlines())}</p>"
        for block in blocks
    )


def _line(line: str, mentioned: Callable[[str], str], tag_url: str) -> str:
    made, at = [], 0
    for word in _WORD.finditer(line):
        made.append(mentioned(line[at : word.start()]))
        at = word.end()
        if word["url"]:
            address = escape(word["url"])
            made.append(
                f'<a href="{address}" rel="nofollow noopener" target="_blank">{address}</a>'
            )
        elif word["tag"].isdigit() or not tag_url:
            made.append(escape(word[0]))
        else:
            tag = escape(word["tag"])
            made.append(
                f'<a href="{escape(tag_url)}{tag.lower()}" class="mention hashtag" rel="tag">#<span>{tag}</span></a>'
            )
    made.append(mentioned(line[at:]))
    return "".join(made)


def _mention(handle: str, page: str) -> str:
    short = escape(handle.strip("@").partition("@")[0])
    return f'<span class="h-card"><a href="{escape(page)}" class="u-url mention">@<span>{short}</span></a></span>'
