"""`tipsheet stage NAME`: one pure stage alone, JSON Lines in, JSON Lines out, one object out for each one in, in order.

No database, no network. A line that cannot be used gives an object with its error, and the others go on.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from monitor.articles import article
from monitor.cli.options import config_option, find_config, load_config
from monitor.cli.paint import err, json_line, plain
from monitor.errors import ParseError, TipsheetError
from monitor.feeds.sanitised import sanitised
from monitor.isolate import IsolatedParser
from monitor.model import Document, ParsedEntry, ParsedFeed, Placement, Watch
from monitor.story.attribution import attribute
from monitor.story.grouping import Grouper
from monitor.story.outlets import shipped
from monitor.watches import packs
from monitor.watches.matching import CompiledWatch, Matcher, compile_watch
from monitor.watches.pack import read_pack
from monitor.watches.page import unread
from monitor.words.language import with_language

SHIPPED_PACK = "tech-and-immigration-enforcement"
MERGE_EVERY = timedelta(minutes=10)  # of the documents' own time
MERGE_AFTER = 200  # documents, where they carry no times
UNDATED = datetime(1970, 1, 1, tzinfo=UTC)


class LineError(TipsheetError):
    """A line of input that cannot be used."""


@click.group()
def stage() -> None:
    """One stage alone, as a filter: JSON Lines in, JSON Lines out."""


# ---- lines in --------------------------------------------------------------------------------------------------------


def _lines() -> Iterator[tuple[int, bytes]]:
    """Lines as bytes: one that is not UTF-8 is that line's fault, and not the end."""
    for number, line in enumerate(sys.stdin.buffer, start=1):
        if line.strip():
            yield number, line


