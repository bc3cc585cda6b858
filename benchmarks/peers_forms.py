"""The forms in which the feeds of `peers` are written: the usual ones, and odd ones that stricter readers trip over.

What lives here: an item, and each form of a feed of items. What must not: which items there are.

Every form is well-formed XML, and all but one are what their specification allows: "one id for all items" is not, and
is common.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import format_datetime
from html import escape


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One article, in the words of its feed. Texts are plain; the forms escape them."""

    mark: str  # with " corrected" behind it after an edit
    title: str
    summary: str
    paragraphs: tuple[str, ...]
    link: str
    published: datetime

    @property
    def headline(self) -> str:
        return f"{self.title} {self.mark}"

    @property
    def html(self) -> str:
        """The article as a content management system writes it: more markup than words."""
        widths = (320, 640, 768, 1024, 1536)
        sources = ", ".join(
            f"{self.link}/wp-content/uploads/picture-{width}x{width * 9 // 16}.jpg {width}w" for width in widths
        )
        picture = (
            f'<figure class="wp-block-image size-large is-resized"><img loading="lazy" decoding="async" width="1024"'
            f' height="576" src="{self.link}/wp-content/uploads/picture-1024x576.jpg" srcset="{sources}"'
            f' sizes="(max-width: 1024px) 100vw, 1024px" alt="" class="wp-image"/></figure>'
        )
        paragraphs = "".join(
            f'<p class="wp-block-paragraph has-text-align-left">{escape(text)} <a href="{self.link}?utm_source=rss&amp;'
            f'part={number}" target="_blank" rel="noreferrer noopener"><strong>More</strong></a></p>\n'
            for number, text in enumerate(self.paragraphs)
        )
        return picture + paragraphs


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A feed as its server sends it."""

    body: bytes
    content_type: str


Form = Callable[[str, list[Item]], Written]


# ---- the forms -------------------------------------------------------------------------------------------------------


def _xml(text: str, encoding: str = "utf-8") -> bytes:
    return f'<?xml version="1.0" encoding="{encoding}"?>\n{text}'.encode(encoding)


def _rss(site: str, items: list[Item], entry: Callable[[Item], str]) -> str:
    return (
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/">\n<channel>\n'
        f"<title>{escape(site)}</title><link>http://{site}/</link><description>News from {site}</description>\n"
        + "\n".join(f"<item>{entry(item)}</item>" for item in items)
        + "\n</channel>\n</rss>\n"
    )


def _title(item: Item) -> str:
    return f"<title>{escape(item.headline)}</title>"


def _rest(item: Item, summary: str = "") -> str:
    """What an item of RSS 2.0 has beside its title and its id."""
    return (
        f"<link>{escape(item.link)}</link><pubDate>{format_datetime(item.published)}</pubDate>"
        f"<dc:creator>Desk</dc:creator><description>{escape(summary or item.summary)}</description>"
        f'<category domain="{escape(item.link)}/topics"><![CDATA[News]]></category>'
        "<category><![CDATA[Region]]></category>"
        f'<media:content url="{escape(item.link)}/picture.jpg" medium="image" width="1024" height="576"/>'
        f"<content:encoded><![CDATA[{item.html}]]></content:encoded>"
    )


def _id(item: Item) -> str:
    return f"<guid isPermaLink='false'>{escape(item.link)}#id</guid>"


def _plain_rss(site: str, items: list[Item]) -> Written:
    return Written(body=_xml(_rss(site, items, lambda item: _title(item) + _id(item) + _rest(item))), content_type=_RSS)


def _no_ids(site: str, items: list[Item]) -> Written:
    return Written(body=_xml(_rss(site, items, lambda item: _title(item) + _rest(item))), content_type=_RSS)


def _one_id_for_all(site: str, items: list[Item]) -> Written:
    """A template that writes the address of the site where the item's belongs."""
    guid = f"<guid isPermaLink='false'>http://{site}/</guid>"
    return Written(body=_xml(_rss(site, items, lambda item: _title(item) + guid + _rest(item))), content_type=_RSS)


def _no_titles(site: str, items: list[Item]) -> Written:
    """An item must have a title or a description. The words that would be the title begin both of its texts."""

    def entry(item: Item) -> str:
        first, *others = item.paragraphs
        begun = replace(item, paragraphs=(f"{item.headline}. {first}", *others))
        return _id(begun) + _rest(begun, f"{item.headline}. {item.summary}")

    return Written(body=_xml(_rss(site, items, entry)), content_type=_RSS)


