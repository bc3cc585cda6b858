"""Writes feeds.yaml without changing a character that somebody else wrote. `config` reads it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from monitor.errors import ConfigError, Fault
from monitor.model import Feed
from monitor.settings.config import read_config
from monitor.settings.yaml_file import Items, Keys, load_tree, written

_DASH = 2  # the column of the dashes of a list that is written anew


def append_feeds(path: Path, new: Iterable[Feed]) -> tuple[int, tuple[str, ...]]:
    """Add feeds at the end of the list; how many were added, and why the others were not.

    A feed that `config` would refuse is left out, because a file with one fault is not used at all. The file is
    replaced in one step, so that a reader or a crash sees the old file or the new one.
    """
    path = path.resolve()  # a link stays a link
    listed = _list_of(path, load_tree(path))
    skipped: list[str] = []
    added = list(_wanted(listed, new, skipped))
    draft = path.with_name(f".{path.name}.new")
    try:
        _write(draft, _with(path, listed, added))
        while added and (refused := _refused(draft, len(listed))):
            skipped += [f"{added[index].url}: {reason}" for index, reason in sorted(refused.items())]
            added = [feed for index, feed in enumerate(added) if index not in refused]
            _write(draft, _with(path, listed, added))
        if added:
            _check(draft, listed, added)
            shutil.copymode(path, draft)
            draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return len(added), tuple(skipped)


def twin(url: str) -> str:
    """What two addresses of one feed have in common: http and https, with or without a stroke at the end."""
    return url.partition("://")[2].rstrip("/")


# ---- what is added ---------------------------------------------------------------------------------------------------


def _list_of(path: Path, tree: Keys) -> Items:
    listed = tree.get("feeds")
    if not isinstance(listed, Items):
        raise _fault(path, tree.lines.get("feeds", 0), "expected a list of feeds")
    if listed and listed.dash is None:
        raise _fault(
            path, tree.lines["feeds"], "is a list in brackets; to be added to, it needs a line with a dash a feed"
        )
    return listed


def _fault(path: Path, line: int, message: str) -> ConfigError:
    return ConfigError((Fault(file=str(path), line=line, path="feeds", message=message),))


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


# ---- the text --------------------------------------------------------------------------------------------------------


def _with(path: Path, listed: Items, added: Sequence[Feed]) -> str:
    """The file's text with the feeds behind the last one, or at its end where only comments follow."""
    text = path.read_bytes().decode("utf-8")
    lines = text.splitlines(keepends=True)
    end = "\r\n" if "\r\n" in text else "\n"
    at = listed.last_line
    if not any(line.strip() and not line.lstrip().startswith("#") for line in lines[at:]):
        at = len(lines)
    if listed.dash is None:  # `feeds: []` is how an empty list is written, not how one grows
        lines[listed.last_line - 1] = re.sub(r"\[\s*\]", "", lines[listed.last_line - 1], count=1)
        lines[listed.last_line - 1] = re.sub(r"[ \t]+(?=\r?\n|$)", "", lines[listed.last_line - 1])
    if lines and not lines[at - 1].endswith("\n"):
        lines[at - 1] += end
    dash = " " * (_DASH if listed.dash is None else listed.dash)
    lines[at:at] = [f"{dash}{line}{end}" for feed in added for line in _block(feed)]
    return "".join(lines)


def _block(feed: Feed) -> Iterator[str]:
    yield f"- name: {written(feed.name)}"
    yield f"  url: {written(feed.url)}"
    if feed.outlet:
        yield f"  outlet: {written(feed.outlet)}"
    if feed.language:
        yield f"  language: {written(feed.language)}"
    if feed.tags:
        yield f"  tags: [{', '.join(written(tag, in_brackets=True) for tag in feed.tags)}]"
    if not feed.enabled:
        yield "  enabled: false"


def _check(draft: Path, listed: Items, added: Sequence[Feed]) -> None:
    """Refuse to replace a file by one that does not say the same and the new feeds: this way of writing is by hand."""
    now = load_tree(draft)["feeds"]
    if now[: len(listed)] != listed or [block["url"] for block in now[len(listed) :]] != [feed.url for feed in added]:
        raise _fault(draft, listed.last_line, "the end of this list could not be found; add the feeds by hand")


def _write(draft: Path, text: str) -> None:
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(text.encode("utf-8"))
        stream.flush()
        os.fsync(stream.fileno())
