"""Writes feeds.yaml, keeping its comments, its order, and the hands of whoever wrote it. `config` reads it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from monitor.config import load_tree
from monitor.errors import ConfigError, Fault
from monitor.model import Feed


def append_feeds(path: Path, new: Iterable[Feed]) -> tuple[int, tuple[str, ...]]:
    """Add feeds at the end of the list; how many were added, and why the others were not.

    The file is replaced in one step, so that a reader or a crash sees the old file or the new one.
    """
    tree = load_tree(path)
    listed = tree.get("feeds")
    if not isinstance(listed, list):
        raise ConfigError((Fault(file=str(path), line=0, path="feeds", message="expected a list of feeds"),))
    urls = {_twin(str(feed.get("url", ""))) for feed in listed}
    names = {str(feed.get("name", "")) for feed in listed}
    skipped: list[str] = []
    added = 0
    for feed in new:
        if _twin(feed.url) in urls:
            skipped.append(f"{feed.url}: is in the file already")
            continue
        urls.add(_twin(feed.url))
        listed.append(_block(feed, names))
        added += 1
    if added:
        _replace(path, tree)
    return added, tuple(skipped)


def _twin(url: str) -> str:
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
    return block


def _replace(path: Path, tree: CommentedMap) -> None:
    draft = path.with_name(f".{path.name}.new")
    writer = YAML(typ="rt")
    writer.width = 4096  # never fold somebody's long line
    with draft.open("w", encoding="utf-8") as stream:
        writer.dump(tree, stream)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(path)
