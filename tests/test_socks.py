"""Through a proxy or not at all: what it is asked, what nobody else is asked, and what happens when it is not there."""

from __future__ import annotations

import dataclasses
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from monitor.errors import ConfigError, FetchError
from monitor.net.addresses import Proxy, read_proxy
from monitor.net.fetch import Client
from monitor.run import open_client
from monitor.settings.config import Config, read_config
from tests import command
from tests.scripted_server import Answer, ScriptedServer
from tests.test_addresses import NOT_PUBLIC
from tests.test_network import SPELLINGS, SocketSpy, in_url

ONION = "rosebudrosebudrosebudrosebudrosebudrosebudrosebudrosebudr.onion"
REFUSALS = {1: "failure 1", 2: "rules", 3: "network", 4: "found", 5: "refused", 6: "in time", 0xF2: "failure 242"}


class SocksServer:
    """A SOCKS5 proxy on loopback that leads every name to one server, and notes what it was asked.

    `refuse` is what it answers instead; `login` what it insists on; `say` replaces its whole side of the dialogue.
    """

    def __init__(
        self, leads_to: int, *, refuse: int = 0, login: tuple[str, str] | None = None, say: bytes | None = None
    ) -> None:
        self.asked: list[tuple[str, int]] = []
        self.logins: list[tuple[str, str]] = []
        self._leads_to, self._refuse, self._login, self._say = leads_to, refuse, login, say
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    @property
    def proxy(self) -> Proxy:
        return read_proxy(f"socks5h://127.0.0.1:{self._listening.getsockname()[1]}")

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                caller, _ = self._listening.accept()
                self._threads.append(threading.Thread(target=self._serve, args=(caller,), daemon=True))
                self._threads[-1].start()

    def _serve(self, caller: socket.socket) -> None:
        with caller, caller.makefile("rb") as said, suppress(OSError):
            if self._say is not None:
                caller.sendall(self._say)
                said.read()
            elif self._introduced(caller, said.read):
                self._lead(caller, said.read)

    def _introduced(self, caller: socket.socket, read: Callable[[int], bytes]) -> bool:
        methods = read(read(2)[1])
        wanted = 2 if self._login else 0
        if wanted not in methods:
            caller.sendall(b"\x05\xff")
            return False
        caller.sendall(bytes([5, wanted]))
        if self._login:
            name = read(read(2)[1]).decode()
            self.logins.append((name, read(read(1)[0]).decode()))
            caller.sendall(b"\x01\x00" if self.logins[-1] == self._login else b"\x01\x01")
            return self.logins[-1] == self._login
        return True

    def _lead(self, caller: socket.socket, read: Callable[[int], bytes]) -> None:
        kind = read(4)[3]
        host = {
            1: lambda: socket.inet_ntop(socket.AF_INET, read(4)),
            3: lambda: read(read(1)[0]).decode(),
            4: lambda: socket.inet_ntop(socket.AF_INET6, read(16)),
        }[kind]()
        self.asked.append((host, int.from_bytes(read(2))))
        # The address in the answer is a name, which is allowed and rare.
        caller.sendall(bytes([5, self._refuse, 0, 3, 5]) + b"there" + b"\0\0")
        if not self._refuse:
            with socket.create_connection(("127.0.0.1", self._leads_to)) as there:
                back = threading.Thread(target=_carry, args=(there, caller), daemon=True)
                back.start()
                _carry(caller, there)
                back.join()


