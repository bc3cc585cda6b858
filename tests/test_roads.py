"""Every road that leads out meets the same guard: none of them opens a socket to what is not public.

A new road (something else that the program asks of the web) is one more row of ROADS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event
from unittest.mock import Mock

import pytest

from alerts.chat import ChatSender, Question
from alerts.matrix import MATRIX
from alerts.webhook import WebhookSender
from monitor.errors import DeliveryError, FetchError
from monitor.feeds.parse import parse_feed
from monitor.model import Message, Offer, Subscription
from monitor.net.fetch import Client
from monitor.pipeline.discover import Discover
from monitor.pipeline.subscribe import Subscribe
from tests.scripted_server import Answer, ScriptedServer
from tests.test_addresses import NOT_PUBLIC
from tests.test_network import SPELLINGS, SocketSpy, in_url, spy

__all__ = ["spy"]  # a fixture

LETTER = Message(
    key="1", kind="test", subject="s", text="t", html="<p>t</p>", data={}, created_at=datetime(2026, 3, 1, tzinfo=UTC)
)  # fmt: skip


def a_feed(client: Client, _server: ScriptedServer, url: str) -> None:
    client.get(url)


def an_article(client: Client, _server: ScriptedServer, url: str) -> None:
    client.page(url, max_bytes=1_000_000)


def a_redirect(client: Client, server: ScriptedServer, url: str) -> None:
    """A public server leads there."""
    server.script("/moved", Answer(status=301, headers={"Location": url}))
    client.get(server.url("/moved"))


def a_webhook(client: Client, _server: ScriptedServer, url: str) -> None:
    WebhookSender(url=url, secrets=(b"s" * 24,), post=client.post).send(LETTER, "")


def a_chat(client: Client, _server: ScriptedServer, url: str) -> None:
    """Every chat asks through one sender; this one takes whatever answer there is."""
    talk = replace(MATRIX, ask=lambda *_: Question(url=url, body={}, method="PUT"), receipt=lambda _: "taken")
    ChatSender(service=talk, settings={}, post=client.post).send(LETTER, "")


def a_hub(client: Client, _server: ScriptedServer, url: str) -> None:
    _ask_hub(client, url)


def a_hub_that_moved(client: Client, server: ScriptedServer, url: str) -> None:
    server.script("/hub", Answer(status=307, headers={"Location": url}))
    _ask_hub(client, server.url("/hub"))


def _ask_hub(client: Client, url: str) -> None:
    offer = Offer(hub=url, topic=url)
    subscription = Subscription(
        id=1, feed_id=1, offer=offer, place="https://us.example", token="t", secret="s", state="asking"
    )  # fmt: skip
    never = datetime(2026, 3, 1, tzinfo=UTC)
    Subscribe(database=Mock(), config=Mock(), client=client, clock=lambda: never, stop=Event())._post(subscription)


def a_page_that_names_a_feed(client: Client, server: ScriptedServer, url: str) -> None:
    """Somebody adds a site, and its page says where its feed is."""
    link = f"<link rel='alternate' type='application/rss+xml' href='{url}'>"
    server.script("/page", Answer(body=f"<html><head>{link}</head><body>News</body></html>".encode()))
    search = Discover(client=client, parser=Mock(parse=parse_feed), gap=0.0, tell=lambda _: None)
    if not search(server.url("/page")).found:
        raise FetchError("http", "nothing was found")


ROADS: dict[str, Callable[[Client, ScriptedServer, str], None]] = {
    "a feed": a_feed,
    "an article": an_article,
    "a redirect": a_redirect,
    "a webhook": a_webhook,
    "a chat": a_chat,
    "a hub": a_hub,
    "a hub that moved": a_hub_that_moved,
    "a page that names a feed": a_page_that_names_a_feed,
}
HOSTS = [*sorted({in_url(address) for address in NOT_PUBLIC} - {"[2606:4700::1]"}), *SPELLINGS]


@pytest.fixture(scope="module")
def public() -> Iterator[ScriptedServer]:
    """Stands for the public internet: the one address that may be asked."""
    with ScriptedServer("127.0.0.77") as server:
        yield server


@pytest.fixture(scope="module")
def client(public: ScriptedServer) -> Iterator[Client]:
    with Client(public.settings(allow_networks=("127.0.0.77/32",), allow_ports=(80, public.port))) as asking:
        yield asking


@pytest.mark.parametrize("road", ROADS)
def test_a_road_leads_to_what_is_public(road: str, public: ScriptedServer, client: Client) -> None:
    public.forget()
    public.script("/there", Answer(body=b"<rss version='2.0'><channel><title>t</title></channel></rss>"))
    ROADS[road](client, public, public.url("/there"))
    assert len(public.asked("/there")) == 1


def test_there_are_more_than_45_ways_to_write_what_is_not_public() -> None:
    assert len(HOSTS) > 45


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("road", ROADS)
def test_no_road_leads_to_what_is_not_public(
    road: str, host: str, public: ScriptedServer, client: Client, spy: SocketSpy
) -> None:
    with pytest.raises((FetchError, DeliveryError)):
        ROADS[road](client, public, f"http://{host}/inside")
    assert set(spy.connected) <= {"127.0.0.77"}
    assert public.asked("/inside") == []
