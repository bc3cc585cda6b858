"""A newsroom in which every word is hostile: each text of its database but our own, and the names in its feeds.yaml.

What is kept and shown must stay text: on every page, in what programs read, in sheets, in feeds and lists that leave.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
import yaml
from playwright.sync_api import Browser
from sqlalchemy import JSON, Column, Table, bindparam, insert, select, update

from monitor.desk.app import addresses
from monitor.desk.door.people import People
from monitor.desk.place import Desk
from monitor.feeds import opml
from storage.columns import Text
from storage.schema import entries, errands, metadata, versions
from tests.browser import DESKTOP, Watched
from tests.conftest import NOON
from tests.hostile_strings import STRINGS
from tests.test_desk_access import PAGES
from tests.test_desk_doors import filled
from tests.test_desk_hostile import living
from tests.worked_desk import filled_in, session_of

FORMULAS = (
    '=HYPERLINK("https://attacker.example/","x")', "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(1+1)", "\t=1", "\r=1",
    "\n=1", "\x00=1", "\ufeff=1", "＝1", "＋1", "－1", "＠1", '"=1', "'=1", " =1", "\u00a0=1", "\u200b=1", "x\n=1",
)  # fmt: skip
# Columns whose words are ours, or lead from one row to another; by their own name or with their table's.
OURS = {
    "key", "key_hash", "password_hash", "content_hash", "body_hash", "code_hash", "token_hash", "totp_secret", "role",
    "zone", "language", "state", "kind", "action", "attempts.result", "relation", "placed_by", "level", "verdict",
    "field", "claimed_by", "recipe", "problem_kind", "host", "owner", "person", "domain", "etag", "last_modified",
    "validators_url", "request_url", "feeds.url", "facts.name", "facts.value", "turns.name", "frame", "place",
    "content_type", "secret", "token",
}  # fmt: skip
HTML_OF_A_FEED = ("description", "content", "summary")
SHOWN = {
    "entries.title", "entries.tags", "versions.title", "versions.text", "errands.result", "feeds.problem",
    "feeds.redirect_to", "mentions.entity", "members.why", "matches.why", "decisions.reason", "outbox.reason",
    "outbox.recipient", "outbox.message", "attempts.detail", "verdicts.reason", "notes.text", "assignments.assignee",
    "corrections.why", "corrections.made_by", "audit.subject", "audit.detail", "accounts.name", "access_keys.name",
}  # fmt: skip
STRANGERS_JSON = {"entries.tags", "outbox.message"}


def reword(desk: Desk) -> None:
    """Every report had another wording once, and has a copy in an archive."""
    with desk.database.write() as connection:
        for entry in connection.execute(select(entries.c.id)).scalars().all():
            wording = {"title": "Was", "summary": "Was.", "text": "Was so.", "seen_at": NOON}
            connection.execute(insert(versions).values(entry_id=entry, number=0, **wording))
        connection.execute(update(errands).values(kind="snapshot", state="done", result="https://copy.example/"))


def soil(desk: Desk, strings: Sequence[str]) -> set[str]:
    """Put every string into every text, each time with another one first. Which columns had any, with their table's."""
    reword(desk)
    found_in = set[str]()
    for table in metadata.sorted_tables:
        columns = [column for column in table.columns if is_strangers(table, column)]
        keys = list(table.primary_key.columns)
        with desk.database.write() as connection:
            for number, row in enumerate(connection.execute(select(table)).all() if columns else ()):
                found = row._mapping
                values = {
                    column.name: soiled(found[column.name], strings, 0 if column.name == "watch" else number + place)
                    for place, column in enumerate(columns)
                }
                if table.name == "accounts":
                    values["name"] = values["name"][:64]  # no longer one can be
                chosen = [key == bindparam(f"k_{key.name}") for key in keys]
                connection.execute(
                    update(table).where(*chosen).values(values), {f"k_{key.name}": found[key.name] for key in keys}
                )
                found_in |= {f"{table.name}.{name}" for name, value in values.items() if value}
    return found_in


def is_strangers(table: Table, column: Column[Any]) -> bool:
    if isinstance(column.type, JSON):
        return f"{table.name}.{column.name}" in STRANGERS_JSON
    return isinstance(column.type, Text) and OURS.isdisjoint({column.name, f"{table.name}.{column.name}"})


def soiled(value: Any, strings: Sequence[str], first: int) -> Any:
    """A text, or the texts of a document, replaced; what is not there stays away."""
    if isinstance(value, dict):
        return {key: soiled(one, strings, first) for key, one in value.items()}
    if isinstance(value, list):
        return [soiled(one, strings, first) for one in value]
    if not isinstance(value, str) or re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.+Z]+", value):
        return value
    first %= len(strings)
    return " ".join((*strings[first:], *strings[:first]))