def _object(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise LineError(f"expected a JSON object in UTF-8: {error}") from error
    if not isinstance(value, dict):
        raise LineError(f"expected a JSON object, got {type(value).__name__}")
    return value


def read_document(value: dict[str, Any]) -> Document:
    if "id" not in value or "title" not in value:
        raise LineError('expected at least the keys "id" and "title"')
    return Document(
        id=str(value["id"]),
        title=_text(value, "title"),
        summary=_text(value, "summary"),
        text=_text(value, "text"),
        outlet=_text(value, "outlet"),
        url=_text(value, "url"),
        author=_text(value, "author"),
        language=_text(value, "language"),
        published=_moment(value.get("published")),
    )


def _text(value: dict[str, Any], key: str) -> str:
    return str(value.get(key) or "")


def _moment(value: object) -> datetime | None:
    if value in (None, ""):
        return None
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise LineError(f'"published": expected an ISO 8601 time, got {str(value)!r}') from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _documents() -> Iterator[tuple[Document | None, dict[str, Any]]]:
    """Each line as a document with the object that it was given as, or None and what to print in its place."""
    for number, line in _lines():
        try:
            value = _object(line)
            yield read_document(value), value
        except LineError as error:
            yield None, _refusal(number, line, error)


def _refusal(number: int, line: bytes, error: LineError | ParseError) -> dict[str, Any]:
    """Said twice: to the person on standard error, to the program in the line's place. The exit code will be 1."""
    err.print(f"line {number}: {plain(error)}")
    click.get_current_context().meta["refused"] = True
    try:
        name = _object(line).get("id")
    except LineError:
        name = None
    kind = error.kind if isinstance(error, ParseError) else "input"
    return {"id": name, "error": {"kind": kind, "message": f"line {number}: {error}"}}


def _finish() -> None:
    if click.get_current_context().meta.get("refused"):
        sys.exit(1)


# ---- parse -----------------------------------------------------------------------------------------------------------


@stage.command()
@click.argument("files", nargs=-1)
def parse(files: tuple[str, ...]) -> None:
    """Feed bodies → entries. FILES, or a path (or {"path", "headers"?, "url"?}) on each line of standard input."""
    with IsolatedParser(workers=1) as parser:
        for source in _sources(files):
            json_line(_parsed(source, parser))
    _finish()


def _sources(files: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    if files:
        yield from ({"path": file} for file in files)
        return
    for number, line in _lines():
        try:
            yield _source(line)
        except LineError as error:
            yield {"path": None} | _refusal(number, line, error)


def _source(line: bytes) -> dict[str, Any]:
    """A path alone, or an object that names one."""
    if not line.lstrip().startswith(b"{"):
        return {"path": os.fsdecode(line.rstrip(b"\r\n"))}
    source = _object(line)
    if not isinstance(source.get("path"), str):
        raise LineError('expected the key "path" with the path of a file')
    if not isinstance(source.get("headers") or {}, dict):
        raise LineError('"headers": expected names and values')
    return source


def _parsed(source: dict[str, Any], parser: IsolatedParser) -> dict[str, Any]:
    path = source["path"]
    empty: dict[str, Any] = {"path": path, "feed": {"title": "", "link": "", "language": ""}, "entries": []}
    if "error" in source:
        return empty | {"error": source["error"]}
    headers = {str(name).lower(): str(value) for name, value in (source.get("headers") or {}).items()}
    try:
        body = Path(path).read_bytes()
        feed = parser.parse(body, headers=headers, url=str(source.get("url") or ""))
    except (OSError, ValueError) as error:  # a path with a NUL in it is a ValueError
        click.get_current_context().meta["refused"] = True
        reason = error.strerror if isinstance(error, OSError) else str(error)
        return empty | {"error": {"kind": "unreadable", "message": f"{path}: {reason}"}}
    except ParseError as error:
        return empty | {"error": {"kind": error.kind, "message": str(error)}}
    return {"path": path} | _feed(feed)


def _feed(feed: ParsedFeed) -> dict[str, Any]:
    problem = feed.problem
    return {
        "feed": {"title": feed.title, "link": feed.link, "language": feed.language},
        "entries": [_entry(entry) for entry in feed.entries],
        "error": None if problem is None else {"kind": problem.kind, "message": problem.message},
    }


def _entry(entry: ParsedEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "link": entry.link,
        "title": entry.title,
        "summary": entry.summary,
        "content": sanitised(entry.content, base=entry.content_base),
        "author": entry.author,
        "published": entry.published,
        "updated": entry.updated,
        "tags": entry.tags,
    }


# ---- extract ---------------------------------------------------------------------------------------------------------


@stage.command()
def extract() -> None:
    """Article pages → texts. Each line: {"id", "html" or "path", "url"?}."""
    for number, line in _lines():
        try:
            json_line(_extracted(_object(line)))
        except (LineError, ParseError) as error:
            json_line(_refusal(number, line, error))
    _finish()


def _extracted(value: dict[str, Any]) -> dict[str, Any]:
    if "id" not in value or not ("html" in value or "path" in value):
        raise LineError('expected the keys "id" and "html" or "path"')
    html: str | bytes = str(value.get("html") or "")
    if "html" not in value:
        try:
            html = Path(str(value["path"])).read_bytes()
        except OSError as error:
            raise LineError(f"{value['path']}: {error.strerror}") from error
        except ValueError as error:
            raise LineError(f"{value['path']}: {error}") from error
    found = article.extract(html, url=str(value.get("url") or ""))
    return {
        "id": value["id"],
        "title": found.title,
        "text": found.text,
        "author": found.author,
        "published": found.published,
        "canonical": found.canonical,
    }


# ---- match -----------------------------------------------------------------------------------------------------------


@stage.command()
@config_option
@click.option("--watch", "names", multiple=True, help="Only this watch of the file (may be repeated).")
def match(config_path: Path | None, names: tuple[str, ...]) -> None:
    """Stories → matches with level, score, reason and spans. Without a feeds.yaml: the shipped watch."""
    matcher = Matcher(chosen_watches(config_path, names))
    for document, given in _documents():
        json_line({"id": given["id"], **_matches(matcher, document)} if document else given)
    _finish()


def _matches(matcher: Matcher, document: Document) -> dict[str, Any]:
    read = unread(document)
    return {"matches": matcher.match(with_language(document))} | ({"note": f"read was only {read}"} if read else {})


def chosen_watches(
    config_path: Path | None, names: tuple[str, ...], *, said_as: str = "--watch"
) -> tuple[CompiledWatch, ...]:
    """The watches of the file that are named, or all of it. `said_as`: how the command calls what names them."""
    if config_path is None and not find_config(None).exists():
        watch = Watch(name=SHIPPED_PACK, pack=SHIPPED_PACK)
        compiled: tuple[CompiledWatch, ...] = (
            compile_watch(watch, read_pack(packs.shipped(SHIPPED_PACK), SHIPPED_PACK), {}),
        )
    else:
        compiled = load_config(config_path, with_secrets=False).compiled
    known = [item.watch.name for item in compiled]
    for name in names:
        if name not in known:
            raise click.BadParameter(
                f"no watch is called {name!r}; expected one of {', '.join(known)}", param_hint=said_as
            )
    return tuple(item for item in compiled if not names or item.watch.name in names)


# ---- group -----------------------------------------------------------------------------------------------------------


@stage.command()
@click.option("--final", is_flag=True, help="As it stands after the last line and the last merge, not as on arrival.")
def group(*, final: bool) -> None:
    """Stories in order of arrival → which story each belongs to."""
    names: dict[str, Any] = {}
    kept: dict[str, str] = {}
    placed = _placed(names, kept)
    for line in _as_it_stands(list(placed), kept) if final else placed:
        json_line(line | {key: names.get(line[key], line[key]) for key in ("story", "of") if key in line})
    _finish()


def _placed(names: dict[str, Any], kept: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Undated documents are taken to arrive with the one before them; time never runs backwards.

    Stories are merged as often as the running program does it, and once at the end; `kept` collects which became part
    of which. `names` collects the ids that were given as something else than text: they go out as they came in.
    """
    grouper, outlets = Grouper(), shipped()
    seen = merged_at = UNDATED
    unmerged = 0
    for document, given in _documents():
        if document is None:
            yield given
            continue
        if given["id"] != document.id:
            names[document.id] = given["id"]
        seen, unmerged = max(seen, document.published or seen), unmerged + 1
        if seen - merged_at >= MERGE_EVERY or unmerged > MERGE_AFTER:
            merged_at, unmerged = seen, 0
            kept.update({merge.gone: merge.kept for merge in grouper.merge()})
        credited = attribute(document, outlets).origin
        yield {"id": given["id"]} | _placement(grouper.place(document, seen=seen, credited=credited))
    kept.update({merge.gone: merge.kept for merge in grouper.merge()})


def _placement(placement: Placement) -> dict[str, Any]:
    return {
        "story": placement.story,
        "relation": placement.relation,
        "of": placement.of,
        "similarity": round(placement.similarity, 4),
    }


def _as_it_stands(placed: Iterable[dict[str, Any]], kept: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """After the last merge: what began a story that became part of an older one is a report of the same event."""
    for placement in placed:
        if "error" in placement:
            yield placement
            continue
        story: str = placement["story"]
        while story in kept:
            story = kept[story]
        joined = placement["relation"] == "new" and story != placement["story"]
        yield placement | {"story": story} | ({"relation": "same-event"} if joined else {})


# ---- origin ----------------------------------------------------------------------------------------------------------


@stage.command()
def origin() -> None:
    """Stories → who broke each, and every outlet that it credits."""
    outlets = shipped()
    for document, given in _documents():
        if document is None:
            json_line(given)
            continue
        content = given.get("content")
        found = attribute(document, outlets, content=content if isinstance(content, str) else "")
        sources = {"document_source": found.document_source}
        json_line({"id": given["id"], "origin": found.origin, "credits": found.credits} | sources)
    _finish()
