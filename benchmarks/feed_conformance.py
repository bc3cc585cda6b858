"""feedparser's own test files, as far as they ask for what we keep, put to us and to feedparser alike.

Each file says in an `Expect:` line, in Python, what must be read from it. Of that expression the comparisons count that
name a kept field and a constant; texts are compared as visible text, dates as times. Nothing is evaluated.
"""

from __future__ import annotations

import ast
import json
import re
import tarfile
import warnings
from calendar import timegm
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import feedparser

from monitor.errors import ParseError
from monitor.feeds.dates import parse_date
from monitor.feeds.parse import parse_feed
from monitor.model import ParsedFeed
from monitor.words.text import visible_text

_URL = "http://127.0.0.1:8097/"  # where feedparser's own runner serves them
_HEADER = re.compile(rb"^Header:\s*([^:\s]+):\s*(.+?)\s*$", re.MULTILINE)
_SAME = {  # feedparser's names, older ones included → ours
    "title": "title",
    "title_detail value": "title",
    "link": "link",
    "language": "language",
    "id": "id",
    "guid": "id",
    "summary": "summary",
    "description": "summary",
    "summary_detail value": "summary",
    "content 0 value": "content",
    "author": "author",
    "author_detail name": "author",
    "authors 0 name": "author 0",
    "authors 1 name": "author 1",
    "published": "published",
    "published_parsed": "published",
    "created": "published",
    "created_parsed": "published",
    "updated": "updated",
    "updated_parsed": "updated",
    "modified": "updated",
    "modified_parsed": "updated",
    "tags 0 term": "tags 0",
    "tags 1 term": "tags 1",
    "category": "tags 0",
}
_OF_FEED = {"title", "link", "language"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """`number` of the entry, None for the feed itself; `name` is feedparser's, `field` ours."""

    number: int | None
    name: str
    field: str
    expected: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    path: str
    expect: str
    ours: bool
    theirs: bool
    note: str  # what we said instead


def conformance(data: Path) -> list[Verdict]:
    """One verdict for each file that asks for anything we keep."""
    with tarfile.open(data / "feeds-conformance.tar.xz") as members:
        files = {
            member.name.split("/", 1)[1]: content.read()
            for member in members
            if (content := members.extractfile(member) if member.isfile() else None)
        }
    rows = map(json.loads, files["index.jsonl"].decode().splitlines())
    return [
        _verdict(row["path"], row["expect"], questions, files[row["path"]])
        for row in rows
        if (questions := list(_questions(row["expect"])))
    ]


def _verdict(path: str, expect: str, questions: Sequence[Question], body: bytes) -> Verdict:
    headers = {name.decode().lower(): value.decode() for name, value in _HEADER.findall(body)}
    said = ""
    try:
        ours = parse_feed(body, headers=headers, url=_URL)
        wrong = [question for question in questions if not _answers(question, _ours(ours, question))]
        said = "; ".join(f"{question.field}: {_ours(ours, question)!r}" for question in wrong)
    except ParseError as error:
        wrong = list(questions)
        said = f"{error.kind}: {error}"
    theirs = _library(body, headers)
    passed = theirs is not None and all(_answers(question, _theirs(theirs, question)) for question in questions)
    return Verdict(path=path, expect=expect, ours=not wrong, theirs=passed, note=said)


def _library(body: bytes, headers: Mapping[str, str]) -> Any:
    with warnings.catch_warnings(), suppress(Exception):
        warnings.simplefilter("ignore")
        return feedparser.parse(BytesIO(body), response_headers={"content-location": _URL, **headers})
    return None


# ---- what an `Expect:` line asks -------------------------------------------------------------------------------------


def _questions(expect: str) -> Iterator[Question]:
    try:
        tree = ast.parse(expect.strip(), mode="eval").body
    except SyntaxError:
        return
    parts = tree.values if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And) else [tree]
    for part in parts:
        if isinstance(part, ast.Compare) and isinstance(part.ops[0], ast.Eq):
            with suppress(ValueError):
                yield from _question(_path(part.left), ast.literal_eval(part.comparators[0]))


def _question(path: list[str], expected: object) -> Iterator[Question]:
    of_entry = path[:1] == ["entries"]
    name = " ".join(path[2:] if of_entry else path[1:])
    field = _SAME.get(name, "")
    if field and (field != "language" if of_entry else path[:1] == ["feed"] and field in _OF_FEED):
        yield Question(number=int(path[1]) if of_entry else None, name=name, field=field, expected=expected)


def _path(node: ast.expr) -> list[str]:
    """entries[0]['title_detail']['value'] → entries, 0, title_detail, value. Raises ValueError for anything else."""
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute):
        return [*_path(node.value), node.attr]
    if isinstance(node, ast.Subscript):
        return [*_path(node.value), str(ast.literal_eval(node.slice))]
    raise ValueError(ast.dump(node))


# ---- what each reader answers ----------------------------------------------------------------------------------------


def _ours(feed: ParsedFeed, question: Question) -> object:
    if question.number is None:
        return getattr(feed, question.field)
    if question.number >= len(feed.entries):
        return None
    entry = feed.entries[question.number]
    field, _, index = question.field.partition(" ")
    if index:
        several = entry.tags if field == "tags" else entry.author.split(", ")
        return several[int(index)] if int(index) < len(several) else None
    if field == "updated":  # an RSS item's only date is when it came out
        return entry.updated or entry.published
    value = getattr(entry, field)
    return visible_text(value) if field == "content" else value


def _theirs(result: Any, question: Question) -> object:
    try:
        value = result["feed"] if question.number is None else result["entries"][question.number]
        for step in question.name.split():
            value = value[int(step) if step.isdigit() else step]
    except (LookupError, TypeError, AttributeError):
        return None
    return value if question.field in {"published", "updated"} else _shown(value)


def _answers(question: Question, said: object) -> bool:
    if question.field in {"published", "updated"}:
        return _moment(said) == _moment(question.expected)
    # A text that is no markup ("the <blink> tag") is expected as it stands.
    return said is not None and _solid(said) in {_solid(_shown(question.expected)), _solid(question.expected)}


def _shown(value: object) -> object:
    return visible_text(value) if isinstance(value, str) else value


def _solid(value: object) -> str:
    return "".join(str(value).split())


def _moment(value: object) -> datetime | None:
    if isinstance(value, str):
        return parse_date(value)
    if isinstance(value, datetime):
        return value.replace(microsecond=0)
    if isinstance(value, tuple) and len(value) >= 6:
        return datetime.fromtimestamp(timegm(tuple(value)), UTC)
    return None


def show_conformance(data: Path, *, listed: bool) -> None:
    verdicts = conformance(data)
    ours, theirs = (sum(getattr(verdict, side) for verdict in verdicts) for side in ("ours", "theirs"))
    worse = [verdict for verdict in verdicts if verdict.theirs and not verdict.ours]
    print(
        f"{len(verdicts):,} of feedparser's test files ask for what is kept: {ours:,} answered by us, {theirs:,} by it"
    )
    print(f"  {len(worse)} that it answers and we do not" + (":" if listed else " (--differences lists them)"))
    for verdict in worse if listed else []:
        print(f"{verdict.path}\n    expected {verdict.expect}\n    we said  {verdict.note}")
