"""A YAML file → its tree with line numbers, and faults that name their lines.

What lives here: reading the file as YAML, and turning a place in it, or pydantic's word on one, into a fault that a
person can act on. What must not: any knowledge of what the file means (`shape`, `config`).

Every value is text or nothing; its shape says whether that is a number, an hour or a switch. So `07:30` is never a
number in base 60. libyaml reads the file: with ten thousand feeds it takes half a second.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from monitor.errors import ConfigError, Fault

MAX_BYTES = 10_000_000  # 10,000 feeds take 1.5 MB

_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # an installation without libyaml is slower, and no more
_DEEPEST = 50
_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})
_PLAIN = re.compile(r"[^\W_](?:.*[^\s:])?")
_SPECIAL = re.compile(r": | #|[^\x20-\x7e\u00a1-\u00ac\u00ae-\u024f]")
_SPECIAL_IN_BRACKETS = re.compile(r"[][{},:#?]|[^\x20-\x7e\u00a1-\u00ac\u00ae-\u024f]")
_NO_TEXT = re.compile(r"(?i:true|false|yes|no|on|off|y|n|null)|[0-9].*")  # to one YAML reader or another
_Place = tuple[str | int, ...]
End = tuple[int, int | None]  # a line, and the column behind the value; None: nothing can stand behind it


class Keys(dict[str, Any]):
    """A block of keys, the line of each, and where its value ends."""

    __slots__ = ("ends", "in_braces", "lines")

    def __init__(self, *, in_braces: bool = False) -> None:
        super().__init__()
        self.lines: dict[str, int] = {}
        self.ends: dict[str, End] = {}  # not of keys that were merged from another block
        self.in_braces = in_braces


class Items(list[Any]):
    """A list, the line at which each of its items begins, where it ends, and where and how it could go on."""

    __slots__ = ("dash", "ends", "last_line", "lines")

    def __init__(self, *, dash: int | None) -> None:
        super().__init__()
        self.lines: list[int] = []
        self.ends: list[End] = []
        self.dash = dash  # the column of its dashes; None for a list in brackets
        self.last_line = 0  # of what it holds


def load_tree(path: Path) -> Keys:
    """The file's tree. ConfigError with the line of what is no UTF-8, no YAML, or a key that stands twice."""
    return read_tree(path, load_text(path))


def read_tree(path: Path, text: str) -> Keys:
    """The tree of a text that may be the file's one day; faults name `path`."""
    return _Reading(path, text).tree()


def load_text(path: Path) -> str:
    """What is written in the file, to the character. ConfigError where it cannot be read, or is no UTF-8."""
    try:
        source = path.read_bytes()
    except OSError as error:
        raise _refused(
            path, 0, f"cannot be read: {error.strerror}; `tipsheet init` writes one to begin with"
        ) from error
    if len(source) > MAX_BYTES:
        raise _refused(path, 0, f"has {len(source):,} bytes; expected at most {MAX_BYTES:,}")
    return _text(path, source)


def _refused(path: Path, line: int, message: str) -> ConfigError:
    return ConfigError((Fault(file=str(path), line=line, path="", message=message),))


def _text(path: Path, source: bytes) -> str:
    try:
        return source.decode("utf-8")
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        message = f"is not UTF-8 (byte 0x{source[error.start]:02X} in line {line}); save it as UTF-8"
        raise _refused(path, line, message) from error


