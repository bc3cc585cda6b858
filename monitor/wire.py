"""ParsedFeed, Article and ParseError to JSON and back.

What lives here: one writing and one reading of each value, the reading without trust: the other side may have been
taken over by the bytes that it read. What must not: processes and pipes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import accumulate
from typing import TypeGuard

from monitor.articles.article import Article
from monitor.articles.barriers import WORDS
from monitor.errors import ParseError
from monitor.model import ParsedEntry, ParsedFeed, Problem

_ENVELOPE = 1024 * 1024  # bytes that a feed's own title and problem may take
_TEXTS = ("id", "link", "title", "summary", "content", "content_base", "author")
_OF_ARTICLE = ("title", "text", "author", "canonical", "language", "barrier")


class BrokenAnswer(ValueError):  # noqa: N818 - it names what came, and never leaves `isolate`
    """An answer that is no ParsedFeed and no ParseError."""


def dump_feed(feed: ParsedFeed, *, limit: int) -> bytes:
    """The feed as JSON in UTF-8; what is no character (a lone surrogate) as "?".

    Of a feed that takes more than `limit` bytes the leading entries are kept, and its problem says so. Raises
    ParseError("too-large") where not even the first one fits.
    """
    content = _dump(_feed_object(feed))
    return content if len(content) <= limit else _dump(_feed_object(_leading(feed, limit - _ENVELOPE)))


def _leading(feed: ParsedFeed, limit: int) -> ParsedFeed:
    sizes = list(accumulate(len(_dump(_entry_object(entry))) + len(", ") for entry in feed.entries))
    kept = sum(size <= limit for size in sizes)
    message = f"the entries hold {sizes[-1]:,} bytes of text; the first {kept} of {len(sizes)} were kept"
    if not kept:
        raise ParseError("too-large", message)
    if feed.problem:
        message = f"{feed.problem.message}; {message}"
    kind = feed.problem.kind if feed.problem else "capped"
    return replace(feed, entries=feed.entries[:kept], problem=Problem(kind=kind, message=message))


def _feed_object(feed: ParsedFeed) -> dict[str, object]:
    return {
        "title": feed.title,
        "link": feed.link,
        "language": feed.language,
        "entries": [_entry_object(entry) for entry in feed.entries],
        "problem": feed.problem and [feed.problem.kind, feed.problem.message],
        "interval_hint": feed.interval_hint and feed.interval_hint.total_seconds(),
        "rests": feed.rests,
        "hubs": feed.hubs,
        "itself": feed.itself,
    }


def dump_error(error: ParseError) -> bytes:
    """The error as JSON in UTF-8."""
    return _dump({"error": [error.kind, str(error)]})


def dump_article(article: Article) -> bytes:
    """The article as JSON in UTF-8."""
    texts: dict[str, object] = {name: getattr(article, name) for name in _OF_ARTICLE}
    return _dump(texts | {"published": _iso(article.published)})


def load_feed(content: bytes) -> ParsedFeed:
    """What `dump_feed` wrote. Raises the ParseError that `dump_error` wrote, and BrokenAnswer for anything else."""
    return _feed(_answer(content))


def load_article(content: bytes) -> Article:
    """What `dump_article` wrote; raises as `load_feed` does."""
    answer = _answer(content)
    before = _text(answer, "barrier")
    if before not in ("", *WORDS):
        raise BrokenAnswer("an unknown barrier")
    texts = {name: _text(answer, name) for name in _OF_ARTICLE if name != "barrier"}
    return Article(**texts, barrier=before, published=_time(answer.get("published")))


def _answer(content: bytes) -> Mapping[str, object]:
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BrokenAnswer("not JSON") from error
    if not isinstance(answer, dict):
        raise BrokenAnswer("not an object")
    if "error" in answer:
        raise ParseError(*_pair(answer["error"]))
    return answer


def _dump(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")


def _entry_object(entry: ParsedEntry) -> dict[str, object]:
    texts: dict[str, object] = {name: getattr(entry, name) for name in _TEXTS}
    times = {"published": _iso(entry.published), "updated": _iso(entry.updated)}
    return texts | times | {"tags": entry.tags}


def _iso(time: datetime | None) -> str | None:
    return time.isoformat() if time else None


def _feed(answer: Mapping[str, object]) -> ParsedFeed:
    entries, problem, hint = answer.get("entries"), answer.get("problem"), answer.get("interval_hint")
    hubs = answer.get("hubs")
    if not isinstance(entries, list):
        raise BrokenAnswer("entries are no list")
    if not _texts(hubs):
        raise BrokenAnswer("hubs are no texts")
    kind, message = _pair(problem) if problem is not None else ("", "")
    return ParsedFeed(
        title=_text(answer, "title"),
        link=_text(answer, "link"),
        language=_text(answer, "language"),
        entries=tuple(_entry(entry) for entry in entries),
        problem=Problem(kind=kind, message=message) if problem is not None else None,
        interval_hint=timedelta(seconds=_number(hint)) if hint is not None else None,
        rests=_hours(answer.get("rests")),
        hubs=tuple(hubs),
        itself=_text(answer, "itself"),
    )


def _entry(value: object) -> ParsedEntry:
    if not isinstance(value, dict):
        raise BrokenAnswer("an entry is no object")
    tags = value.get("tags")
    if not _texts(tags):
        raise BrokenAnswer("tags are no texts")
    return ParsedEntry(
        **{name: _text(value, name) for name in _TEXTS},
        published=_time(value.get("published")),
        updated=_time(value.get("updated")),
        tags=tuple(tags),
    )


def _text(value: Mapping[str, object], name: str) -> str:
    text = value.get(name)
    if not isinstance(text, str):
        raise BrokenAnswer(f"{name} is no text")
    return text


def _texts(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _pair(value: object) -> tuple[str, str]:
    if not _texts(value) or len(value) != 2:
        raise BrokenAnswer("a kind and a message were expected")
    return value[0], value[1]


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:
        raise BrokenAnswer("a number of seconds was expected")
    return float(value)


def _hours(value: object) -> tuple[int, ...]:
    if not isinstance(value, list) or not all(type(hour) is int and 0 <= hour < 7 * 24 for hour in value):
        raise BrokenAnswer("hours of the week were expected")
    return tuple(value)


def _time(value: object) -> datetime | None:
    if value is None:
        return None
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        time = None
    if not time or time.tzinfo is None:
        raise BrokenAnswer("a time with its zone was expected")
    return time
