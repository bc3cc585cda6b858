"""In and out, as pages: the login and the logout.

What must not live here: who may enter (`entrance`, `login`).
"""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Response
from fastapi.responses import RedirectResponse

from monitor.desk.answers import done
from monitor.desk.door import entrance
from monitor.desk.door.login import Refused
from monitor.desk.unsent import Unsent, ask_again, from_json
from monitor.desk.views import render
from monitor.desk.visit import Anybody, Reader, Visit

router = APIRouter(include_in_schema=False)

LARGEST = 30_000_000  # characters of a form that is kept over a login
Words = Annotated[str, Form(max_length=1_000)]


@router.get("/login")
def ask(visit: Anybody, next: str = "/") -> Response:  # noqa: A002 - the name in the address
    """The form; whoever is in already goes on."""
    if visit.person:
        return RedirectResponse(entrance.local_path(next), HTTPStatus.SEE_OTHER)
    return render(visit, "login.html", next=entrance.local_path(next), name="", fault="", kept="")


def ask_for(visit: Visit, typed: Unsent) -> Response:
    """The form, for somebody whose session ended while they typed: it carries what they typed."""
    status = HTTPStatus.UNAUTHORIZED
    return render(visit, "login.html", status=status, next=typed.back, name="", fault="", kept=typed.to_json())


@router.post("/login")
def enter(
    visit: Anybody,
    name: Words = "",
    password: Words = "",
    code: Words = "",
    next: Words = "/",  # noqa: A002
    kept: Annotated[str, Form(max_length=LARGEST)] = "",
) -> Response:
    """Try a name and a password. `kept` is a form that somebody sent when their session was over."""
    desk, request = visit.desk, visit.request
    before = request.cookies.get(entrance.cookie_name(secure=desk.secure), "")
    came = desk.door.enter(name, password, code, client=visit.client, before=before)
    if isinstance(came, Refused):
        status = HTTPStatus.TOO_MANY_REQUESTS if came.wait else HTTPStatus.UNAUTHORIZED
        answer: Response = render(
            visit, "login.html", status=status, next=entrance.local_path(next), name=name, fault=came.sentence,
            kept=kept,
        )  # fmt: skip
        if came.wait:
            answer.headers["Retry-After"] = str(int(came.wait.total_seconds()) + 1)
        return answer
    answer = _go_on(replace(visit, person=came.account, token=came.token), next, from_json(kept) if kept else None)
    answer.headers.append("Set-Cookie", entrance.entry_cookie(came.token, secure=desk.secure))
    return answer


def _go_on(visit: Visit, go: str, typed: Unsent | None) -> Response:
    """Where they wanted to go; or the form that they were about to send, which they see before it is sent."""
    if typed is None:
        return RedirectResponse(entrance.local_path(go), HTTPStatus.SEE_OTHER)
    sentence = "You are in again. This is what you were about to send when your session ended."
    return ask_again(visit, typed, status=HTTPStatus.OK, heading="Not sent yet", sentence=sentence)


@router.post("/logout")
def leave(visit: Reader) -> Response:
    """End the session, here and for whoever copied it."""
    _end(visit)
    answer = done(visit, "You are out.", "/login")
    answer.headers.append("Set-Cookie", entrance.exit_cookie(secure=visit.desk.secure))
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


def _end(visit: Visit) -> None:
    if not visit.by_key:
        visit.desk.door.leave(visit.token)
