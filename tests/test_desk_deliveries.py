"""The ledger of deliveries at the desk: read, sent again, acknowledged, tried out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect
from sqlalchemy import update

from monitor.desk.door.entrance import csrf_token
from monitor.desk.place import Desk
from monitor.model import ChannelState
from monitor.run import open_client
from storage import facts
from storage.database import Database
from storage.facts import Pause
from storage.schema import outbox
from tests.browser import Watched, open_desk
from tests.conftest import NOON, Clock
from tests.mail_sink import MailSink
from tests.rows import claim, decision, examined, keep, keyed, record, remember

CONFIG = """\
contact: https://desk.example
channels: [{{name: mail, kind: email, host: 127.0.0.1, port: {port}, security: none, from: Tips <a@desk.example>}}]
recipients: [{{name: desk, channel: mail, address: desk@desk.example, an_hour: 3}}]
watches: [{{name: ferries, query: ferry}}]
feeds: [{{url: "https://ferry.example/feed", name: Ferry Times, outlet: ferry.example}}]
"""


@pytest.fixture
def sink() -> Iterator[MailSink]:
    with MailSink() as opened:
        yield opened


@pytest.fixture
def ledger(database: Database, clock: Clock, tmp_path: Path, sink: MailSink) -> Iterator[Desk]:
    """A desk with alerts 1 to 6, which stand in six ways."""
    remember(database)
    keep(database, *(keyed(str(number), title=f"Ferry {number}") for number in range(1, 7)), now=NOON)
    claim(database, now=NOON)
    record(database, *(examined(number, decision()) for number in range(1, 7)), now=NOON)
    stand(database, 2, due_at=NOON + timedelta(hours=1), reason="it is quiet for desk until 13:00")
    stand(database, 3, state="sent", sent_at=NOON, attempts=1, due_at=None, reason="250 kept")
    stand(database, 4, state="failed", attempts=1, due_at=None, reason="550 no such user")
    stand(database, 5, state="uncertain", attempts=2, due_at=None, reason="the answer was lost")
    stand(database, 6, state="folded", due_at=None, folded_into=3, reason="told in the message 3")
    path = tmp_path / "feeds.yaml"
    path.write_text(CONFIG.format(port=sink.port), encoding="utf-8")
    with open_desk(database, path, clock, open_client=open_client) as opened:
        yield opened


def stand(database: Database, delivery: int, **values: Any) -> None:
    with database.write() as connection:
        connection.execute(update(outbox).where(outbox.c.id == delivery).values(values))


def ask(desk: Desk, path: str) -> Any:
    answer = httpx.get(desk.home + path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def do(desk: Desk, path: str, **form: object) -> httpx.Response:
    """What a script of the page sends."""
    headers = {"X-CSRF-Token": csrf_token(desk.secret), "Origin": desk.home}
    return httpx.post(desk.home + path, data=form, headers=headers, timeout=20)


def stages(desk: Desk, query: str = "") -> dict[int, str]:
    return {row["id"]: row["stage"] for row in ask(desk, f"/deliveries.json{query}")["rows"]}


def test_every_delivery_is_in_the_ledger_newest_first(ledger: Desk) -> None:
    assert list(stages(ledger).items()) == [
        (6, "folded"), (5, "uncertain"), (4, "failed"), (3, "sent"), (2, "held"), (1, "waiting"),
    ]  # fmt: skip
    page = httpx.get(f"{ledger.home}/deliveries").text
    assert "1 waiting, 1 held, 1 failed, 1 uncertain, 1 sent, 1 folded." in page
    assert "550 no such user" in page
    rows = list(csv.DictReader(io.StringIO(httpx.get(f"{ledger.home}/deliveries.csv").text)))
    assert [(row["id"], row["stage"]) for row in rows[:2]] == [("6", "folded"), ("5", "uncertain")]


FILTERS = {
    "?stage=held": {2},
    "?stage=waiting": {1},
    "?stage=failed": {4},
    "?story=5": {5},
    "?recipient=nobody": set(),
    "?channel=mail&kind=alert&watch=ferries&stage=": {1, 2, 3, 4, 5, 6},
    "?kind=digest": set(),
    "?before=3": {1, 2},
}  # fmt: skip


def test_the_ledger_is_filtered(ledger: Desk) -> None:
    assert {query: set(stages(ledger, query)) for query in FILTERS} == FILTERS


def test_the_ledger_is_turned_page_by_page(ledger: Desk) -> None:
    seen: list[int] = []
    before = ""
    for _ in range(3):
        page = ask(ledger, f"/deliveries.json?limit=2{before}")
        seen += [row["id"] for row in page["rows"]]
        before = f"&before={page['older']}"
    assert (seen, page["older"]) == ([6, 5, 4, 3, 2, 1], None)
    assert page["counts"]["sent"] == 1, "what is counted does not depend on the page"


def test_what_failed_goes_again_what_is_held_goes_now_and_what_was_sent_stays_sent(ledger: Desk) -> None:
    said = do(ledger, "/deliveries/retry", ids=[2, 3, 4, 5]).json()["said"]
    assert said.startswith("3 deliveries will be sent")
    assert said.endswith("1 other was left: sent, or told in another, meanwhile.")
    assert stages(ledger) == {6: "folded", 5: "waiting", 4: "waiting", 3: "sent", 2: "waiting", 1: "waiting"}
    assert ask(ledger, "/deliveries/4.json")["delivery"]["reason"] == "sent again by hand"
    refused = do(ledger, "/deliveries/retry", ids=[3, 6, 99])
    assert (refused.status_code, refused.json()["detail"]) == (
        409, "none of these failed, is uncertain or waits: there is nothing to send",
    )  # fmt: skip


def test_what_was_refused_leaves_the_ticks_and_says_why_beside_them(ledger: Desk) -> None:
    def send(path: str, **form: object) -> tuple[int, str]:
        headers = {"Origin": ledger.home, "Accept": "text/html"}
        answer = httpx.post(ledger.home + path, data={"csrf": csrf_token(ledger.secret)} | form, headers=headers)
        return answer.status_code, answer.text

    status, page = send("/deliveries/retry", ids=3, next="/deliveries?recipient=desk&stage=sent&before=odd")
    assert status == 409
    assert 'role="alert" id="fault-ids">none of these failed' in page
    assert 'value="3" checked' in page
    assert '<option selected value="sent">' in page  # of the same list
    assert "Choose delivery 4" not in page
    status, page = send("/deliveries/acknowledge", next="/deliveries?stage=odd")
    assert (status, "expected at least one delivery" in page, " checked" in page) == (422, True, False)
    status, page = send("/deliveries/retry", ids=3, next="/deliveries/3")
    assert (status, "none of these failed" in page, "<h2>Delivery 3</h2>" in page) == (409, True, True)


def test_an_alert_that_was_seen_is_acknowledged(ledger: Desk) -> None:
    assert do(ledger, "/deliveries/acknowledge", ids=3).json()["said"].startswith("1 acknowledged")
    assert ask(ledger, "/deliveries/3.json")["delivery"]["acked_at"] is not None
    assert do(ledger, "/deliveries/acknowledge", ids=99).status_code == 409


def test_chosen_deliveries_are_sent_again_from_the_page(screen: Watched, ledger: Desk) -> None:
    page = screen.page
    page.goto(f"{ledger.home}/deliveries?stage=failed")
    page.get_by_label("Choose delivery 4").check()
    page.get_by_role("button", name="Send the chosen ones again").click()
    expect(page.get_by_role("status").first).to_contain_text("1 delivery will be sent")
    expect(page.locator(".empty")).to_have_text("No delivery is like that.")
    page.get_by_label("State").select_option("waiting")  # shows at once, without the button
    expect(page.locator("tbody tr")).to_have_count(2)


# ---- the message -----------------------------------------------------------------------------------------------------


def test_a_delivery_is_told_with_its_attempts_and_its_words(desk: Desk) -> None:
    told = ask(desk, "/deliveries/1.json")
    assert [(one["result"], one["detail"]) for one in told["rows"]] == [("sent", "250 Kept")]
    page = httpx.get(f"{desk.home}/deliveries/1").text
    assert "First reported by The Guardian" in page
    assert "<table role" not in page, "the letter's markup stands there as text"
    assert "&lt;table role" in page


def test_the_message_is_kept_as_the_bytes_that_left(desk: Desk, files: Path) -> None:
    (letter,) = [path.read_bytes() for path in sorted((files / "mail").glob("*.eml"))][:1]
    kept = httpx.get(f"{desk.home}/deliveries/1/message.eml")
    ours, theirs = (message_from_bytes(one, policy=policy.default) for one in (kept.content, letter))
    assert ours["Message-ID"] == theirs["Message-ID"]
    assert kept.content.replace(b"\r\n", b"\n").strip() == letter.replace(b"\r\n", b"\n").strip()
    for name, kind in (
        ("message.eml", "message/rfc822"),
        ("message.json", "application/json"),
        ("message.html", "text/html"),
    ):
        answer = httpx.get(f"{desk.home}/deliveries/1/{name}")
        assert answer.headers["content-type"].startswith(kind)
        assert answer.headers["content-disposition"].startswith("attachment")
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"


def test_what_has_no_words_or_is_no_mail_says_so(desk: Desk, ledger: Desk) -> None:
    assert "has no words yet" in httpx.get(f"{ledger.home}/deliveries/1/message.json").text
    assert "which is no mail" in httpx.get(f"{desk.home}/deliveries/2/message.eml").text
    assert httpx.get(f"{desk.home}/deliveries/99").status_code == 404


# ---- tests, rests, pauses --------------------------------------------------------------------------------------------


def test_a_test_message_arrives_stands_in_the_ledger_and_counts_in_the_hour(
    ledger: Desk, sink: MailSink, clock: Clock
) -> None:
    for number in (1, 2, 3):
        clock.move(timedelta(seconds=10))
        told = do(ledger, "/deliveries/test", recipient="desk").json()
        assert told["said"].startswith("Delivered: 250"), told
        assert len(sink.letters) == number
    row = ask(ledger, f"{told['next']}.json")
    assert (row["delivery"]["kind"], row["delivery"]["stage"], row["rows"][0]["result"]) == ("test", "sent", "sent")
    full = do(ledger, "/deliveries/test", recipient="desk")
    assert (full.status_code, full.json()["detail"]) == (
        400,
        "desk had 3 messages in an hour; the next may go at 13:00 UTC",
    )
    assert len(sink.letters) == 3


def test_a_test_message_that_is_refused_says_what_the_server_said(ledger: Desk, sink: MailSink) -> None:
    sink.refuse["desk@desk.example"] = "550 5.1.1 no such user"
    told = do(ledger, "/deliveries/test", recipient="desk").json()
    assert told["said"].startswith("Not delivered: ")
    assert "no such user" in told["said"]
    assert ask(ledger, f"{told['next']}.json")["delivery"]["stage"] == "failed"
    assert do(ledger, "/deliveries/test", recipient="nobody").status_code == 422


def test_nobody_bothers_others_through_the_desk_more_than_ten_times_a_minute(ledger: Desk, clock: Clock) -> None:
    answers = [do(ledger, "/deliveries/test", recipient="desk").status_code for _ in range(11)]
    assert answers[10] == 429
    assert 429 not in answers[:10]
    clock.move(timedelta(minutes=1))
    assert do(ledger, "/deliveries/test", recipient="desk").status_code != 429


def test_a_channel_at_rest_is_told_and_its_rest_ended(ledger: Desk) -> None:
    state = ChannelState(since=NOON, open_until=NOON + timedelta(minutes=8), trips=3, reason="connection refused")
    asked = ChannelState(since=NOON, asked_until=NOON + timedelta(hours=1), reason="429 later")
    with ledger.database.write() as connection:
        facts.keep_channel_state(connection, "mail", state)
        facts.keep_channel_state(connection, "bot", asked)
    rests = ask(ledger, "/deliveries.json")["resting"]
    assert {one["channel"]: one["asked"] for one in rests} == {"mail": False, "bot": True}
    assert do(ledger, "/deliveries/rests/end").status_code == 200
    assert [one["channel"] for one in ask(ledger, "/deliveries.json")["resting"]] == ["bot"]


def test_a_watch_that_was_paused_alerts_again_when_somebody_says_so(ledger: Desk) -> None:
    with ledger.database.write() as connection:
        facts.keep_pause(connection, "ferries", Pause(since=NOON, until=NOON + timedelta(days=1)))
    assert "sent so many alerts within an hour" in httpx.get(f"{ledger.home}/deliveries").text
    assert do(ledger, "/deliveries/pauses/end", watch="ferries").json()["said"].startswith("ferries alerts again")
    assert ask(ledger, "/deliveries.json")["paused"] == []
    assert do(ledger, "/deliveries/pauses/end", watch="ferries").status_code == 409
