"""Writes feeds.yaml, keeping its comments, its order, and the hands of whoever wrote it. `config` reads it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from monitor.config import read_config
from monitor.errors import ConfigError, Fault
from monitor.model import Feed
from monitor.yaml_file import load_tree


def append_feeds(path: Path, new: Iterable[Feed]) -> tuple[int, tuple[str, ...]]:
    """Add feeds at the end of the list; how many were added, and why the others were not.

    A feed that `config` would refuse is left out, because a file with one fault is not used at all. The file is
    replaced in one step, so that a reader or a crash sees the old file or the new one.
    """
    path = path.resolve()  # a link stays a link
    load_tree(path)  # says what is wrong with a file that cannot be read
    tree = _editor().load(path)
    listed = tree.get("feeds")
    if not isinstance(listed, CommentedSeq):
        raise ConfigError((Fault(file=str(path), line=0, path="feeds", message="expected a list of feeds"),))
    known = len(listed)
    skipped = list(_append(listed, new))
    draft = path.with_name(f".{path.name}.new")
    try:
        _write(draft, tree)
        while refused := _refused(draft, known):
            skipped += [f"{listed.pop(index)['url']}: {refused[index]}" for index in sorted(refused, reverse=True)]
            _write(draft, tree)
        if len(listed) > known:
            shutil.copymode(path, draft)
            draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return len(listed) - known, tuple(skipped)


def _append(listed: CommentedSeq, new: Iterable[Feed]) -> Iterator[str]:
    """Append what is not in the list yet; yields why a feed was not."""
    urls = {twin(str(feed.get("url", ""))) for feed in listed}
    names = {str(feed.get("name", "")) for feed in listed}
    if not listed:
        listed.fa.set_block_style()  # `feeds: []` is how an empty list is written, not how one grows
    for feed in new:
        if twin(feed.url) in urls:
            yield f"{feed.url}: is in the file already"
            continue
        urls.add(twin(feed.url))
        listed.append(_block(feed, names))


def twin(url: str) -> str:
    """What two addresses of one feed have in common: http and https, with or without a stroke at the end."""
    return url.partition("://")[2].rstrip("/")


def _block(feed: Feed, names: set[str]) -> CommentedMap:
    """The feed as the file writes it, under a name that is not taken."""
    name, number = feed.name or feed.url, 2
    while name in names:
        name, number = f"{feed.name or feed.url} ({number})", number + 1
    names.add(name)
    block = CommentedMap(name=name, url=feed.url)
    block.update({key: value for key, value in (("outlet", feed.outlet), ("language", feed.language)) if value})
    if feed.tags:
        block["tags"] = list(feed.tags)
    if not feed.enabled:
        block["enabled"] = False
    return block


def _refused(draft: Path, known: int) -> dict[int, str]:
    """What `config` has against the new feeds, by their place in the list. Older faults are not ours to judge."""
    try:
        read_config(draft, {}, with_secrets=False)
    except ConfigError as error:
        places = [(re.match(r"feeds\[(\d+)\]", fault.path), fault.message) for fault in error.faults]
        return {int(place[1]): message for place, message in places if place and int(place[1]) >= known}
    return {}


def _editor() -> YAML:
    editor = YAML(typ="rt")
    editor.preserve_quotes = True
    editor.width = 4096  # never fold somebody's long line
    return editor


def _write(draft: Path, tree: CommentedMap) -> None:
    editor = _editor()
    dash = next((node.lc.col for node in tree.values() if _is_block_list(node)), 2)
    editor.indent(mapping=2, sequence=dash + 2, offset=dash)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        editor.dump(tree, stream)
        stream.flush()
        os.fsync(stream.fileno())


def _is_block_list(node: object) -> bool:
    return isinstance(node, CommentedSeq) and len(node) > 0 and not node.fa.flow_style()
