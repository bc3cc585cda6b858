"""Every road that leads out meets the same guard: none of them opens a socket to what is not public.

A new road (something else that the program asks of the web) is one more row of ROADS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from alerts.webhook import WebhookSender
from monitor.errors import DeliveryError, FetchError
from monitor.fetch import Client
from monitor.model import Message
from tests.scripted_server import Answer, ScriptedServer
from tests.test_addresses import NOT_PUBLIC
from tests.test_network import SPELLINGS, SocketSpy, in_url, spy

__all__ = ["spy"]  # a fixture

LETTER = Message(
    key="1", kind="test", subject="s", text="t", html="<p>t</p>", data={}, created_at=datetime(2026, 3, 1, tzinfo=UTC)
)  # fmt: skip


def a_feed(client: Client, _server: ScriptedServer, url: str) -> None:
    client.get(url)


def a_redirect(client: Client, server: ScriptedServer, url: str) -> None:
    """A public server leads there."""
    server.script("/moved", Answer(status=301, headers={"Location": url}))
    client.get(server.url("/moved"))


def a_webhook(client: Client, _server: ScriptedServer, url: str) -> None:
    WebhookSender(url=url, secrets=(b"s" * 24,), post=client.post).send(LETTER, "")


ROADS: dict[str, Callable[[Client, ScriptedServer, str], None]] = {
    "a feed": a_feed,
    "a redirect": a_redirect,
    "a webhook": a_webhook,
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
    public.script("/there", Answer(status=200, body=b"<rss/>"))
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
