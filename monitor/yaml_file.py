"""A YAML file → its tree with line numbers, and faults that name their lines.

What lives here: reading the file as YAML, and turning a place in it, or pydantic's word on one, into a fault that a
person can act on. What must not: any knowledge of what the file means (`shape`, `config`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from monitor.errors import ConfigError, Fault

MAX_BYTES = 1_000_000  # also bounds what aliases can expand to: they are shared, never copied


def load_tree(path: Path) -> CommentedMap:
    """The YAML tree, with line numbers."""
    try:
        source = path.read_bytes()
    except OSError as error:
        message = f"cannot be read: {error.strerror}; `tipsheet init` writes one to begin with"
        raise ConfigError((Fault(file=str(path), line=0, path="", message=message),)) from error
    if len(source) > MAX_BYTES:
        message = f"has {len(source):,} bytes; expected at most {MAX_BYTES:,}"
        raise ConfigError((Fault(file=str(path), line=0, path="", message=message),))
    try:
        tree = YAML(typ="rt").load(source)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        message = f"is not valid YAML: {error.problem or error.context}"
        raise ConfigError((Fault(file=str(path), line=line, path="", message=message),)) from error
    except (YAMLError, UnicodeDecodeError, ValueError) as error:
        raise ConfigError((Fault(file=str(path), line=0, path="", message=f"is not valid YAML: {error}"),)) from error
    if not isinstance(tree, CommentedMap):
        raise ConfigError(
            (Fault(file=str(path), line=1, path="", message="expected keys such as feeds: and watches:"),)
        )
    return tree


class Faults:
    """Collects what is wrong, each with the line of its place in the tree."""

    def __init__(self, file: str, tree: CommentedMap) -> None:
        self._file = file
        self._tree = tree
        self.found: list[Fault] = []

    def add(self, place: Sequence[str | int], message: str) -> None:
        self.found.append(Fault(file=self._file, line=_line(self._tree, place), path=_path(place), message=message))

    def add_shape(self, error: ValidationError) -> None:
        """All that pydantic says of the tree, in the words of the file."""
        for detail in error.errors():
            self.add(_place(detail, self._tree), _expectation(detail))

    def error(self) -> ConfigError:
        return ConfigError(tuple(sorted(self.found, key=lambda fault: fault.line)))


def _line(tree: CommentedMap, place: Sequence[str | int]) -> int:
    """The line of the deepest part of `place` that the file has."""
    node: Any = tree
    line = 1
    for step in place:
        if isinstance(node, CommentedMap) and step in node:
            line = node.lc.key(step)[0] + 1
        elif isinstance(node, CommentedSeq) and isinstance(step, int) and step < len(node):
            line = node.lc.item(step)[0] + 1
        else:
            break
        node = node[step]
    return int(line)


def _path(place: Sequence[str | int]) -> str:
    """("watches", 0, "query") → "watches[0].query"."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).removeprefix(".")


def _place(detail: ErrorDetails, tree: CommentedMap) -> tuple[str | int, ...]:
    """Pydantic's location without the steps that are not keys of the file (the tag of a union)."""
    place: list[str | int] = []
    node: Any = tree
    for step in detail["loc"]:
        if isinstance(node, (CommentedMap, CommentedSeq)):
            known = step in node if isinstance(node, CommentedMap) else isinstance(step, int)
            if not known and isinstance(node, CommentedMap) and node.get("kind") == step:
                continue
            place.append(step)
            node = node[step] if known and (isinstance(node, CommentedMap) or int(step) < len(node)) else None
        else:
            break
    return (*place, "kind") if detail["type"].startswith("union_tag") else tuple(place)


_EXPECTATIONS: dict[str, Callable[[dict[str, Any]], str]] = {
    "missing": lambda _: "is missing",
    "extra_forbidden": lambda _: "unknown key",
    "string_type": lambda _: "expected text",
    "int_parsing": lambda _: "expected a whole number",
    "int_type": lambda _: "expected a whole number",
    "bool_parsing": lambda _: "expected true or false",
    "bool_type": lambda _: "expected true or false",
    "tuple_type": lambda _: "expected a list",
    "model_type": lambda _: "expected keys and values",
    "model_attributes_type": lambda _: "expected keys and values",
    "string_too_short": lambda _: "must not be empty",
    "literal_error": lambda context: f"expected {context['expected']}",
    "union_tag_invalid": lambda context: f"unknown kind; expected one of {context['expected_tags']}",
    "union_tag_not_found": lambda _: "expected `kind: email` or `kind: webhook`",
}


_PRIVATE = frozenset({"password", "secret", "previous_secret", "username"})  # what is written there is never repeated


def _expectation(detail: ErrorDetails) -> str:
    """Pydantic's message in the words of this file."""
    say = _EXPECTATIONS.get(detail["type"])
    message = say(dict(detail.get("ctx", {}))) if say else detail["msg"].removeprefix("Value error, ")
    shown = detail["input"]
    private = _PRIVATE.intersection(str(step) for step in detail["loc"]) or "@" in str(shown)
    if isinstance(shown, (str, int, float)) and not private and detail["type"] not in ("missing", "extra_forbidden"):
        return f"{message}, got {str(shown).partition('?')[0][:80]!r}"
    return message
