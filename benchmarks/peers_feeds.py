"""The feeds that `peers` lets every program read, and what is in them.

What lives here: made-up items, the forms in which feeds are written, and the truth about both. What must not: serving
them, and any knowledge of a program.

An item is known by its mark, which stands in its title and in no other item; where the feed has no titles, in its text.
An edit adds a word behind the mark.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from html import escape
from itertools import accumulate, count, cycle, islice
from random import Random

MARK = re.compile(r"K\d{7}Q(?: corrected)?")
EDITED = " corrected"
ITEMS = 40  # in each feed
CHANGED = 20  # one feed in so many changes


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
_MIX = ("RSS 2.0", "RSS 2.0", "Atom", "RSS 2.0")
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


# ---- the words -------------------------------------------------------------------------------------------------------

_COMMON = """
the of to and a in that for on with said was as by at from it is will an be has their which after more new who about
they had his her not this were are city year people two would its when court state council before first over also
county been week public company could school police three officials plan report between during workers million
against under where family residents percent department local against may month law former through board group
according health house four government service home water program road night budget while director money meeting
district community business five children later data system records contract vote several office judge most
agency project since station land tuesday monday friday river federal union building rent costs hours changes letter
""".split()  # noqa: SIM905 - a list of strings would be a page long
_WEIGHTS = list(accumulate(1 / (rank + 3) for rank in range(len(_COMMON))))
_RARE_EACH = 3  # one word in so many is a rare one


class _Prose:
    """Sentences of common words and rare ones, so that two items are as unlike as two items of a newspaper are."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        syllables = [first + second for first in "bdfgklmnprstvz" for second in "aeiou"]
        self._rare = ["".join(chance.choices(syllables, k=chance.choice((2, 3, 3, 4)))) for _ in range(20_000)]

    def words(self, number: int) -> list[str]:
        words = self._chance.choices(_COMMON, cum_weights=_WEIGHTS, k=number)
        words[::_RARE_EACH] = self._chance.choices(self._rare, k=len(words[::_RARE_EACH]))
        return words

    def paragraph(self, number: int) -> str:
        words = self.words(number)
        sentences = [" ".join(words[start : start + 18]).capitalize() for start in range(0, number, 18)]
        return ". ".join(sentences) + "."


# ---- the feeds -------------------------------------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Source:
    """One feed: its form, how long its articles are, and the items that stand in it now, newest first."""

    site: str
    form: str
    paragraphs: int
    items: list[Item]

    def write(self) -> Written:
        form = PLAIN.get(self.form) or ODD[self.form]
        return form(self.site, self.items)


class Newsstand:
    """So many feeds as most are, or one for each odd form. `now` is when they are first looked at."""

    def __init__(self, feeds: int, *, now: datetime, seed: int = 20260311) -> None:
        self._chance, self._numbers = Random(seed), count(1)
        self._prose = _Prose(self._chance)
        self.forms: dict[str, str] = {}  # every item that ever stood in a feed: mark → the form of its feed
        self.edited: set[str] = set()
        self.sources = [self._open(number, form, now) for number, form in enumerate(islice(cycle(_MIX), feeds))]

    @classmethod
    def odd(cls, *, now: datetime) -> Newsstand:
        stand = cls(0, now=now)
        stand.sources = [stand._open(number, form, now) for number, form in enumerate(ODD)]
        return stand

    def publish(self, now: datetime) -> int:
        """One feed in `CHANGED` brings two new items and edits one of the others; gives the number of new items."""
        changing = self.sources[::CHANGED]
        for source in changing:
            new = [self._write(source.site, source.form, source.paragraphs, now) for _ in range(2)]
            edited = source.items[3]
            self.edited.add(edited.mark)
            source.items[3] = replace(edited, mark=edited.mark + EDITED)
            source.items[:] = new + source.items[:-2]
        return 2 * len(changing)

    def _open(self, number: int, form: str, now: datetime) -> Source:
        site = f"paper-{number}.example"
        paragraphs = self._chance.randint(1, 9)
        ages = accumulate(timedelta(hours=self._chance.uniform(0.5, 12)) for _ in range(ITEMS))
        items = [self._write(site, form, paragraphs, now - age) for age in ages]
        return Source(site=site, form=form, paragraphs=paragraphs, items=items)

    def _write(self, site: str, form: str, paragraphs: int, published: datetime) -> Item:
        number, prose = next(self._numbers), self._prose
        mark = f"K{number:07}Q"
        self.forms[mark] = form
        return Item(
            mark=mark,
            title=" ".join(prose.words(9)).capitalize(),
            summary=prose.paragraph(30),
            paragraphs=tuple(prose.paragraph(36) for _ in range(paragraphs)),
            link=f"http://{site}/{published:%Y/%m}/{number}",
            published=published.replace(microsecond=0),
        )


def marks_in(text: str) -> Iterator[tuple[str, bool]]:
    """Each mark in a text, without its edit, and whether the edit stands behind it."""
    for found in MARK.findall(text):
        yield found.removesuffix(EDITED), found.endswith(EDITED)
