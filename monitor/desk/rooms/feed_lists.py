"""Lists of feeds, out and in: OPML, which every reader of feeds can write and read.

What lives here: a list that was brought → what of it would be added, and then the adding. What must not: the format
(`feeds.opml`), and which feeds the file would take (`feeds_file`). Nothing is written before somebody has seen it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, File, Form, Response, UploadFile
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from monitor.desk.answers import Done, Mark, done
from monitor.desk.pages import page
from monitor.desk.views import many, render
from monitor.desk.visit import Admin, Reader
from monitor.desk.writing import WRITTEN, look, write
from monitor.errors import FileChangedError, ParseError
from monitor.feeds import opml
from monitor.model import Feed
from monitor.settings.feeds_file import with_feeds

router = APIRouter(tags=["feeds"])

LARGEST = 5_000_000  # bytes of a list that is brought; 10,000 feeds take 2 MB

Document = Annotated[str, Form(max_length=2 * LARGEST, description="The `document` that was shown, as it was.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class BroughtList:
    """What a list would add to feeds.yaml; before one was brought, an empty form."""

    rows: tuple[Feed, ...]  # that would be added, under the names that they would have
    skipped: tuple[str, ...]  # of each of the others, why
    document: str  # those that would be added, as OPML: give it back to have it done
    mark: str
    fault: str  # why the list could not be read; "" where it could


@router.get("/feeds.opml", response_class=Response)
def export(visit: Reader) -> Response:
    """All feeds of feeds.yaml as OPML 2.0; those at rest are comments."""
    wanted = tuple(visit.desk.settings.now().feeds.values())
    document = opml.write(wanted, title="Tipsheet", created=visit.now)
    headers = {"Content-Disposition": 'attachment; filename="tipsheet-feeds.opml"'}
    return Response(document, media_type="text/x-opml", headers=headers)


def lists(visit: Admin) -> BroughtList:
    """The form that takes a list."""
    return BroughtList(rows=(), skipped=(), document="", mark=look(visit).mark, fault="")


page(router, "/feeds/lists", template="feed_lists.html", name="feed-lists")(lists)


@router.post("/feeds/lists/read", response_model=BroughtList)
def read(visit: Admin, file: Annotated[UploadFile, File(description="OPML, at most 5 MB.")]) -> Response:
    """Say what a list would add, and what not, and why. Nothing is written."""
    brought = _read(visit, file.file.read(LARGEST + 1))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if brought.fault else HTTPStatus.OK
    if "text/html" in visit.request.headers.get("accept", ""):
        return render(visit, "feed_lists.html", status=status, page=brought)
    if brought.fault:
        raise HTTPException(status, brought.fault)
    return JSONResponse(jsonable_encoder(brought))


@router.post("/feeds/lists", response_model=Done)
def add(visit: Admin, document: Document, mark: Mark) -> Response:
    """Add the feeds of a list that was shown to feeds.yaml."""
    seen = look(visit)
    text, added, skipped = with_feeds(seen.path, seen.text, opml.read(document.encode()).feeds)
    if not added:
        raise HTTPException(HTTPStatus.CONFLICT, f"nothing is left to add: {'; '.join(skipped)}")
    try:
        write(visit, text, mark=mark, action="feeds changed", subject="a list", detail=many(len(added), "feed"))
    except FileChangedError as error:  # what it would add now, to be looked at again
        if not visit.wants_page:
            raise
        brought = replace(_read(visit, document.encode()), fault=str(error))
        return render(visit, "feed_lists.html", status=HTTPStatus.CONFLICT, page=brought)
    return done(visit, f"{many(len(added), 'feed')} added. {WRITTEN}", "/feeds")


def _read(visit: Admin, source: bytes) -> BroughtList:
    seen = look(visit)
    fault, found = "", opml.OpmlFeeds(feeds=(), skipped=())
    if len(source) > LARGEST:
        fault = f"the list is larger than {LARGEST // 1_000_000} MB; bring it in parts"
    else:
        try:
            found = opml.read(source)
        except ParseError as error:
            fault = str(error)
    _, added, skipped = with_feeds(seen.path, seen.text, found.feeds)
    document = opml.write(added, title="Tipsheet", created=visit.now) if added else ""
    return BroughtList(rows=added, skipped=(*found.skipped, *skipped), document=document, mark=seen.mark, fault=fault)
