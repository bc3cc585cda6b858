"""The text of feeds.yaml with one item of a list changed, and every other character as it was.

What lives here: places in the tree → lines taken out and lines put in. What must not: files, and what any key means.

Whatever was written is read again before it is given back: where the tree is not the one that was wanted, which odd
YAML can bring about, nothing is changed and a fault says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from monitor.errors import ConfigError, Fault
from monitor.settings.yaml_file import End, Items, Keys, read_tree, written

Value: TypeAlias = str | bool | Sequence[str]
Change: TypeAlias = Mapping[str, Value | None]  # of keys of an item; None: the key goes

_DASH = 2  # the column of the dashes of a list that is written anew
_WIDTH = 100  # of a list that stands in one line


class _Edit(NamedTuple):
    """Lines [start, end), counted from 0, and what stands there instead."""

    start: int
    end: int
    lines: Sequence[str]


def with_items(path: Path, text: str, block: str, added: Sequence[Change]) -> str:
    """The text with items behind the last one of a list, or at its end where only comments follow."""
    tree = read_tree(path, text)
    listed = list_of(path, tree, block)
    dash = _dash(path, tree, block) if listed else _DASH
    lines = text.splitlines(keepends=True)
    at = _end_of_list(lines, listed)
    if listed.dash is None:  # `feeds: []` is how an empty list is written, not how one grows
        opened = listed.last_line - 1
        lines[opened] = re.sub(r"[ \t]*\[\s*\]([ \t]*(?=\r?\n|$))?", "", lines[opened], count=1)
    new = [line for change in added for line in _block(_given(change), dash)]
    return _checked(path, text, _joined(lines, [_Edit(at, at, new)]), block, [*listed, *map(_as_read, added)])


def with_keys(path: Path, text: str, block: str, index: int, change: Change) -> str:
    """The text with some keys of one item changed, added or gone; a value that is there already is not touched."""
    tree = read_tree(path, text)
    listed, item = list_of(path, tree, block), _item(path, tree, block, index)
    change = {key: value for key, value in change.items() if not _same(item.get(key), value)}
    if not change:
        return text
    dash, lines = _dash(path, tree, block), text.splitlines(keepends=True)
    said = {**item, **_as_read(change)}  # in the order of the file
    wanted = {key: value for key, value in said.items() if change.get(key, "") is not None}
    if item.in_braces:
        new = _in_braces_anew(lines, listed, index, wanted)
    else:
        new = _in_lines(lines, dash, item, listed.lines[index], change)
    return _checked(path, text, new, block, [*listed[:index], wanted, *listed[index + 1 :]])


def without_item(path: Path, text: str, block: str, index: int) -> str:
    """The text without one item. A comment above it stays: it is somebody's."""
    tree = read_tree(path, text)
    listed, _ = list_of(path, tree, block), _dash(path, tree, block)
    lines = text.splitlines(keepends=True)
    edits = [_Edit(listed.lines[index] - 1, _last(lines, listed.ends[index]), ())]
    if len(listed) == 1:
        head = tree.lines[block] - 1
        edits.append(_Edit(head, head + 1, [_bare(lines[head]).replace(":", ": []", 1)]))
    return _checked(path, text, _joined(lines, edits), block, [*listed[:index], *listed[index + 1 :]])


# ---- an item whose keys have lines of their own ----------------------------------------------------------------------


def _in_lines(lines: Sequence[str], dash: int, item: Keys, begins: int, change: Change) -> str:
    """The dash is lifted while its line is worked on, so that the first key is a key like the others."""
    lines, first = list(lines), begins - 1
    own = [key for key in item if key in item.ends]
    lifted = item.lines[own[0]] == begins
    if lifted:
        lines[first] = f"{lines[first][:dash]} {lines[first][dash + 1 :]}"
    column = len(head := lines[item.lines[own[0]] - 1]) - len(head.lstrip())
    ends = max(_last(lines, item.ends[key]) for key in own)
    edits = [edit for key, value in change.items() for edit in _edits(lines, item, key, value, column, ends)]
    kept = _joined(lines, edits).splitlines(keepends=True)
    if lifted:
        place = next(at for at in range(first, len(kept)) if kept[at].strip() and kept[at].lstrip()[0] != "#")
        kept[place] = f"{kept[place][:dash]}-{kept[place][dash + 1 :]}"
    return "".join(kept)


def _edits(
    lines: Sequence[str], item: Keys, key: str, value: Value | None, column: int, ends: int
) -> Iterator[_Edit]:  # fmt: skip
    new = [] if value is None else _key_lines(key, value, column)
    if key not in item.ends:
        yield _Edit(ends, ends, new)
        return
    old, start, end = item[key], item.lines[key] - 1, _last(lines, item.ends[key])
    if isinstance(old, Items) and old.dash is not None and value and not isinstance(value, str | bool):
        yield from _list_edits(lines, old, value)
    else:
        yield _Edit(start, end, [new[0] + _comment(lines, item.ends[key]), *new[1:]] if new else ())


def _list_edits(lines: Sequence[str], old: Items, new: Sequence[str]) -> Iterator[_Edit]:
    """What is in both lists keeps its lines, and with them its comments."""
    places = SequenceMatcher(None, list(map(str, old)), list(new), autojunk=False)
    for kind, first, last, begin, end in places.get_opcodes():
        if kind == "equal":
            continue
        at = old.lines[first] - 1 if first < len(old) else _last(lines, old.ends[-1])
        added = [line for one in new[begin:end] for line in _value_lines("-", one, old.dash or 0)]
        for number in range(first, last):
            yield _Edit(old.lines[number] - 1, _last(lines, old.ends[number]), ())
        yield _Edit(at, at, added)


