"""The latest alerts as a feed in a file, as our own reader reads it back."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from alerts import channel
from alerts.channel import Sender
from monitor.errors import DeliveryError
from monitor.model import Channel, Message
from tests import command
from tests.test_chat import HOSTILE, attacked, digest_of
from tests.test_message import NOW, REPORT, alert
from tests.test_webhook import Receiver

NAMES = ["alerts.xml", "alerts.atom", "alerts.json"]


def sender(path: Path, *, keep: int = 50, title: str = "Ferries & harbours") -> Sender:
    settings: dict[str, str | int | bool] = {"path": str(path), "title": title, "keep": keep}
    return channel.open_sender(Channel(name="reader", kind="feed", settings=settings), post=Receiver())


def read_back(path: Path) -> dict[str, Any]:
    """What `tipsheet stage parse` makes of the file."""
    (read,) = command.tipsheet("stage", "parse", path).objects
    assert read["error"] is None
    return read


def numbered(number: int) -> Message:
    return replace(alert(), key=f"alert:{number}", subject=f"Story {number}", created_at=NOW + timedelta(hours=number))


@pytest.fixture(params=NAMES)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / str(request.param)


def test_an_alert_is_read_back_with_all_that_a_chat_is_told(path: Path) -> None:
    assert sender(path).send(alert(), "") == f"stands in {path}"
    read = read_back(path)
    assert read["feed"]["title"] == "Ferries & harbours"
    (entry,) = read["entries"]
    assert entry["title"] == f"{REPORT.lead.title} — The Harbour Gazette"
    assert entry["link"] == REPORT.lead.link
    assert entry["published"] == "2026-03-04T09:40:00Z"
    for fact in ("40,000 plate scans", "First reported by The Harbour Gazette", "Also in 4 outlets"):
        assert fact in entry["content"]


def test_the_newest_stand_in_front_and_the_oldest_leave(path: Path) -> None:
    for number in range(7):
        sender(path, keep=5).send(numbered(number), "")
    assert [entry["title"] for entry in read_back(path)["entries"]] == [f"Story {number}" for number in (6, 5, 4, 3, 2)]


def test_the_same_alert_again_is_one_entry(path: Path) -> None:
    for number in (1, 2, 1):
        sender(path).send(numbered(number), "")
    assert [entry["title"] for entry in read_back(path)["entries"]] == ["Story 1", "Story 2"]


def test_a_digest_lists_its_stories_with_their_links(path: Path) -> None:
    sender(path).send(digest_of(REPORT), "")
    (entry,) = read_back(path)["entries"]
    assert REPORT.lead.title in entry["content"]
    assert "404 of 412 feeds healthy" in entry["content"]


def test_hostile_words_break_neither_the_file_nor_what_stands_beside_them(path: Path) -> None:
    for number, words in enumerate(HOSTILE):
        sender(path).send(numbered(number), "")
        sender(path, title=words or "t").send(replace(alert(attacked(words)), key=f"hostile {number}"), "")
    entries = read_back(path)["entries"]
    assert [entry["title"] for entry in entries][1::2] == [
        f"Story {number}" for number in reversed(range(len(HOSTILE)))
    ]
    assert len(entries) == 2 * len(HOSTILE)
    assert not [entry for entry in entries if "<script" in entry["content"]]


def test_an_entry_s_words_cannot_pass_for_an_entry(path: Path) -> None:
    words = '</title></entry><entry><id>urn:tipsheet:x</id></entry>", {"id": "x"}'
    for number in range(3):
        sender(path).send(replace(alert(attacked(words)), key=str(number)), "")
    assert len(read_back(path)["entries"]) == 3


def test_a_file_that_is_not_ours_is_not_overwritten(path: Path) -> None:
    path.write_text('{"items": []}' if path.suffix == ".json" else "<feed>somebody's</feed>", encoding="utf-8")
    before = path.read_bytes()
    with pytest.raises(DeliveryError, match="no feed of Tipsheet's") as caught:
        sender(path).send(alert(), "")
    assert (caught.value.retry, caught.value.reached) == (True, False)
    assert path.read_bytes() == before


def test_a_write_that_fails_leaves_the_old_file_whole(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sender(path).send(numbered(1), "")
    before = path.read_bytes()

    def full(_number: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(DeliveryError, match="No space left on device") as caught:
            sender(path).send(numbered(2), "")
    assert (caught.value.retry, caught.value.reached) == (True, False)
    assert path.read_bytes() == before
    sender(path).send(numbered(2), "")
    assert len(read_back(path)["entries"]) == 2


def test_who_may_read_the_file_stays_as_it_was(path: Path) -> None:
    sender(path).send(numbered(1), "")
    path.chmod(0o640)
    sender(path).send(numbered(2), "")
    assert path.stat().st_mode & 0o777 == 0o640


def test_two_who_write_at_once_lose_nothing(path: Path) -> None:
    threads = [Thread(target=sender(path).send, args=(numbered(number), "")) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read_back(path)["entries"]) == 20


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("alerts.xml", ""),
        ("alerts.rss", "path: expected a name that ends in"),
        ("alerts", "path: expected a name that ends in"),
        ("nowhere/alerts.xml", "path: there is no folder"),
    ],
)
def test_settings_are_checked_in_words(tmp_path: Path, name: str, fault: str) -> None:
    settings: dict[str, str | int | bool] = {"path": str(tmp_path / name), "title": "t", "keep": 5}
    found = "; ".join(channel.check(Channel(name="reader", kind="feed", settings=settings)))
    assert found.startswith(fault) if fault else not found


def test_json_feed_has_what_its_readers_need(tmp_path: Path) -> None:
    sender(tmp_path / "alerts.json").send(alert(), "")
    feed = json.loads((tmp_path / "alerts.json").read_text(encoding="utf-8"))
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert {"id", "url", "title", "content_html", "content_text", "date_published"} == set(feed["items"][0])
