"""`./dev bench feed-reading [--differences]`: what is read of real feeds, beside feedparser, and how fast.

Reads $TIPSHEET_DATA/data: feeds-real.jsonl, feeds-real.tar.xz, feeds-conformance.tar.xz. Four parts:

  CPU time of a first reading and of later ones, taking turns on the same bodies with feedparser, with feedparser-rs,
  which is compiled, and with a bare walk through the tree. A reading makes every field of every entry, its content
  as the feed wrote it; both peers sanitise it too, which we do where it is shown. What a poll does besides, but for
  the writing, has its own row
  the parts that a first reading is made of, and what lxml alone would take
  feedparser's own test files, as far as they ask for what we keep
  every field of every entry held against feedparser's, each difference counted by its kind
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tarfile
import time
import warnings
from calendar import timegm
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin

import feedparser
import feedparser_rs
from lxml import etree  # type: ignore[import-untyped]  # it publishes no types

from benchmarks.feed_conformance import show_conformance
from benchmarks.feed_reading_parts import URL, first_reading, parsed, show_parts
from monitor.errors import ParseError
from monitor.feeds.abridged import read_changes, reading
from monitor.feeds.changes import decide
from monitor.feeds.parse import parse_feed
from monitor.feeds.raw import _mended
from monitor.isolate import IsolatedParser
from monitor.model import Changes, ParsedEntry, ParsedFeed, Reading
from monitor.pipeline.intake import texts
from monitor.words.text import visible_text

_MOJIBAKE = re.compile("[ÃÂ][\x80-\xbf]?|â€|Ð|Ñ")
_CAPTIONED = {"media_content", "media_thumbnail", "media_credit"}
_LARGE = 100_000  # bytes
_NOW = datetime(2025, 7, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    path: str
    content: bytes
    entries: int  # that feedparser counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    path: str
    number: int  # of the entry
    field: str
    kind: str
    ours: str
    theirs: str


def corpus(data: Path) -> list[Body]:
    """Every body of the index."""
    rows = map(json.loads, (data / "feeds-real.jsonl").read_text("utf-8").splitlines())
    counts = {row["path"]: row["entries"] for row in rows}
    found = []
    with tarfile.open(data / "feeds-real.tar.xz") as members:
        for member in members:
            content = members.extractfile(member) if member.isfile() else None
            if content and member.name in counts:
                found.append(Body(path=member.name, content=content.read(), entries=counts[member.name]))
    return found


def by_feedparser(content: bytes) -> Any:
    """With its defaults, as most programs call it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return feedparser.parse(BytesIO(content), response_headers={"content-location": URL})


# ---- every field of every entry --------------------------------------------------------------------------------------


def differences(bodies: list[Body]) -> tuple[Counter[str], list[Difference]]:
    """How many fields were compared, by name, and those that differ."""
    compared: Counter[str] = Counter()
    found: list[Difference] = []
    for body in bodies:
        theirs = by_feedparser(body.content)["entries"]
        ours = parse_feed(body.content, headers={}, url=URL).entries
        for number, (entry, other) in enumerate(zip(ours, theirs, strict=False)):
            for field, mine, its in _pairs(entry, other):
                compared[field] += 1
                if mine != its:
                    kind = f"{field}: {_kind(field, mine, its, other)}"
                    found.append(
                        Difference(path=body.path, number=number, field=field, kind=kind, ours=mine, theirs=its)
                    )
    return compared, found


