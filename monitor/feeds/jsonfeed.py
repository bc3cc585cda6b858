"""JSON Feed 1.0 and 1.1 to ParsedFeed.

What lives here: the format as jsonfeed.org gives it, and the liberties that real feeds take (numbers as ids, a version
without its path). What must not: XML.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from typing import TypeGuard

from monitor.errors import ParseError
from monitor.feeds import fields
from monitor.feeds.dates import parse_date
from monitor.feeds.raw import RawEntry, RawFeed, shaped
from monitor.model import ParsedFeed, Problem

_Object = Mapping[str, object]


def read_json_feed(text: str, losses: list[Problem], *, url: str) -> ParsedFeed:
    """The feed in a JSON document. Raises ParseError("not-a-feed") for broken JSON and for any other JSON."""
    document = _document(text)
    items = [item for item in _list(document, "items") if isinstance(item, dict)]
    if skipped := len(_list(document, "items")) - len(items):
        losses.append(Problem(kind="skipped", message=f"{skipped} items are no JSON objects"))
    feed = RawFeed(
        title=_string(document, "title"),
        title_plain=True,
        link=_string(document, "home_page_url"),
        language=_string(document, "language"),
        entries=[_entry(item) for item in items[: fields.MOST_ENTRIES]],
        two_dates=True,
        base=_string(document, "home_page_url"),
        hubs=[_string(hub, "url") for hub in _list(document, "hubs") if _is_websub(hub)],
        itself=_string(document, "feed_url"),
    )
    return shaped(feed, losses, total=len(items), url=url)


def _is_websub(hub: object) -> TypeGuard[_Object]:
    """Hubs of other kinds ("rssCloud") speak other languages."""
    return isinstance(hub, dict) and _string(hub, "type").lower() == "websub"


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


def _entry(item: _Object) -> RawEntry:
    return RawEntry(
        id=_string(item, "id"),
        permalink=True,
        links=[_string(item, "url"), _string(item, "external_url")],
        title=_string(item, "title"),
        title_plain=True,
        summary=_string(item, "summary"),
        content=_string(item, "content_html") or _paragraphs(_string(item, "content_text")),
        authors=_authors(item),
        published=parse_date(_string(item, "date_published")),
        updated=parse_date(_string(item, "date_modified")),
        tags=[tag for tag in _list(item, "tags") if isinstance(tag, str)],
    )


def _authors(item: _Object) -> list[str]:
    """`authors` of version 1.1, or `author` of 1.0."""
    people = (*_list(item, "authors"), item.get("author"))
    return [_string(person, "name") for person in people if isinstance(person, dict)]


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
