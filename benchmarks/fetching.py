"""What asking costs: ./dev bench fetching [--requests N] [--scale FEEDS:HOSTS ...]

First, the CPU time of one request over a connection that is kept open, by our client and by a plain `httpx.Client.get`,
in turns, against a server in another process. Then rounds of the first stage: many feeds on many loopback hosts, one
host in twenty dead, half of those refusing and half swallowing every attempt to connect.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import httpx

from benchmarks.fetching_server import BODY, ETAG, serve
from monitor.config import read_config
from monitor.fetch import Client, FetchSettings
from monitor.isolate import IsolatedParser
from monitor.model import Validators
from monitor.pipeline import Refresh
from storage import feeds
from storage.database import Database

AGENT = "Tipsheet-benchmark/1.0 (+https://tipsheet.example)"
ROUNDS = 10
DEAD = 20  # one host in so many
LOOPBACK = ("127.0.0.0/8", "::1/128")


# ---- one request -----------------------------------------------------------------------------------------------------


Ask = Callable[[str], object]


def alternate(ours: Ask, theirs: Ask, urls: Sequence[str], requests: int) -> tuple[float, float]:
    """Microseconds of CPU for one request each, the median of rounds that take turns and ask the same."""
    each = max(1, requests // ROUNDS)
    spent: tuple[list[float], list[float]] = ([], [])
    for start in range(0, ROUNDS * each, each):
        asked = [urls[number % len(urls)] for number in range(start, start + each)]
        for ask, times in zip((ours, theirs), spent, strict=True):
            began = time.process_time()
            for url in asked:
                ask(url)
            times.append((time.process_time() - began) / each * 1e6)
    return median(spent[0]), median(spent[1])


def compare(what: str, ours: Ask, theirs: Ask, urls: Sequence[str], requests: int) -> None:
    ours(urls[0]), theirs(urls[0])
    mine, stock = alternate(ours, theirs, urls, requests)
    print(f"{what:34} ours {mine:6.0f} µs   httpx {stock:6.0f} µs   {stock / mine:.2f} times less", flush=True)


def one_request(requests: int, certificate: Path | None) -> None:
    scheme = "https" if certificate else "http"
    with ExitStack() as stack:
        port = stack.enter_context(serve(certificate))
        urls = [f"{scheme}://localhost:{port}/feed.xml?{number}" for number in range(1_000)]
        client = stack.enter_context(Client(settings(port)))
        tls = ssl.create_default_context(cafile=certificate) if certificate else True
        stock = stack.enter_context(httpx.Client(headers={"User-Agent": AGENT}, verify=tls))
        known = Validators(etag=ETAG)
        conditional = {"If-None-Match": ETAG}
        body_hash = client.get(urls[0]).body_hash
        assert client.get(urls[0], known).status == stock.get(urls[0], headers=conditional).status_code == 304
        compare(
            f"{scheme}, 304",
            lambda url: client.get(url, known),
            lambda url: stock.get(url, headers=conditional),
            urls,
            requests,
        )
        compare(
            f"{scheme}, unchanged 200 ({len(BODY) // 1000} kB)",
            lambda url: client.get(url, known_hash=body_hash),
            stock.get,
            urls,
            requests,
        )


def settings(port: int) -> FetchSettings:
    return FetchSettings(user_agent=AGENT, allow_networks=LOOPBACK, allow_ports=(port,))


@contextmanager
def certificate() -> Iterator[Path | None]:
    """A certificate for localhost that this process trusts, key and all; None without the openssl command."""
    openssl = shutil.which("openssl")
    if openssl is None:
        yield None
        return
    with tempfile.TemporaryDirectory() as directory:
        made = Path(directory, "localhost.pem")
        asked = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
        command = [openssl, *asked.split(), "-addext", "subjectAltName=DNS:localhost", "-keyout", str(made)]
        signed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        made.write_text(made.read_text() + signed)
        os.environ["SSL_CERT_FILE"] = str(made)
        yield made


# ---- whole rounds ----------------------------------------------------------------------------------------------------


@contextmanager
def dead_ports() -> Iterator[tuple[int, int]]:
    """A port that refuses, and one whose queue is full, so that it swallows every attempt."""
    with ExitStack() as stack:
        hole = stack.enter_context(socket.create_server(("0.0.0.0", 0), backlog=0))
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", hole.getsockname()[1]))
        with socket.create_server(("127.0.0.1", 0)) as held:
            refusing = held.getsockname()[1]
        yield refusing, hole.getsockname()[1]


def addresses(count: int, hosts: int, port: int, dead: tuple[int, int]) -> Iterator[str]:
    for number in range(count):
        host = number % hosts
        asked = dead[host // DEAD % 2] if host % DEAD == DEAD - 1 else port
        yield f"http://127.{1 + host // 65_536}.{host // 256 % 256}.{host % 256}:{asked}/{number}"


def scale(count: int, hosts: int) -> None:
    """Three rounds: everything new; two hours later, everything unchanged; and again."""
    with ExitStack() as stack:
        port = stack.enter_context(serve())
        dead = stack.enter_context(dead_ports())
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        path = directory / "feeds.yaml"
        urls = list(addresses(count, hosts, port, dead))
        blocks = {
            "contact": "https://tipsheet.example/", "network": {"allow": LOOPBACK, "ports": [port, *dead]},
            "channels": [], "recipients": [], "watches": [],
            "feeds": [{"name": str(n), "url": url, "outlet": "a.example"} for n, url in enumerate(urls)],
        }  # fmt: skip
        path.write_text(json.dumps(blocks))
        config = read_config(path, {})
        database = stack.enter_context(Database(f"sqlite:///{directory / 'tipsheet.db'}"))
        with database.write() as connection:
            feeds.remember(connection, tuple(config.feeds.values()))
        client = stack.enter_context(
            Client(FetchSettings(user_agent=AGENT, allow_networks=LOOPBACK, allow_ports=(port, *dead)))
        )
        parser = stack.enter_context(IsolatedParser(workers=1))
        now = [datetime.now(UTC)]
        refresh = Refresh(
            database=database, config=config, client=client, parser=parser, clock=lambda: now[0], stop=threading.Event()
        )
        for name in ("all new", "unchanged", "unchanged again"):
            print(f"{count:6,} feeds, {hosts:5,} hosts, {name:16} {one_round(refresh)}", flush=True)
            now[0] += timedelta(hours=30)


def one_round(refresh: Refresh) -> str:
    """Wall time to the last answer of a living host and to the end, CPU time, peak memory, what the polls came to."""
    began, spent = time.monotonic(), time.process_time()
    results: Counter[str] = Counter()
    living = began
    for outcome in refresh():
        results[outcome.result] += 1
        if outcome.result in ("read", "unchanged"):
            living = time.monotonic()
    ended = time.monotonic()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return (
        f"the living heard after {living - began:.1f} s, the end after {ended - began:.1f} s,"
        f" {time.process_time() - spent:.1f} s of CPU, peak {peak:.0f} MB: {dict(results)}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="dev bench fetching")
    parser.add_argument("--requests", type=int, default=3_000)
    parser.add_argument("--scale", nargs="*", default=["100:20", "1000:200"], metavar="FEEDS:HOSTS")
    options = parser.parse_args()
    one_request(options.requests, None)
    with certificate() as made:
        if made is not None:
            one_request(options.requests, made)
    for size in options.scale:
        count, hosts = size.split(":")
        scale(int(count), int(hosts))


if __name__ == "__main__":
    main()
