"""What a feed's reader hands on, and how it becomes what is kept: one shaping for every format and every reader.

What lives here: strings as the feed has them, and the rules for choosing among them. What must not: XML and JSON.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from monitor.feeds import fields
from monitor.model import ParsedEntry, ParsedFeed, Problem

_PERIODS = {
    "minutely": 1,
    "hourly": 60,
    "daily": 1440,
    "dayly": 1440,
    "weekly": 10080,
    "monthly": 43200,
    "yearly": 525600,
}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEK = 7 * 24  # hours
_LONGEST_HINT = timedelta(days=365)
_MOST_HUBS = 10
_MAIL_FIRST = re.compile(r"\S+@\S+ \(([^()]+)\)$")  # desk@ledger.example (Ana Ruiz), as RSS has it
_MAIL_LAST = re.compile(r"([^()<>@]+) [(<]\S+@\S+[)>]$")
# A byte that begins a character of UTF-8 and one that goes on with it, as Latin-1 and Windows show them.
_READ_WRONGLY = re.compile("[\xc2-\xf4][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]")
_C1 = re.compile(r"[\x80-\x9f]")
# How either begins in UTF-8. A search in bytes for what begins with one of them takes a twentieth of that in text.
_READ_WRONGLY_BYTES = re.compile(rb"\xc3[\x82-\xb4][\xc2\xc5\xc6\xcb\xe2]")
_C1_BYTES = re.compile(rb"\xc2[\x80-\x9f]")


class RawEntry(NamedTuple):
    """An entry as written. Texts may hold markup unless they are said to be plain.

    A tuple, as one is made of every entry and soon forgotten: a frozen dataclass takes three times as long to make.
    """

    id: str
    permalink: bool  # whether an id that is an address is the entry's page
    links: Sequence[str]  # the best first
    title: str
    summary: str
    content: str
    authors: Sequence[str]
    published: datetime | None
    updated: datetime | None
    tags: Sequence[str]
    title_plain: bool = False
    content_plain: bool = False
    content_base: str = ""
    caption: str = ""  # what a picture or video says of itself


@dataclass(frozen=True, slots=True, kw_only=True)
class RawFeed:
    """A feed as written."""

    title: str
    link: str
    language: str
    entries: Sequence[RawEntry]
    two_dates: bool  # whether the format tells "published" from "updated"
    unread: int = 0  # entries past the cap, which nobody needs read
    base: str = ""  # what relative links of entries are relative to, if not the feed's own address
    title_plain: bool = False
    ttl: str = ""
    period: str = ""
    frequency: str = ""
    skip_hours: Sequence[str] = ()  # of the day in GMT, in which it is not to be asked
    skip_days: Sequence[str] = ()
    hubs: Sequence[str] = ()  # who tells of new entries
    itself: str = ""  # its own address


def shaped(feed: RawFeed, losses: list[Problem], *, total: int, url: str) -> ParsedFeed:
    """The feed as it is kept. `total`: how many entries the document holds, read or not; `url`: where it came from."""
    base = fields.link(feed.base, base=url) or url
    kept = feed.entries[: fields.MOST_ENTRIES]
    entries = [_entry(entry, losses, base=base, two_dates=feed.two_dates) for entry in kept]
    return ParsedFeed(
        title=fields.title(_mended(feed.title), losses, plain=feed.title_plain),
        link=fields.link(feed.link, base=url),
        language=feed.language[: fields.LONGEST_NAME],
        entries=fields.first_entries(entries, total, losses),
        problem=fields.summed(losses),
        interval_hint=_interval(feed),
        rests=_rests(feed),
        hubs=tuple(hub.strip() for hub in feed.hubs[:_MOST_HUBS] if len(hub) <= fields.LONGEST_LINK),
        itself=feed.itself.strip() if len(feed.itself) <= fields.LONGEST_LINK else "",
    )


def _entry(entry: RawEntry, losses: list[Problem], *, base: str, two_dates: bool) -> ParsedEntry:
    link, content = _link(entry, base), _content_markup(entry)
    published, updated = entry.published, entry.updated
    if not published and not two_dates:  # dc:date is when an RSS item came out, and the only date of most RDF
        published, updated = updated, None
    return ParsedEntry(
        id=entry.id[: fields.LONGEST_LINK],
        link=link,
        title=fields.title(_mended(entry.title), losses, plain=entry.title_plain),
        summary=_summary(entry, content, losses),
        content=fields.capped(content, fields.LONGEST_FIELD, losses, "a content"),
        content_base=_content_base(entry, link or base) if content else "",
        author=_author(entry),
        published=published,
        updated=updated,
        tags=fields.tags([_mended(tag) for tag in entry.tags]),
    )


def _summary(entry: RawEntry, content: str, losses: list[Problem]) -> str:
    """What the entry says of itself; else the beginning of its content, as the reader of a list needs one."""
    if not entry.summary and content:
        return fields.beginning(content)
    return fields.text(_mended(entry.summary or entry.caption), losses)


def _link(entry: RawEntry, base: str) -> str:
    """The entry's page: its link, or an id that is a permalink."""
    permalink = entry.id if entry.permalink and entry.id.startswith(("http://", "https://")) else ""
    links = (fields.link(candidate, base=base) for candidate in (*entry.links, permalink))
    return next((link for link in links if link), "")


