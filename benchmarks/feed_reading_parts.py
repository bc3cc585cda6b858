"""Where a first reading of a feed spends its time, for `./dev bench feed-reading`.

What lives here: the calls that a reading makes into each of its parts, gathered once and made again alone, on the
clock; and what lxml would take for the same body if nothing else were done.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from unittest import mock

from lxml import etree  # type: ignore[import-untyped]  # it publishes no types

from monitor.errors import ParseError
from monitor.feeds import abridged, elements, fields, parse
from monitor.model import ParsedFeed

URL = "https://feeds.example/"
_PARTS: dict[str, tuple[object, str]] = {
    "tree": (parse, "xml_root"),
    "fields from the tree": (parse, "read_tree"),
    "feedparser, of odd feeds": (parse, "_read_by_library"),
    "dates": (elements, "parse_date"),
    "visible text": (fields, "visible_text"),
    "fingerprints": (abridged, "abridge"),
}
_Call = Callable[[], object]


def parsed(content: bytes) -> ParsedFeed:
    return parse.parse_feed(content, headers={}, url=URL)


def first_reading(content: bytes) -> ParsedFeed:
    """Of a body of which nothing is known."""
    return abridged.read_changes(parsed, content, None, headers={}, url=URL)


def show_parts(contents: list[bytes]) -> None:
    """Each part's CPU time, of which `dates` are taken out of `fields from the tree`, and that of the library."""
    spent: defaultdict[str, float] = defaultdict(float)
    for content in contents:
        with suppress(ParseError):
            for name, seconds in _parts(content).items():
                spent[name] += seconds
    spent["fields from the tree"] -= spent["dates"]
    whole, library = spent.pop("whole"), spent.pop("library")
    spent["all else"] = whole - sum(spent.values())
    print("where the time of a first reading goes, each part done again alone:")
    for name, seconds in sorted(spent.items(), key=lambda part: -part[1]):
        print(f"    {name:35} {1000 * seconds / len(contents):6.2f} ms  {seconds / whole:6.1%}")
    print(f"    {'lxml, nothing else':35} {1000 * library / len(contents):6.2f} ms  {library / whole:6.1%}")


def _parts(content: bytes) -> dict[str, float]:
    """CPU seconds of the whole reading, of each part of it, and of the library alone."""
    with _gathered() as calls:
        first_reading(content)
    spent = {name: _seconds(made) for name, made in calls.items()}
    spent["whole"] = _seconds([partial(first_reading, content)])
    spent["library"] = _seconds([partial(_tree, content)])
    return spent


@contextmanager
def _gathered() -> Iterator[dict[str, list[_Call]]]:
    """Every call into each part that is made meanwhile, ready to be made again."""
    calls: dict[str, list[_Call]] = {name: [] for name in _PARTS}
    with ExitStack() as patches:
        for name, (owner, attribute) in _PARTS.items():
            recorded = _recorded(getattr(owner, attribute), calls[name])
            patches.enter_context(mock.patch.object(owner, attribute, recorded))
        yield calls


def _recorded(original: Callable[..., object], made: list[_Call]) -> Callable[..., object]:
    def recorded(*arguments: object, **named: object) -> object:
        made.append(partial(original, *arguments, **named))
        return original(*arguments, **named)

    return recorded


def _tree(content: bytes) -> None:
    with suppress(etree.XMLSyntaxError):
        etree.fromstring(content)


def _seconds(calls: list[_Call]) -> float:
    began = time.process_time()
    for call in calls:
        call()
    return time.process_time() - began
