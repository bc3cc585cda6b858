"""A secret address for one feed: made with a key of its own, shown once, withdrawn.

What must not live here: what a feed holds (`out`), and the rules for keys (`account`, `people`).
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Response

from monitor.desk.answers import Done, done
from monitor.desk.rooms.account import not_the_password, own_account, people_of, refused, told_once
from monitor.desk.rooms.out import FORMATS, feeds_out, watch_path, watches_of
from monitor.desk.rooms.search import LONGEST
from monitor.desk.visit import Reader, Visit
from monitor.errors import QueryError
from monitor.pipeline import search

router = APIRouter(tags=["feeds out"])

_LABEL = 64  # characters of what a key is for

Password = Annotated[str, Form(max_length=1_000, description="Your own, again.")]


@router.post("/out/keys", response_model=Done)
def make_address(
    visit: Reader,
    watch: Annotated[str, Form(max_length=200, description="Its name; empty: a search.")] = "",
    q: Annotated[str, Form(max_length=LONGEST, description="What is searched for, instead of a watch.")] = "",
    key_password: Password = "",
) -> Response:
    """A secret address for the feed of a watch, or of a search. The answer holds it, this once."""
    name, query = own_account(visit).name, " ".join(q.split())
    faults = _faults(visit, watch, query) | {"key_password": not_the_password(visit, key_password)}
    if any(faults.values()):
        return refused(visit, "out.html", faults, page=feeds_out(visit, watch, q))
    key = people_of(visit).add_key(name, label_of(watch, query), "feed")
    path, asked = (watch_path(watch), "") if watch else ("search", f"?{urlencode({'q': query})}")
    feeds = tuple(f"{visit.desk.home}/out/{key}/{path}.{suffix}{asked}" for suffix in FORMATS)
    return told_once(visit, f"A feed reader finds “{watch or query}” there from now on.", go="/out", feeds=feeds)


@router.post("/out/keys/withdraw", response_model=Done)
def withdraw_address(visit: Reader, label: Annotated[str, Form(max_length=1_000)] = "") -> Response:
    """A secret address opens nothing any more."""
    people_of(visit).revoke_key(own_account(visit).name, label, "feed")
    return done(visit, f"The address of “{label}” opens nothing any more.", "/out")


def label_of(watch: str, query: str) -> str:
    """What the key is called on the list of keys: printable, and not too long."""
    words = watch or f"search: {query}"
    return "".join(letter for letter in words if letter.isprintable())[:_LABEL].strip()


def _faults(visit: Visit, watch: str, query: str) -> dict[str, str]:
    if label_of(watch, query) in {key.name for key in feeds_out(visit).keys}:
        return {"watch" if watch else "q": "you have its address already; withdraw that below, and make another"}
    if watch:
        known = watches_of(visit)
        return {"watch": "" if watch in known else f"expected one of {', '.join(known)}", "q": ""}
    if not query:
        return {"watch": "expected a watch, or a search below", "q": ""}
    try:
        search.asked(query, visit.desk.settings.now().sets)
    except QueryError as error:
        return {"q": str(error), "watch": ""}
    return {"q": "", "watch": ""}
