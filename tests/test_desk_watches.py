"""The watches at the desk: how they stand, why they match, what they would have told, and how they are changed."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, expect

from monitor.desk.place import Desk
from monitor.model import Filters
from monitor.pipeline.arming import ENOUGH
from monitor.settings.config import read_config
from storage import audit, facts, review, story_lines
from storage.database import Database
from storage.facts import Pause
from tests.browser import PHONE, Watched, open_desk
from tests.conftest import Clock
from tests.test_arming import BUSY, NOW, file, fill

WATCH = "tech and immigration enforcement"
PAGE = f"/watches/{WATCH.replace(' ', '%20')}"
HTML = {"Accept": "text/html"}


def get(desk: Desk, path: str, **asked: str) -> dict[str, Any]:
    answer = httpx.get(desk.home + path, params=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


class Form:
    """A page with a form, and the person before it."""

    def __init__(self, desk: Desk, path: str, **asked: str) -> None:
        self.desk = desk
        self.page = httpx.get(desk.home + path, params=asked, headers=HTML).text

    def field(self, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]*)"', self.page)
        assert found
        return found[1]

    def send(self, path: str, headers: dict[str, str] = HTML, **typed: object) -> httpx.Response:
        sent = {"csrf": self.field("csrf"), "mark": self.field("mark")} | typed
        return httpx.post(self.desk.home + path, data=sent, headers={"Origin": self.desk.home} | headers, timeout=30)


# ---- how they stand --------------------------------------------------------------------------------------------------


def test_the_list_says_how_each_watch_stands_and_what_it_found(desk: Desk) -> None:
    with desk.database.write() as connection:
        now = desk.clock()
        facts.keep_pause(connection, WATCH, Pause(since=now, until=now.replace(year=now.year + 1)))
    (row,) = get(desk, "/watches.json")["rows"]
    assert (row["name"], row["state"], row["stories"], row["days"][-1]) == (WATCH, "paused", 1, 1)
    assert row["precision"]["share"] is None
    page = httpx.get(f"{desk.home}/watches", headers=HTML).text
    assert "End the pause" in page
    assert "1 story in 30 days" in page


def test_a_watchs_page_shows_what_verdicts_say_of_it(screen: Watched, desk: Desk) -> None:
    with desk.database.write() as connection:
        (line,) = story_lines.lines(connection, Filters())
        review.judge(connection, line.story, "refused", watch=WATCH, by="ada", now=desk.clock(), reason="old news")
    page = screen.go(PAGE)
    expect(page.locator("#precision")).to_contain_text("0 of 1 judged stories were right: 0% (0% to 79%)")
    assert page.locator("figure img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 400
    expect(page.locator("#refused + ul")).to_contain_text("old news · ada")
    near = page.locator("#near ~ article.story")
    expect(near.first).to_contain_text("too weak together")
    expect(page.locator("#suggestions ~ ul li")).to_contain_text("must not match")
    page.get_by_role("link", name="Put it into the form").click()
    expect(page.locator("textarea[name=must_not_match]").first).not_to_be_empty()


def test_what_came_near_and_what_it_would_have_told_are_judged_for_the_watch(screen: Watched, desk: Desk) -> None:
    page = screen.go(PAGE)
    near = page.locator("#near ~ article.story").first
    number = int(near.get_attribute("data-story") or "")
    near.get_by_role("button", name="Keep").click()
    expect(near.locator(".chip")).to_have_text("kept")
    page.goto(f"{desk.home}/backtest?query=ICE+AND+Microsoft")
    page.keyboard.press("j")
    page.keyboard.press("s")
    told = page.locator("article.story.current")
    expect(told.locator(".judging .chip")).to_have_text("★ starred")
    other = int(told.get_attribute("data-story") or "")
    with desk.database.read() as connection:
        said = {number: review.verdict_history(connection, number)[-1] for number in (number, other)}
    assert (said[number].kind, said[number].watch) == ("kept", WATCH)
    assert said[other].kind == "starred"


def test_each_list_of_a_watch_is_a_sheet_and_its_precision_a_picture(desk: Desk) -> None:
    with desk.database.write() as connection:
        review.judge(connection, 2, "refused", watch=WATCH, by="ada", now=desk.clock(), reason="old news")
    page = httpx.get(desk.home + PAGE, headers=HTML).text
    shown = {
        link.replace("&amp;", "&") for link in re.findall(r'href="((?:/watch/|/pictures/|/search/whole)[^"]*)"', page)
    }
    assert len(shown) == 16  # four lists twice, the picture twice, stories and entries thrice
    answers = {link.partition("?")[0]: httpx.get(desk.home + link) for link in shown}
    assert {path: answer.status_code for path, answer in answers.items() if answer.status_code != 200} == {}
    assert answers["/pictures/precision.png"].content.startswith(b"\x89PNG")
    assert "sandbox" in answers["/pictures/precision.svg"].headers["content-security-policy"]
    rows = {path: list(csv.DictReader(io.StringIO(answer.text))) for path, answer in answers.items() if "csv" in path}
    assert [row["reason"] for row in rows["/watch/refused.csv"]] == ["old news"]
    assert [(row["story"], row["verdict"]) for row in rows["/watch/stories.csv"]] == [("2", "refused")]
    assert {row["story"] for row in rows["/search/whole.csv"]} == {"2"}
    assert len(rows["/watch/near.csv"]) > 1
    assert [row["precision_refused"] for row in rows["/watch/precision.csv"]].count("1") == 1
    assert httpx.get(f"{desk.home}/watch/near.csv?watch=nobody").status_code == 404


def test_a_watch_that_is_not_there_is_said_to_be_so(desk: Desk) -> None:
    answer = httpx.get(f"{desk.home}/watches/nobody.json")
    assert (answer.status_code, answer.json()["detail"]) == (404, "no watch is called nobody")


# ---- before it is armed ----------------------------------------------------------------------------------------------


def test_a_headline_is_explained(desk: Desk) -> None:
    found = get(desk, "/explain.json", watch=WATCH, title="ICE mortgage unit moves to the cloud")["found"]
    assert found["match"] is None
    assert "markets" in str(found["weighing"]["clues"])
    page = httpx.get(f"{desk.home}/explain", params={"query": "cloud AND NOT ice", "title": "Ice on the cloud"}).text
    assert "It does not match." in page
    assert page.count('aria-label="holds"') == 2  # both terms do; so the NOT does not, nor the AND
    entry = get(desk, "/explain.json", watch=WATCH, entry="1")
    assert entry["found"] is not None
    assert httpx.get(f"{desk.home}/explain.json", params={"watch": WATCH, "entry": "99999"}).status_code == 404


def test_a_watch_is_tried_on_the_archive_before_it_is_armed(desk: Desk) -> None:
    found = get(desk, "/backtest.json", query="ICE AND Microsoft", days="30")
    rows = found["rows"]
    assert isinstance(rows, list)
    assert (found["alerts"], len(rows), found["entries"]) == (3, 3, 89)
    assert {row["story"] for row in rows} != {None}
    page = httpx.get(f"{desk.home}/backtest", params={"query": "ICE AND Microsoft"}, headers=HTML).text
    assert "It would have sent 3 alerts in 30 days" in page
    assert f"{found['most_folded'] + 1} come from one story" in page
    quieter = get(desk, "/backtest.json", query="ICE AND Microsoft", level="digest")
    assert (quieter["alerts"], quieter["digest"]) == (0, 3)
    assert get(desk, "/backtest.json", pack=WATCH.replace(" ", "-"))["alerts"] == 1


@pytest.mark.parametrize(
    ("asked", "said"),
    [({"query": "ICE AND ("}, "^"), ({"watch": "nobody"}, f"expected one of {WATCH}"), ({"pack": "x"}, "shipped pack")],
)
def test_what_cannot_be_tried_is_said(desk: Desk, asked: dict[str, str], said: str) -> None:
    assert said in httpx.get(f"{desk.home}/backtest", params=asked, headers=HTML).text
    assert httpx.get(f"{desk.home}/backtest.json", params=asked).status_code in (400, 422)
    assert (
        said in httpx.get(f"{desk.home}/explain", params={**asked, "title": "x"}, headers=HTML).text or "pack" in asked
    )


# ---- written by form -------------------------------------------------------------------------------------------------


def commented(files: Path) -> Path:
    path = files / "feeds.yaml"
    path.write_text("# ours\n" + path.read_text().replace(f"- name: {WATCH}", f"- name: {WATCH}  # the beat"))
    path.chmod(0o640)
    return path


def test_a_search_becomes_a_watch_and_the_file_keeps_its_comments(screen: Watched, desk: Desk, files: Path) -> None:
    path = commented(files)
    page = screen.go("/search?q=title:hockey")
    page.get_by_role("link", name="Make it a watch").click()
    expect(page.locator("textarea[name=query]")).to_have_value("title:hockey")
    page.get_by_label("Name").fill("rinks")
    page.get_by_label("At most").select_option("digest")
    page.get_by_label("desk", exact=True).check()
    page.get_by_label("Must match, 1").fill("Hockey at nine")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").first).to_contain_text("takes it up when it is started again")
    expect(page.locator("tbody")).to_contain_text("rinks")
    watch = read_config(path, {}, with_secrets=False).watches["rinks"]
    assert (watch.query, watch.level, watch.recipients, watch.must_match) == (
        "title:hockey", "digest", ("desk",), ("Hockey at nine",),
    )  # fmt: skip
    text = path.read_text()
    assert text.startswith("# ours\n")
    assert f"- name: {WATCH}  # the beat\n" in text
    assert path.stat().st_mode & 0o777 == 0o640
    with desk.database.read() as connection:
        line = audit.listing(connection)[0]
    assert (line.who, line.action, line.subject) == ("you", "watch changed", "rinks")
    assert "+  query: title:hockey" in line.detail


def test_what_check_refuses_is_refused_beside_its_field_and_the_file_is_untouched(desk: Desk, files: Path) -> None:
    path = commented(files)
    before = path.read_bytes()
    answer = Form(desk, "/settings/watch").send(
        "/settings/watch", name="rinks", query="hockey AND (", to="nobody", must_match="Hockey"
    )
    assert answer.status_code == 422
    assert re.search(r'id="fault-query">Line \d+: .*<pre.*>.*\n +\^</pre>', answer.text)
    assert "no recipient is called &#39;nobody&#39;" in answer.text
    assert ">hockey AND (</textarea>" in answer.text
    assert path.read_bytes() == before
    answer = Form(desk, "/settings/watch").send("/settings/watch", name="rinks", query="hockey", must_match="A lake")
    assert "must match and does not" in answer.text.split('id="fault-must_match"')[1]
    answer = Form(desk, "/settings/watch").send("/settings/watch", headers={}, name=WATCH, query="hockey")
    assert answer.status_code == 400
    assert "there is another watch called" in answer.json()["detail"]
    assert path.read_bytes() == before
    assert [one.name for one in files.iterdir() if one.name.startswith(".feeds")] == []


def test_a_wording_that_would_send_too_much_is_refused_until_it_is_meant(database: Database, tmp_path: Path) -> None:
    fill(database, ["Ferry"] * BUSY + ["Bus"] * ENOUGH)
    path = file(tmp_path, "name: trams, query: tram")
    with open_desk(database, path, Clock(NOW)) as desk:
        form = Form(desk, "/settings/watch")
        answer = form.send("/settings/watch", name="ferries", query="ferry")
        assert answer.status_code == 422
        assert f"would have sent {BUSY} alerts" in answer.text
        assert "Write busy: true in it if that is meant so." in answer.text
        assert form.send("/settings/watch", name="ferries", query="ferry", busy="true").status_code == 303
    assert read_config(path, {}, with_secrets=False).watches["ferries"].busy


def test_what_was_typed_is_shown_as_text(desk: Desk) -> None:
    said = "</textarea><script>window.hit = 1</script>\"'"
    for address, name in (("/search", "q"), ("/explain", "title"), ("/explain", "query"), ("/backtest", "query")):
        answer = httpx.get(desk.home + address, params={"watch": WATCH, name: said}, headers=HTML)
        assert answer.status_code == 200
        assert "&lt;script&gt;" in answer.text
        assert "<script>" not in answer.text
    answer = Form(desk, "/settings/watch").send("/settings/watch", name=said, query=said, must_match=said, feeds=said)
    assert answer.status_code == 422
    assert answer.text.count("&lt;/textarea&gt;&lt;script&gt;") >= 4
    assert "<script>" not in answer.text


def test_a_watch_is_renamed_where_it_stands(desk: Desk, files: Path) -> None:
    answer = Form(desk, "/settings/watch", name=WATCH)
    assert answer.field("was") == WATCH
    sent = answer.send("/settings/watch", was=WATCH, name="renamed", pack=WATCH.replace(" ", "-"), urgent="true")
    assert sent.status_code == 303
    watch = read_config(files / "feeds.yaml", {}, with_secrets=False).watches["renamed"]
    assert watch.urgent
    assert f"- name: {WATCH}" not in (files / "feeds.yaml").read_text()
    assert watch.formerly == (WATCH,)  # what it found comes along
    again = Form(desk, "/settings/watch", name="renamed")
    assert again.send("/settings/watch", was="renamed", name=WATCH, pack=watch.pack).status_code == 303
    assert read_config(files / "feeds.yaml", {}, with_secrets=False).watches[WATCH].formerly == ("renamed",)


def test_what_was_typed_is_kept_through_a_trial(browser: Browser, desk: Desk, files: Path) -> None:
    with browser.new_context(viewport=PHONE, java_script_enabled=False) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(f"{desk.home}/settings/watch?name={WATCH}&query=ICE+AND+(Azure")
        page.get_by_label("Name").fill("clouds")
        page.get_by_label("At most").select_option("digest")
        page.get_by_label("desk", exact=True).check()
        page.get_by_label("Must match, 1").fill("ICE on Azure\nand a second line")
        page.locator("summary", has_text="More").click()
        page.get_by_label("Remind after").fill("2h")
        page.get_by_role("button", name="Try it on the archive first").click()
        expect(page.get_by_role("alert")).to_contain_text("^")
        page.get_by_label("Or a query").fill("ICE AND\nAzure")
        page.get_by_label("Days").fill("90")
        page.get_by_role("button", name="Try it").click()
        expect(page.locator("main")).to_contain_text("lines of digests")
        page.get_by_role("button", name="Back to the form").click()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("status").first).to_contain_text("clouds: Written")
    config = read_config(files / "feeds.yaml", {}, with_secrets=False)
    assert list(config.watches) == ["clouds"]  # it is the watch that was to be changed
    watch = config.watches["clouds"]
    assert (watch.query, watch.level, watch.recipients, watch.remind) == (
        "ICE AND\nAzure", "digest", ("desk",), timedelta(hours=2),
    )  # fmt: skip
    assert watch.must_match == ("ICE on Azure\nand a second line",)


def test_another_write_while_a_watch_was_tried_is_told(desk: Desk, files: Path) -> None:
    form = Form(desk, "/settings/watch", name=WATCH)
    pack = WATCH.replace(" ", "-")
    form.page = form.send("/settings/watch/try", was=WATCH, name=WATCH, pack=pack, remind="3h").text
    (files / "feeds.yaml").write_text((files / "feeds.yaml").read_text() + "# hers\n")
    form.page = form.send("/settings/watch/form", was=WATCH, name=WATCH, pack=pack, remind="3h").text
    assert form.send("/settings/watch", was=WATCH, name=WATCH, pack=pack, remind="3h").status_code == 409


def test_a_query_that_was_tried_becomes_a_watch_with_its_level_and_its_headline(desk: Desk) -> None:
    page = httpx.get(f"{desk.home}/backtest?query=ICE+AND+Azure&level=digest", headers=HTML).text
    assert "/settings/watch?query=ICE+AND+Azure&amp;pack=&amp;level=digest" in page
    page = httpx.get(f"{desk.home}/explain?query=ICE&title=ICE+buys", headers=HTML).text
    assert "/settings/watch?query=ICE&amp;must_match=ICE+buys" in page
    typed = get(desk, "/settings/watch.json", query="ICE", level="digest", must_match="ICE buys")["typed"]
    assert (typed["query"], typed["level"], typed["must_match"]) == ("ICE", "digest", ["ICE buys"])


def test_two_people_at_one_watch_are_told_and_neither_loses_a_word(desk: Desk, files: Path) -> None:
    path = commented(files)
    ada, bea = Form(desk, "/settings/watch", name=WATCH), Form(desk, "/settings/watch", name=WATCH)
    pack = WATCH.replace(" ", "-")
    assert ada.send("/settings/watch", was=WATCH, name=WATCH, pack=pack, remind="2h").status_code == 303
    answer = bea.send("/settings/watch", was=WATCH, name=WATCH, pack=pack, must_not_match="Ice on the lake")
    assert answer.status_code == 409
    assert "feeds.yaml was changed at" in answer.text
    assert "remind: &#39;2h&#39;" in answer.text  # hers
    assert ">Ice on the lake</textarea>" in answer.text  # his
    bea.page = answer.text
    assert (
        bea.send("/settings/watch", was=WATCH, name=WATCH, pack=pack, must_not_match="Ice on the lake").status_code
        == 303
    )
    watch = read_config(path, {}, with_secrets=False).watches[WATCH]
    assert (watch.remind, watch.must_not_match) == (None, ("Ice on the lake",))


def test_a_watch_that_somebody_removed_meanwhile_is_not_lost(desk: Desk, files: Path) -> None:
    add = Form(desk, "/settings/watch")
    assert add.send("/settings/watch", name="rinks", query="hockey").status_code == 303
    edit, remove = Form(desk, "/settings/watch", name="rinks"), Form(desk, "/settings/watch", name="rinks")
    assert remove.send("/settings/watch/remove", name="rinks").status_code == 303
    edit.page = edit.send("/settings/watch", was="rinks", name="rinks", query="hockey OR curling").text
    assert "No watch of this name stands there." in edit.page
    assert (
        edit.send("/settings/watch", was=edit.field("was"), name="rinks", query="hockey OR curling").status_code == 303
    )
    assert "rinks" in read_config(files / "feeds.yaml", {}, with_secrets=False).watches


def test_the_whole_file_is_edited_under_the_same_rules(browser: Browser, desk: Desk, files: Path) -> None:
    path = commented(files)
    with browser.new_context(viewport=PHONE, java_script_enabled=False) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(f"{desk.home}/settings")
        box, before = page.get_by_label("The text"), path.read_text()
        assert box.input_value() == before
        box.fill(before.replace("digest_at: 07:00", "digest_at: 27:00"))
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("alert")).to_contain_text("recipients[0].digest_at")
        assert path.read_text() == before
        assert "27:00" in box.input_value()
        path.write_text(before + "# hers\n")
        box.fill(before.replace("digest_at: 07:00", "digest_at: 08:00"))
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("alert")).to_contain_text("-# hers")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("status").first).to_contain_text("Written to feeds.yaml")
    assert path.read_text() == before.replace("digest_at: 07:00", "digest_at: 08:00")