def _ampersands(site: str, items: list[Item]) -> Written:
    """Signs that must be escaped, in the title, in the address, and once more within the text."""

    def entry(item: Item) -> str:
        odd = replace(item, title=f"Gas & Water <Ltd> {item.title}", link=f"{item.link}?a=1&b=2&amp=3")
        return _title(odd) + _id(odd) + _rest(odd, f"Smith & Sons &amp; Co: {odd.summary}")

    return Written(body=_xml(_rss(site, items, entry)), content_type=_RSS)


def _own_entities(site: str, items: list[Item]) -> Written:
    """The document type names a character, as old templates do."""
    text = _rss(site, items, lambda item: _title(item).replace("<title>", "<title>&eacute; ") + _id(item) + _rest(item))
    doctype = '<!DOCTYPE rss [<!ENTITY eacute "&#233;">]>\n'
    return Written(body=_xml(doctype + text), content_type=_RSS)


def _charset_in_header(site: str, items: list[Item]) -> Written:
    """HTTP may say the encoding, and the document then need not."""
    accented = [replace(item, title=f"Peña “café” {item.title}") for item in items]
    text = _rss(site, accented, lambda item: _title(item) + _id(item) + _rest(item))
    return Written(body=text.encode("cp1252"), content_type="application/rss+xml; charset=windows-1252")


def _utf_16(site: str, items: list[Item]) -> Written:
    text = _rss(site, items, lambda item: _title(item) + _id(item) + _rest(item))
    return Written(body=_xml(text, "utf-16"), content_type="application/xml")


def _atom(site: str, items: list[Item], prefix: str = "") -> str:
    p = f"{prefix}:" if prefix else ""
    space = f"xmlns:{prefix}" if prefix else "xmlns"

    def entry(item: Item) -> str:
        when = item.published.isoformat()
        return (
            f"<{p}entry><{p}id>{escape(item.link)}#id</{p}id><{p}title>{escape(item.headline)}</{p}title>"
            f'<{p}link rel="alternate" href="{escape(item.link)}"/><{p}published>{when}</{p}published>'
            f"<{p}updated>{when}</{p}updated><{p}author><{p}name>Desk</{p}name></{p}author>"
            f"<{p}summary>{escape(item.summary)}</{p}summary>"
            f'<{p}content type="html">{escape(item.html)}</{p}content></{p}entry>'
        )

    return (
        f'<{p}feed {space}="http://www.w3.org/2005/Atom"><{p}title>{escape(site)}</{p}title>'
        f"<{p}id>http://{site}/</{p}id><{p}updated>{items[0].published.isoformat()}</{p}updated>\n"
        + "\n".join(map(entry, items))
        + f"\n</{p}feed>\n"
    )


def _plain_atom(site: str, items: list[Item]) -> Written:
    return Written(body=_xml(_atom(site, items)), content_type=_ATOM)


def _prefixed_atom(site: str, items: list[Item]) -> Written:
    return Written(body=_xml(_atom(site, items, "a")), content_type=_ATOM)


def _rdf(site: str, items: list[Item], namespace: str, *, rich: bool) -> Written:
    """RSS before 2.0: the items stand beside the channel."""

    def entry(item: Item) -> str:
        about = f" rdf:about='{escape(item.link)}'" if rich else ""
        more = f"<description>{escape(item.html)}</description>" if rich else ""
        when = f"<dc:date>{item.published.isoformat()}</dc:date>" if rich else ""
        return f"<item{about}>{_title(item)}<link>{escape(item.link)}</link>{more}{when}</item>"

    text = (
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns:dc='http://purl.org/dc/elements/1.1/'"
        f" xmlns='{namespace}'>\n<channel rdf:about='http://{site}/'><title>{site}</title><link>http://{site}/</link>"
        f"<description>News from {site}</description></channel>\n" + "\n".join(map(entry, items)) + "\n</rdf:RDF>\n"
    )
    return Written(body=_xml(text), content_type="application/rdf+xml")


def _rss_1_0(site: str, items: list[Item]) -> Written:
    return _rdf(site, items, "http://purl.org/rss/1.0/", rich=True)


def _rss_0_90(site: str, items: list[Item]) -> Written:
    return _rdf(site, items, "http://my.netscape.com/rdf/simple/0.9/", rich=False)


_RSS, _ATOM = "application/rss+xml; charset=utf-8", "application/atom+xml; charset=utf-8"
PLAIN: Mapping[str, Form] = {"RSS 2.0": _plain_rss, "Atom": _plain_atom}
ODD: Mapping[str, Form] = {
    "no ids": _no_ids,
    "one id for all items": _one_id_for_all,
    "no titles": _no_titles,
    "ampersands": _ampersands,
    "entities of its own": _own_entities,
    "charset in the HTTP header": _charset_in_header,
    "UTF-16": _utf_16,
    "Atom with a prefix": _prefixed_atom,
    "RSS 1.0": _rss_1_0,
    "RSS 0.90": _rss_0_90,
}
