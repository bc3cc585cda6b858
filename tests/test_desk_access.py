"""The desk for whoever cannot see it well, or uses no mouse: an audit of every page, by day and by night."""

from __future__ import annotations

from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page

from monitor.desk.place import Desk
from tests.browser import DESKTOP, PHONE
from tests.test_desk_hostile import pages

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
GRAVE = {"serious", "critical"}


def faults(page: Page) -> list[str]:
    """What axe-core finds that keeps somebody out, each with the first place where it is so."""
    page.evaluate(AXE)
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found if one["impact"] in GRAVE]


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "light"), (DESKTOP, "dark")], ids=["phone, day", "desk, night"])
def test_no_page_keeps_anybody_out(browser: Browser, desk: Desk, size: dict[str, int], scheme: str) -> None:
    story = "/stories/2"
    with browser.new_context(viewport=size, color_scheme=scheme) as context:  # type: ignore[arg-type]
        page = context.new_page()
        found: dict[str, list[str]] = {}
        for address in sorted({*pages(), story}):
            page.goto(desk.home + address)
            found[address] = faults(page)
            wide = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if wide > 0:
                found[address].append(f"{wide} px wider than the screen")
    assert {address: said for address, said in found.items() if said} == {}


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
