"""A news sitemap, as outlets keep them for search engines, read as a feed.

What lives here: the sitemap protocol with Google's news extension. What must not: sitemaps of pages, which name no
news: they hold a site's whole past, in no order, without titles.
"""

from __future__ import annotations

from monitor.errors import ParseError
from monitor.feeds.dates import parse_date
from monitor.feeds.raw import RawEntry, RawFeed
from monitor.feeds.xml_tree import Element, split_tag

_NEWS = "{http://www.google.com/schemas/sitemap-news/0.9}"


def read_sitemap(root: Element) -> RawFeed:
    """The news under `root`, in the sitemap's order. Raises ParseError("not-a-feed") for any other sitemap."""
    if split_tag(root.tag)[1] == "sitemapindex":
        raise ParseError("not-a-feed", "this is an index of sitemaps; expected the news sitemap that it names")
    news = [(url, found) for url in root.iterchildren("{*}url") if (found := url.find(f"{_NEWS}news")) is not None]
    if not news:
        raise ParseError("not-a-feed", "this is a sitemap of pages without news: entries; expected a news sitemap")
    first = news[0][1]
    return RawFeed(
        title=_text(first, f"{_NEWS}publication/{_NEWS}name"),
        title_plain=True,
        link="",
        language=_text(first, f"{_NEWS}publication/{_NEWS}language"),
        entries=[_entry(url, found) for url, found in news],
        two_dates=True,
    )


def _entry(url: Element, news: Element) -> RawEntry:
    address = _text(url, "{*}loc")
    return RawEntry(
        id=address,
        permalink=True,
        links=[address],
        title=_text(news, f"{_NEWS}title"),
        title_plain=True,
        summary="",
        content="",
        authors=[],
        published=parse_date(_text(news, f"{_NEWS}publication_date")),
        updated=parse_date(_text(url, "{*}lastmod")),
        tags=_text(news, f"{_NEWS}keywords").split(","),
    )


def _text(parent: Element, path: str) -> str:
    return (parent.findtext(path) or "").strip()
