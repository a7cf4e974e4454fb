"""A coat of arms, drawn as SVG, as the PNG pictures that servers and programs ask for which take no SVG."""

from __future__ import annotations

import io
import re

import resvg_py
from lxml import etree  # type: ignore[import-untyped]  # the package ships no types
from PIL import Image

from torget.protocols.files import BadFile

MOST_CHARS = 500_000
MOST_DEPTH = 64  # the library falls at some two hundred
MOST_COPIES = 8  # each may hold two of the one before
AVATAR = (400, 400)  # pixels: what Mastodon keeps of one, and shows as a square or a circle
HEADER = (1500, 500)
_SHARE = (
    0.62  # of the shorter edge: nothing of it may be cut off where the picture is shown as a circle
)
# What is drawn must stand in the drawing itself: a name of a file would be read from this machine's disk.
_REFERS = re.compile(
    r"<!|<\s*image\b|\bhref\s*=\s*[\"'](?!\s*#)|url\(\s*[\"']?(?!#)", re.IGNORECASE
)


def picture(drawing: str, ground: str, size: tuple[int, int]) -> bytes:
    """PNG of that size in pixels: the drawing in the middle of a ground of one colour ("#rrggbb").

    An empty drawing gives the ground alone. What the picture costs does not depend on what the drawing says of its size.

    Raises:
        BadFile: not an SVG, or one that points to something outside itself.
    """
    made = Image.new("RGB", size, ground)
    if drawing:
        edge = int(min(size) * _SHARE)
        shown = _drawn(drawing, edge)
        place = ((size[0] - shown.width) // 2, (size[1] - shown.height) // 2)
        made.paste(shown, place, shown)
    out = io.BytesIO()
    made.save(out, "PNG", optimize=True)
    return out.getvalue()


def _check(drawing: str) -> None:
    """See that it is a drawing the library survives: it follows nesting by calling itself, and copies what `use` names.

    Raises:
        BadFile: it is not.
    """
    if len(drawing) > MOST_CHARS or _REFERS.search(drawing):
        raise BadFile("broken")
    reader = etree.XMLPullParser(("start", "end"), resolve_entities=False, no_network=True)
    depth = copies = 0
    try:
        reader.feed(drawing.encode("utf-8", "surrogatepass"))
        for event, element in reader.read_events():
            depth += 1 if event == "start" else -1
            copies += event == "start" and etree.QName(element).localname == "use"
            if depth > MOST_DEPTH or copies > MOST_COPIES:
                raise BadFile("broken")
        reader.close()
    except (etree.XMLSyntaxError, ValueError, UnicodeError) as fault:
        raise BadFile("broken") from fault


def _drawn(drawing: str, edge: int) -> Image.Image:
    _check(drawing)
    try:
        # With both edges given it is fitted into them: a width alone lets the drawing choose any height.
        made = resvg_py.svg_to_bytes(
            svg_string=drawing, width=edge, height=edge, skip_system_fonts=True
        )
    except ValueError as fault:
        raise BadFile("broken") from fault
    return Image.open(io.BytesIO(bytes(made)), formats=["PNG"]).convert("RGBA")
