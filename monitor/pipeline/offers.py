"""What a search for feeds found, as a person is offered it: named, dated, with its newest headlines.

What lives here: an address as it was typed → a search, and a search → offers. What must not: how feeds are looked for
(`discover`), who chooses among them, and what is written then.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from monitor.errors import FetchError
from monitor.model import ParsedEntry
from monitor.pipeline.discover import Discover, FoundFeed, Search
from monitor.rhythm import index_rule
from monitor.settings.feeds_file import twin
from monitor.story.outlets import Outlets

HEADLINES = 3  # shown of each feed
LONGEST_NAME = 80  # characters; the file allows 200, a list is read by people

_SILENT_NAMES = re.compile(r"(?:rss|atom|news|latest|home|all|feed|articles|posts|top stories|[\W_])*", re.IGNORECASE)
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_UNDATED = datetime.min.replace(tzinfo=UTC)
_NO_ANSWER = {"connect", "tls"}  # https may simply not be there


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedFeed:
    """One feed that was found."""

    number: int
    name: str
    url: str
    outlet: str
    language: str
    kind: str
    entries: int
    newest: datetime | None
    frequency: str  # in words; "" where its dates tell nothing
    headlines: tuple[str, ...]
    how: str  # it was found
    in_file: str  # the name of the feed of the file that it is; "" for none
    added: bool = False


def look(discover: Discover, address: str) -> Search:
    """Look for feeds there; an address without a scheme is https or, where nothing answers there, http."""
    if "://" in address:
        return discover(address)
    try:
        return discover(f"https://{address}")
    except FetchError as error:
        if error.kind not in _NO_ANSWER:
            raise
        return discover(f"http://{address}")


def offers(search: Search, known: Mapping[str, str], outlets: Outlets, *, now: datetime) -> list[OfferedFeed]:
    """What was found, the likeliest first. `known`: the names of the feeds of the file, by the `twin` of each URL."""
    return [_offered(number, found, search, known, outlets, now) for number, found in enumerate(search.found, start=1)]


def _offered(
    number: int, found: FoundFeed, search: Search, known: Mapping[str, str], outlets: Outlets, now: datetime
) -> OfferedFeed:
    entries = found.feed.entries
    dates = [date for entry in entries if (date := _date(entry))]
    newest_first = sorted(entries, key=lambda entry: _date(entry) or _UNDATED, reverse=True)
    outlet = outlets.domain_of(search.page or found.feed.link or found.url)
    return OfferedFeed(
        number=number,
        name=_name(found, outlets.name(outlet)),
        url=found.url,
        outlet=outlet,
        language=_language(found.feed.language),
        kind=found.kind,
        entries=len(entries),
        newest=max(dates, default=None),
        frequency=index_rule.at_first_sight([date.timestamp() for date in dates], until=now.timestamp()),
        headlines=tuple(entry.title for entry in newest_first[:HEADLINES]),
        how=found.how,
        in_file=known.get(twin(found.url), ""),
    )


def _date(entry: ParsedEntry) -> datetime | None:
    return entry.published or entry.updated


def _name(found: FoundFeed, outlet: str) -> str:
    """As the feed calls itself; where that is "RSS" or "News", after its outlet."""
    title = " ".join(found.feed.title.split())[:LONGEST_NAME].strip()
    if _SILENT_NAMES.fullmatch(title):
        return f"{outlet}: {title}" if title else outlet
    return title


def _language(claimed: str) -> str:
    """The feed's own word, as the file spells languages; "" for what is none."""
    primary, dash, rest = claimed.strip().replace("_", "-").partition("-")
    language = f"{primary.lower()}{dash}{rest}"
    return language if _LANGUAGE.fullmatch(language) else ""
