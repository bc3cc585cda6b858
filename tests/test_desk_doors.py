"""Who gets through which address: every address of the desk against everybody who may come.

The table is made from the addresses that the desk has: a new one that lets too much through fails here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute

from monitor.desk.app import addresses
from monitor.desk.door import passwords
from monitor.desk.door.entrance import ROLES, csrf_token, entry_cookie
from monitor.desk.place import Desk
from monitor.model import DeskRole
from storage import access_keys, accounts, sessions
from storage.database import Database
from tests.browser import open_desk
from tests.conftest import NOON, Clock

# What stands in an address; else "1".
VALUES = {"story": "1", "day": "2026-02-18", "note": "1", "correction": "1", "suffix": "rss"}
# The measures ask by themselves, and the feeds for the key in their address, as their own tests show.
OPEN_TO_ANYBODY = {"/login", "/healthz", "/readyz", "/metrics", "/out/1/watch/1.rss", "/out/1/search.rss"}
OPEN_TO_ANYBODY |= {"/confirm/1", "/stop/1", "/resume/1"}  # for recipients, who have no account
BY_A_PAGE_OF_OURS = {"/login", "/confirm/1", "/resume/1"}  # what anybody may send from there, and not from elsewhere
Asked = tuple[str, str, DeskRole | None]  # method, address, whom it is for


@pytest.fixture
def locked(database: Database, tmp_path: Path) -> Iterator[Desk]:
    """A desk with one account of each role; nobody comes in without one."""
    password_hash = passwords.hash_password("a long enough phrase for tests")
    with database.write() as connection:
        for role in ROLES:
            accounts.add(connection, role, role=role, password_hash=password_hash, zone="UTC", language="en", now=NOON)
    feeds_yaml = tmp_path / "feeds.yaml"
    feeds_yaml.write_text(MINIMAL, encoding="utf-8")
    with open_desk(database, feeds_yaml, Clock()) as opened:
        yield opened


MINIMAL = """\
contact: https://desk.example
channels: [{name: mail, kind: email, host: localhost, port: 25, from: a@desk.example}]
recipients: [{name: desk, channel: mail, address: desk@desk.example}]
watches: [{name: ferries, query: ferry}]
feeds: [{url: "https://ferry.example/feed", name: Ferry Times, outlet: ferry.example}]
"""
EMPTY = MINIMAL.partition("watches:")[0] + "watches: []\nfeeds: []\n"


def asked() -> Iterator[Asked]:
    for route, need in addresses():
        for method in sorted(route.methods or ()):
            yield method, filled(route), need.role


def filled(route: APIRoute) -> str:
    path = route.path.replace(":int", "").replace(":path", "")
    for name in (one.name for one in route.dependant.path_params):
        path = path.replace("{" + name + "}", VALUES.get(name, "1"))
    return path


def session_of(desk: Desk, role: DeskRole) -> dict[str, str]:
    """What the browser of somebody who is in sends with a form."""
    with desk.database.write() as connection:
        account = accounts.find(connection, role)
        assert account
        token = sessions.begin(connection, account.id, now=desk.clock())
    cookie = entry_cookie(token, secure=False).partition(";")[0]
    return {"Cookie": cookie, "X-CSRF-Token": csrf_token(token), "Origin": desk.home}


def test_every_address_lets_in_whom_it_is_for_and_nobody_else(locked: Desk) -> None:
    table = list(asked())
    assert len(table) > 10
    with httpx.Client(base_url=locked.home, timeout=20) as client:
        for role in (None, *ROLES):
            for method, address, need in table:
                headers = session_of(locked, role) if role else {"Origin": locked.home}
                status = client.request(method, address, headers=headers).status_code
                wanted = f"{method} {address} by {role}, for {need}: {status}"
                if need is None:
                    assert status not in (401, 403) or (method == "POST" and address in BY_A_PAGE_OF_OURS), wanted
                elif role is None:
                    assert status == 401, wanted
                elif ROLES.index(role) < ROLES.index(need):
                    assert status == 403, wanted
                else:
                    assert status not in (401, 403), wanted
                assert status < 500, wanted


def test_nobody_may_come_to_more_than_the_login_without_an_account() -> None:
    assert {address for _, address, need in asked() if need is None} == OPEN_TO_ANYBODY


@pytest.mark.parametrize("text", [None, "watches: [\n", EMPTY], ids=["gone", "broken", "empty"])
def test_whatever_becomes_of_feeds_yaml_no_page_breaks(
    database: Database, clock: Clock, tmp_path: Path, text: str | None
) -> None:
    path = tmp_path / "feeds.yaml"
    path.write_text(MINIMAL, encoding="utf-8")
    with open_desk(database, path, clock) as desk, httpx.Client(base_url=desk.home, timeout=20) as client:
        path.unlink() if text is None else path.write_text(text, encoding="utf-8")
        for method, address, _ in asked():
            if method == "GET":
                assert client.get(address).status_code < 500, address
        assert ("feeds.yaml cannot be used as it is" in client.get("/feeds").text) == (text != EMPTY)


def test_an_address_that_does_not_say_whom_it_is_for_closes_the_desk() -> None:
    room = APIRouter()
    room.get("/secrets")(lambda: "all of them")
    with pytest.raises(AssertionError, match="/secrets does not say whom it is for"):
        list(addresses([room]))


def test_a_key_opens_what_both_it_and_its_owner_may_and_needs_no_page(locked: Desk) -> None:
    with locked.database.write() as connection:
        admin = accounts.find(connection, "admin")
        assert admin
        key = access_keys.add(connection, admin.id, "api", "script", role="reader", now=locked.clock())
    headers = {"Authorization": f"Bearer {key}"}
    assert httpx.get(f"{locked.home}/day.json", headers=headers).status_code == 200
    assert httpx.post(f"{locked.home}/stories/1/verdict", data={"kind": "kept"}, headers=headers).status_code == 403
    assert httpx.get(f"{locked.home}/day.json", headers={"Authorization": "Bearer nonsense"}).status_code == 401


def test_a_session_ends_by_itself(locked: Desk, clock: Clock) -> None:
    headers = session_of(locked, "reader")
    assert httpx.get(f"{locked.home}/day.json", headers=headers).status_code == 200
    assert isinstance(locked.clock, Clock)
    locked.clock.move(timedelta(hours=13))
    assert httpx.get(f"{locked.home}/day.json", headers=headers).status_code == 401


def test_every_answer_carries_its_locks_errors_and_downloads_too(locked: Desk) -> None:
    reader = session_of(locked, "reader")
    for address in ("/login", "/", "/nowhere", "/stories/999", "/day.csv", "/day.json", "/static/desk.css"):
        answer = httpx.get(locked.home + address, headers=reader)
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'"), address
        assert answer.headers["x-content-type-options"] == "nosniff", address
        assert answer.headers["referrer-policy"] == "no-referrer", address
        assert "server" not in answer.headers, address
    assert httpx.get(f"{locked.home}/day.json", headers=reader).headers["cache-control"] == "no-store"


def test_who_is_not_in_is_led_to_the_login_and_back(locked: Desk) -> None:
    page = {"Accept": "text/html"}
    answer = httpx.get(f"{locked.home}/day/2026-02-17?watch=ferries", headers=page)
    assert answer.headers["location"] == "/login?next=%2Fday%2F2026-02-17%3Fwatch%3Dferries"
    form = httpx.get(locked.home + answer.headers["location"], headers=page).text
    csrf = form.split('name="csrf" value="')[1].split('"')[0]
    typed = {"name": "Reviewer", "password": "a long enough phrase for tests", "csrf": csrf, "next": "/day/2026-02-17"}
    entered = httpx.post(f"{locked.home}/login", data=typed, headers=page | {"Origin": locked.home})
    assert entered.status_code == 303
    assert entered.headers["location"] == "/day/2026-02-17"
    cookie = entered.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    wrong = httpx.post(f"{locked.home}/login", data=typed | {"password": "x"}, headers=page | {"Origin": locked.home})
    assert wrong.status_code == 401
    assert "Name, password or code is wrong." in wrong.text
    assert 'value="Reviewer"' in wrong.text  # what was typed stays, but for the password