def _content_base(entry: RawEntry, base: str) -> str:
    return (fields.link(entry.content_base, base=base) if entry.content_base else "") or base


def _content_markup(entry: RawEntry) -> str:
    """The content as HTML. Many a feed that calls it plain text, or does not say, sends HTML."""
    content = _mended(entry.content).strip()
    plain = entry.content_plain and not fields.is_markup(content)
    return html.escape(content, quote=False) if plain else content


def _author(entry: RawEntry) -> str:
    """Names, without their addresses."""
    names = (_person(fields.name(_mended(author))) for author in entry.authors)
    return ", ".join(dict.fromkeys(name for name in names if name))[: fields.LONGEST_NAME]


@lru_cache(maxsize=4096)
def _person(author: str) -> str:
    found = _MAIL_FIRST.match(author) or _MAIL_LAST.match(author)
    return found[1].strip() if found else author


def _mended(text: str) -> str:
    """UTF-8 that was read as Latin-1 before it was published, and Windows' characters under numbers of their own."""
    if text.isascii() or not _is_suspect(text):
        return text
    for wrong in ("latin-1", "cp1252") if _READ_WRONGLY.search(text) else ():
        with suppress(UnicodeError):
            return text.encode(wrong).decode("utf-8")
    return _C1.sub(lambda found: bytes([ord(found[0])]).decode("cp1252", "replace"), text)


def _is_suspect(text: str) -> bool:
    """Whether there may be anything to mend; most texts have none of the first bytes."""
    written = text.encode("utf-8", "surrogatepass")
    read_wrongly = b"\xc3" in written and _READ_WRONGLY_BYTES.search(written)
    return bool(read_wrongly or (b"\xc2" in written and _C1_BYTES.search(written)))


def _interval(feed: RawFeed) -> timedelta | None:
    """The longer of <ttl> and the syndication module's period: how rarely the feed asks to be read."""
    period = _PERIODS.get(feed.period.strip().lower(), 0)
    minutes = max(_number(feed.ttl), period / (_number(feed.frequency) or 1))
    return min(timedelta(minutes=minutes), _LONGEST_HINT) if minutes > 0 else None


def _rests(feed: RawFeed) -> tuple[int, ...]:
    """The hours of the week, from Monday's first in GMT, in which the feed asks to be left alone.

    What is no hour from 0 to 23 and no day is passed over; and so is a feed that wants to be left alone for ever.
    """
    hours = {int(hour) for text in feed.skip_hours if re.fullmatch(r"0?[0-9]|1[0-9]|2[0-3]", hour := text.strip())}
    days = {_DAYS.index(day) for text in feed.skip_days if (day := text.strip().lower()) in _DAYS}
    rests = tuple(hour for hour in range(_WEEK) if hour % 24 in hours or hour // 24 in days)
    return rests if len(rests) < _WEEK else ()


def _number(text: str) -> int:
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text := text.strip()) else 0
