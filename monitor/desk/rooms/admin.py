"""Who may enter the desk, for whoever looks after it; and what was done there, by whom.

What must not live here: the rules for accounts (`people`).
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Query, Response
from fastapi.responses import JSONResponse

from monitor.desk.answers import Done, done
from monitor.desk.door import entrance, passwords
from monitor.desk.door.people import People
from monitor.desk.pages import page
from monitor.desk.views import render
from monitor.desk.visit import Admin, Visit
from monitor.errors import AccountError
from monitor.model import Account, AuditLine, DeskRole
from storage import accounts, audit

router = APIRouter(tags=["people"])

Word = Annotated[str, Form(max_length=1_000)]
Before = Annotated[int | None, Query(description="Only lines older than the one of this number.")]
Count = Annotated[int, Query(ge=1, le=1_000, description="So many lines at most.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class PeoplePage:
    """The accounts, by name."""

    rows: tuple[Account, ...]
    open_to_all: bool  # the desk asks nobody who they are, until there are accounts and it is started again
    roles: tuple[DeskRole, ...] = entrance.ROLES


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPage:
    """What was done, the newest first."""

    rows: tuple[AuditLine, ...]
    older: int | None  # the number of the last line here, where more may stand behind it


def people(visit: Admin) -> PeoplePage:
    """Who may enter."""
    with visit.desk.database.read() as connection:
        return PeoplePage(rows=accounts.listing(connection), open_to_all=visit.desk.open_to_all)


def log(visit: Admin, before: Before = None, limit: Count = 100) -> LogPage:
    """What was done at the desk and to its accounts: who, what, when."""
    with visit.desk.database.read() as connection:
        lines = audit.listing(connection, before=before, limit=limit)
    return LogPage(rows=lines, older=lines[-1].id if len(lines) == limit else None)


page(router, "/people", template="people.html", name="people")(people)
page(router, "/people/log", template="people_log.html", name="people-log")(log)


@router.post("/people", response_model=Done)
def add(
    visit: Admin,
    name: Word = "",
    password: Word = "",
    role: Annotated[DeskRole, Form()] = "reader",
    zone: Word = "UTC",
) -> Response:
    """A new account with its first password, which its owner changes on the page of the account."""
    known = entrance.login_name(name)
    faults = {
        "name": entrance.name_fault(known),
        "password": passwords.password_fault(password, name=known),
    }
    if not any(faults.values()):
        try:
            made = _people(visit).add(name, password, role, zone=zone)
        except AccountError as error:
            faults["zone" if "time zone" in str(error) else "name"] = str(error)
        else:
            return done(visit, _welcome(visit, made), "/people")
    said = {field: fault for field, fault in faults.items() if fault}
    if "text/html" not in visit.request.headers.get("accept", ""):
        detail = "; ".join(f"{field}: {fault}" for field, fault in said.items())
        return JSONResponse({"detail": detail}, HTTPStatus.UNPROCESSABLE_ENTITY)
    return render(
        visit, "people.html", status=HTTPStatus.UNPROCESSABLE_ENTITY, page=people(visit), faults=said,
        typed={"name": name, "role": role, "zone": zone},
    )  # fmt: skip


def _welcome(visit: Visit, made: Account) -> str:
    said = f"{made.name} may enter as {made.role}."
    return f"{said} Start the desk again: from then on it asks who comes." if visit.desk.open_to_all else said


@router.post("/people/role", response_model=Done)
def set_role(visit: Admin, name: Word, role: Annotated[DeskRole, Form()]) -> Response:
    """What somebody may, from their next request on."""
    _people(visit).set_role(name, role)
    return done(visit, f"{name} is {role} now.", "/people")


@router.post("/people/password", response_model=Done)
def set_password(visit: Admin, name: Word, password: Word) -> Response:
    """Another password for somebody who has lost theirs; they are out everywhere."""
    _people(visit).set_password(name, password)
    return done(visit, f"{name} enters with the new password, and is out until then.", "/people")


@router.post("/people/code/off", response_model=Done)
def ask_for_no_code(visit: Admin, name: Word) -> Response:
    """Let somebody in without a code whose phone and recovery codes are gone."""
    _people(visit).ask_for_no_code(name)
    return done(visit, f"{name} enters with the password alone.", "/people")


@router.post("/people/disable", response_model=Done)
def disable(visit: Admin, name: Word) -> Response:
    """Put somebody out at once; their keys open nothing until they are let in again."""
    _people(visit).disable(name)
    return done(visit, f"{name} is out, and stays so.", "/people")


@router.post("/people/enable", response_model=Done)
def enable(visit: Admin, name: Word) -> Response:
    """Let somebody in again."""
    _people(visit).enable(name)
    return done(visit, f"{name} may enter again.", "/people")


@router.post("/people/remove", response_model=Done)
def remove(visit: Admin, name: Word) -> Response:
    """The account is gone, with its password, sessions, keys and codes. The log keeps what was done under its name."""
    _people(visit).remove(name)
    return done(visit, f"{name} is gone.", "/people")


def _people(visit: Visit) -> People:
    return People(database=visit.desk.database, by=visit.name, now=visit.now)
