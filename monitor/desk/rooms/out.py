"""Feeds out: a watch, or a search, as RSS, Atom and JSON Feed, at an address that only its owner knows.

What lives here: which stories a feed has, what an item says, and what spares a reader an answer that it has. What must
not: how a feed is written (`alerts.syndication`), or the keys (`visit`, `people`).

A feed does not name its own address: it is the key, and feeds are passed on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from html import escape
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.exceptions import HTTPException

from alerts import syndication
from alerts.cleaning import clean, safe_link
from alerts.syndication import FeedHead, Format, Item
from monitor.desk.cards import Marks, card_of
from monitor.desk.pages import page
from monitor.desk.rooms.search import (
    LONGEST,
    Asked,
    FoundEntry,
    OutletWanted,
    VerdictWanted,
    WatchWanted,
    search_archive,
)
from monitor.desk.views import many, marked
from monitor.desk.visit import Keyed, Reader, Visit
from monitor.model import Filters, Key, StoryLine
from storage import access_keys, story_lines

router = APIRouter(tags=["feeds out"])

MOST = 100  # stories of a feed
PERIOD = timedelta(days=90)  # older ones are no news
ANY_KEY = "me"  # what stands in an address of a desk that is open to whoever sits at it

Suffix = Literal["rss", "atom", "json"]
FORMATS: Mapping[Suffix, Format] = {
    "rss": syndication.RSS, "atom": syndication.ATOM, "json": syndication.JSON_FEED,
}  # fmt: skip

SecretKey = Annotated[str, Path(max_length=200, description="The key of a feed address, from the page of the account.")]
WatchName = Annotated[str, Path(max_length=200, description="The name of the watch.")]
FormatWanted = Annotated[Suffix, Path(description="RSS 2.0, Atom, or JSON Feed 1.1.")]
_AS_FEED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The feed, the newest in front.",
        "content": {one.media_type: {"schema": {"type": "string"}} for one in FORMATS.values()},
    },
    304: {"description": "Nothing has changed since the ETag, or the Last-Modified, that was sent."},
}


@router.get("/out/{key}/watch/{name}.{suffix}", response_class=Response, responses=_AS_FEED)
def watch_out(
    visit: Keyed, key: SecretKey, name: WatchName, suffix: FormatWanted, verdict: VerdictWanted = None
) -> Response:
    """The stories of a watch as a feed."""
    with visit.desk.database.read() as connection:
        filters = Filters(watch=name, verdict=verdict, since=visit.now - PERIOD)
        lines = story_lines.lines(connection, filters, limit=MOST)
    if not lines and name not in watches_of(visit):
        raise HTTPException(404, f"no watch is called {name}")
    items = [_story(visit, line) for line in lines]
    return _answer(visit, suffix, f"{name} · Tipsheet", f"{visit.desk.home}/", f"watch {name}", items)


@router.get("/out/{key}/search.{suffix}", response_class=Response, responses=_AS_FEED)
def search_out(
    visit: Keyed, key: SecretKey, suffix: FormatWanted, q: Asked = "", watch: WatchWanted = "",
    outlet: OutletWanted = "", verdict: VerdictWanted = None,
) -> Response:  # fmt: skip
    """What a search finds as a feed."""
    found = search_archive(visit, q, watch, outlet, verdict)
    if not found.asked:
        raise HTTPException(422, "expected a query as `q`, or a filter: watch, outlet or verdict")
    home = f"{visit.desk.home}/search?{found.asked}"
    return _answer(visit, suffix, f"{q or 'Search'} · Tipsheet", home, home, [_entry(visit, row) for row in found.rows])


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchFeeds:
    """Where the feeds of a watch are. KEY stands for the reader's own key, where the desk asks for one."""

    watch: str
    rss: str
    atom: str
    json: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedsOut:
    """Every feed that the desk writes."""

    key: str
    watch: str  # that is asked for
    q: str
    keys: tuple[Key, ...]  # of whoever asks, for feed readers
    search: str  # the address of a search as RSS, to be completed
    rows: tuple[WatchFeeds, ...]


def feeds_out(
    visit: Reader,
    watch: Annotated[str, Query(max_length=200, description="Whose feed is wanted.")] = "",
    q: Annotated[str, Query(max_length=LONGEST, description="The search whose feed is wanted.")] = "",
) -> FeedsOut:
    """The addresses of the feeds that the desk writes for feed readers."""
    key = ANY_KEY if visit.desk.open_to_all else "KEY"
    keys: tuple[Key, ...] = ()
    if visit.person and not visit.desk.open_to_all:
        with visit.desk.database.read() as connection:
            keys = tuple(one for one in access_keys.listing(connection, visit.person.id) if one.kind == "feed")
    start = f"{visit.desk.home}/out/{key}"
    rows = tuple(
        WatchFeeds(watch=name, **{suffix: f"{start}/{watch_path(name)}.{suffix}" for suffix in FORMATS})
        for name in watches_of(visit)
    )
    example = urlencode({"q": q or "deportation AND palantir"})
    return FeedsOut(key=key, watch=watch, q=q, keys=keys, search=f"{start}/search.rss?{example}", rows=rows)