def _in_braces_anew(lines: Sequence[str], listed: Items, index: int, wanted: Mapping[str, Any]) -> str:
    """An item in braces, written with a line for each key; what was said behind it stays behind its first line."""
    start, end = listed.lines[index] - 1, _last(lines, listed.ends[index])
    new = list(_block({key: value for key, value in wanted.items() if value is not None}, listed.dash or 0))
    return _joined(lines, [_Edit(start, end, [new[0] + _comment(lines, listed.ends[index]), *new[1:]])])


# ---- lines -----------------------------------------------------------------------------------------------------------


def _block(keys: Mapping[str, Value], dash: int) -> Iterator[str]:
    for number, line in enumerate(line for key in keys for line in _key_lines(key, keys[key], dash + 2)):
        yield f"{line[:dash]}-{line[dash + 1 :]}" if number == 0 else line


def _key_lines(key: str, value: Value, column: int) -> list[str]:
    if isinstance(value, bool):
        return [f"{' ' * column}{key}: {'true' if value else 'false'}"]
    if isinstance(value, str):
        return _value_lines(f"{key}:", value, column)
    in_brackets = f"{' ' * column}{key}: [{', '.join(written(one, in_brackets=True) for one in value)}]"
    if len(in_brackets) <= _WIDTH and not any("\n" in one for one in value):
        return [in_brackets]
    return [f"{' ' * column}{key}:", *(line for one in value for line in _value_lines("-", one, column + 2))]


def _value_lines(head: str, value: str, column: int) -> list[str]:
    """Text of several lines stands in lines of its own, where YAML gives it back as it is."""
    rows = value.split("\n")
    plain = all(row.isprintable() for row in rows) and rows[0].strip() and rows[-1].strip() and rows[0][0] != " "
    if len(rows) > 1 and plain:
        return [f"{' ' * column}{head} |-", *(" " * (column + 2) + row if row else "" for row in rows)]
    return [f"{' ' * column}{head} {written(value)}"]


def _joined(lines: Sequence[str], edits: Iterable[_Edit]) -> str:
    """The lines with all edits made, from the last to the first, so that none moves the place of another."""
    out, end = list(lines), "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    if out and not out[-1].endswith("\n"):
        out[-1] += end
    for start, stop, new in sorted(edits, key=lambda edit: (edit.start, edit.end), reverse=True):
        out[start:stop] = [line + end for line in new]
    return "".join(out)


def _last(lines: Sequence[str], end: End) -> int:
    """The number of lines up to and with the last one of a value; blank ones behind a text of lines are not its own."""
    last = end[0]
    while end[1] is None and last > 1 and not lines[last - 1].strip():
        last -= 1
    return last


def _comment(lines: Sequence[str], end: End) -> str:
    """What is said behind a value, with the space before it; or ""."""
    line, column = end
    found = None if column is None else re.fullmatch(r"\s+#.*", _bare(lines[line - 1])[column:])
    return found[0] if found else ""


def _bare(line: str) -> str:
    return line.rstrip("\r\n")


def _end_of_list(lines: list[str], listed: Items) -> int:
    """Behind the last item, or at the end of the file where only comments follow."""
    rest = (line.strip() for line in lines[listed.last_line :])
    return listed.last_line if any(line and not line.startswith("#") for line in rest) else len(lines)


# ---- the tree --------------------------------------------------------------------------------------------------------


def list_of(path: Path, tree: Keys, block: str) -> Items:
    """A list of the file. ConfigError where it is none."""
    listed = tree.get(block)
    if not isinstance(listed, Items):
        raise _fault(path, tree.lines.get(block, 0), block, f"expected a list of {block}")
    return listed


def _item(path: Path, tree: Keys, block: str, index: int) -> Keys:
    item = tree[block][index]
    if not isinstance(item, Keys) or not item.ends:
        raise _fault(path, tree[block].lines[index], f"{block}[{index}]", "expected keys and values of its own")
    return item


def _dash(path: Path, tree: Keys, block: str) -> int:
    """The column of a list's dashes. ConfigError for one in brackets, whose items have no lines of their own."""
    dash = list_of(path, tree, block).dash
    if dash is None:
        raise _fault(path, tree.lines[block], block, "is a list in brackets; expected a line with a dash for each item")
    return dash


def _given(change: Change) -> dict[str, Value]:
    return {key: value for key, value in change.items() if value is not None}


def _as_read(change: Change) -> dict[str, Any]:
    """As the tree has it: every value is text."""
    return {key: _read(value) for key, value in change.items() if value is not None}


def _read(value: Value) -> str | list[str]:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else list(value)


def _same(old: object, value: Value | None) -> bool:
    """Whether an item says that already. White space at the ends of a text is how it is typed, not what it says."""
    if isinstance(old, str) and isinstance(value, str):
        return old.strip() == value.strip()
    return old is None if value is None else old == _read(value)


def _checked(path: Path, text: str, new: str, block: str, wanted: Sequence[Mapping[str, Any]]) -> str:
    """The new text, if it says the same as the old one but for the list, and the list as it is wanted."""
    old = read_tree(path, text)
    try:
        same = read_tree(path, new) == {**old, block: list(wanted)}
    except ConfigError:
        same = False
    if not same:
        line = old.lines.get(block, 0)
        raise _fault(path, line, block, "is written in a way that only a person can change; edit the file itself")
    return new


def _fault(path: Path, line: int, place: str, message: str) -> ConfigError:
    return ConfigError((Fault(file=str(path), line=line, path=place, message=message),))