def soil_file(desk: Desk) -> None:
    """A feed, a watch and a recipient for each string."""
    path = desk.settings.path
    said: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    names = [string for string in STRINGS if string.isprintable()]
    said["feeds"] += [
        {"name": name, "url": f"https://odd.example/{number}", "tags": [name]} for number, name in enumerate(names)
    ]
    said["watches"] += [{"name": name, "query": "ferry", "to": ["desk", name]} for name in names]
    said["recipients"] += [{"name": name, "channel": "bot"} for name in names]
    path.write_text(yaml.safe_dump(said, allow_unicode=True), encoding="utf-8")
    assert len(names) > 55
    assert len(desk.settings.now().watches) > 55, "the file is read"


@pytest.fixture
def ana(worked: Desk) -> Iterator[httpx.Client]:
    """A program with ana's key, which may all."""
    key = People(database=worked.database, by="ana", now=worked.clock()).add_key("ana", "all", role="admin")
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=worked.home, headers=headers, timeout=60) as client:
        yield client


def of_kind(*suffixes: str) -> list[str]:
    """Addresses of the interface, filled in."""
    found = (filled(route) for route, _ in addresses() if "GET" in (route.methods or ()))
    return [path.replace("/1.rss", f"/1{suffixes[0]}") for path in found if path.endswith(suffixes)]


def test_on_every_page_it_is_text(browser: Browser, worked: Desk) -> None:
    token = session_of(worked, "ana")
    addresses = [str(filled_in(worked, address)) for address in chain(*PAGES.values())]
    soil_file(worked)
    assert soil(worked, STRINGS) >= SHOWN
    with browser.new_context(viewport=DESKTOP) as context:  # type: ignore[arg-type]
        context.add_cookies([{"name": "tipsheet-on-loopback", "value": token, "url": worked.home}])
        watched = Watched(page=context.new_page(), home=worked.home)
        for address in addresses:
            answer = watched.page.goto(worked.home + address)
            assert answer
            assert answer.status < 500, address
            assert living(watched.page) == [], address
        assert [said for said in watched.complaints if "Failed to load" not in said] == []


def test_in_what_programs_read_and_what_leaves_it_is_text(worked: Desk, ana: httpx.Client) -> None:
    phone = People(database=worked.database, by="ana", now=worked.clock()).add_key("ana", "feeds", "feed")
    soil_file(worked)
    soil(worked, STRINGS)
    for address in of_kind(".json"):
        answer = ana.get(address, params={"watch": "ferries", "query": "ferry", "title": "x"})
        assert answer.headers["content-type"] == "application/json", address
        assert answer.status_code < 500, address
        json.loads(answer.text)
    for suffix in ("rss", "atom"):
        leaves_as_feed(ana.get(f"/out/{phone}/search.{suffix}", params={"watch": " ".join(STRINGS)}))
    listed = ana.get("/feeds.opml")
    ElementTree.fromstring(listed.content)
    wanted = worked.settings.now().feeds.values()
    assert {feed.name for feed in opml.read(listed.content).feeds} == {feed.name for feed in wanted if feed.enabled}


def leaves_as_feed(answer: httpx.Response) -> None:
    """XML in which each text is one, and each link leads to a page or is none."""
    tree = ElementTree.fromstring(answer.content)
    links = [node.get("href") or node.text or "" for node in tree.iter() if node.tag.rpartition("}")[2] == "link"]
    assert len(links) > 5, answer.text[:300]
    assert [link for link in links if not re.match(r"https?://", link)] == []
    html = [
        node.text or "" for node in tree.iter() if node.tag.rpartition("}")[2] in ("description", "content", "summary")
    ]
    assert [said for said in html if re.search(r"<(script|img|svg|iframe|style|form|base)|<[^>]*\son\w+=", said)] == []


def test_in_a_sheet_no_cell_is_a_formula(worked: Desk, ana: httpx.Client) -> None:
    soil(worked, FORMULAS)
    asked = {"watch": " ".join(FORMULAS), "query": "ferry"}
    seen = 0
    for address in [*of_kind(".csv"), "/search/whole.csv", "/stories/2.csv", "/watch/stories.csv"]:
        answer = ana.get(address, params=asked)
        assert answer.status_code < 500, address
        if answer.status_code == 200:
            cells = list(chain(*csv.reader(io.StringIO(answer.text, newline=""))))
            assert [cell for cell in cells if runs(cell)] == [], address
            seen += sum(cell.startswith("'") for cell in cells)
    assert seen > 100


def runs(cell: str) -> bool:
    """Whether a spreadsheet takes a cell for a formula; what begins with an apostrophe is text to all of them."""
    bare = re.sub(r"^[\ufeff\"\s\u200b]+", "", cell)
    return bare[:1] in tuple("=+-@＝＋－＠") and not re.fullmatch(r"-?[\d.]+", cell)