page(router, "/out", template="out.html", name="feeds-out")(feeds_out)


def watch_path(name: str) -> str:
    """Where the feed of a watch is, behind the key; a suffix follows."""
    return f"watch/{quote(name, safe='')}"


def watches_of(visit: Visit) -> Sequence[str]:
    """Those of the file, also one that cannot be used now: its feed stays where it is."""
    config = visit.desk.settings.now()
    return (*config.watches, *(name for name in config.refused if name not in config.watches))


# ---- what an item says -----------------------------------------------------------------------------------------------


def _story(visit: Visit, line: StoryLine) -> Item:
    card = card_of(line, visit.desk.outlets)
    address = f"{visit.desk.home}/stories/{card.story}"
    said = [
        f"First reported by {', '.join(card.origin)}." if card.origin else "",
        f"Told by {many(len(card.outlets), 'outlet')}: {', '.join(card.outlets[:8])}." if card.outlets[1:] else "",
        f"Watch: {card.watch} · {card.why}",
    ]
    return _item(
        id=address, title=card.title, outlet=card.outlet, link=card.link, at=card.published or card.first_seen,
        updated=line.last_at, sentence=card.sentence, marks=card.marks, said=said, address=address,
    )  # fmt: skip


def _entry(visit: Visit, row: FoundEntry) -> Item:
    home = visit.desk.home
    return _item(
        id=f"{home}/search#entry-{row.entry}", title=row.title, outlet=row.outlet, link=row.link,
        at=row.published or row.first_seen, updated=row.first_seen, sentence=row.sentence, marks=row.marks, said=(),
        address=f"{home}/stories/{row.story}" if row.story is not None else "",
    )  # fmt: skip


def _item(
    *, id: str, title: str, outlet: str, link: str, at: datetime, updated: datetime, sentence: str, marks: Marks,  # noqa: A002
    said: Iterable[str], address: str,
) -> Item:  # fmt: skip
    """An item of a story or of an entry; `address` is its page at the desk."""
    lines = [clean(line) for line in said if line]
    html = [f"<p>{marked(sentence, marks)}</p>"] if sentence else []
    html += [f"<p>{escape(line)}</p>" for line in lines]
    html += [f'<p><a href="{escape(address)}">At the desk</a></p>'] if address else []
    return Item(
        id=id,
        title=clean(f"{title or '(without a headline)'} — {outlet}"),
        link=safe_link(link)[0] or address,
        published=min(at, updated),  # a date in the future is a mistake
        updated=updated,
        html="".join(html),
        text="\n\n".join(filter(None, [clean(sentence), *lines, address])),
    )


# ---- the answer ------------------------------------------------------------------------------------------------------


def _answer(visit: Visit, suffix: Suffix, title: str, home: str, what: str, items: Sequence[Item]) -> Response:
    """The feed, or that the reader has it. `what` it is of makes its id."""
    written = FORMATS[suffix]
    name = hashlib.sha256(f"{visit.desk.home} {what}".encode("utf-8", "replace")).hexdigest()[:32]
    today = visit.now.replace(hour=0, minute=0, second=0, microsecond=0)
    updated = max((item.updated for item in items), default=today)
    head = FeedHead(id=f"urn:tipsheet:feed:{name}", title=clean(title), updated=updated, home=home)
    body = written.whole(head, [written.item(item) for item in items]).encode("utf-8", "replace")
    headers = {
        "ETag": f'"{hashlib.sha256(body).hexdigest()[:32]}"',
        "Last-Modified": format_datetime(updated.replace(microsecond=0), usegmt=True),
        "Cache-Control": "private, no-cache",
    }
    if _has_it(visit.request, headers["ETag"], headers["Last-Modified"]):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=f"{written.media_type}; charset=utf-8", headers=headers)


def _has_it(request: Request, tag: str, modified: str) -> bool:
    """Whether the reader says that it has this very feed (RFC 9110, 13).

    A time is compared for being the same: a story that was taken apart can make the newest one older.
    """
    if given := request.headers.get("if-none-match"):
        return given.strip() == "*" or tag in [one.strip().removeprefix("W/") for one in given.split(",")]
    given = request.headers.get("if-modified-since", "")
    return _date_of(given) == _date_of(modified) if given else False


def _date_of(written: str) -> datetime | None:
    try:
        return parsedate_to_datetime(written)
    except ValueError:
        return None
