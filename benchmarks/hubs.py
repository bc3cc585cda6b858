"""What it costs to be told by hubs: ./dev bench hubs [--pushes N] [--crowds N ...] [--subscriptions N ...]

First the door under a crowd that says almost nothing, ours and the standard library's threaded server that answers the
same, each in a process of its own: how long a hub waits, and how many of the crowd are still there long after the time
limit. Then a push, from the request to the committed row, against its floor: the same signature and the same
transaction without HTTP. Then a round of the stage that keeps subscriptions in order, as they grow.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import hmac
import json
import multiprocessing
import resource
import secrets
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from statistics import median
from threading import Event

from sqlalchemy import insert

from monitor.model import Feed, Offer
from monitor.net.callback import CallbackServer, DoorLimits, Head, Reply
from monitor.net.fetch import Client, FetchSettings
from monitor.pipeline.hear import Hear, Meter
from monitor.pipeline.subscribe import Subscribe
from monitor.settings.config import Config, read_config
from storage import feeds, subscriptions
from storage.database import Database
from storage.schema import feeds as feed_table
from storage.schema import subscriptions as subscription_table

LIMIT = 3.0  # seconds that a request may take
ASKED = 50  # times that a hub asks in a crowd
ROUNDS = 10
NOW = datetime(2026, 2, 18, 12, 0, tzinfo=UTC)
BODY = b"<rss version='2.0'>" + b"<item><title>The ferry waits</title></item>" * 1_000 + b"</rss>"


# ---- the door in a crowd ---------------------------------------------------------------------------------------------


class Polite:
    """A porter who knows everybody."""

    def admit(self, head: Head) -> Reply | None:
        return None

    def answer(self, head: Head, body: bytes) -> Reply:
        return Reply(status=200, body=head.query.encode())


def ours(pipe: Pipe) -> None:
    limits = DoorLimits(seconds=LIMIT, strangers=2_000)  # room for the whole crowd, as the other has
    with CallbackServer("127.0.0.1", 0, Polite(), limits) as door:
        pipe.send(door.port)
        pipe.recv()
        pipe.send(_spent())


def stock(pipe: Pipe) -> None:
    class Handler(BaseHTTPRequestHandler):
        timeout = LIMIT  # of each wait: there is none for the whole

        def do_GET(self) -> None:
            body = self.path.partition("?")[2].encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Silent."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 1_024
        daemon_threads = True

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    pipe.send(server.server_address[1])
    pipe.recv()
    pipe.send(_spent())


def _spent() -> tuple[float, int]:
    """CPU seconds, and the most memory in MB."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime, used.ru_maxrss // 1024


def crowd(serve: Callable[[Pipe], None], size: int) -> tuple[float, float, int, float, int]:
    """The median and the longest wait in ms, how many drip on when their time has long been over, CPU seconds, MB."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=serve, args=(there,))
    process.start()
    port = here.recv()
    with contextlib.ExitStack() as stack:
        drippers = [stack.enter_context(socket.create_connection(("127.0.0.1", port), 10)) for _ in range(size)]
        began = time.monotonic()
        waits = []
        for number in range(ASKED):
            waits.append(_wait(port, number))
            _drip(drippers)
        while time.monotonic() < began + 2 * LIMIT:
            _drip(drippers)
            time.sleep(LIMIT / 10)
        left = _drip(drippers)
        here.send("end")
        cpu, memory = here.recv()
    process.join()
    return median(waits), max(waits), left, cpu, memory


def _wait(port: int, number: int) -> float:
    began = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port), 10) as sock:
        sock.sendall(b"GET /?hub%d HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % number)
        answer = b""
        while piece := sock.recv(4_096):
            answer += piece
    assert answer.endswith(b"hub%d" % number), answer
    return (time.perf_counter() - began) * 1e3


def _drip(drippers: list[socket.socket]) -> int:
    """A byte from each; how many are still heard."""
    heard = 0
    for sock in drippers:
        with contextlib.suppress(OSError):
            sock.settimeout(0.01)
            sock.sendall(b"G")
            heard += 1
    return heard


# ---- a push ----------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def desk(count: int) -> Iterator[tuple[Database, Config]]:
    """A database that follows so many feeds, each with a hub."""
    with tempfile.TemporaryDirectory() as directory:
        wanted = [{"name": f"f{number}", "url": f"https://f{number}.example/feed"} for number in range(count)]
        blocks = {
            "contact": "https://desk.example/", "channels": [], "recipients": [], "watches": [], "feeds": wanted,
            "websub": {"callback": "https://desk.example/hub", "listen": "127.0.0.1:8081"},
        }  # fmt: skip
        path = Path(directory, "feeds.yaml")
        path.write_text(json.dumps(blocks))
        with Database(f"sqlite:///{directory}/desk.db") as database:
            config = read_config(path, {})
            with database.write() as connection:
                feeds.remember(connection, tuple(config.feeds.values()))
                connection.execute(feed_table.update().values(hub="https://hub.example/", topic=feed_table.c.url))
                rows = [_agreement(number, feed) for number, feed in enumerate(config.feeds.values(), 1)]
                connection.execute(insert(subscription_table), rows)
            yield database, config


def _agreement(number: int, feed: Feed) -> dict[str, object]:
    return {
        "feed_id": number, "hub": "https://hub.example/", "topic": feed.url, "place": "https://desk.example/hub",
        "token": secrets.token_urlsafe(32), "secret": secrets.token_urlsafe(48), "state": "active", "reason": "",
        "due_at": NOW + timedelta(days=8), "failures": 0, "lease_until": NOW + timedelta(days=10), "pushes": 0,
        "refused_pushes": 0,
    }  # fmt: skip


def pushes(count: int) -> None:
    """CPU time of this process, hub and all its parts; the hub's part is subtracted nowhere, and it is small."""
    with desk(1) as (database, _):
        hear = Hear(database=database, clock=lambda: NOW, meter=Meter(10**9, 1.0))
        with database.read() as connection:
            (agreed,) = subscriptions.all_of_them(connection)
        signature = "sha256=" + hmac.new(agreed.secret.encode(), BODY, hashlib.sha256).hexdigest()
        head = Head(
            method="POST", path=f"/hub/{agreed.token}", query="",
            headers={"x-hub-signature": signature, "content-type": "application/rss+xml"},
        )  # fmt: skip
        said = (
            f"POST {head.path} HTTP/1.1\r\nHost: desk.example\r\nX-Hub-Signature: {signature}\r\n"
            f"Content-Type: application/rss+xml\r\nContent-Length: {len(BODY)}\r\n\r\n"
        ).encode() + BODY
        with CallbackServer("127.0.0.1", 0, hear) as door:
            through_door, floor = _alternate(
                lambda: _sent(door.port, said), lambda: _expect(hear.answer(head, BODY).status == 204), count
            )
    print(
        f"a push of {len(BODY) // 1000} kB, kept: {through_door:.0f} µs of CPU, the hub's own with it; "
        f"signature and transaction alone: {floor:.0f} µs; {through_door / floor:.2f} times"
    )


