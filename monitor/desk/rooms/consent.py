"""The pages for recipients, who have no account: yes, no, and yes again.

What must not live here: what a link is worth (`alerts.consent`), and what an answer leads to (`pipeline.consent`).

A page that is only looked at changes nothing and asks nothing of the database: mail programs open links before people
do, and it says the same to everybody. Whoever holds a link reads what is sent to its address; that is all it proves.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from alerts import consent as words
from alerts.consent import Leaf, who_confirms, who_stops
from alerts.languages.language import CODES, ENGLISH, Language, language_of
from monitor.desk.views import render
from monitor.desk.visit import Anybody, Proven, Visit
from monitor.errors import ConfigError
from monitor.pipeline import consent
from monitor.pipeline.journal import note
from monitor.settings.config import Config
from storage import consents

router = APIRouter(tags=["recipients"], include_in_schema=False)


@router.get("/confirm/{token}")
def ask_to_confirm(visit: Anybody, token: str) -> Response:
    """The question, with a button."""
    return _show(visit, words.to_confirm(_language(visit.request)), f"/confirm/{token}")


@router.post("/confirm/{token}")
def confirm(visit: Anybody, token: str) -> Response:
    """The address wants to hear; what waited for it goes, as one message."""
    language, config = _language(visit.request), _config(visit)
    with visit.desk.database.write() as connection:
        secret, known = consents.secret(connection), consents.listing(connection)
        found = who_confirms(secret, token, known, now=visit.now)
        if found is None:
            return _show(visit, words.unknown(language), status=HTTPStatus.NOT_FOUND)
        if found.state == "waiting":  # a no that came since is not taken back by an older link
            consent.confirm(connection, config, found, now=visit.now)
    return _show(visit, words.confirmed(language) if found.state != "stopped" else words.stopped(language))


@router.get("/stop/{token}")
def ask_to_stop(visit: Anybody, token: str) -> Response:
    """The question, with a button; and below it the way back."""
    return _show(visit, words.to_stop(_language(visit.request)), f"/stop/{token}", back=f"/resume/{token}")


@router.post("/stop/{token}")
def stop(visit: Proven, token: str) -> Response:
    """The address wants no more. Mail programs send this by themselves when their reader says so (RFC 8058)."""
    return _answer(visit, token, consent.stop, words.stopped, f"/resume/{token}")


@router.post("/resume/{token}")
def resume(visit: Anybody, token: str) -> Response:
    """The address wants to hear again."""
    return _answer(visit, token, consent.resume, words.resumed)


def _answer(
    visit: Visit, token: str, take: Callable[..., bool], said: Callable[[Language], Leaf], action: str = ""
) -> Response:
    """Take somebody at their word, once or again: the page says how it is then."""
    language, config = _language(visit.request), _config(visit)
    with visit.desk.database.write() as connection:
        found = who_stops(consents.secret(connection), token, consents.listing(connection))
        if found is None:
            return _show(visit, words.unknown(language), status=HTTPStatus.NOT_FOUND)
        take(connection, config, found, now=visit.now)
    return _show(visit, said(language), action)


def _config(visit: Visit) -> Config | None:
    """feeds.yaml; None while it has a fault: people are taken at their word all the same."""
    try:
        return visit.desk.settings.now()
    except (ConfigError, OSError) as error:
        note("consent", level=logging.WARNING, problem=error)
        return None


def _show(visit: Visit, leaf: Leaf, action: str = "", *, back: str = "", status: int = HTTPStatus.OK) -> Response:
    if "text/html" not in visit.request.headers.get("accept", "text/html"):
        return JSONResponse({"said": leaf.sentence}, status)
    language = _language(visit.request)
    again = words.stopped(language).button if back else ""
    return render(
        visit, "consent.html", status=status, leaf=leaf, action=action, back=back, again=again, language=language.code
    )


def _language(request: Request) -> Language:
    """What the browser asks for first of what is spoken here. The recipient's own would tell whose link it is."""
    asked = (part.split(";")[0].strip()[:2].lower() for part in request.headers.get("accept-language", "").split(","))
    return next((language_of(code) for code in asked if code in CODES), ENGLISH)