def _carry(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        running.script("/feed", Answer(body=b"<rss/>"))
        yield running


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every name that is looked up on this machine."""
    names: list[str] = []
    real = socket.getaddrinfo

    def look_up(host: str, *args: Any, **kwargs: Any) -> Any:
        names.append(host)
        return real(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return names


@pytest.fixture
def proxied(server: ScriptedServer) -> Iterator[Callable[..., tuple[SocksServer, Client]]]:
    """A proxy that leads to the server, and a client that has no other way."""
    with ExitStack() as stack:

        def start(proxy: Proxy | None = None, **changes: Any) -> tuple[SocksServer, Client]:
            socks = stack.enter_context(SocksServer(server.port, **changes))
            settings = server.settings(allow_networks=(), allow_ports=(80, 443), proxy=proxy or socks.proxy)
            return socks, stack.enter_context(Client(settings))

        yield start


@pytest.fixture(scope="module")
def guarded() -> Iterator[tuple[SocksServer, Client]]:
    """A proxy behind which nothing may be asked that is not public."""
    with ScriptedServer() as nobody, SocksServer(nobody.port) as socks:
        settings = nobody.settings(allow_networks=(), allow_ports=(80,), proxy=socks.proxy)
        with Client(settings) as client:
            yield socks, client


def failure(client: Client, url: str) -> FetchError:
    with pytest.raises(FetchError) as caught:
        client.get(url)
    return caught.value


def test_every_request_goes_through_the_proxy_and_no_name_is_looked_up_here(
    server: ScriptedServer, proxied: Any, looked_up: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    socks, client = proxied()
    server.script("/moved", Answer(status=302, headers={"Location": "http://other.example/feed"}))
    spy = SocketSpy(monkeypatch)
    assert client.get("http://news.example/feed").status == 200
    assert client.get("http://news.example/moved").final_url == "http://other.example/feed"
    assert client.get(f"http://{ONION}/feed").status == 200
    assert client.get("http://93.184.216.34/feed").status == 200
    assert client.post("http://hooks.example/feed", headers={}, body=b"{}").status in {200, 404}
    assert socks.asked == [
        (host, 80) for host in ("news.example", "other.example", ONION, "93.184.216.34", "hooks.example")
    ]
    assert set(looked_up) == {"127.0.0.1"}, "the proxy's own address"
    ours = [address for address in spy.connected if address != "127.0.0.1"]
    assert ours == []
    assert server.requests[0].headers["host"] == "news.example"


def test_a_connection_through_the_proxy_is_kept_for_the_next_question(server: ScriptedServer, proxied: Any) -> None:
    socks, client = proxied()
    for _ in range(3):
        client.get("http://news.example/feed")
    assert (len(socks.asked), len({request.connection for request in server.requests})) == (1, 1)


def test_a_login_is_given_and_nothing_less_is_taken(server: ScriptedServer, proxied: Any) -> None:
    login = ("desk", "hunter2 \xf1")
    socks, client = proxied(login=login)
    assert failure(client, "http://news.example/feed").kind == "proxy", "it wants one and has none"
    with_login = dataclasses.replace(socks.proxy, username="desk", password="hunter2 \xf1")
    settings = server.settings(allow_networks=(), allow_ports=(80,))
    with Client(dataclasses.replace(settings, proxy=with_login)) as signed_in:
        assert signed_in.get("http://news.example/feed").status == 200
    assert socks.logins == [login]
    wrong = dataclasses.replace(with_login, password="hunter3")
    with Client(dataclasses.replace(settings, proxy=wrong)) as refused:
        error = failure(refused, "http://news.example/feed")
    assert (error.kind, str(error)) == ("proxy", "the proxy refused the user name or password")
    assert "hunter" not in repr(wrong)
    open_to_all, _ = proxied()
    with Client(dataclasses.replace(settings, proxy=dataclasses.replace(with_login, port=open_to_all.proxy.port))) as c:
        assert "does not take a user name" in str(failure(c, "http://news.example/feed"))


# ---- fails closed ----------------------------------------------------------------------------------------------------


def test_without_its_proxy_nothing_is_asked(
    server: ScriptedServer, looked_up: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        closed = read_proxy(f"socks5h://127.0.0.1:{held.getsockname()[1]}")
    spy = SocketSpy(monkeypatch)
    with Client(server.settings(proxy=closed)) as client:
        for url in ("http://news.example/feed", server.url("/feed"), f"http://localhost.example:{server.port}/feed"):
            url = url if ":" in url[6:] else url.replace(".example", f".example:{server.port}")
            assert failure(client, url).kind == "proxy"
        with pytest.raises(FetchError) as caught:
            client.post(server.url("/hook"), headers={}, body=b"{}")
    assert caught.value.kind == "proxy"
    assert str(caught.value) == "the proxy does not answer: 127.0.0.1 cannot be reached: Connection refused"
    assert server.requests == []
    assert (set(spy.connected), set(looked_up)) == ({"127.0.0.1"}, {"127.0.0.1"})


@pytest.mark.parametrize(
    "said", [b"", b"\x05", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x04\x5a\0\0", b"\x05\xff", b"\x05\0\x05\0\0\x09aaaa"]
)
def test_a_proxy_that_does_not_speak_socks(said: bytes, proxied: Any) -> None:
    _, client = proxied(say=said)
    # Those that say nothing more are waited for until the limit.
    with Client(dataclasses.replace(client._settings, total_timeout=0.3)) as hasty:
        assert failure(hasty, "http://news.example/feed").kind == "proxy"


@pytest.mark.parametrize("code", REFUSALS)
def test_what_the_proxy_cannot_reach_is_the_hosts_failure(code: int, server: ScriptedServer, proxied: Any) -> None:
    _, client = proxied(refuse=code)
    error = failure(client, "http://news.example/feed?token=hunter2")
    assert error.kind == "connect"
    assert REFUSALS[code] in str(error)
    assert "hunter2" not in str(error)
    assert server.requests == []


def test_proxies_of_the_environment_are_not_asked(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer() as other:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, other.url("/"))
        with Client(server.settings()) as client:
            assert client.get(server.url("/feed")).status == 200
        assert other.requests == []


# ---- the guard holds for targets -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", [*sorted({in_url(address) for address in NOT_PUBLIC} - {"[2606:4700::1]"}), *SPELLINGS]
)
def test_the_proxy_is_not_asked_for_what_is_not_public(
    host: str, guarded: tuple[SocksServer, Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written out in whatever spelling: to the proxy, 127.1 would be its own machine."""
    socks, client = guarded
    spy = SocketSpy(monkeypatch)
    assert failure(client, f"http://{host}/feed").kind == "refused-address"
    assert (socks.asked, spy.opened) == ([], 0)


@pytest.mark.parametrize(
    "host", ["intranet", "printer.local", "db.internal", "box.lan", "a.localhost", "nas.home.arpa."]
)
def test_a_name_within_a_house_is_not_asked_for(host: str, guarded: tuple[SocksServer, Client]) -> None:
    socks, client = guarded
    assert failure(client, f"http://{host}/feed").kind == "refused-address"
    assert socks.asked == []


def test_the_rules_of_urls_hold_behind_the_proxy(server: ScriptedServer, proxied: Any) -> None:
    socks, client = proxied()
    server.script("/inside", Answer(status=302, headers={"Location": "http://127.0.0.1/feed"}))
    server.script("/port", Answer(status=302, headers={"Location": "http://news.example:22/feed"}))
    assert failure(client, "http://news.example/inside").kind == "refused-address"
    assert failure(client, "http://news.example/port").kind == "refused-address"
    assert {host for host, _ in socks.asked} == {"news.example"}


def test_an_opened_network_is_asked_for_through_the_proxy(server: ScriptedServer) -> None:
    with SocksServer(server.port) as socks, Client(server.settings(proxy=socks.proxy)) as client:
        assert client.get(server.url("/feed")).status == 200
        assert socks.asked == [("127.0.0.1", server.port)]


def test_an_onion_is_not_looked_up_without_a_proxy(server: ScriptedServer, looked_up: list[str]) -> None:
    with Client(server.settings(allow_ports=(80,))) as client:
        error = failure(client, f"http://{ONION}/feed")
    assert error.kind == "refused-address"
    assert "Tor only; expected network.proxy" in str(error)
    assert looked_up == []


# ---- how it is written -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    ["", "127.0.0.1:9050", "socks5://127.0.0.1:9050", "http://127.0.0.1:8080", "socks5h://127.0.0.1", "socks5h://:9050",
     "socks5h://user:hunter2@127.0.0.1:9050", "socks5h://127.0.0.1:9050/path", "socks5h://127.0.0.1:x"],
)  # fmt: skip
def test_what_is_no_proxy(written: str) -> None:
    with pytest.raises(ValueError, match=r"expected|[Pp]ort") as caught:
        read_proxy(written)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("written", "host", "port"),
    [
        ("socks5h://127.0.0.1:9050", "127.0.0.1", 9050),
        ("socks5h://tor:9150", "tor", 9150),
        ("socks5h://[::1]:1", "::1", 1),
    ],
)
def test_a_proxy_as_it_is_written(written: str, host: str, port: int) -> None:
    assert read_proxy(written) == Proxy(host=host, port=port)


