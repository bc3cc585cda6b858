"""A page or an address that somebody heard of → its feeds, each with a look at what it brings.

What must not live here: looking (`pipeline.discover`), and writing what was chosen (`feed_forms`).
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Query, Response
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse

from monitor.desk.door.errands import count_errand
from monitor.desk.pages import page
from monitor.desk.views import render
from monitor.desk.visit import Admin, Visit
from monitor.desk.writing import look as look_at_file
from monitor.errors import FetchError
from monitor.isolate import IsolatedParser
from monitor.pipeline.discover import Discover, Search
from monitor.pipeline.offers import OfferedFeed, look, offers
from monitor.settings.config import Config
from monitor.settings.feeds_file import twin

router = APIRouter(tags=["feeds"])

Address = Annotated[str, Form(min_length=1, max_length=2_000, description="Of a page, or of the feed itself.")]
Prefilled = Annotated[str, Query(max_length=2_000, description="What stands in the field to begin with.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What came of a search; before it, an empty form."""

    address: str  # as it was typed
    page: str  # that offered the feeds; "" where the address was a feed itself, or nothing was looked for yet
    rows: tuple[OfferedFeed, ...]
    in_vain: tuple[str, ...]  # of each address that proved no feed, why
    untried: tuple[str, ...]  # addresses that may be feeds and were not asked
    fault: str  # why the address could not be asked; "" where it could
    mark: str  # of feeds.yaml: what the form that adds one carries


def find_form(visit: Admin, address: Prefilled = "") -> Found:
    """The form; nobody is asked yet."""
    return Found(address=address, page="", rows=(), in_vain=(), untried=(), fault="", mark=look_at_file(visit).mark)


page(router, "/feeds/find", template="find.html", name="find-feeds")(find_form)


@router.post("/feeds/find", response_model=Found)
def find(visit: Admin, address: Address) -> Response:
    """Look for the feeds of a page. Its site is asked, as politely as for everything else."""
    address, config, mark = address.strip(), visit.desk.settings.now(), look_at_file(visit).mark
    count_errand(visit)
    try:
        search, fault = _search(visit, config, address), ""
    except FetchError as error:
        search, fault = Search(), str(error)
    known = {twin(feed.url): feed.name for feed in config.feeds.values()}
    found = Found(
        address=address, page=search.page, rows=tuple(offers(search, known, visit.desk.outlets, now=visit.now)),
        in_vain=search.in_vain, untried=search.untried, fault=fault, mark=mark,
    )  # fmt: skip
    status = HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK
    if "text/html" in visit.request.headers.get("accept", ""):
        return render(visit, "find.html", status=status, page=found)
    return JSONResponse(jsonable_encoder(found), status)


def _search(visit: Visit, config: Config, address: str) -> Search:
    with visit.desk.open_client(config) as client, IsolatedParser(workers=1) as parser:
        gap = config.gap.total_seconds()
        return look(Discover(client=client, parser=parser, gap=gap, tell=lambda url: None), address)
