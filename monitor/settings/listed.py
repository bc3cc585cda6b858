"""The rows of the lists beside feeds.yaml → feeds, each or its faults with file and line.

What lives here: what a row means, and which of them count. What must not: how a list is written (`feed_lists`).

What stands in feeds.yaml itself counts, so that one feed of a long list can be given a block of its own; of two rows
with the same feed, the first. For that, a number for each row is held, and nothing else of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from pydantic import ValidationError

from monitor.errors import Fault
from monitor.model import Feed
from monitor.settings.feed_blocks import feed_of, unasked
from monitor.settings.feed_lists import Cells, FeedList, rows
from monitor.settings.shape import FeedBlock
from monitor.settings.values import twin
from monitor.settings.yaml_file import expectation

_TWICE = "stands in a row above, or in a list before this one; expected each feed once"


def read_lists(
    lists: Iterable[FeedList], *, beside: Iterable[str], ports: Collection[int], by_proxy: bool
) -> Iterator[Feed | Fault]:
    """Each feed of the lists, or what is wrong with a row. `beside` are the addresses that stand in feeds.yaml.

    ConfigError where a list cannot be read.
    """
    said = {hash(twin(url)) for url in beside}
    seen: set[int] = set()
    for one in lists:
        for line, cells in rows(one):
            feed = cells if isinstance(cells, str) else _feed(one, cells)
            if isinstance(feed, Feed):
                mark = hash(twin(feed.url))
                if mark in said:
                    continue
                why = _TWICE if mark in seen else unasked(feed.url, ports=ports, by_proxy=by_proxy)
                seen.add(mark)
                yield _fault(one, line, "url", why) if why else feed
            else:
                yield _fault(one, line, *(("", feed) if isinstance(feed, str) else feed))


def _feed(one: FeedList, cells: Cells) -> Feed | tuple[str, str]:
    """The feed of a row, or the column with the first fault and what was expected there."""
    address = str(cells.get("url", "no address"))
    said = {"name": address.partition("://")[2] or address} | dict(cells)
    try:
        return feed_of(FeedBlock.model_validate(said), listed_in=one.name, tags=one.tags, every=one.every)
    except ValidationError as error:
        first = error.errors()[0]
        return str(first["loc"][0]), expectation(first)


def _fault(one: FeedList, line: int, column: str, message: str) -> Fault:
    return Fault(file=str(one.path), line=line, path=column, message=message)
