"""How much a channel may carry: what a level leaves out is nowhere in what leaves."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace

import pytest

from alerts import channel
from alerts.discretion import reduced
from alerts.message import compose_test
from alerts.summary import compose_more, compose_notice, compose_reminder
from monitor.model import Channel, ChannelKind, Content, Message
from tests.test_chat import KINDS, digest_of, question
from tests.test_message import DESK, NOW, REPORT, alert, update
from tests.test_webhook import NEW, Receiver

SECRET_OF_A_WATCH = ("Plate readers", "near Northwind Cloud", "40,000")
WORDS = ("scans", "Gazette", "Faro", "Northwind", "http", *SECRET_OF_A_WATCH)


def more() -> Message:
    return compose_more([REPORT], total=7, notices=["The feed Ferry Times is gone."], recipient=DESK, key="m", now=NOW)


def notice() -> Message:
    return compose_notice("Alerts for Plate readers wait.", subject="Plate readers", recipient=DESK, key="n", now=NOW)


def reminder() -> Message:
    return compose_reminder(REPORT, alert=5, sent_at=NOW, number=1, recipient=DESK, key="r", now=NOW)


def empty_digest() -> Message:
    return digest_of()


def digest() -> Message:
    return digest_of(REPORT, replace(REPORT, story_id=18), replace(REPORT, story_id=19))


def carried(message: Message, content: Content) -> str:
    """All of a reduced message but what Tipsheet itself goes by."""
    values = asdict(reduced(message, content))
    return json.dumps({name: values[name] for name in ("subject", "text", "html", "data", "thread", "link")})


@pytest.mark.parametrize(
    ("made", "subject"),
    [
        (alert, "1 new story"),
        (update, "1 update of a story"),
        (digest, "3 new stories"),
        (empty_digest, "No new stories"),
        (more, "7 new stories"),
        (reminder, "1 story waits to be acknowledged"),
        (notice, "A notice of Tipsheet's own"),
    ],
)
def test_a_count_says_nothing_else(made: Callable[[], Message], subject: str) -> None:
    assert reduced(made(), "count").subject == subject
    assert [word for word in WORDS if word in carried(made(), "count")] == []


@pytest.mark.parametrize("made", [alert, update, reminder])
def test_two_counts_do_not_show_that_they_are_about_one_story(made: Callable[[], Message]) -> None:
    assert made().thread in carried(made(), "full")
    assert made().thread not in carried(made(), "count")


@pytest.mark.parametrize("made", [alert, update, digest, more, reminder])
def test_a_title_has_its_link_and_nothing_of_the_watch(made: Callable[[], Message]) -> None:
    said = carried(made(), "title")
    assert "https://www.harbourgazette.example/news/" in said
    assert [word for word in SECRET_OF_A_WATCH if word in said] == []


@pytest.mark.parametrize("made", [alert, update, digest, empty_digest, more, reminder, notice])
def test_everything_is_the_message_itself(made: Callable[[], Message]) -> None:
    message = made()
    assert reduced(message, "full") is message


@pytest.mark.parametrize("content", ["title", "count"])
def test_what_a_message_is_known_by_stays(content: Content) -> None:
    less, message = reduced(alert(), content), alert()
    assert (less.key, less.kind, less.created_at) == (message.key, message.kind, message.created_at)


@pytest.mark.parametrize("content", ["title", "count"])
def test_a_digest_without_news_still_says_that_the_feeds_were_heard(content: Content) -> None:
    assert "404 of 412 feeds healthy" in reduced(empty_digest(), content).text
    assert "Ferry Times" not in carried(empty_digest(), content)


def test_a_test_message_stays_whole() -> None:
    message = compose_test(recipient=DESK, key="t", now=NOW)
    assert reduced(message, "count") is message


@pytest.mark.parametrize("kind", KINDS)
def test_every_chat_carries_no_more_than_it_may(kind: ChannelKind) -> None:
    for message in (alert(), update(), digest()):
        said = json.dumps(question(kind, reduced(message, "count")))
        assert [word for word in WORDS if word in said.replace("http://adaptivecards.io", "")] == []


def test_a_channel_that_is_opened_keeps_to_its_level() -> None:
    receiver = Receiver()
    settings: dict[str, str | int | bool] = {"url": "https://hooks.example.org/", "secret": NEW}
    hook = Channel(name="hook", kind="webhook", settings=settings, content="count")
    channel.open_sender(hook, post=receiver).send(alert(), "")
    assert json.loads(receiver.posts[0][2])["data"] == {"count": 1}