class _Reading:
    """Makes the tree of libyaml's events. What an alias stands for is shared, never copied."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._events: Iterator[Any] = iter(yaml.parse(text, Loader=_LOADER))
        self._anchored: dict[str, Any] = {}
        self._repeated: list[Fault] = []
        self._end: End = (0, None)  # of the latest value

    def tree(self) -> Keys:
        try:
            found = self._document()
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 0
            raise _refused(self._path, line, f"is not valid YAML: {error.problem or error.context}") from error
        except yaml.YAMLError as error:
            raise _refused(self._path, 0, f"is not valid YAML: {' '.join(str(error).split())}") from error
        if not isinstance(found, Keys):
            raise _refused(self._path, 1, "expected keys such as feeds: and watches:")
        if self._repeated:
            raise ConfigError(tuple(self._repeated))
        return found

    def _document(self) -> Any:
        """The one document of the file; None for an empty file."""
        next(self._events)  # the stream begins
        if isinstance(next(self._events), yaml.StreamEndEvent):
            return None
        found = self._value(next(self._events), ())
        next(self._events)  # the document ends
        if not isinstance(after := next(self._events), yaml.StreamEndEvent):
            raise _refused(self._path, after.start_mark.line + 1, "is not valid YAML: a second document begins")
        return found

    def _value(self, event: Any, place: _Place) -> Any:
        line = event.start_mark.line + 1
        if len(place) > _DEEPEST:
            raise _refused(self._path, line, f"holds more than {_DEEPEST} blocks in each other")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(str(event.anchor), line)
        made = _begun(event)
        if event.anchor:
            self._anchored[event.anchor] = made
        end = self._fill_keys(made, place) if isinstance(made, Keys) else event
        end = self._fill_items(made, place) if isinstance(made, Items) else end
        if getattr(event, "flow_style", True):  # text, or brackets; a block ends where the last thing in it does
            self._end = _end(end)
        if isinstance(made, Items):
            made.last_line = self._end[0]
        return made

    def _alias(self, anchor: str, line: int) -> Any:
        if anchor not in self._anchored:
            raise _refused(self._path, line, f"there is no &{anchor} above for *{anchor}")
        self._end = (line, None)
        return self._anchored[anchor]

    def _fill_keys(self, made: Keys, place: _Place) -> Any:
        merged: list[Any] = []
        while not isinstance(key := next(self._events), yaml.MappingEndEvent):
            line = key.start_mark.line + 1
            name = str(self._value(key, place))
            value = self._value(next(self._events), (*place, name))
            if name == "<<":
                merged += value if isinstance(value, Items) else [value]
            elif name in made:
                message = f"stands in line {made.lines[name]} and again in line {line}; expected each key once"
                self._repeated.append(
                    Fault(file=str(self._path), line=line, path=_path((*place, name)), message=message)
                )
            else:
                made[name], made.lines[name], made.ends[name] = value, line, self._end
        for block in merged:
            for name, value in block.items() if isinstance(block, Keys) else ():
                made.lines.setdefault(name, block.lines[name])
                made.setdefault(name, value)
        return key

    def _fill_items(self, made: Items, place: _Place) -> Any:
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            made.lines.append(event.start_mark.line + 1)
            made.append(self._value(event, (*place, len(made))))
            made.ends.append(self._end)
        return event


def _end(event: Any) -> End:
    """Where a value ends; the mark of a text in lines of its own stands where the next thing begins."""
    end = event.end_mark
    if end.column == 0 and end.line > event.start_mark.line:
        return int(end.line), None
    return int(end.line) + 1, None if getattr(event, "style", None) in ("|", ">") else int(end.column)


def _begun(event: Any) -> Keys | Items | str | None:
    """A block or a list, still empty, or text; None for an empty place or `null` without quotes."""
    column = event.start_mark.column
    if isinstance(event, yaml.MappingStartEvent):
        return Keys(in_braces=bool(event.flow_style))
    if isinstance(event, yaml.SequenceStartEvent):
        return Items(dash=None if event.flow_style else column)
    return None if not event.style and event.value in _NOTHING else str(event.value)


class Faults:
    """Collects what is wrong, each with the line of its place in the tree."""

    def __init__(self, file: str, tree: Keys) -> None:
        self._file = file
        self._tree = tree
        self.found: list[Fault] = []

    def add(self, place: Sequence[str | int], message: str) -> None:
        self.found.append(Fault(file=self._file, line=_line(self._tree, place), path=_path(place), message=message))

    def add_shape(self, error: ValidationError, keys_at: Callable[[Sequence[str | int]], Collection[str]]) -> None:
        """All that pydantic says of the tree, in the words of the file. `keys_at`: the keys that a place may have."""
        for detail in error.errors():
            message = expectation(detail)
            if detail["type"] == "extra_forbidden":
                message += _meant(str(detail["loc"][-1]), keys_at(detail["loc"][:-1]))
            self.add(_place(detail, self._tree), message)

    def add_repeated_names(self, blocks: Sequence[str]) -> None:
        """Where two items of one list have one name: others tell them apart by it."""
        for block in blocks:
            first: dict[str, int] = {}
            items = self._tree.get(block)
            for index, item in enumerate(items if isinstance(items, Items) else ()):
                name = item.get("name") if isinstance(item, Keys) else None
                if isinstance(name, str) and name in first:
                    same = f"{block}[{first[name]}] in line {_line(self._tree, (block, first[name], 'name'))}"
                    self.add((block, index, "name"), f"the same name as {same}; expected each name once")
                elif isinstance(name, str):
                    first[name] = index

    def error(self) -> ConfigError:
        return ConfigError(tuple(sorted(self.found, key=lambda fault: fault.line)))


def _line(tree: Keys, place: Sequence[str | int]) -> int:
    """The line of the deepest part of `place` that the file has."""
    node: Any = tree
    line = 1
    for step in place:
        if not _holds(node, step):
            break
        line, node = node.lines[step], node[step]
    return line


def _holds(node: object, step: str | int) -> bool:
    if isinstance(node, Keys):
        return step in node
    return isinstance(node, Items) and isinstance(step, int) and step < len(node)


def written(value: str, *, in_brackets: bool = False) -> str:
    """Text as a scalar that every YAML reader reads back as this text."""
    special = _SPECIAL_IN_BRACKETS if in_brackets else _SPECIAL
    if _PLAIN.fullmatch(value) and not special.search(value) and not _NO_TEXT.fullmatch(value):
        return value
    if value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    return '"' + "".join(map(_escaped, value)) + '"'


def _escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    return char if char.isprintable() else f"\\U{ord(char):08x}"


def _path(place: Sequence[str | int]) -> str:
    """("watches", 0, "query") → "watches[0].query"."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).removeprefix(".")


