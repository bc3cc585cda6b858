"""Who is named with whom, and the pictures: as pages, as numbers, as SVG and PNG; over rows as they are examined."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from monitor.desk.place import Desk
from monitor.model import Document
from monitor.story.mentions import mentions
from monitor.watches.page import Page
from storage.database import Database
from tests.browser import DESKTOP, Watched, open_desk
from tests.conftest import Clock
from tests.engines import washed_database
from tests.rows import claim, examined, keep, keyed, match, record, remember
from tests.test_ledger_command import CONFIG, PACK, TOLD

SVG = "{http://www.w3.org/2000/svg}"
DRAWN = (
    "/companies/map",
    "/companies/weeks",
    "/pictures/stories",
    "/pictures/outlets",
    "/pictures/waits",
    "/pictures/feeds",
)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Four matched reports of three stories, a day apart, and the desk on the day after. The tests here only read."""
    place, clock = tmp_path_factory.mktemp("companies"), Clock()
    with washed_database("sqlite", place) as url, Database(url) as database:
        remember(database)
        for number, (key, title, feed, story) in enumerate(TOLD, 1):
            keep(database, keyed(key, title), now=clock(), feed_id=feed)
            claim(database, now=clock())
            named = mentions([PACK], Page(Document(id=key, title=title)))
            record(database, examined(number, story=story, matches=[match()], mentions=named), now=clock())
            clock.move(timedelta(days=1))
        (place / "feeds.yaml").write_text(CONFIG, encoding="utf-8")
        with open_desk(database, place / "feeds.yaml", clock) as desk:
            yield desk


def data(desk: Desk, address: str, **asked: Any) -> Any:
    answer = httpx.get(f"{desk.home}{address}.json", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_pair_says_how_often_since_when_and_where_to_see_it(told: Desk) -> None:
    rows = data(told, "/companies")["rows"]
    assert [(row["row"], row["column"], row["stories"], row["outlets"]) for row in rows] == [
        ("Palantir", "ICE", 1, 2),
        ("Flock Safety", "ICE", 1, 1),
        ("Palantir", "Border Patrol", 1, 1),
    ]
    first = rows[0]
    assert (first["first_at"], first["first_title"]) == ("2026-02-18T12:00:00Z", "Palantir wins an ICE contract")
    assert (first["latest_at"], first["latest_sentence"]) == ("2026-02-19T12:00:00Z", "ICE signs with Palantir")
    assert first["weeks"] == [{"monday": "2026-02-16", "stories": 1}]


@pytest.mark.parametrize(
    ("asked", "pairs"),
    [
        ({"days": 2}, [("Flock Safety", "ICE"), ("Palantir", "Border Patrol")]),
        ({"days": 1}, [("Flock Safety", "ICE")]),
        ({"name": "palantir"}, [("Palantir", "ICE"), ("Palantir", "Border Patrol")]),
        ({"name": "nobody"}, []),
        ({"rows": "agencies", "columns": "companies", "name": "Border Patrol"}, [("Border Patrol", "Palantir")]),
        ({"whole": True, "name": "DHS"}, [("Palantir", "DHS"), ("Flock Safety", "DHS")]),
    ],
)
def test_the_ledger_is_asked_by_days_names_and_kinds(
    told: Desk, asked: dict[str, Any], pairs: list[tuple[str, str]]
) -> None:
    assert [(row["row"], row["column"]) for row in data(told, "/companies", **asked)["rows"]] == pairs


def test_a_pair_leads_to_its_reports(browser: Browser, told: Desk) -> None:
    with browser.new_context(viewport=DESKTOP) as context:  # type: ignore[arg-type]
        watched = Watched(page=context.new_page(), home=told.home)
        page = watched.go("/companies")
        page.get_by_role("link", name="Palantir and ICE: 1 story").click()
        expect(page.locator("h1")).to_have_text("Palantir and ICE")
        expect(page.locator("article h3")).to_have_text(["ICE signs with Palantir", "Palantir wins an ICE contract"])
        page.get_by_role("link", name="All pairs").click()
        page.get_by_label("Rows").select_option("agencies")  # shown at once, without the button
        expect(page).to_have_url(f"{told.home}/companies?days=90&rows=agencies&columns=agencies&name=")
        page.goto(f"{told.home}/pictures")
        for image in page.locator("figure img").all():
            image.scroll_into_view_if_needed()
            expect(image).to_have_js_property("complete", True)
            assert image.evaluate("one => one.naturalWidth") > 300, image.get_attribute("src")
        assert watched.complaints == []


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("/companies.json?rows=ferries", 422, "rows: no pack has 'ferries'; expected one of agencies, companies"),
        ("/companies/map.png?columns=ferries", 422, "columns: no pack has"),
        ("/companies.json?days=0", 422, "days: expected 1 or more, not “0”"),
        ("/companies/pair.json?row=Palantir&column=FBI", 404, "no report of these 90 days names Palantir with FBI"),
        ("/pictures/stories.svg?days=367", 422, "days: "),
        ("/pictures/stories.json?until=0001-01-02", 422, "lies beyond all that can be kept"),
    ],
)
def test_what_cannot_be_shown_says_why(told: Desk, address: str, status: int, said: str) -> None:
    answer = httpx.get(told.home + address)
    assert answer.status_code == status
    assert said in answer.json()["detail"]


