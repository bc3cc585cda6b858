"""The page of one's own account: password, clock, second factor, keys, and the way out of every browser.

What must not live here: the rules for any of it (`people`, `passwords`, `login`).

What a borrowed browser must not do (another password, a second factor, a key) asks for the password again. What is told
once is in the answer itself and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import quote

import segno
from fastapi import APIRouter, Form, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from alerts.languages.language import CODES
from monitor.desk.answers import Done, done
from monitor.desk.door import entrance, passwords
from monitor.desk.door.people import People, language_fault, new_secret, zone_fault
from monitor.desk.door.second_factor import app_address
from monitor.desk.pages import page
from monitor.desk.views import render
from monitor.desk.visit import Reader, Visit
from monitor.errors import AccountError
from monitor.model import DeskRole, Key, KeyKind
from storage import access_keys, accounts, sessions

router = APIRouter(tags=["account"])

Word = Annotated[str, Form(max_length=1_000)]
_SECRET = re.compile(r"[A-Z2-7]{32}")
_LANGUAGE_NAMES = {"en": "English", "es": "español"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPage:
    """Oneself, as the desk knows one."""

    name: str
    role: DeskRole
    zone: str
    language: str
    languages: tuple[tuple[str, str], ...]  # code and name of each that may be chosen
    second_factor: bool
    roles: tuple[DeskRole, ...]  # that a key may have
    rows: tuple[Key, ...]  # keys of programs and of feed readers


def own_account(visit: Reader) -> AccountPage:
    """The own account: what it may, its clock, its keys."""
    person = visit.person
    if person is None or visit.desk.open_to_all:
        raise HTTPException(404, "this desk has no accounts: it is open to whoever sits at its machine")
    with visit.desk.database.read() as connection:
        keys = access_keys.listing(connection, person.id)
    return AccountPage(
        name=person.name,
        role=person.role,
        zone=person.zone,
        language=person.language,
        languages=tuple((code, _LANGUAGE_NAMES.get(code, code)) for code in CODES),
        second_factor=person.second_factor,
        roles=tuple(role for role in entrance.ROLES if entrance.may(person.role, role)),
        rows=keys,
    )


page(router, "/account", template="account.html", name="account")(own_account)


@router.post("/account/password", response_model=Done)
def change_password(visit: Reader, old: Word = "", new: Word = "", again: Word = "") -> Response:
    """Another password. Every other session ends; this browser gets a new one."""
    shown = own_account(visit)
    faults = {
        "old": not_the_password(visit, old),
        "new": passwords.password_fault(new, name=shown.name),
        "again": "" if new == again else "not what stands above; expected the same twice",
    }
    if any(faults.values()):
        return refused(visit, "account.html", faults, page=shown)
    people_of(visit).set_password(shown.name, new)
    answer = done(visit, "The password is changed, and you are out everywhere else.", "/account")
    with visit.desk.database.write() as connection:
        account = accounts.find(connection, shown.name)
        assert account is not None  # noqa: S101 - its password was changed a moment ago
        token = sessions.begin(connection, account.id, now=visit.now)
    answer.headers.append("Set-Cookie", entrance.entry_cookie(token, secure=visit.desk.secure))
    return answer


@router.post("/account/clock", response_model=Done)
def set_clock(visit: Reader, zone: Word = "", language: Word = "") -> Response:
    """In whose time the own pages are, and in which language one is written to."""
    shown = own_account(visit)
    faults = {"zone": zone_fault(zone), "language": language_fault(language)}
    if any(faults.values()):
        return refused(visit, "account.html", faults, typed={"zone": zone}, page=shown)
    if zone != shown.zone:
        people_of(visit).set_zone(shown.name, zone)
    if language != shown.language:
        people_of(visit).set_language(shown.name, language)
    return done(visit, f"Your pages are in the time of {zone} now.", "/account")


@router.post("/account/sessions/end", response_model=Done)
def end_sessions(visit: Reader) -> Response:
    """Out of every browser, this one too."""
    people_of(visit).end_sessions(own_account(visit).name)
    answer = done(visit, "You are out everywhere.", "/login")
    answer.headers.append("Set-Cookie", entrance.exit_cookie(secure=visit.desk.secure))
    return answer


# ---- the second factor -----------------------------------------------------------------------------------------------


@router.get("/account/code", include_in_schema=False)
def offer_secret(visit: Reader) -> Response:
    """A secret for the phone, which counts for nothing until its first code is typed."""
    own_account(visit)
    return render(visit, "code.html", faults={}, **_drawn(new_secret(), visit.name))


@router.post("/account/code", response_model=Done)
def ask_for_code(visit: Reader, secret: Word = "", code: Word = "", password: Word = "") -> Response:
    """Ask for a code at each login from now on. The answer holds the recovery codes, this once."""
    own_account(visit)
    if not _SECRET.fullmatch(secret):
        raise HTTPException(422, "secret: expected the 32 letters and digits that the page offered")
    faults = {"password": not_the_password(visit, password), "code": ""}
    codes: tuple[str, ...] = ()
    if not faults["password"]:
        try:
            codes = people_of(visit).ask_for_code(visit.name, secret, code)
        except AccountError as error:
            faults["code"] = str(error)
    if not codes:
        return refused(visit, "code.html", faults, **_drawn(secret, visit.name))
    return told_once(visit, "A code is asked for from now on.", codes=codes)


@router.post("/account/code/off", response_model=Done)
def ask_for_no_code(visit: Reader, code_password: Word = "") -> Response:
    """The password is enough again."""
    shown = own_account(visit)
    if fault := not_the_password(visit, code_password):
        return refused(visit, "account.html", {"code_password": fault}, page=shown)
    people_of(visit).ask_for_no_code(visit.name)
    return done(visit, "The password is enough again.", "/account")


def _drawn(secret: str, name: str) -> dict[str, Any]:
    address = app_address(secret, name)
    square = segno.make_qr(address, error="m").svg_data_uri(scale=5, border=4, dark="#000", light="#fff")
    spaced = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    return {"secret": secret, "spaced": spaced, "address": address, "square": square}


# ---- keys ------------------------------------------------------------------------------------------------------------


@router.post("/account/keys", response_model=Done)
def add_key(
    visit: Reader,
    label: Word = "",
    kind: Annotated[KeyKind, Form()] = "api",
    role: Annotated[DeskRole, Form()] = "reader",
    key_password: Word = "",
) -> Response:
    """A key for a program, or a secret address for a feed reader. The answer holds it, this once."""
    shown = own_account(visit)
    faults = {"key_password": not_the_password(visit, key_password), "label": ""}
    key = ""
    if not faults["key_password"]:
        try:
            key = people_of(visit).add_key(shown.name, label, kind, role="reader" if kind == "feed" else role)
        except AccountError as error:
            faults["label"] = str(error)
    if not key:
        return refused(visit, "account.html", faults, typed={"label": label, "kind": kind, "role": role}, page=shown)
    if kind == "api":
        return told_once(visit, "A program enters with this token from now on.", key=key)
    return told_once(visit, "A feed reader finds the watches there from now on.", feeds=_feeds(visit, key))


@router.post("/account/keys/revoke", response_model=Done)
def revoke_key(visit: Reader, label: Word = "", kind: Annotated[KeyKind, Form()] = "api") -> Response:
    """Take a key back."""
    people_of(visit).revoke_key(own_account(visit).name, label, kind)
    return done(visit, f"“{label}” opens nothing any more.", "/account#keys-title")


def _feeds(visit: Visit, key: str) -> tuple[str, ...]:
    """The secret address of each watch."""
    watches = visit.desk.settings.now().watches
    return tuple(f"{visit.desk.home}/out/{key}/watch/{quote(name, safe='')}.atom" for name in watches)


# ---- what they share -------------------------------------------------------------------------------------------------


def people_of(visit: Visit) -> People:
    return People(database=visit.desk.database, by=visit.name, now=visit.now)


def not_the_password(visit: Visit, password: str) -> str:
    """Why a person is not believed to be the one who came in; "" where they are."""
    refused = visit.desk.door.confirm(visit.name, password, client=visit.client)
    return refused.sentence if refused else ""


def refused(visit: Visit, template: str, faults: Mapping[str, str], **facts: Any) -> Response:
    """The page again, each fault beside its field; to a program, the faults in a line."""
    said = {field: fault for field, fault in faults.items() if fault}
    if "text/html" not in visit.request.headers.get("accept", ""):
        detail = "; ".join(f"{field}: {fault}" for field, fault in said.items())
        return JSONResponse({"detail": detail}, HTTPStatus.UNPROCESSABLE_ENTITY)
    return render(visit, template, status=HTTPStatus.UNPROCESSABLE_ENTITY, faults=said, **facts)


def told_once(visit: Visit, sentence: str, go: str = "/account", **secret: object) -> Response:
    if "text/html" not in visit.request.headers.get("accept", ""):
        return JSONResponse({"said": sentence, "next": go} | secret)
    told: dict[str, Any] = {"codes": (), "key": "", "feeds": (), "go": go} | secret
    return render(visit, "told_once.html", sentence=sentence, **told)
