"""The watch packs that ship with the program: YAML files beside this one, each a beat as data."""

from __future__ import annotations

from importlib.resources import files

_SUFFIX = ".yaml"


def names() -> tuple[str, ...]:
    """The shipped packs, sorted."""
    found = (entry.name for entry in files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(_SUFFIX) for name in found if name.endswith(_SUFFIX)))


def shipped(name: str) -> str:
    """The YAML text of a shipped pack. KeyError names the packs that there are."""
    if name not in names():
        raise KeyError(f"no pack {name}; shipped are: {', '.join(names())}")
    return files(__name__).joinpath(name + _SUFFIX).read_text(encoding="utf-8")
