"""An address that somebody heard of → the feeds that can be read there.

What lives here: who is asked, in which order, and when to stop. What must not: where pages name their feeds, which
`discovery` knows, and what becomes of a feed that was found. A site is asked as little as its answers allow: first the
address itself; then what the page names; if that is nothing, what it links, then what is usual, then sitemaps of news.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urljoin

from monitor.errors import FetchError, ParseError
from monitor.feeds import discovery
from monitor.feeds.decoding import decode
from monitor.feeds.discovery import Candidate
from monitor.isolate import IsolatedParser
from monitor.model import Fetched, ParsedFeed
from monitor.net.fetch import Client
from monitor.rhythm.cadence import host

_SEVERAL = 8  # candidates of a page that are asked, at most; whoever has more is to be asked for the one that is meant


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFeed:
    """A feed that was read."""

    url: str  # to be asked from now on: where the address has moved for good, or the address itself
    how: str  # it was found, in words
    kind: str
    feed: ParsedFeed


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What came of a search. `in_vain` says of each address that proved no feed why."""

    page: str = ""  # that offered the feeds; "" where the address was a feed itself
    found: tuple[FoundFeed, ...] = ()
    in_vain: tuple[str, ...] = ()
    untried: tuple[str, ...] = ()  # addresses that may be feeds and were not asked, for there were too many


@dataclass(frozen=True, slots=True, kw_only=True)
class _Round:
    """Candidates of one sort; the search ends with the sort that has a feed, or with the `enough`th feed."""

    candidates: tuple[Candidate, ...]
    enough: int = _SEVERAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Discover:
    """Looks for feeds. `gap`: seconds between two requests to one host. `tell` hears who is asked, before."""

    client: Client
    parser: IsolatedParser
    gap: float
    tell: Callable[[str], None]
    _free_at: dict[str, float] = field(default_factory=dict)  # host → when it may be asked again (monotonic clock)

    def __call__(self, url: str) -> Search:
        """The feeds behind an address, the likeliest first. FetchError where the address itself cannot be asked."""
        fetched = self._get(url)
        read = self._read(fetched, "it is the address itself")
        if isinstance(read, FoundFeed):
            return Search(found=(read,))
        search = Search(page=fetched.final_url, in_vain=(f"{url}: {read}",))
        for candidates in self._rounds(fetched):
            search = self._try(candidates, search)
            if search.found:
                break
        return search

    def _rounds(self, fetched: Fetched) -> Iterator[_Round]:
        """What to try, sort after sort; whoever stops early saves the requests of the rest."""
        page = fetched.final_url
        offer = discovery.read_page(_text(fetched), url=page, headers=fetched.headers)
        yield _Round(candidates=offer.named)
        yield _Round(candidates=offer.linked)
        yield _Round(candidates=discovery.guesses(page), enough=1)
        yield _Round(candidates=self._news_sitemaps(page), enough=1)

    def _try(self, tried: _Round, search: Search) -> Search:
        found: dict[str, FoundFeed] = {}  # by the address that answered: two names of one feed are one
        in_vain = list(search.in_vain)
        for candidate in tried.candidates[:_SEVERAL]:
            try:
                fetched = self._get(candidate.url)
            except FetchError as error:
                in_vain.append(f"{candidate.url}: {error}")
                continue
            read = self._read(fetched, candidate.how)
            if isinstance(read, FoundFeed):
                found.setdefault(fetched.final_url, read)
            else:
                in_vain.append(f"{candidate.url}: {read}")
            if len(found) >= tried.enough:
                break
        untried = tuple(candidate.url for candidate in tried.candidates[_SEVERAL:])
        return Search(page=search.page, found=tuple(found.values()), in_vain=tuple(in_vain), untried=untried)

    def _news_sitemaps(self, page: str) -> tuple[Candidate, ...]:
        try:
            fetched = self._get(urljoin(page, "/robots.txt"))
        except FetchError:  # most sites do without
            return ()
        return discovery.news_sitemaps(_text(fetched), url=fetched.final_url)

    def _get(self, url: str) -> Fetched:
        """The answer, asked for when the host's gap has passed."""
        asked = host(url)
        time.sleep(max(0.0, self._free_at.get(asked, 0.0) - time.monotonic()))
        self._free_at[asked] = time.monotonic() + self.gap
        self.tell(url)
        return self.client.get(url)

    def _read(self, fetched: Fetched, how: str) -> FoundFeed | ParseError:
        try:
            feed = self.parser.parse(fetched.body, headers=fetched.headers, url=fetched.final_url)
        except ParseError as error:
            return error
        url = fetched.permanent_url or fetched.url
        return FoundFeed(url=url, how=how, kind=discovery.kind_of(fetched.body), feed=feed)


def _text(fetched: Fetched) -> str:
    """The page's text, as far as it is looked at; a page in an encoding that nobody believes has none."""
    try:
        body = fetched.body[: discovery.LOOKED_AT]
        return decode(body, content_type=fetched.headers.get("content-type", "")).text
    except ParseError:
        return ""
