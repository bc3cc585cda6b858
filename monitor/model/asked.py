"""What feeds.yaml says: feeds, watches, who hears of them, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from typing import Literal

Level = Literal["alert", "digest"]
PagesWanted = Literal["never", "matched", "near"]
DigestDays = Literal["daily", "weekdays", "weekly"]
Alive = Literal["daily", "weekly", "never"]
Content = Literal["full", "title", "count"]  # how much of a message a channel may carry
ChannelKind = Literal[
    "email", "webhook", "slack", "discord", "mattermost", "teams", "ntfy", "telegram", "matrix", "feed", "folder",
    "apprise",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed as the user asked for it."""

    url: str  # exactly as written; requested exactly so
    name: str
    outlet: str  # domain of the outlet that publishes it
    language: str = ""  # BCP 47, the user's word for it; beats what the feed claims
    tags: tuple[str, ...] = ()
    about: tuple[str, ...] = ()  # what it is about throughout, as a pack names its halves
    enabled: bool = True
    every: timedelta | None = None  # an explicit interval; None: what its habit says
    pages: bool = False  # whether the page of every entry is to be read
    max_delay: timedelta | None = None  # the longest time between two polls; its server can still ask for more
    conditional: bool = True  # False: asked in full each time, for a server that says "unchanged" when it is not so
    listed_in: str = ""  # the list beside feeds.yaml that names it, as that file calls it; "": it stands there itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What somebody wants to hear about: a query in the watch language, or a pack."""

    name: str
    formerly: tuple[str, ...] = ()  # names that it had before: what it found under them is its own
    query: str = ""  # the watch language; exactly one of `query` and `pack` is set
    pack: str = ""  # name of a shipped pack, or path of a pack file
    level: Level = "alert"  # the highest level that this watch may reach
    busy: bool = False  # may send more alerts a day than people are taken to read
    urgent: bool = False  # its alerts pass the quiet hours of whoever receives them
    remind: timedelta | None = None  # how long after an alert that nobody acknowledged; None: never
    recipients: tuple[str, ...] = ()  # names of recipients; empty: all
    feeds: tuple[str, ...] = ()  # feed names or tags in scope; empty: all
    languages: tuple[str, ...] = ()  # empty: all
    must_match: tuple[str, ...] = ()
    must_not_match: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Who hears, where, and when the digest comes."""

    name: str
    channel: str  # name of a channel
    address: str  # an email address, or "" where the channel's own target is the address
    digest_at: time | None = None  # local hour of the digest; None: no digest
    digest_on: DigestDays = "daily"
    quiet: tuple[time, time] | None = None  # local hours from which and until which nothing is sent; None: never quiet
    an_hour: int = 10  # messages at most
    zone: str = "UTC"  # IANA name
    updates: Literal["at-once", "digest", "never"] = "digest"
    language: str = "en"  # in which Tipsheet writes to it
    desk: str = ""  # what the address of the review desk begins with, for links; "": there is none
    stop: str = ""  # the page on which it says that it wants no more; "": there is none
    alive: Alive = "weekly"  # after how long a silence it is told that there is no news; who has a digest needs none


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A way out. `settings` are the channel's own, with secrets already resolved; never logged."""

    name: str
    kind: ChannelKind
    settings: Mapping[str, str | int | bool] = field(repr=False)
    content: Content = "full"
