"""The guard at the socket: which address is connected to, and for how long anything may take."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from monitor.errors import FetchError
from monitor.net.fetch import Client
from tests.scripted_server import Answer, ScriptedServer
from tests.test_addresses import NOT_PUBLIC

PUBLIC = "93.184.216.34"


class SocketSpy:
    """Counts the sockets that are opened, and says where each was connected to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.opened = 0
        self.connected: list[str] = []
        spy, real = self, socket.socket

        class Spied(real):  # type: ignore[misc, valid-type]
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                spy.opened += 1
                super().__init__(*args, **kwargs)

            def connect(self, address: Any) -> None:
                if self.type == socket.SOCK_STREAM:
                    spy.connected.append(address[0])
                super().connect(address)

        monkeypatch.setattr(socket, "socket", Spied)


class Resolver:
    """Stands for the world's name servers: each look-up of a name takes the next of its answers."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: dict[str, list[list[str]]] = {}
        self.asked: list[str] = []
        monkeypatch.setattr(socket, "getaddrinfo", self.look_up)

    def look_up(self, host: str, port: int, **_: object) -> list[tuple[int, int, int, str, tuple[Any, ...]]]:
        self.asked.append(host)
        answers = self.answers[host]
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        return [self._record(address, port) for address in addresses]

    @staticmethod
    def _record(address: str, port: int) -> tuple[int, int, int, str, tuple[Any, ...]]:
        if ":" in address:
            return socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0)
        return socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)


@pytest.fixture
def spy(monkeypatch: pytest.MonkeyPatch) -> SocketSpy:
    return SocketSpy(monkeypatch)


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Resolver:
    return Resolver(monkeypatch)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        running.script("/feed", Answer(body=b"<rss/>"))
        yield running


def refused(client: Client, url: str) -> FetchError:
    with pytest.raises(FetchError) as caught:
        client.get(url)
    return caught.value


def in_url(address: str) -> str:
    return f"[{address.partition('%')[0]}]" if ":" in address else address


SPELLINGS = ["2130706433", "0x7f000001", "0x7f.1", "127.1", "017700000001", "127。0。0。1", "１２７.0.0.1", "localhost"]


@pytest.mark.parametrize(
    "host", [*sorted({in_url(address) for address in NOT_PUBLIC} - {"[2606:4700::1]"}), *SPELLINGS]
)
def test_no_socket_is_opened_for_an_address_that_is_not_public(host: str, guarded: Client, spy: SocketSpy) -> None:
    error = refused(guarded, f"http://{host}/feed")
    assert error.kind in {"refused-address", "dns"}  # a system may not take some of the spellings for addresses
    assert spy.opened == 0
    with pytest.raises(FetchError):
        guarded.post(f"http://{host}/hook", headers={}, body=b"{}")
    assert spy.opened == 0


@pytest.fixture(scope="module")
def guarded() -> Iterator[Client]:
    """A client as a user has it: nothing opened."""
    with ScriptedServer() as nobody, Client(nobody.settings(allow_networks=(), allow_ports=(80,))) as client:
        yield client


def test_a_name_that_leads_to_loopback_is_refused(guarded: Client, resolver: Resolver, spy: SocketSpy) -> None:
    resolver.answers["news.example"] = [["127.0.0.1"]]
    error = refused(guarded, "http://news.example/feed")
    assert (error.kind, str(error)) == (
        "refused-address",
        "news.example leads to 127.0.0.1, which is not public (loopback)",
    )
    assert spy.opened == 0


@pytest.mark.parametrize("records", [[PUBLIC, "127.0.0.1"], ["::1", PUBLIC], [PUBLIC, "::ffff:10.0.0.1"]])
def test_one_private_record_among_public_ones_is_enough_to_refuse(
    records: list[str], guarded: Client, resolver: Resolver, spy: SocketSpy
) -> None:
    resolver.answers["news.example"] = [records]
    assert refused(guarded, "http://news.example/feed").kind == "refused-address"
    assert spy.connected == []


def test_a_name_that_changes_its_mind_is_judged_each_time_and_connected_as_judged(
    resolver: Resolver, spy: SocketSpy, server: ScriptedServer
) -> None:
    """127.0.0.2 stands for the public address, opened by the settings; 127.0.0.1 is loopback, and is not."""
    resolver.answers["news.example"] = [["127.0.0.2"], ["127.0.0.1"]]
    with Client(server.settings(allow_networks=("127.0.0.2/32",), connect_timeout=1.0)) as client:
        url = f"http://news.example:{server.port}/feed"
        refused(client, url)  # nobody listens on 127.0.0.2: the judged address was tried, and no other
        assert (spy.connected, resolver.asked) == (["127.0.0.2"], ["news.example"])
        assert refused(client, url).kind == "refused-address"
        assert spy.connected == ["127.0.0.2"]
    assert server.requests == []


def test_the_name_is_asked_for_once_and_travels_in_the_host_header(resolver: Resolver, server: ScriptedServer) -> None:
    resolver.answers["news.example"] = [["127.0.0.1"], ["10.0.0.1"]]
    with Client(server.settings()) as client:
        client.get(f"http://news.example:{server.port}/feed")
    assert resolver.asked == ["news.example"]
    assert server.requests[0].headers["host"] == f"news.example:{server.port}"


def test_a_name_in_another_script_is_asked_for_in_its_ascii_form(resolver: Resolver, server: ScriptedServer) -> None:
    resolver.answers["xn--peridico-y3a.example"] = [["127.0.0.1"]]
    with Client(server.settings()) as client:
        assert client.get(f"http://Periódico.example:{server.port}/feed").status == 200
    assert server.requests[0].headers["host"] == f"xn--peridico-y3a.example:{server.port}"


@contextmanager
def deaf_port(address: str, port: int = 0) -> Iterator[int]:
    """A port whose queue is full: a connection to it is neither accepted nor refused."""
    with ExitStack() as stack:
        deaf = stack.enter_context(socket.socket())
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        deaf.bind((address, port))
        deaf.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(deaf.getsockname())
        yield deaf.getsockname()[1]


@pytest.mark.parametrize("deaf", [False, True])
def test_a_dead_first_address_leaves_time_for_the_second(
    deaf: bool, resolver: Resolver, server: ScriptedServer
) -> None:
    resolver.answers["news.example"] = [["127.0.0.9", "127.0.0.1"]]
    with ExitStack() as stack:
        if deaf:
            stack.enter_context(deaf_port("127.0.0.9", server.port))
        client = stack.enter_context(Client(server.settings(connect_timeout=0.6)))
        assert client.get(f"http://news.example:{server.port}/feed").status == 200


def test_a_redirect_meets_the_same_guard(resolver: Resolver, spy: SocketSpy, server: ScriptedServer) -> None:
    resolver.answers = {"news.example": [["127.0.0.1"]], "inside.example": [["10.0.0.1"]]}
    server.script("/moved", Answer(status=302, headers={"Location": f"http://inside.example:{server.port}/"}))
    with Client(server.settings()) as client:
        error = refused(client, f"http://news.example:{server.port}/moved")
    assert error.kind == "refused-address"
    assert spy.connected == ["127.0.0.1"]


def test_a_public_address_of_this_machine_is_refused(
    guarded: Client, resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.net.network.address_fault", lambda address: "")  # as if loopback were public
    resolver.answers["news.example"] = [["127.0.0.1"]]
    assert "belongs to this machine" in str(refused(guarded, "http://news.example/feed"))


def test_a_name_that_does_not_exist(guarded: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = refused(guarded, "http://nobody.example/feed")
    assert (error.kind, str(error)) == (
        "dns",
        "the name nobody.example cannot be resolved: Name or service not known",
    )


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "a..example", "*.example", ".example"])
def test_a_name_that_cannot_exist(host: str, guarded: Client) -> None:
    assert refused(guarded, f"http://{host}/feed").kind in {"dns", "refused-address"}


def test_a_name_server_that_does_not_answer_is_not_waited_for(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*_: object, **__: object) -> list[object]:
        time.sleep(0.6)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    with Client(server.settings(connect_timeout=0.1)) as client:
        begun = time.monotonic()
        assert refused(client, f"http://news.example:{server.port}/feed").kind == "dns"
        assert time.monotonic() - begun < 0.5


def test_a_closed_port_is_said_in_words(server: ScriptedServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    with Client(server.settings(allow_ports=(port,))) as client:
        error = refused(client, f"http://127.0.0.1:{port}/feed")
    assert (error.kind, str(error)) == ("connect", "127.0.0.1 cannot be reached: Connection refused")


def test_a_connection_that_is_never_accepted_is_given_up(server: ScriptedServer) -> None:
    with (
        deaf_port("127.0.0.1") as port,
        Client(server.settings(allow_ports=(port,), connect_timeout=0.2)) as client,
    ):
        begun = time.monotonic()
        error = refused(client, f"http://127.0.0.1:{port}/feed")
        assert time.monotonic() - begun < 1.0
    assert (error.kind, str(error)) == ("connect", "127.0.0.1 cannot be reached: no answer in time")


def test_a_server_that_does_not_speak_tls(server: ScriptedServer) -> None:
    with Client(server.settings()) as client:
        error = refused(client, server.url("/feed").replace("http:", "https:"))
    assert error.kind == "tls"
    assert server.requests == []