FILE = """\
contact: https://desk.example/
network:
  proxy: socks5h://127.0.0.1:9050
channels:
  - {name: post, kind: email, host: localhost, security: none, from: a@desk.example}
recipients: []
watches: []
feeds: []
"""


def read(directory: Path, text: str, **environ: str) -> Config:
    path = directory / "feeds.yaml"
    path.write_text(text)
    return read_config(path, environ)


def test_the_file_names_the_proxy(tmp_path: Path) -> None:
    assert read(tmp_path, FILE).proxy == Proxy(host="127.0.0.1", port=9050)
    assert read(tmp_path, FILE.replace("network:\n  proxy: socks5h://127.0.0.1:9050\n", "")).proxy is None
    login = FILE.replace(":9050", ":9050\n  proxy_username: desk\n  proxy_password: ${PROXY_PASSWORD}")
    signed_in = read(tmp_path, login, PROXY_PASSWORD="hunter2").proxy
    assert signed_in == Proxy(host="127.0.0.1", port=9050, username="desk", password="hunter2")
    path = tmp_path / "feeds.yaml"
    assert read_config(path, {"PROXY_PASSWORD": "hunter2"}, with_secrets=False).proxy == signed_in
    assert read_config(path, {}, with_secrets=False).proxy, "what lists feeds does without"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("socks5h:", "socks5:", "feeds.yaml:3: network.proxy: expected a proxy that resolves names itself"),
        (":9050", ":9050\n  proxy_username: desk", "network.proxy_username: expected proxy, proxy_username and"),
        (":9050", ":9050\n  proxy_password: ${P}", "network.proxy_username: expected proxy, proxy_username and"),
        (":9050", ":9050\n  proxy_username: desk\n  proxy_password: ${Q}", "expected the environment variable Q"),
        (":9050", ":9050\n  proxy_username: desk\n  proxy_password: ${LONG}", "at most 255 bytes"),
        (":9050", ":9050\n  proxy_username: desk\n  proxy_password: hunter2", "a secret does not belong in this file"),
        (
            "proxy: socks5h://127.0.0.1:9050",
            "allow: []",
            "feeds[0].url: an onion address is reached through Tor only; expected network.proxy",
        ),
    ],
)
def test_a_proxy_that_is_written_wrongly(old: str, new: str, expected: str, tmp_path: Path) -> None:
    feed = f"feeds:\n  - {{name: Rosebud, url: 'http://{ONION}/feed'}}"
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, FILE.replace("feeds: []", feed).replace(old, new), P="x", LONG="x" * 256)
    assert any(expected in str(fault) for fault in caught.value.faults), caught.value.faults


def test_the_program_asks_through_the_proxy_of_its_file(server: ScriptedServer, tmp_path: Path) -> None:
    with SocksServer(server.port) as socks:
        config = read(tmp_path, FILE.replace("127.0.0.1:9050", f"127.0.0.1:{socks.proxy.port}"))
        with open_client(config) as client:
            assert client.get("http://news.example/feed").status == 200
    assert socks.asked == [("news.example", 80)]


def test_check_says_that_mail_goes_directly(tmp_path: Path) -> None:
    read(tmp_path, FILE)
    ran = command.tipsheet("check", "--config", tmp_path / "feeds.yaml")
    assert "mail through post goes to its server directly, not through the proxy" in " ".join(ran.out.split())
