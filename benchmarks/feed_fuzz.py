"""`./dev bench feed-fuzz [--count N] [--seed N]`: the worker reads feeds damaged at random, and must live.

Starts from the feeds of tests/data, and from the smaller real and hostile bodies where TIPSHEET_DATA names them. The
same seed makes the same feeds. Exit status 1 where a reading ended in anything but a feed or a ParseError that says
what is wrong with the body.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tarfile
import time
from collections import Counter
from pathlib import Path

from monitor.errors import ParseError
from monitor.isolate import IsolatedParser

OWN = Path(__file__).parents[1] / "tests" / "data" / "feeds"
SMALL = 30_000  # bytes: what matters is the kind of damage, not the size
WORKER_DIED = {"crashed", "timeout", "memory"}
SPLICES = (
    b"<", b">", b"&", b"]]>", b"<![CDATA[", b"<!--", b"-->", b"<!DOCTYPE rss [<!ENTITY a 'b'>]>", b"&a;", b"&#xD800;",
    b"&#0;", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"</item>", b"<item>", b"</channel>", b"<entry xmlns='urn:x'>", b"'",
    b'"', b"xmlns:x='urn:y'", b"<?xml version='1.0' encoding='utf-16'?>", b"<div xmlns='http://www.w3.org/1999/xhtml'>",
    b"99999999999999999999", b"-0001-13-45T99:99:99Z", b"http://[::1", b"{", b"[1e999]",
    "\u202e\u0000\U0001f9ca".encode(),
)  # fmt: skip


def seeds() -> list[bytes]:
    found = [path.read_bytes() for path in sorted(OWN.iterdir())]
    data = Path(os.environ.get("TIPSHEET_DATA", "nowhere")) / "data"
    for name in ("feeds-real.tar.xz", "feeds-hostile.tar.xz") if data.is_dir() else ():
        with tarfile.open(data / name) as members:
            contents = (members.extractfile(member) for member in members if member.isfile() and member.size < SMALL)
            found += [content.read() for content in contents if content]
    return found


def damaged(body: bytes, dice: random.Random, others: list[bytes]) -> bytes:
    """One to eight changes of the kinds that truncation, bad templates and ill will make."""
    result = bytearray(body)
    for _ in range(dice.randint(1, 8)):
        start = dice.randrange(len(result) + 1)
        end = min(len(result), start + dice.choice((0, 1, 4, 64, 1024)))
        match dice.randrange(6):
            case 0:
                del result[start:end]
            case 1:
                result[start:end] = dice.randbytes(end - start)
            case 2:
                result[start:start] = dice.choice(SPLICES) * dice.choice((1, 1, 1, 40))
            case 3:
                result[start:start] = result[start:end]
            case 4:
                other = dice.choice(others)
                place = dice.randrange(len(other) + 1)
                result[start:end] = other[place : place + dice.choice((16, 256, 4096))]
            case _:
                del result[start + len(result) // 2 :]
    return bytes(result)


def main() -> None:
    arguments = argparse.ArgumentParser(prog="dev bench feed-fuzz")
    arguments.add_argument("--count", type=int, default=10_000)
    arguments.add_argument("--seed", type=int, default=20_251_124)
    options = arguments.parse_args()
    dice, bodies = random.Random(options.seed), seeds()
    ends: Counter[str] = Counter()
    slowest, start = 0.0, time.monotonic()
    with IsolatedParser(workers=1) as parser:
        for number in range(options.count):
            body = damaged(dice.choice(bodies), dice, bodies)
            began = time.monotonic()
            try:
                feed = parser.parse(body, headers={}, url="https://feeds.example/")
                ends["read, with a loss told" if feed.problem else "read"] += 1
            except ParseError as error:
                ends[error.kind] += 1
                if error.kind in WORKER_DIED:
                    print(f"feed {number}: {error.kind}: {error}")
            slowest = max(slowest, time.monotonic() - began)
    died = sum(ends[kind] for kind in WORKER_DIED)
    print(
        f"{options.count:,} damaged feeds from {len(bodies)} bodies, seed {options.seed}: {died} that a worker died of"
    )
    print("  " + ", ".join(f"{count:,} {kind}" for kind, count in ends.most_common()))
    print(f"  the slowest took {slowest:.2f} s, all of them {time.monotonic() - start:.0f} s")
    sys.exit(1 if died else 0)


if __name__ == "__main__":
    main()