def _sent(port: int, said: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), 10) as sock:
        sock.sendall(said)
        _expect(sock.recv(4_096).startswith(b"HTTP/1.1 204"))


def _expect(kept: bool) -> None:
    if not kept:
        raise SystemExit("a push was not taken")


def _alternate(one: Callable[[], None], other: Callable[[], None], count: int) -> tuple[float, float]:
    """Microseconds of CPU for each, the median of rounds that take turns."""
    spent: tuple[list[float], list[float]] = ([], [])
    each = max(1, count // ROUNDS)
    for _ in range(ROUNDS):
        for do, times in zip((one, other), spent, strict=True):
            began = time.process_time()
            for _ in range(each):
                do()
            times.append((time.process_time() - began) / each * 1e6)
    return median(spent[0]), median(spent[1])


# ---- many agreements -------------------------------------------------------------------------------------------------


def rounds(count: int) -> None:
    """A round in which nothing is due, as nearly all are."""
    client = Client(FetchSettings(user_agent="Tipsheet-benchmark/1.0 (+https://tipsheet.example)"))
    with desk(count) as (database, config), client:
        subscribe = Subscribe(database=database, config=config, client=client, clock=lambda: NOW, stop=Event())
        began = time.process_time()
        for _ in range(5):
            _expect(not list(subscribe()))
        spent = (time.process_time() - began) / 5 * 1e3
        with database.read() as connection:
            offered: dict[int, Offer] = subscriptions.offers(connection)
    _expect(len(offered) == count)
    print(f"{count:6} subscriptions, a round: {spent:7.1f} ms of CPU, {spent / count * 1e3:.0f} µs each")


def main() -> None:
    parser = argparse.ArgumentParser(prog="dev bench hubs")
    parser.add_argument("--pushes", type=int, default=500)
    parser.add_argument("--crowds", type=int, nargs="*", default=[0, 250, 900])
    parser.add_argument("--subscriptions", type=int, nargs="*", default=[100, 1_000, 10_000])
    options = parser.parse_args()
    print(f"a hub in a crowd that drips; whoever takes longer than {LIMIT:g} s is to leave")
    for size in options.crowds:
        for name, serve in (("ours", ours), ("threads", stock)):
            middle, longest, left, cpu, memory = crowd(serve, size)
            print(
                f"{size:6} {name:8} wait {middle:6.1f} ms, at most {longest:6.1f} ms; {left:4} stay on; "
                f"{cpu:5.2f} s of CPU, {memory} MB",
                flush=True,
            )
    pushes(options.pushes)
    for count in options.subscriptions:
        rounds(count)


if __name__ == "__main__":
    main()
