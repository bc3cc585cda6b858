"""Entries kept and CPU time on real feed bodies: python -m benchmarks.real_feeds_parse

Reads the bodies that TIPSHEET_DATA names, once with `parse_feed` here and once through the worker processes.
"""

from __future__ import annotations

import json
import os
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

from monitor import parse
from monitor.isolate import IsolatedParser
from monitor.model import ParsedFeed
from monitor.parse import parse_feed

URL = "https://feeds.example/"
Corpus = list[tuple[bytes, int]]  # a body, and the entries that the feed library counts in it


def corpus(data: Path) -> Corpus:
    """Every body of the index."""
    rows = map(json.loads, (data / "feeds-real.jsonl").read_text("utf-8").splitlines())
    counts = {row["path"]: row["entries"] for row in rows}
    found: Corpus = []
    with tarfile.open(data / "feeds-real.tar.xz") as members:
        for member in members:
            content = members.extractfile(member) if member.isfile() else None
            if content and member.name in counts:
                found.append((content.read(), counts[member.name]))
    return found


def measure(name: str, feeds: Corpus, read: Callable[[bytes], ParsedFeed], clock: Callable[[], float]) -> None:
    """One line: feeds, entries against the index, time a feed."""
    began = clock()
    lengths = [len(read(body).entries) for body, _ in feeds]
    spent = clock() - began
    short = sum(length < count for length, (_, count) in zip(lengths, feeds, strict=True))
    print(
        f"{name:34} {len(feeds)} feeds, {sum(lengths):,} entries, {short} feeds with fewer than the library counts;"
        f" {1000 * spent / len(feeds):.1f} ms a feed, {len(feeds) / spent:.0f} feeds a second"
    )


def main() -> None:
    data = Path(os.environ.get("TIPSHEET_DATA", "nowhere")) / "data"
    if not data.is_dir():
        sys.exit("skipped: no data")
    feeds = corpus(data)
    print(f"mean body {sum(len(body) for body, _ in feeds) // len(feeds):,} bytes")
    measure("parse_feed (CPU time)", feeds, lambda body: parse_feed(body, headers={}, url=URL), time.process_time)
    with mock.patch.object(parse, "read_tree", return_value=None):
        measure(
            "by the library alone (CPU time)",
            feeds,
            lambda body: parse_feed(body, headers={}, url=URL),
            time.process_time,
        )
    with IsolatedParser(workers=1) as parser:
        measure(
            "IsolatedParser (wall time)", feeds, lambda body: parser.parse(body, headers={}, url=URL), time.monotonic
        )


if __name__ == "__main__":
    main()
