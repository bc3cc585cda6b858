"""`tipsheet feeds add` against a real server: what it finds, what it asks, what it writes, what it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from monitor.model import Feed
from monitor.settings.config import read_config
from tests.command import Ran, tipsheet
from tests.scripted_server import Answer, ScriptedServer

CONFIG = """\
# Kept by the night desk.
contact: https://desk.example/
fetch: {{gap: 0s, timeout: 10s}}
network: {{allow: [127.0.0.0/8], ports: [80, 443, {port}]}}
channels:
  - {{name: mail, kind: email, host: 127.0.0.1, security: none, from: tipsheet@desk.example}}
recipients:
  - {{name: desk, channel: mail, address: desk@desk.example}}
watches:
  - {{name: trams, query: tram}}
feeds:
  - name: Old Paper  # since 1890
    url: http://127.0.0.1:{port}/old
    outlet: oldpaper.example
"""


def rss(title: str, *headlines: str) -> Answer:
    now = datetime.now(UTC)
    items = "".join(
        f"<item><title>{headline}</title><link>https://ledger.example/{number}</link>"
        f"<pubDate>{format_datetime(now - timedelta(hours=6 * number))}</pubDate></item>"
        for number, headline in enumerate(headlines)
    )
    body = f"<rss version='2.0'><channel><title>{title}</title><language>EN-us</language>{items}</channel></rss>"
    return Answer(body=body.encode(), headers={"Content-Type": "application/rss+xml"})


def page(markup: str, **headers: str) -> Answer:
    body = f"<!doctype html><html><head><title>Harbor Ledger</title>{markup}</head></html>".encode()
    return Answer(body=body, headers={"Content-Type": "text/html", **headers})


def alternate(path: str, title: str = "") -> str:
    return f'<link rel="alternate" type="application/rss+xml" title="{title}" href="{path}">'


@dataclass(frozen=True)
class Desk:
    """A feeds.yaml, and the site that feeds are looked for on."""

    config: Path
    web: ScriptedServer

    def add(self, path: str, *options: str) -> Ran:
        return tipsheet("feeds", "add", self.web.url(path), "--config", self.config, *options)

    @property
    def feeds(self) -> list[Feed]:
        return list(read_config(self.config, {}, with_secrets=False).feeds.values())[1:]

    @property
    def asked(self) -> list[str]:
        return [request.path for request in self.web.requests]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with ScriptedServer() as web:
        (tmp_path / "feeds.yaml").write_text(CONFIG.format(port=web.port))
        yield Desk(tmp_path / "feeds.yaml", web)


def test_an_address_that_is_a_feed_is_added_with_what_it_says_of_itself(desk: Desk) -> None:
    desk.web.script("/rss", rss("Harbor Ledger: Local", "Ferry late", "Tram early", "Fog", "Rain"))
    before = desk.config.read_text()
    ran = desk.add("/rss", "--tag", "local", "--tag", "sea")
    assert (ran.code, ran.err) == (0, "")
    assert desk.feeds == [
        Feed(
            url=desk.web.url("/rss"), name="Harbor Ledger: Local", outlet="127.0.0.1", language="en-us",
            tags=("local", "sea"),
        )
    ]  # fmt: skip
    assert desk.config.read_text().startswith(before), "comments and order are kept"
    assert "Ferry late · Tram early · Fog" in ran.out
    assert "4 items a day" in ran.out
    assert desk.asked == ["/rss"]


def test_a_page_that_names_one_feed(desk: Desk) -> None:
    desk.web.script("/", page(alternate("/feed")))
    desk.web.script("/feed", rss("RSS", "Ferry late"))
    ran = desk.add("/")
    assert ran.code == 0, ran
    assert [(feed.url, feed.name) for feed in desk.feeds] == [(desk.web.url("/feed"), "127.0.0.1: RSS")]
    assert "named by the page" in ran.out
    assert desk.asked == ["/", "/feed"], "what the page names is believed, and nothing else is tried"


def test_a_page_with_several_feeds_is_shown_and_asked_about(desk: Desk) -> None:
    desk.web.script("/", page(alternate("/comments/feed", "Comments") + alternate("/a") + alternate("/b")))
    for path, title in (("/a", "Ledger News"), ("/b", "Ledger Sport"), ("/comments/feed", "Comments on Ledger")):
        desk.web.script(path, rss(title, "Ferry late"))
    asked = desk.add("/")
    assert asked.code == 2
    assert "--choose NUMBER" in asked.err
    assert [line.split("\t")[1] for line in asked.out.splitlines()[1:]] == [
        "Ledger News", "Ledger Sport", "Comments on Ledger",
    ]  # fmt: skip
    assert desk.feeds == []
    assert desk.add("/", "--dry-run").code == 0
    assert desk.feeds == []
    assert desk.add("/", "--choose", "2", "--name", "Sport").code == 0
    assert desk.add("/", "--yes").code == 0
    assert [feed.name for feed in desk.feeds] == ["Sport", "Ledger News"]
    assert desk.add("/", "--choose", "4").code == 2
    again = desk.add("/", "--choose", "1")
    assert (again.code, again.err) == (1, f"{desk.web.url('/a')} is in the file already, as 'Ledger News'\n")


def test_json_says_what_there_is_and_what_was_added(desk: Desk) -> None:
    desk.web.script("/", page(alternate("/a") + alternate("/old")))
    desk.web.script("/a", rss("Ledger", "Ferry late"))
    desk.web.script("/old", rss("Old Paper", "Horse late"))
    undecided = desk.add("/", "--json")
    assert undecided.code == 2
    assert [found["added"] for found in undecided.objects] == [False, False]
    first, second = desk.add("/", "--json", "--yes").objects
    assert (first["name"], first["kind"], first["entries"], first["added"]) == ("Ledger", "RSS", 1, True)
    assert first["headlines"] == ["Ferry late"]
    assert first["newest"].endswith("Z")
    assert (second["in_file"], second["added"]) == ("Old Paper", False)


@pytest.mark.parametrize("path", ["/old", "/old/"])
def test_a_feed_of_the_file_is_not_even_asked(desk: Desk, path: str) -> None:
    ran = desk.add(path)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == f"{desk.web.url(path)} is in the file already, as 'Old Paper'\n"
    assert desk.asked == []


def test_links_are_tried_where_the_page_names_nothing(desk: Desk) -> None:
    desk.web.script(
        "/", page('<a href="/about-rss">About</a> <a href="/feeds/top.xml">Top</a> <a href="/rss/none">x</a>')
    )
    desk.web.script("/feeds/top.xml", rss("Top", "Ferry late"))
    assert desk.add("/").code == 0
    assert desk.asked == ["/", "/about-rss", "/feeds/top.xml", "/rss/none"]


def test_usual_places_are_tried_until_one_is_a_feed(desk: Desk) -> None:
    desk.web.script("/", page(""))
    desk.web.script("/rss", rss("Ledger", "Ferry late"))
    ran = desk.add("/")
    assert ran.code == 0
    assert desk.asked == ["/", "/feed", "/rss"]
    assert "found by trying" in ran.out


def test_a_news_sitemap_is_the_last_resort(desk: Desk) -> None:
    desk.web.script("/", page(""))
    desk.web.script("/robots.txt", Answer(body=b"Sitemap: /sitemap.xml\nSitemap: /sitemap-news.xml\n"))
    now = datetime.now(UTC).isoformat()
    news = (
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:n="http://www.google.com/schemas/sitemap-news/0.9">'
        "<url><loc>https://ledger.example/1</loc><n:news><n:publication><n:name>Harbor Ledger</n:name></n:publication>"
        f"<n:publication_date>{now}</n:publication_date><n:title>Ferry late</n:title></n:news></url></urlset>"
    )
    desk.web.script("/sitemap-news.xml", Answer(body=news.encode(), headers={"Content-Type": "text/xml"}))
    ran = desk.add("/", "--json")
    assert ran.code == 0, ran
    assert [(found["kind"], found["name"]) for found in ran.objects] == [("news sitemap", "Harbor Ledger")]
    assert desk.asked == ["/", "/feed", "/rss", "/feed.xml", "/robots.txt", "/sitemap-news.xml"]


def test_a_page_without_a_feed_says_what_was_tried_and_what_to_do(desk: Desk) -> None:
    desk.web.script("/", page(""))
    desk.web.script("/feed", page("<title>Sign in</title>"))
    before = desk.config.read_bytes()
    ran = desk.add("/")
    assert (ran.code, ran.out) == (1, "")
    *tried, last = ran.err.splitlines()
    assert tried == [
        f"{desk.web.url('/')}: the server sent a web page instead of the feed: 'Harbor Ledger'",
        f"{desk.web.url('/feed')}: the server sent a login page instead of the feed: 'Harbor Ledger'",
        f"{desk.web.url('/rss')}: 127.0.0.1 answered 404 (Not Found)",
        f"{desk.web.url('/feed.xml')}: 127.0.0.1 answered 404 (Not Found)",
    ]
    assert last.startswith(f"{desk.web.url('/')} offers no feed. If the outlet has one, ")
    assert desk.config.read_bytes() == before


def test_an_address_that_cannot_be_asked_is_said_in_words(desk: Desk) -> None:
    ran = desk.add("/nowhere")
    assert (ran.code, ran.err) == (1, "tipsheet: 127.0.0.1 answered 404 (Not Found)\n")
    private = tipsheet("feeds", "add", "http://10.1.2.3/feed", "--config", desk.config)
    assert private.code == 1
    assert "not public (private)" in private.err


def test_a_feed_that_has_moved_for_good_is_added_where_it_is_now(desk: Desk) -> None:
    desk.web.script("/", page(alternate("/rss") + alternate("/new")))
    desk.web.script("/rss", Answer(status=301, headers={"Location": "/new"}))
    desk.web.script("/new", rss("Ledger", "Ferry late"))
    assert len(desk.add("/", "--json").objects) == 1, "two names of one feed are one"
    assert [feed.url for feed in desk.feeds] == [desk.web.url("/new")]


def test_who_lists_many_feeds_is_not_asked_for_all_of_them(desk: Desk) -> None:
    desk.web.script("/", page("".join(alternate(f"/feed/{number}") for number in range(30))))
    for number in range(30):
        desk.web.script(f"/feed/{number}", rss(f"Section {number}", "Ferry late"))
    ran = desk.add("/", "--dry-run")
    assert len(desk.asked) == 1 + 8
    assert re.search(r"^22 more links look like feeds", ran.err)
    assert desk.web.url("/feed/8") in ran.err


def test_between_two_requests_to_one_host_there_is_the_gap(desk: Desk) -> None:
    desk.config.write_text(desk.config.read_text().replace("gap: 0s", "gap: 1s"))
    desk.web.script("/", page(alternate("/a")))
    desk.web.script("/a", rss("Ledger", "Ferry late"))
    assert desk.add("/").code == 0
    first, second = desk.web.requests
    assert second.at - first.at >= 0.99


def test_a_hostile_title_cannot_move_the_cursor(desk: Desk) -> None:
    desk.web.script("/rss", rss("A \u202egnp", "Ferry \u2066late"))
    ran = desk.add("/rss")
    assert ran.code == 0
    assert "\\u202e" in ran.out
    assert all(char.isprintable() or char in "\n\t" for char in ran.out)
