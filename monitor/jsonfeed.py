"""JSON Feed 1.0 and 1.1 to ParsedFeed.

What lives here: the format as jsonfeed.org gives it, and the liberties that real feeds take (numbers as ids, a version
without its path). What must not: XML.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping

from monitor import fields
from monitor.dates import parse_date
from monitor.errors import ParseError
from monitor.model import ParsedEntry, ParsedFeed, Problem

_Object = Mapping[str, object]


def read_json_feed(text: str, losses: list[Problem], *, url: str) -> ParsedFeed:
    """The feed in a JSON document. Raises ParseError("not-a-feed") for broken JSON and for any other JSON."""
    document = _document(text)
    items = document["items"]
    assert isinstance(items, list)  # noqa: S101 - _document has looked; this tells mypy
    objects = [item for item in items if isinstance(item, dict)]
    if len(objects) < len(items):
        losses.append(Problem(kind="skipped", message=f"{len(items) - len(objects)} items are no JSON objects"))
    home = fields.link(_string(document, "home_page_url"), base=url)
    language = _string(document, "language")
    entries = [_entry(item, losses, base=home or url) for item in objects[: fields.MOST_ENTRIES]]
    return ParsedFeed(
        title=fields.title(_string(document, "title"), losses, plain=True),
        link=home,
        language=language[: fields.LONGEST_NAME],
        entries=fields.first_entries(entries, len(objects), losses),
        problem=fields.summed(losses),
    )


def _document(text: str) -> dict[str, object]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ParseError("not-a-feed", f"the body begins like JSON and is broken or cut off: {error}") from None
    if not isinstance(document, dict) or not isinstance(document.get("items"), list):
        raise ParseError("not-a-feed", "the body is JSON without a list of items; expected a JSON Feed")
    if "jsonfeed.org" not in _string(document, "version") and not _looks_like_items(document["items"]):
        raise ParseError("not-a-feed", "the body is JSON, and does not say that it is a JSON Feed (no version)")
    return document


def _looks_like_items(items: list[object]) -> bool:
    """Feeds that forget `version` still have ids and contents."""
    return bool(items) and all(
        isinstance(item, dict) and "id" in item and item.keys() & {"url", "content_html", "content_text", "title"}
        for item in items
    )


def _entry(item: _Object, losses: list[Problem], *, base: str) -> ParsedEntry:
    link = fields.link(_string(item, "url"), base=base) or fields.link(_string(item, "external_url"), base=base)
    key = _string(item, "id")[: fields.LONGEST_NAME]
    if not link and key.startswith(("http://", "https://")):
        link = fields.link(key, base=base)
    content = _string(item, "content_html") or _paragraphs(_string(item, "content_text"))
    return ParsedEntry(
        id=key,
        link=link,
        title=fields.title(_string(item, "title"), losses, plain=True),
        summary=fields.text(_string(item, "summary"), losses),
        content=fields.safe_html(content, losses, base=link or base),
        author=_author(item),
        published=parse_date(_string(item, "date_published")),
        updated=parse_date(_string(item, "date_modified")),
        tags=fields.tags([tag for tag in _list(item, "tags") if isinstance(tag, str)]),
    )


def _author(item: _Object) -> str:
    """`authors` of version 1.1, or `author` of 1.0."""
    people = [person for person in (*_list(item, "authors"), item.get("author")) if isinstance(person, dict)]
    names = (fields.name(_string(person, "name")) for person in people)
    return ", ".join(dict.fromkeys(name for name in names if name))[: fields.LONGEST_NAME]


def _paragraphs(text: str) -> str:
    """Plain text as HTML: blank lines part paragraphs."""
    return "".join(f"<p>{html.escape(part, quote=False)}</p>" for part in text.split("\n\n") if part.strip())


def _string(item: _Object, key: str) -> str:
    """A string, or a number written as one; "" for what is missing or of another type. No lone surrogates."""
    value = item.get(key)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).encode("utf-8", "replace").decode("utf-8")


def _list(item: _Object, key: str) -> list[object]:
    value = item.get(key)
    return value if isinstance(value, list) else []
