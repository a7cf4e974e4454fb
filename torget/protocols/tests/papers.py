"""Feeds in their standards' shapes; an invented paper."""

from __future__ import annotations

RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel><title>Nordvåg Blad</title><link>https://avis.example/</link>
<item><title>Nordvåg kommune åpner nytt bad</title><link>https://avis.example/bad</link>
<guid isPermaLink="false">avis-1</guid><dc:creator>Redaksjonen</dc:creator>
<pubDate>Mon, 23 Nov 2026 09:00:00 +0100</pubDate>
<description><![CDATA[<p>Badet &aring;pner <b>l&oslash;rdag</b>.</p><script>alert(1)</script>]]></description></item>
<item><title>Fotball i Sørvik</title><link>https://avis.example/fotball</link>
<guid>https://avis.example/fotball</guid><description>Det ble uavgjort.</description></item>
</channel></rss>""".encode()
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Nordvåg Blad</title>
<link rel="self" href="https://avis.example/atom"/><link href="https://avis.example/"/>
<entry><id>tag:avis.example,2026:1</id><title type="html">Ordføreren i Nordvåg &amp;lt;3 badet</title>
<link rel="alternate" href="/bad"/><author><name>Redaksjonen</name></author>
<published>2026-11-23T08:00:00Z</published><updated>2026-11-23T08:30:00Z</updated>
<summary>Kort sagt.</summary></entry></feed>""".encode()
JSON = """{"version":"https://jsonfeed.org/version/1.1","title":"Nordvåg Blad",
"home_page_url":"https://avis.example/","items":[{"id":"1","url":"https://avis.example/bad",
"title":"Nordvåg kommune åpner bad","content_html":"<p>Lørdag.</p>",
"date_published":"2026-11-23T08:00:00Z","authors":[{"name":"Redaksjonen"}]}]}""".encode()
WHERE = "https://avis.example/rss"
