"""The desk for whoever cannot see it well, or uses no mouse: an audit of every page, by day and by night."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page

from monitor.desk.app import addresses
from monitor.desk.door.entrance import entry_cookie
from monitor.desk.place import Desk
from tests.browser import DESKTOP, PHONE
from tests.test_desk_hostile import is_page
from tests.worked_desk import FEED, MARK, OLD_MARK, OPML, PASSWORD, SECRET, WATCH, WEB, filled_in, session_of

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
GRAVE = {"serious", "critical"}


def faults(page: Page) -> list[str]:
    """What axe-core finds that keeps somebody out, each with the first place where it is so.

    By night only what night changes: the colours.
    """
    page.evaluate(AXE)
    options: dict[str, object] = {"resultTypes": ["violations"]}
    if page.evaluate("() => matchMedia('(prefers-color-scheme: dark)').matches"):
        options["runOnly"] = ["color-contrast"]
    found = page.evaluate("options => axe.run(document, options)", options)["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found if one["impact"] in GRAVE]


# Each page at an address where it has something to show, in a newsroom that has worked (`tests.worked_desk`).
PAGES = {
    "/": ("/", "/?verdict=starred"),
    "/day/{day}": ("/day/2001-01-01",),
    "/stories/{story:int}": ("/stories/2", "/stories/3"),
    "/stories/{story:int}/near": ("/stories/2/near", "/stories/2/near?q=cloud"),
    "/stories/{story:int}/regroup": ("/stories/2/regroup?other=3", "/stories/2/regroup?entries=2"),
    "/companies": ("/companies",),
    "/companies/pair": ("/companies/pair?row=Microsoft&column=ICE",),
    "/pictures": ("/pictures",),
    "/pictures/stories": ("/pictures/stories",),
    "/pictures/outlets": ("/pictures/outlets",),
    "/pictures/waits": ("/pictures/waits",),
    "/pictures/feeds": ("/pictures/feeds",),
    "/out": ("/out",),
    "/api": ("/api",),
    "/account": ("/account",),
    "/account/code": ("/account/code",),
    "/people": ("/people",),
    "/people/log": ("/people/log",),
    "/feeds": ("/feeds", "/feeds?q=nothing"),
    "/feeds/{feed:int}": ("/feeds/1", "/feeds/12"),  # one that is well, one that fails
    "/feeds/settings": (f"/feeds/settings?name={FEED}", "/feeds/settings"),
    "/feeds/find": ("/feeds/find",),
    "/feeds/lists": ("/feeds/lists",),
    "/deliveries": ("/deliveries",),
    "/deliveries/{delivery:int}": ("/deliveries/1", "/deliveries/2"),  # one that was sent, one that failed
    "/search": ("/search", "/search?q=ICE", "/search?q=ICE+AND+(", "/search?q=nothing-at-all"),
    "/explain": (f"/explain?watch={WATCH}&entry=2", "/explain?query=ice+AND+(&title=Ice"),
    "/backtest": ("/backtest?query=ICE", "/backtest?query=ice+AND+("),
    "/watches": ("/watches",),
    "/watches/{name:path}": (f"/watches/{WATCH}",),
    "/settings/watch": (f"/settings/watch?name={WATCH}", "/settings/watch"),
    "/settings": ("/settings",),
}
OPEN = {"/login": ("/login",), "/confirm/{token}": ("/confirm/x",), "/stop/{token}": ("/stop/x",)}
ERRORS = ("/nowhere", "/stories/999")
# Forms that are shown again with what is wrong, and what is shown before, or after, something is done.
SENT: tuple[tuple[str, dict[str, str]], ...] = (
    ("/feeds/settings", {"mark": MARK, "name": FEED, "url": "x", "every": "often"}),
    ("/feeds/settings", {"mark": OLD_MARK, "was": FEED, "name": FEED, "url": "x"}),
    ("/feeds/find", {"address": WEB}),
    ("/feeds/find", {"address": "http://10.0.0.1/"}),
    ("/settings/watch", {"mark": MARK, "name": "rinks", "query": "hockey AND (", "to": "nobody"}),
    ("/settings", {"mark": OLD_MARK, "text": "odd: 1"}),
    ("/account/password", {"old": "x", "new": "x", "again": "y"}),
    ("/account/clock", {"zone": "Mars", "language": "es"}),
    ("/account/keys", {"label": "reader", "kind": "feed", "key_password": PASSWORD}),
    ("/account/code", {"secret": SECRET, "code": "000000", "password": PASSWORD}),
    ("/people", {"name": "a b", "password": "x", "zone": "Mars"}),
)
SEND = """([path, typed]) => {
  const form = Object.assign(document.createElement("form"), { method: "post", action: path });
  for (const [name, value] of Object.entries({ csrf: document.body.dataset.csrf, ...typed }))
    form.append(Object.assign(document.createElement("textarea"), { name, value }));
  document.body.append(form);
  form.submit();
}"""
LISTS = (("hello", 1), (OPML, 0))  # an upload, and how many faults are shown


def test_every_page_has_an_address_at_which_it_is_audited() -> None:
    published = {route.path for route, _ in addresses() if "GET" in (route.methods or ()) and is_page(route.path)}
    files = {path for path in published if path.endswith("{suffix}")}
    assert set(PAGES) | set(OPEN) == published - files


@pytest.fixture(params=["phone, day", "desk, night"])
def page(request: pytest.FixtureRequest, browser: Browser, worked: Desk) -> Iterator[Page]:
    """By day on a phone, by night at a desk."""
    size, scheme = (PHONE, "light") if request.param.startswith("phone") else (DESKTOP, "dark")
    with browser.new_context(viewport=size, color_scheme=scheme) as context:  # type: ignore[arg-type]
        yield context.new_page()


def test_no_page_keeps_anybody_out(page: Page, worked: Desk) -> None:
    found: dict[str, list[str]] = {}
    for address in (*chain(*OPEN.values()), *ERRORS):
        found[f"{address} of nobody"] = seen(page, worked, address)
    enter(page, worked)
    for address in chain(*PAGES.values()):
        found[address] = seen(page, worked, address, wanted=200)
    for path, typed in SENT:
        page.goto(f"{worked.home}/out")
        with page.expect_navigation():
            page.evaluate(SEND, [path, {name: filled_in(worked, value) for name, value in typed.items()}])
        found[f"{path} with {typed}"] = complaints(page)
    for text, count in LISTS:
        page.goto(f"{worked.home}/feeds/lists")
        page.locator("#file").set_input_files({"name": "x.opml", "mimeType": "text/xml", "buffer": text.encode()})
        page.get_by_role("button", name="Read it").click()
        page.wait_for_url("**/feeds/lists/read")
        assert page.locator(".fault").count() == count
        found[f"/feeds/lists/read with {text[:5]}"] = complaints(page)
    assert [f"{address}: {one}" for address, said in found.items() for one in said] == []


def enter(page: Page, desk: Desk) -> None:
    """As ana, who looks after everything."""
    name, _, token = entry_cookie(session_of(desk, "ana"), secure=False).partition(";")[0].partition("=")
    page.context.add_cookies([{"name": name, "value": token, "url": desk.home}])


def seen(page: Page, desk: Desk, address: str, *, wanted: int | None = None) -> list[str]:
    answer = page.goto(desk.home + address)
    assert answer
    return complaints(page) + ([f"answers {answer.status}"] if wanted and answer.status != wanted else [])


def complaints(page: Page) -> list[str]:
    wide = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return faults(page) + ([f"{wide} px wider than the screen"] if wide > 0 else [])


def test_the_audit_finds_what_it_is_there_for(browser: Browser) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.set_content("<html lang=en><title>x</title><main><img src=x><p style='color:#999;background:#aaa'>pale")
        assert {said.partition(":")[0] for said in faults(page)} >= {"image-alt", "color-contrast"}


@pytest.mark.parametrize("dialog", ["keys", "refuse", "note", "assign"])
def test_a_dialog_is_named_and_gives_the_keyboard_back(browser: Browser, desk: Desk, dialog: str) -> None:
    key = {"keys": "?", "refuse": "x", "note": "n", "assign": "a"}[dialog]
    with browser.new_context(viewport=DESKTOP) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(desk.home)
        page.keyboard.press("j")
        page.keyboard.press(key)
        assert page.locator(f"dialog#{dialog}[open]").count() == 1
        assert faults(page) == []
        page.keyboard.press("Escape")
        assert page.locator("dialog[open]").count() == 0
        assert page.evaluate("() => document.activeElement.closest('.story') !== null")
