"""What asking costs: ./dev bench fetching [--requests N] [--scale FEEDS:HOSTS ...] [--growth FEEDS ...] [--whole FEEDS]

The CPU time of one request over a connection that is kept open, by our client and by a plain `httpx.Client.get`, in
turns, against a server in another process; rounds of the first stage over many hosts, with and without dead ones among
them; how the cost of a poll grows with the feeds; what a feed costs from its server to the watches and the search, and
how that grows with what it has brought.
"""

from __future__ import annotations

import argparse
import json
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from benchmarks.fetching_rounds import AGENT, LOOPBACK
from benchmarks.fetching_server import BODY, ETAG, certificate, serve
from monitor.model import Validators
from monitor.net.fetch import Client, FetchSettings

LOCALHOST = "DNS:localhost"
ROUNDS = 10
DEAD = 20  # one host in so many
AIMS = {"304": 731, "unchanged 200": 617, "changed 200": 270}  # feeds a second of CPU, each over a new TLS connection
AGES, OLD_FEEDS = (0, 1_000, 10_000), 12


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
        port = stack.enter_context(serve(certificate)).port
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


# ---- whole rounds ----------------------------------------------------------------------------------------------------


def measured(*what: object) -> dict[str, Any]:
    """What benchmarks.fetching_rounds says, from a process of its own."""
    command = [sys.executable, "-m", "benchmarks.fetching_rounds", *map(str, what)]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


def scale(count: int, hosts: int) -> None:
    """New feeds without a dead host, which is the floor, and with one in twenty; side by side, to share noise."""
    print(f"\n{count:,} feeds on {hosts:,} hosts, everything new")
    with ThreadPoolExecutor(2) as pool:
        floor, mixed = pool.map(lambda dead: measured("scale", count, hosts, dead), (0, DEAD))
    for name, run in (("no host is dead", floor), (f"one in {DEAD} is dead", mixed)):
        print(
            f"  {name:18} last living feed read after {run['last']:6.1f} s, the end after {run['end']:6.1f} s,"
            f" {run['cpu'] / count * 1000:.2f} ms of CPU a feed, peak {run['peak']:.0f} MB",
            flush=True,
        )
        print(
            f"    {run['read']:,} of {run['living']:,} living feeds read, {run['asked']:,} requests,"
            f" {run['asked_twice']} of them repeated; shortest gap on one host {run['shortest_gap']:.2f} s,"
            f" {run['overlaps']} overlaps"
        )
    print(f"  the living waited {mixed['last'] / floor['last']:.2f} times as long for the dead among them", flush=True)


def growth(sizes: Sequence[int]) -> None:
    """A round in which everything is unchanged, from the claim to the commit."""
    print("\nevery feed due and unchanged, five to a host: CPU of claim, request, decision and record")
    first: dict[str, Any] = {}
    for size in sizes:
        run = measured("growth", size)
        first = first or run
        print(
            f"  {size:7,} feeds  {run['us']:6.0f} µs a poll, {run['us'] / first['us']:.2f} of the first,"
            f" {run['us'] / run['floor']:.2f} of its bare request ({run['floor']:.0f} µs);"
            f" {run['wall']:6.1f} s, peak {run['peak']:4.0f} MB, {run['peak'] - run['before']:+.0f} MB in the round",
            flush=True,
        )


def whole(count: int) -> None:
    """All that a feed costs, 58 kB each, 1,000 watches; and how a poll's cost grows with what a feed has brought."""
    for scheme in ("https", "http"):
        run = measured("whole", count, scheme)
        if not run:
            print("\nover TLS: skipped, there is no openssl")
            continue
        taken, bare = run.pop("parts"), run.pop("bare")
        print(f"\n{count} feeds of 58 kB and 15 entries, 1,000 watches, a new connection each, {scheme}: ms of CPU")
        for kind, (refresh, examine, index) in run.items():
            rate = 1000 / (refresh + examine + index)
            aim = f", {AIMS[kind]} aimed at: {'met' if rate >= AIMS[kind] else 'missed'}" if scheme == "https" else ""
            print(
                f"  {kind:14} {refresh:5.2f} to poll and keep, {examine:5.2f} to examine, {index:5.2f} to index:"
                f" {rate:4.0f} feeds a second{aim}; {1000 / refresh:4.0f} without examining and indexing",
                flush=True,
            )
        print(f"  a bare question and its 304 over a new connection, by Python's own sockets: {bare:.2f}")
        print("  of the last, ms an entry: " + ", ".join(f"{name} {spent:.2f}" for name, spent in taken.items()))
    print("\na poll that brings two new entries, by what its feed has brought before: ms of CPU to poll and keep")
    for each in AGES:
        print(f"  {each:7,} entries {measured('aged', OLD_FEEDS, each)['ms']:6.2f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="dev bench fetching")
    parser.add_argument("--requests", type=int, default=3_000, help="of each kind; 0: none")
    parser.add_argument("--scale", nargs="*", default=["1000:200"], metavar="FEEDS:HOSTS")
    parser.add_argument("--growth", nargs="*", type=int, default=[100, 1_000], metavar="FEEDS")
    parser.add_argument("--whole", type=int, default=200, metavar="FEEDS", help="through both stages; 0: none")
    options = parser.parse_args()
    if options.requests:
        one_request(options.requests, None)
        with certificate([LOCALHOST]) as made:
            if made is not None:
                one_request(options.requests, made)
    for size in options.scale:
        count, hosts = size.split(":")
        scale(int(count), int(hosts))
    if options.growth:
        growth(options.growth)
    if options.whole:
        whole(options.whole)


if __name__ == "__main__":
    main()
