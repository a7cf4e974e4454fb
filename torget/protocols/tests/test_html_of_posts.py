from __future__ import annotations

import pytest

from torget.protocols.posthtml import to_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>En</p><p>To<br>tre</p>", "En\n\nTo\ntre"),
        (
            '<a href="x"><span class="invisible">https://</span>x.no/<span>lang</span></a>',
            "https://x.no/lang",
        ),
        ("<ul><li>en</li><li>to</li></ul>", "– en\n– to"),
        ("&lt;b&gt; &amp; &#229;", "<b> & å"),
        ("<script>stygt()</script>pent", "pent"),
        ("<mx-reply><blockquote>før</blockquote></mx-reply>nå", "nå"),
        ("<p>uavsluttet", "uavsluttet"),
        ("<![rart[ <!-- x --> tekst", "tekst"),
        ("a\u202eb", "ab"),
        ("", ""),
    ],
)
def test_it_reads_as_people_see_it(html, text):
    assert to_text(html) == text