def test_where_no_pack_says_who_is_who_the_page_says_so(told: Desk) -> None:
    told.settings.path.write_text(CONFIG.replace("pack: tech-and-immigration-enforcement", "query: ferry"))
    page = httpx.get(f"{told.home}/companies?name=nobody", headers={"Accept": "text/html"})
    told.settings.path.write_text(CONFIG)
    assert "No watch uses a pack that says who is who." in page.text


@pytest.mark.parametrize("path", DRAWN)
def test_each_picture_is_an_svg_and_a_png(told: Desk, path: str) -> None:
    svg = httpx.get(f"{told.home}{path}.svg")
    assert svg.headers["content-type"] == "image/svg+xml"
    assert svg.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    tree = ElementTree.fromstring(svg.content)
    assert tree.findtext(f"{SVG}title")
    assert tree.findtext(f"{SVG}desc")
    with Image.open(BytesIO(httpx.get(f"{told.home}{path}.png").content)) as image:
        assert image.size == tuple(round(2 * float(tree.get(side, "0"))) for side in ("width", "height"))


def test_a_picture_opened_by_itself_keeps_its_colours(browser: Browser, told: Desk) -> None:
    """Its policy lets in its one style, and nothing else."""
    with browser.new_context() as context:
        page = Watched(page=context.new_page(), home=told.home).go("/companies/map.svg")
        assert page.evaluate("() => getComputedStyle(document.querySelector('.paper')).fill") == "rgb(255, 255, 255)"


def test_stories_and_outlets_are_counted_on_their_days(told: Desk) -> None:
    shown = data(told, "/pictures/stories", days=5)
    assert shown["days"] == ["2026-02-18", "2026-02-19", "2026-02-20", "2026-02-21", "2026-02-22"]
    assert [row["stories"] for row in shown["rows"]] == [1, 0, 1, 1, 0]
    assert shown["said"] == "3 stories in 5 days; most on 18 February 2026: 1."
    outlets = data(told, "/pictures/outlets", days=5)
    assert [(row["day"][-2:], row["stories"]) for row in outlets["rows"]] == [
        ("18", 1),
        ("20", 1),
        ("21", 1),
        ("19", 1),
    ]
    assert data(told, "/pictures/stories", days=5, watch="another")["rows"] == []
    assert data(told, "/pictures/stories", days=1, until="2026-02-20")["rows"][0]["stories"] == 1


def test_alerts_are_counted_by_how_long_they_took(desk: Desk) -> None:
    """The demo's two alerts, of a report that is some hours old when it comes in."""
    shown = data(desk, "/pictures/waits", days=7)
    assert shown["alerts"] == 2
    assert sum(row["from_publication"] for row in shown["rows"]) == 2 - shown["undated"]
    assert shown["median_seconds"] > 0
    assert "2 alerts of new reports in 7 days; half went out within " in shown["said"]
    states = data(desk, "/pictures/feeds")
    assert sum(row["feeds"] for row in states["rows"]) == 13
    assert data(desk, "/pictures", days=7)["waits"] == shown
    assert "/pictures/stories.svg?size=small" in httpx.get(desk.home, headers={"Accept": "text/html"}).text
