"""The own account at the desk: each change as its owner makes it, and what somebody else with the browser cannot."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from argon2 import PasswordHasher
from playwright.sync_api import Browser, expect

from monitor.desk.door import passwords, second_factor
from monitor.desk.door.login import Entered
from monitor.desk.door.people import People
from monitor.desk.place import Desk
from storage.database import Database
from tests.browser import PHONE, Watched, open_desk
from tests.conftest import NOON, Clock
from tests.test_desk_doors import MINIMAL

OLD, NEW = "juniper ferry 1871", "granite otter 1902 lamp"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are hashed as lightly as can be: what they cost is tried elsewhere."""
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Iterator[Desk]:
    """A desk at which Ana is admin and Bo reads."""
    people = People(database=database, by="the keeper", now=NOON)
    people.add("ana", OLD, "admin", zone="Europe/Madrid")
    people.add("bo", OLD, "reader")
    (tmp_path / "feeds.yaml").write_text(MINIMAL, encoding="utf-8")
    with open_desk(database, tmp_path / "feeds.yaml", Clock()) as opened:
        yield opened


class Browsing:
    """Somebody with a browser that runs no script: pages, and the forms on them."""

    def __init__(self, desk: Desk, name: str, password: str = OLD, code: str = "") -> None:
        self.client = httpx.Client(base_url=desk.home, headers={"Accept": "text/html"}, follow_redirects=True)
        self.page = self.client.get("/login")
        self.send("/login", name=name, password=password, code=code)

    @property
    def is_in(self) -> bool:
        return self.client.get("/day.json", headers={"Accept": "application/json"}).status_code == 200

    def go(self, path: str) -> str:
        self.page = self.client.get(path)
        return self.page.text

    def send(self, path: str, **typed: str) -> str:
        """A form of the page that is open, with the token that it carries."""
        (csrf,) = set(re.findall(r'name="csrf" value="([^"]+)"', self.page.text))
        headers = {"Origin": str(self.client.base_url).rstrip("/")}
        self.page = self.client.post(path, data={"csrf": csrf} | typed, headers=headers)
        return self.page.text


Enter = Callable[[str], Browsing]


@pytest.fixture
def enter(desk: Desk) -> Iterator[Enter]:
    """Who comes in by a name; all browsers are closed in the end."""
    with ExitStack() as stack:

        def come(name: str) -> Browsing:
            browsing = Browsing(desk, name)
            stack.callback(browsing.client.close)
            return browsing

        yield come


@pytest.fixture
def ana(enter: Enter) -> Browsing:
    browsing = enter("ana")
    browsing.go("/account")
    return browsing


def enters(desk: Desk, name: str, password: str, code: str = "") -> bool:
    return isinstance(desk.door.enter(name, password, code, client="198.51.100.1"), Entered)


def test_another_password_puts_everybody_else_out(desk: Desk, enter: Enter, ana: Browsing) -> None:
    elsewhere = enter("ana")
    assert elsewhere.is_in
    before = ana.client.cookies["tipsheet-on-loopback"]
    assert "The password is changed" in ana.send("/account/password", old=OLD, new=NEW, again=NEW)
    assert ana.is_in
    assert ana.client.cookies["tipsheet-on-loopback"] != before
    assert not elsewhere.is_in
    assert enters(desk, "ana", NEW)
    assert not enters(desk, "ana", OLD)


@pytest.mark.parametrize(
    ("typed", "field", "fault"),
    [
        ({"old": "not it", "new": NEW, "again": NEW}, "old", "That is not your password."),
        ({"old": OLD, "new": "short", "again": "short"}, "new", "expected at least 12 characters"),
        ({"old": OLD, "new": "password1234", "again": "password1234"}, "new", "everybody tries first"),
        ({"old": OLD, "new": NEW, "again": NEW + "x"}, "again", "expected the same twice"),
    ],
)
def test_a_fault_stands_beside_its_field_and_nothing_is_changed(
    desk: Desk, ana: Browsing, typed: dict[str, str], field: str, fault: str
) -> None:
    said = ana.send("/account/password", **typed)
    assert ana.page.status_code == 422
    assert fault in (re.search(rf'id="fault-{field}">([^<]*)<', said) or [""])[1]
    assert said.count('class="fault"') == 1
    assert NEW not in said
    assert enters(desk, "ana", OLD)


def test_whoever_borrows_the_browser_can_guess_as_often_as_at_the_door(desk: Desk, ana: Browsing) -> None:
    said = [ana.send("/account/password", old=f"guess {n}", new=NEW, again=NEW) for n in range(6)]
    assert "Too many tries" in said[-1]