def _place(detail: ErrorDetails, tree: Keys) -> tuple[str | int, ...]:
    """Pydantic's location without the steps that are not keys of the file (the tag of a union)."""
    place: list[str | int] = []
    node: Any = tree
    for step in detail["loc"]:
        if isinstance(node, Keys) and step not in node and node.get("kind") == step:
            continue
        if not isinstance(node, Keys | Items):
            break
        held: Any = node
        node = held[step] if _holds(held, step) else None
        place.append(step)
    return (*place, "kind") if detail["type"].startswith("union_tag") else tuple(place)


def _meant(written: str, known: Collection[str]) -> str:
    close = get_close_matches(written.lower(), known, n=1)
    return f"; did you mean `{close[0]}`?" if close else ""


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


# What is written there is never repeated. A channel's address is often all that one needs to post to it.
_PRIVATE = frozenset({"password", "secret", "previous_secret", "username", "token", "topic"})


def expectation(detail: ErrorDetails) -> str:
    """Pydantic's message in the words of this file."""
    say = _EXPECTATIONS.get(detail["type"])
    message = say(dict(detail.get("ctx", {}))) if say else detail["msg"].removeprefix("Value error, ")
    shown = detail["input"]
    steps = [str(step) for step in detail["loc"]]
    private = _PRIVATE.intersection(steps) or {"channels", "url"} <= set(steps) or "@" in str(shown)
    if isinstance(shown, (str, int, float)) and not private and detail["type"] not in ("missing", "extra_forbidden"):
        return f"{message}, got {str(shown).partition('?')[0][:80]!r}"
    return message
