"""Writes feeds.yaml without changing a character that somebody else wrote. `config` reads it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from secrets import token_hex

from monitor.errors import ConfigError
from monitor.model import Feed
from monitor.settings.config import read_config
from monitor.settings.splice import Change, list_of, with_items
from monitor.settings.values import twin as twin
from monitor.settings.yaml_file import Items, Keys, load_text, read_tree


def append_feeds(path: Path, new: Iterable[Feed]) -> tuple[int, tuple[str, ...]]:
    """Add feeds at the end of the list; how many were added, and why the others were not.

    The file is replaced in one step, so that a reader or a crash sees the old file or the new one.
    """
    path = path.resolve()  # a link stays a link
    text, added, skipped = with_feeds(path, load_text(path), new)
    if added:
        with draft_of(path, text) as draft:
            draft.replace(path)
    return len(added), skipped


def with_feeds(path: Path, text: str, new: Iterable[Feed]) -> tuple[str, tuple[Feed, ...], tuple[str, ...]]:
    """The text of the file with feeds at the end of the list; which were added, and why the others were not.

    A feed that `config` would refuse is left out, because a file with one fault is not used at all.
    """
    listed = list_of(path, read_tree(path, text), "feeds")
    skipped: list[str] = []
    added = list(_wanted(listed, new, skipped))
    while added:
        longer = with_items(path, text, "feeds", list(map(feed_block, added)))
        with draft_of(path, longer) as draft:
            refused = _refused(draft, len(listed))
        if not refused:
            return longer, tuple(added), tuple(skipped)
        skipped += [f"{added[index].url}: {reason}" for index, reason in sorted(refused.items())]
        added = [feed for index, feed in enumerate(added) if index not in refused]
    return text, (), tuple(skipped)


@contextmanager
def draft_of(path: Path, text: str) -> Iterator[Path]:
    """A text beside the file whose place it may take: `draft.replace(path)` within the block, in one step.

    `path` is no link. The draft has the file's mode, and goes with the block where it took no place.
    """
    draft = path.with_name(f".{path.name}.{token_hex(4)}")
    try:
        _write(draft, text)
        shutil.copymode(path, draft)
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def feed_block(feed: Feed) -> Change:
    """What the file says of a feed: nothing that goes without saying."""
    return {
        "name": feed.name, "url": feed.url, "outlet": feed.outlet or None, "language": feed.language or None,
        "tags": feed.tags or None, "enabled": None if feed.enabled else False,
    }  # fmt: skip


# ---- what is added ---------------------------------------------------------------------------------------------------


def _wanted(listed: Items, new: Iterable[Feed], skipped: list[str]) -> Iterator[Feed]:
    """What is not in the list yet, under names that are not taken; `skipped` hears why a feed was left out."""
    blocks = [block for block in listed if isinstance(block, Keys)]
    reasons = dict.fromkeys((twin(str(block.get("url", ""))) for block in blocks), "is in the file already")
    names = {str(block.get("name", "")) for block in blocks}
    for feed in new:
        if reason := reasons.get(twin(feed.url)):
            skipped.append(f"{feed.url}: {reason}")
            continue
        reasons[twin(feed.url)] = f"the same feed as {feed.name or feed.url}, which is added"
        yield replace(feed, name=_free(feed.name or feed.url, names))


def _free(name: str, names: set[str]) -> str:
    """The name, or the name with the first free number; it is taken then."""
    free, number = name, 2
    while free in names:
        free, number = f"{name} ({number})", number + 1
    names.add(free)
    return free


def _refused(draft: Path, known: int) -> dict[int, str]:
    """What `config` has against the new feeds, by their place among them. Older faults are not ours to judge."""
    try:
        read_config(draft, {}, with_secrets=False)
    except ConfigError as error:
        places = [(re.match(r"feeds\[(\d+)\]", fault.path), fault.message) for fault in error.faults]
        return {int(place[1]) - known: message for place, message in places if place and int(place[1]) >= known}
    return {}


def _write(draft: Path, text: str) -> None:
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(text.encode("utf-8"))
        stream.flush()
        os.fsync(stream.fileno())
