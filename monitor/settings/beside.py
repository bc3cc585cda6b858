"""Which files beside feeds.yaml it names: packs and lists of feeds. What must not live here: what stands in them."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from monitor.errors import ConfigError
from monitor.settings.yaml_file import Items, Keys, load_tree

_NAMING = (("watches", "pack"), ("feed_lists", "file"))


def named_beside(path: Path) -> dict[str, Path]:
    """The files that a feeds.yaml names and that lie beside or below it, by the names that it gives them.

    Also of a file with faults, as far as it can be read; what is missing, or lies elsewhere, is left out.
    """
    try:
        tree = load_tree(path)
    except ConfigError:
        return {}
    blocks = [(tree.get(block), key) for block, key in _NAMING]
    items = [item.get(key) for block, key in blocks if isinstance(block, Items) for item in block if _is_keys(item)]
    names = [name for name in dict.fromkeys(items) if isinstance(name, str) and is_below(name)]
    return {name: path.parent / name for name in names if (path.parent / name).is_file()}


def is_below(name: str) -> bool:
    """Whether a name, whoever gave it, leads to nowhere but beside the file or below that."""
    parts = PurePosixPath(name).parts
    steps = bool(parts) and parts[0] != "/" and ".." not in parts
    return steps and name.isprintable() and "\\" not in name and ":" not in name and len(name) <= 200


def _is_keys(item: object) -> bool:
    return isinstance(item, Keys)
