"""Strangers' words on every page of the desk: text they are, and text they stay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page

from monitor.desk.place import Desk
from monitor.model import Feed
from storage import review
from storage.database import Database
from tests.browser import Watched, open_desk
from tests.conftest import Clock
from tests.hostile_strings import STRINGS
from tests.rows import claim, decision, examined, keep, keyed, match, record, remember
from tests.test_desk_doors import MINIMAL

# What runs in this page and is not ours, where a reader could be led that is not http, what a page could send.
LIVING = """() => {
  const all = selector => [...document.querySelectorAll(selector)];
  const leads = ["href", "src", "action", "formaction"];
  const elsewhere = node => leads.some(name => node.hasAttribute(name)
    && !/^(https?:|data:image\\/|otpauth:)/.test(new URL(node.getAttribute(name), location).href));
  return [
    ...all("script:not([src^='/static/']), iframe, object, embed, base, style, svg, math, meta[http-equiv]"),
    ...all("link:not([href^='/static/']), form:not([action^='/']):not([data-path]):not([method=post])"),
    ...all("*").filter(node => [...node.attributes].some(one => /^on|^style$/i.test(one.name))),
    ...all(leads.map(name => `[${name}]`).join()).filter(elsewhere),
  ].map(node => node.outerHTML.slice(0, 200));
}"""
RUNNING = "() => window.hit ?? null"


@pytest.fixture
def hostile(database: Database, clock: Clock, tmp_path: Path) -> Iterator[Desk]:
    """A story for every string, which stands in each of its fields, and in what people said of it."""
    feed = Feed(url="https://ferry.example/feed", name=STRINGS[0] + STRINGS[44], outlet="ferry.example")
    remember(database, feed)
    entries = [
        keyed(str(number), title=said, summary=said, content=said, author=said, link=said, tags=(said,))
        for number, said in enumerate(STRINGS)
    ]
    keep(database, *entries, now=clock())
    claim(database, now=clock(), limit=len(STRINGS))
    watch = STRINGS[5]
    record(
        database,
        *(examined(n + 1, decision(watch=watch), matches=[match(watch)]) for n in range(len(STRINGS))),
        now=clock(),
    )
    with database.write() as connection:
        for number, said in enumerate(STRINGS, start=1):
            review.judge(connection, number, "refused", watch=watch, by=said, now=clock(), reason=said)
            review.add_note(connection, number, said, by=said, now=clock())
            review.assign(connection, number, said, by=said, now=clock())
    feeds_yaml = tmp_path / "feeds.yaml"
    feeds_yaml.write_text(MINIMAL, encoding="utf-8")
    with open_desk(database, feeds_yaml, clock) as desk:
        yield desk


def living(page: Page) -> list[str]:
    found = page.evaluate(LIVING)
    assert page.evaluate(RUNNING) is None
    return [str(node) for node in found]


def is_page(path: str) -> bool:
    return not path.endswith(
        (
            ".json",
            ".csv",
            ".rss",
            ".atom",
            ".svg",
            ".png",
            ".opml",
            ".eml",
            ".html",
            "/card",
            "/judging",  # like a card, a piece of a page
            "/healthz",
            "/readyz",
            "/metrics",
        )
    )


def test_no_word_of_a_stranger_becomes_part_of_a_page(screen: Watched, hostile: Desk) -> None:
    """Each story has a string of its own; every page is tried in a newsroom that is soiled (`test_desk_soiled`)."""
    stories = [f"/stories/{number}" for number in range(2, len(STRINGS) + 1, 7)]
    for address in ["/", "/search?q=window", "/out", *stories]:
        screen.page.goto(hostile.home + address)
        assert living(screen.page) == [], address
    assert [said for said in screen.complaints if "Content Security Policy" in said] == []
    screen.complaints.clear()  # what an address answers where there is nothing is another test's


def test_what_is_asked_for_in_an_address_is_shown_as_text(screen: Watched, hostile: Desk) -> None:
    for said in STRINGS[::9]:
        for name in ("q", "watch", "outlet", "next"):
            screen.page.goto(f"{hostile.home}/?{urlencode({name: said})}")
            assert living(screen.page) == [], (name, said)
    screen.complaints.clear()
