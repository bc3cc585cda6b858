"""Everything else, through the library Apprise, which posts to a real server here."""

from __future__ import annotations

import importlib.util
import json
import logging
from collections.abc import Iterator

import pytest

from alerts import channel
from alerts.apprise import ABSENT
from monitor.errors import DeliveryError
from monitor.model import Channel
from tests.scripted_server import Answer, ScriptedServer
from tests.test_message import REPORT, alert
from tests.test_webhook import Receiver

# Apprise still imports what Python 3.13 has no more, if it is there.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
if importlib.util.find_spec("apprise") is None:
    pytest.skip("Apprise is an extra", allow_module_level=True)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as playing:
        yield playing


def pager(server: ScriptedServer) -> Channel:
    url = f"json://user:hunter2pass@127.0.0.1:{server.port}/page"
    return Channel(name="pager", kind="apprise", settings={"url": url})


def test_a_message_is_handed_over_as_plain_text(server: ScriptedServer) -> None:
    server.script("/page", Answer())
    sender = channel.open_sender(pager(server), post=Receiver())
    assert sender.send(alert(), "") == "taken, as Apprise says"
    (request,) = server.requests
    body = json.loads(request.body)
    assert body["title"] == f"{REPORT.lead.title} — The Harbour Gazette"
    assert REPORT.lead.link in body["message"]
    assert "First reported by The Harbour Gazette" in body["message"]


def test_a_failure_is_tried_again_and_gives_no_secret_away(
    server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.script("/page", Answer(status=500))
    sender = channel.open_sender(pager(server), post=Receiver())
    with caplog.at_level(logging.DEBUG), pytest.raises(DeliveryError) as caught:
        sender.send(alert(), "")
    assert (caught.value.retry, caught.value.reached) == (True, False)
    assert "hunter2pass" not in f"{caught.value} {sender!r} {caplog.text}"


def test_an_address_that_apprise_does_not_know_is_a_fault() -> None:
    faults = channel.check(Channel(name="pager", kind="apprise", settings={"url": "nosuch://hunter2pass"}))
    assert faults == ("url: expected an address that Apprise knows, such as service://token/room",)


def test_where_it_is_not_installed_a_sentence_says_how(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    absent = Channel(name="pager", kind="apprise", settings={"url": "json://localhost"})
    assert channel.check(absent) == (ABSENT,)
    with pytest.raises(DeliveryError, match="pip install") as caught:
        channel.open_sender(absent, post=Receiver())
    assert caught.value.retry
