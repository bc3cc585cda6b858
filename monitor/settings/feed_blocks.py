"""The feeds of feeds.yaml and the lists that it names → feeds and lists, or every fault with its place.

What lives here: one block → one feed, and which addresses would not be asked. What must not: what stands in a list
(`feed_lists`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from monitor.model import Feed
from monitor.settings.feed_lists import FeedList, head_fault
from monitor.settings.shape import FeedBlock, File
from monitor.settings.values import twin
from monitor.settings.yaml_file import Faults


def feed_of(
    block: FeedBlock, *, listed_in: str = "", tags: tuple[str, ...] = (), every: timedelta | None = None
) -> Feed:  # fmt: skip
    """The feed that a block asks for; `tags` and `every` are those of the list that it stands in."""
    return Feed(
        url=block.url, name=block.name, language=block.language, tags=(*tags, *block.tags), about=block.about,
        enabled=block.enabled,
        outlet=block.outlet or (urlsplit(block.url).hostname or "").removeprefix("www."),
        every=block.every or every, max_delay=block.max_delay, pages=block.pages, conditional=block.conditional,
        listed_in=listed_in,
    )  # fmt: skip


def unasked(url: str, *, ports: Collection[int], by_proxy: bool) -> str:
    """Why a feed at this address would not be asked; "" where it would."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if port not in ports:
        return f"port {port} is not among network.ports, so it would not be asked"
    if (parts.hostname or "").endswith(".onion") and not by_proxy:
        return "an onion address is reached through Tor only; expected network.proxy"
    return ""


def read_feeds(file: File, faults: Faults) -> Iterator[Feed]:
    """The feeds that stand in feeds.yaml itself."""
    seen: dict[str, int] = {}
    for index, block in enumerate(file.feeds):
        if (mark := twin(block.url)) in seen:  # it would be asked twice and told twice
            faults.add(("feeds", index, "url"), f"the same feed as feeds[{seen[mark]}]; expected each feed once")
        if why := unasked(block.url, ports=file.network.ports, by_proxy=bool(file.network.proxy)):
            faults.add(("feeds", index, "url"), why)
        seen.setdefault(mark, index)
        yield feed_of(block)


def read_feed_lists(file: File, directory: Path, faults: Faults) -> Iterator[FeedList]:
    """The lists that feeds.yaml names and that can be read; their rows are not looked at."""
    for index, block in enumerate(file.feed_lists):
        one = FeedList(name=block.file, path=directory / block.file, tags=block.tags, every=block.every)
        if why := head_fault(one):
            faults.add(("feed_lists", index, "file"), why)
        else:
            yield one
