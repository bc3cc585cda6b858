"""All addresses of the desk together, and what every answer carries.

What lives here: which rooms there are, the headers, how errors are told. What must not: what any address does.

An address that does not say whom it is for (`visit.Need`) is no address: the desk does not start with it.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator
from datetime import UTC
from http import HTTPStatus

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from monitor.desk.faults import in_words
from monitor.desk.place import Desk
from monitor.desk.rooms import (
    account,
    admin,
    companies,
    consent,
    day,
    deliveries,
    editing,
    entry,
    feed_forms,
    feed_keys,
    feed_lists,
    feeds,
    finding,
    health,
    interface,
    judging,
    letters,
    out,
    pictures,
    regrouping,
    search,
    sending,
    story,
    trying,
    watch_lists,
    watches,
)
from monitor.desk.unsent import ask_again, ask_who_is_right, unsent
from monitor.desk.views import STATIC, render
from monitor.desk.visit import SAID, Need, NotIn, Visit, host_of, login_for, visit_of
from monitor.errors import ConflictError, FileChangedError, StorageError, TipsheetError
from monitor.pipeline.journal import note

ROOMS = (
    entry.router,
    health.router,
    day.router,
    story.router,
    judging.router,
    regrouping.router,
    companies.router,
    pictures.router,
    feed_keys.router,
    out.router,
    interface.router,
    account.router,
    admin.router,
    consent.router,
    feeds.router,
    feed_forms.router,
    finding.router,
    feed_lists.router,
    deliveries.router,
    sending.router,
    letters.router,
    search.router,
    trying.router,
    watch_lists.router,
    watches.router,
    editing.router,
)

_STATUS = {
    ConflictError: HTTPStatus.CONFLICT,
    FileChangedError: HTTPStatus.CONFLICT,
    StorageError: HTTPStatus.SERVICE_UNAVAILABLE,
}

LARGEST = 32 * 2**20  # bytes of anything that is sent here: the largest feeds.yaml, as a form writes it

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def make_app(desk: Desk) -> FastAPI:
    """The desk as an ASGI application."""
    app = FastAPI(title="Tipsheet", docs_url=None, redoc_url=None, openapi_url=None)  # `interface` describes it
    app.state.desk = desk
    # Each says whom it is for, or there is no desk.
    app.state.needs = {
        (route.path_format, method): need for route, need in addresses() for method in route.methods or ()
    }
    for room in ROOMS:
        app.include_router(room)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.middleware("http")(_finish)
    for kind, answer in (
        (NotIn, _ask_in),
        (HTTPException, _refuse),
        (RequestValidationError, _refuse_words),
        (OverflowError, _refuse_size),
        (TipsheetError, _apologise),
    ):
        app.add_exception_handler(kind, answer)  # type: ignore[arg-type]
    return app


def addresses(rooms: Iterable[APIRouter] = ROOMS) -> Iterator[tuple[APIRoute, Need]]:
    """Every address with whom it is for. AssertionError for one that does not say so."""
    for room in rooms:
        for route in room.routes:
            asked = [one.call for one in route.dependant.dependencies] if isinstance(route, APIRoute) else []
            need = next((one for one in asked if isinstance(one, Need)), None)
            if need is None or not isinstance(route, APIRoute):
                raise AssertionError(f"{getattr(route, 'path', route)} does not say whom it is for")
            yield route, need


async def _finish(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """What every answer carries, errors and downloads too."""
    desk: Desk = request.app.state.desk
    if host_of(request) not in desk.hosts:  # a name that somebody let lead to this machine, to read it from their page
        return JSONResponse({"detail": "the desk is not to be found under this name"}, HTTPStatus.MISDIRECTED_REQUEST)
    if fault := _too_large(request):
        return JSONResponse({"detail": fault}, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    try:
        answer = await call_next(request)
    except Exception as error:  # noqa: BLE001 - the unit of work is one request; the next one is answered
        note("desk", level=logging.ERROR, error=error, address=_shape(request))
        answer = await _tell(request, HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong here; the log says what.")
    if SAID in request.cookies and answer.headers.get("content-type", "").startswith("text/html"):
        answer.delete_cookie(SAID)
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    if desk.secure:
        answer.headers["Strict-Transport-Security"] = "max-age=31536000"
    fixed = request.url.path.startswith("/static/") and "v" in request.query_params
    answer.headers.setdefault("Cache-Control", "public, max-age=31536000, immutable" if fixed else "no-store")
    return answer


def _shape(request: Request) -> str:
    """An address as it is published: what stands in it may be a key, which is for no log."""
    route = request.scope.get("route")
    return str(getattr(route, "path", "?"))


def _too_large(request: Request) -> str:
    """Why it is not read; "" where it may be. Of everybody: a form is read whole before it is known who sent it."""
    length = request.headers.get("content-length", "0")
    if "transfer-encoding" in request.headers or not length.isdecimal():
        return "expected a Content-Length"
    return f"expected at most {LARGEST // 2**20} MB" if int(length) > LARGEST else ""


# ---- errors ----------------------------------------------------------------------------------------------------------


async def _ask_in(request: Request, error: NotIn) -> Response:
    visit = visit_of(request)
    if not visit.wants_page:
        said = {"detail": "log in, or send a token"}
        return JSONResponse(said, HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": "Bearer"})
    typed = await unsent(request)
    if typed and typed.says_something:
        return entry.ask_for(visit, typed)
    return RedirectResponse(login_for(request), status_code=HTTPStatus.SEE_OTHER)


async def _refuse(request: Request, error: HTTPException) -> Response:
    return await _tell(request, error.status_code, str(error.detail))


async def _refuse_words(request: Request, error: RequestValidationError) -> Response:
    return await _tell(request, HTTPStatus.UNPROCESSABLE_ENTITY, "; ".join(map(in_words, error.errors())))


async def _refuse_size(request: Request, error: OverflowError) -> Response:
    """A number that no database keeps, a day that no calendar has: what was asked for is not there."""
    said = "a number or a day lies beyond all that can be kept; expected numbers below 2⁶³ and days from this age"
    return await _tell(request, HTTPStatus.UNPROCESSABLE_ENTITY, said)


async def _apologise(request: Request, error: TipsheetError) -> Response:
    status = next((status for kind, status in _STATUS.items() if isinstance(error, kind)), HTTPStatus.BAD_REQUEST)
    if isinstance(error, ConflictError):
        if typed := await unsent(request):
            return ask_who_is_right(visit_of(request), typed, error, status=status)
        if not visit_of(request).wants_page:
            return JSONResponse({"detail": str(error)} | _said_by_another(error), status)
    return await _tell(request, status, str(error))


def _said_by_another(error: ConflictError) -> dict[str, str | int]:
    """What a program needs to decide: what came between, and the version to name when it is said all the same."""
    at = error.at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return {"by": error.by, "at": at, "said": error.said, "version": error.version}


async def _tell(request: Request, status: int, sentence: str) -> Response:
    """What went wrong; to a browser that sent a form, with the form."""
    visit, heading = visit_of(request), HTTPStatus(status).phrase
    if not visit.wants_page:
        return JSONResponse({"detail": sentence}, status)
    typed = await unsent(request)
    if typed and typed.has_words and _may_send(visit):
        return ask_again(visit, typed, status=status, heading=heading, sentence=sentence)
    back = typed.back if typed else "/"
    return render(visit, "error.html", status=status, heading=heading, sentence=sentence, typed=typed, back=back)


def _may_send(visit: Visit) -> bool:
    """Whether the address of this request is for whoever asks it: else what they typed is theirs to copy, no more."""
    route = visit.request.scope.get("route")
    need: Need | None = visit.request.app.state.needs.get((getattr(route, "path_format", ""), visit.request.method))
    return need is None or need.role is None or visit.may(need.role)