def test_the_clock_and_the_language_are_kept(desk: Desk, ana: Browsing) -> None:
    assert "America/Bogota now" in ana.send("/account/clock", zone="America/Bogota", language="es")
    assert "Times are in America/Bogota." in ana.go("/account")
    said = ana.send("/account/clock", zone="Mars/Olympus", language="es")
    assert "expected a time zone such as" in said
    assert 'value="Mars/Olympus"' in said  # what was typed is kept
    assert "expected one of the languages" in ana.send("/account/clock", zone="UTC", language="tlh")


def test_a_code_is_asked_for_once_its_first_one_was_typed(desk: Desk, ana: Browsing) -> None:
    offered = ana.go("/account/code")
    secret = (re.search(r'name="secret" value="([A-Z2-7]{32})"', offered) or ["", ""])[1]
    assert "otpauth://totp/Tipsheet:ana" in offered
    assert 'src="data:image/svg+xml' in offered
    code = second_factor.code_at(secret, second_factor.step_at(NOON))
    again = ana.send("/account/code", secret=secret, code="000000", password=OLD)
    assert "not the code that this secret gives" in again
    assert secret in again  # the phone has it already
    assert "That is not your password." in ana.send("/account/code", secret=secret, code=code, password="guess")
    assert enters(desk, "ana", OLD)
    told = ana.send("/account/code", secret=secret, code=code, password=OLD)
    codes = re.findall(r"<code>((?:[A-Z2-7]{4}-){3}[A-Z2-7]{4})</code>", told)
    assert len(codes) == 10
    assert ana.page.headers["Cache-Control"] == "no-store"
    assert codes[0] not in ana.go("/account")
    assert not enters(desk, "ana", OLD)
    assert enters(desk, "ana", OLD, codes[0])
    assert "enough again" in ana.send("/account/code/off", code_password=OLD)
    assert enters(desk, "ana", OLD)


def test_a_token_is_told_once_opens_the_interface_and_is_revoked(desk: Desk, ana: Browsing) -> None:
    told = ana.send("/account/keys", label="week's sheet", kind="api", role="reviewer", key_password=OLD)
    (key,) = re.findall(r"tipsheet_[\w-]{43}", told)
    headers = {"Authorization": f"Bearer {key}"}
    assert httpx.get(f"{desk.home}/day.json", headers=headers).status_code == 200
    listed = ana.go("/account")
    assert key not in listed
    assert "week&#39;s sheet" in listed
    assert "has a key called" in ana.send("/account/keys", label="week's sheet", kind="api", key_password=OLD)
    ana.send("/account/keys/revoke", label="week's sheet", kind="api")
    assert httpx.get(f"{desk.home}/day.json", headers=headers).status_code == 401


def test_a_secret_address_is_one_for_each_watch(ana: Browsing) -> None:
    told = ana.send("/account/keys", label="mornings", kind="feed", key_password=OLD)
    assert re.search(r"/out/[\w-]{43}/watch/ferries\.atom", told)
    assert "feeds of your watches" in ana.go("/account")


def test_a_key_is_no_way_above_oneself(enter: Enter) -> None:
    bo = enter("bo")
    bo.go("/account")
    assert "expected no role above that for a key" in bo.send(
        "/account/keys", label="x", kind="api", role="admin", key_password=OLD
    )


def test_out_everywhere_is_out_here_too(enter: Enter, ana: Browsing) -> None:
    elsewhere = enter("ana")
    assert "You are out everywhere." in ana.send("/account/sessions/end")
    assert not ana.is_in
    assert not elsewhere.is_in


def test_it_is_tried_on_a_phone_with_every_complaint_heard(browser: Browser, desk: Desk) -> None:
    with browser.new_context(viewport=PHONE) as context:  # type: ignore[arg-type]
        watched = Watched(page=context.new_page(), home=desk.home)
        page = watched.go("/account")
        page.get_by_label("Name").fill("ana")
        page.get_by_label("Password").fill(OLD)
        page.get_by_role("button", name="Log in").click()
        page.get_by_role("link", name="Set it up").click()
        expect(page.locator("figure img")).to_be_visible()
        assert page.locator("figure img").evaluate("image => image.naturalWidth") > 100
        secret = page.locator("input[name=secret]").input_value()
        page.get_by_label("The code that it shows now").fill(
            second_factor.code_at(secret, second_factor.step_at(desk.clock()))
        )
        page.get_by_label("Your password").fill(OLD)
        page.get_by_role("button", name="Ask for it from now on").click()
        expect(page.locator("main li code")).to_have_count(10)
        assert watched.complaints == []