def _pairs(ours: ParsedEntry, theirs: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Field by field, both in the form in which we keep it."""
    yield "id", ours.id, _own(theirs, "id").strip()
    yield "link", ours.link, _own(theirs, "link").strip()
    yield "title", ours.title, visible_text(_own(theirs, "title"))
    yield "summary", ours.summary, _cut_alike(visible_text(_own(theirs, "summary")), ours.summary)
    yield "author", ours.author, visible_text(_own(theirs, "author"))
    times = [_time(theirs, key) for key in ("published", "created", "updated")]  # RSS and RDF have one, by any name
    yield "published", _printed(ours.published or ours.updated), next(filter(None, times), "")
    yield "updated", _printed(ours.updated or ours.published), next(filter(None, times[::-1]), "")
    yield "tags", " | ".join(ours.tags), " | ".join(_terms(theirs))


def _own(entry: Mapping[str, Any], key: str) -> str:
    value = dict.get(entry, key) if isinstance(entry, dict) else None
    return value if isinstance(value, str) else ""


def _cut_alike(theirs: str, ours: str) -> str:
    """A summary that we made from the content ends at a word, with an ellipsis."""
    solid = "".join(ours.removesuffix(" …").split())
    return ours if ours.endswith(" …") and "".join(theirs.split()).startswith(solid) else theirs


def _printed(moment: datetime | None) -> str:
    return moment.replace(microsecond=0).isoformat() if moment else ""


def _time(entry: Mapping[str, Any], key: str) -> str:
    parsed = dict.get(entry, f"{key}_parsed") if isinstance(entry, dict) else None
    return _printed(datetime.fromtimestamp(timegm(parsed), UTC)) if parsed else ""


def _terms(entry: Mapping[str, Any]) -> list[str]:
    tags = dict.get(entry, "tags") if isinstance(entry, dict) else None
    terms = (visible_text(str(tag.get("term") or tag.get("label") or "")) for tag in tags or [])
    return [*dict.fromkeys(term for term in terms if term)]


def _kind(field: str, ours: str, theirs: str, entry: Mapping[str, Any]) -> str:
    """The nature of a difference, in words: the first that fits."""
    mojibake = bool(_MOJIBAKE.search(theirs)) and not _MOJIBAKE.search(ours)
    kinds = {
        "feedparser makes an address of what is a name": field == "id" and theirs == urljoin(URL, ours),
        "feedparser gives a picture's caption": field == "summary" and bool(_CAPTIONED & entry.keys()),
        "only feedparser has one": not ours,
        "only we have one": not theirs,
        "white space": "".join(ours.split()) == "".join(theirs.split()),
        "feedparser leaves what was decoded wrongly": mojibake or _mended(theirs) == ours,
        "feedparser leaves markup escaped": ours in {visible_text(theirs), visible_text(visible_text(theirs))},
        "feedparser keeps the mail address": field == "author" and "@" in theirs and ours in theirs,
        "feedparser gives the last of several": field == "author" and theirs in ours.split(", "),
        "feedparser leaves what no address may hold": field == "link" and unquote(ours) == unquote(theirs),
        "ours holds theirs and more": theirs in ours,
        "theirs holds ours and more": ours in theirs,
    }
    return next((kind for kind, fits in kinds.items() if fits), "other")


def show_differences(bodies: list[Body], *, listed: bool) -> None:
    compared, found = differences(bodies)
    counts = Counter(difference.kind for difference in found)
    print(f"fields of {compared['id']:,} entries held against feedparser's defaults:")
    for field, total in compared.items():
        print(f"  {field:10} {total - sum(d.field == field for d in found):6,} of {total:,} the same")
    for kind, count in counts.most_common():
        feeds = len({difference.path for difference in found if difference.kind == kind})
        print(f"  {count:6,} {kind} ({feeds} feeds)")
    for difference in sorted(found, key=lambda one: (one.kind, one.path, one.number)) if listed else []:
        place = f"{difference.path}#{difference.number}"
        print(f"{difference.kind}\t{place}\t{difference.ours[:200]!r}\t{difference.theirs[:200]!r}")


# ---- how fast --------------------------------------------------------------------------------------------------------


def spent(read: Callable[[Body], object], body: Body) -> float:
    """CPU seconds of one reading."""
    began = time.process_time()
    with suppress(ParseError, etree.XMLSyntaxError):
        read(body)
    return time.process_time() - began


def walk(content: bytes) -> int:
    """The least that any reader does: every element and its text, nothing made of it."""
    return sum(len(element.text or "") for element in etree.fromstring(content).iter())


def is_well_formed(content: bytes) -> bool:
    try:
        etree.fromstring(content)
    except etree.XMLSyntaxError:
        return False
    return True


def first_poll(content: bytes) -> Changes:
    """What a poll does with a body of which nothing is known, but for the writing."""
    feed = first_reading(content)
    return decide(feed, known=(), first_poll=True, now=_NOW, fresh_for=timedelta(days=2), texts=texts(feed))


def last_readings(bodies: list[Body]) -> dict[str, Reading | None]:
    """What a first poll of each body would have kept."""
    kept: dict[str, Reading | None] = {}
    for body in bodies:
        with suppress(ParseError):
            feed = first_reading(body.content)
            found = decide(feed, known=(), first_poll=True, now=_NOW, fresh_for=timedelta(days=2))
            kept[body.path] = reading(feed, found)
    return kept


def readers(bodies: list[Body]) -> dict[str, Callable[[Body], object]]:
    """Who takes turns on each body: we, to whom all of it, one entry or none is new, and the peers."""
    last = last_readings(bodies)

    def again(body: Body, missing: int) -> ParsedFeed:
        known = last.get(body.path)
        known = known and replace(known, entries=known.entries[missing:])
        return read_changes(parsed, body.content, known, headers={}, url=URL)

    return {
        "a first reading": lambda body: first_reading(body.content),
        "the same, compared, its words taken": lambda body: first_poll(body.content),
        "one entry new": lambda body: again(body, 1),
        "other bytes, no entry new": lambda body: again(body, 0),
        "feedparser-rs, which is compiled": lambda body: feedparser_rs.parse(body.content),
        "feedparser's defaults": lambda body: by_feedparser(body.content),
        "a bare walk through lxml's tree": lambda body: walk(body.content),
    }


def show_speed(bodies: list[Body]) -> None:
    turns = readers(bodies)
    times = [{name: spent(read, body) for name, read in turns.items()} for body in bodies]
    print("CPU time of a body, all taking turns on each; how often it goes into feedparser's, and the walk into it:")
    groups: dict[str, Callable[[bytes], bool]] = {
        "all": lambda _: True,
        "well-formed XML": is_well_formed,
        f"well-formed XML over {_LARGE // 1000} kB": lambda content: len(content) > _LARGE and is_well_formed(content),
    }
    for group, holds in groups.items():
        members = [row for body, row in zip(bodies, times, strict=True) if holds(body.content)]
        total = {name: sum(row[name] for row in members) for name in turns}
        print(f"  {group} ({len(members)})")
        *_, peer, floor = total
        for name, seconds in total.items():
            ratios = f"{total[peer] / seconds:6.1f} ×  {seconds / total[floor]:5.2f} ×"
            print(f"    {name:35} {1000 * seconds / len(members):6.2f} ms  {ratios}")


def show_isolated(bodies: list[Body]) -> None:
    """What the worker process adds, and whether an entry is lost on the whole way."""
    began = time.monotonic()
    with IsolatedParser(workers=1) as parser:
        lengths = [len(parser.parse(body.content, headers={}, url=URL).entries) for body in bodies]
    elapsed = time.monotonic() - began
    short = sum(length < body.entries for length, body in zip(lengths, bodies, strict=True))
    print(
        f"through the worker process: {sum(lengths):,} entries, {short} feeds with fewer than feedparser counts;"
        f" {1000 * elapsed / len(bodies):.1f} ms a feed (wall)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="dev bench feed-reading")
    parser.add_argument("--differences", action="store_true", help="list every difference, not only their kinds")
    listed = parser.parse_args().differences
    data = Path(os.environ.get("TIPSHEET_DATA", "nowhere")) / "data"
    if not data.is_dir():
        sys.exit("skipped: no data (set TIPSHEET_DATA)")
    bodies = corpus(data)
    print(f"{len(bodies)} real bodies, {sum(len(body.content) for body in bodies) // len(bodies):,} bytes each")
    show_speed(bodies)
    show_parts([body.content for body in bodies])
    show_isolated(bodies)
    show_conformance(data, listed=listed)
    show_differences(bodies, listed=listed)


if __name__ == "__main__":
    main()
