"""Rounds of the stages for benchmarks.fetching: many feeds on many loopback hosts.

    python -m benchmarks.fetching_rounds scale FEEDS HOSTS DEAD     everything new; one host in DEAD is dead (0: none)
    python -m benchmarks.fetching_rounds growth FEEDS               everything unchanged
    python -m benchmarks.fetching_rounds whole FEEDS SCHEME         all stages: 304, unchanged 200, changed 200
    python -m benchmarks.fetching_rounds aged FEEDS ENTRIES         changed 200, of feeds that brought so many before

Each prints one line of JSON. A process of its own, because its peak of memory is looked at.
"""

from __future__ import annotations

import dataclasses
import json
import resource
import socket
import ssl
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import update

from benchmarks import processor
from benchmarks.fetching_server import ETAG, Asked, Server, certificate, serve
from monitor.isolate import IsolatedParser
from monitor.model import Feed, Validators
from monitor.net.fetch import Client, FetchSettings
from monitor.pipeline.examine import Examine
from monitor.pipeline.index import IndexWords
from monitor.pipeline.refresh import Refresh
from monitor.settings.config import read_config
from monitor.story.attribution import attribute
from monitor.story.grouping import Grouper
from monitor.story.imprint import RECIPE, traits_from
from monitor.story.likeness import traits_of
from monitor.story.outlets import shipped
from monitor.watches.matching import Matcher
from monitor.words.language import with_language
from storage import entries, feeds
from storage import window as window_rows
from storage.database import Database
from storage.schema import entries as entry_table
from storage.schema import feeds as feed_table
from tests.rows import keyed

AGENT = "Tipsheet-benchmark/1.0 (+https://tipsheet.example)"
LOOPBACK = ("127.0.0.0/8", "::1/128")
WATCHES = 1_000
FLOOR = 2_000  # bare requests, at most


@dataclass
class Clock:
    """Stands still until it is set."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True)
class Stand:
    """Feeds and both stages, ready to go."""

    database: Database
    refresh: Refresh
    examine: Examine
    clock: Clock


@contextmanager
def stand(urls: Sequence[str], ports: Sequence[int], *, gap: str, watches: int = 0) -> Iterator[Stand]:
    """The feeds are put beside the file, because to read them from it is another benchmark."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        path = directory / "feeds.yaml"
        blocks = {
            "contact": "https://tipsheet.example/", "network": {"allow": LOOPBACK, "ports": list(ports)},
            "fetch": {"gap": gap}, "channels": [], "recipients": [], "feeds": [],
            "watches": [{"name": f"w{n}", "query": f'("berth {n}" OR quayside{n}) AND permit*', "level": "digest"}
                        for n in range(watches)],
        }  # fmt: skip
        path.write_text(json.dumps(blocks))
        wanted = {url: Feed(url=url, name=str(n), outlet="a.example") for n, url in enumerate(urls)}
        config = dataclasses.replace(read_config(path, {}), feeds=wanted)
        database = stack.enter_context(Database(f"sqlite:///{directory / 'tipsheet.db'}"))
        with database.write() as connection:
            feeds.remember(connection, tuple(wanted.values()))
        settings = FetchSettings(user_agent=AGENT, allow_networks=LOOPBACK, allow_ports=tuple(ports))
        client = stack.enter_context(Client(settings))
        parser = stack.enter_context(IsolatedParser(workers=1))
        clock, stop = Clock(datetime.now(UTC)), threading.Event()
        yield Stand(
            database=database,
            refresh=Refresh(database=database, config=config, client=client, parser=parser, clock=clock, stop=stop),
            examine=Examine(database=database, config=config, outlets=shipped(), clock=clock, stop=stop),
            clock=clock,
        )


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def address(host: int, port: int, path: object) -> str:
    return f"http://127.{1 + host // 65_536}.{host // 256 % 256}.{host % 256}:{port}/{path}"


# ---- scale -----------------------------------------------------------------------------------------------------------


@contextmanager
def silent_ports() -> Iterator[tuple[int, int]]:
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


def scale(count: int, hosts: int, dead: int) -> dict[str, Any]:
    """One round of new feeds. A third of the dead refuses, a third swallows attempts to connect, a third drips."""
    with ExitStack() as stack:
        server = stack.enter_context(serve())
        server.set(delay=0.02)
        kinds = (*stack.enter_context(silent_ports()), server.dripping)

        def port(host: int) -> int:
            return kinds[host // dead % 3] if dead and host % dead == dead - 1 else server.port

        urls = [address(number % hosts, port(number % hosts), number) for number in range(count)]
        living = sum(f":{server.port}/" in url for url in urls)
        ready = stack.enter_context(stand(urls, (server.port, *kinds), gap="1s"))
        began, spent, last = time.monotonic(), processor.spent(apart_from=server.process), 0.0
        results: Counter[str] = Counter()
        for outcome in ready.refresh():
            results[outcome.result] += 1
            last = time.monotonic() if outcome.result == "read" else last
        spent = processor.spent(apart_from=server.process) - spent
        found = {"living": living, "read": results["read"], "last": last - began, "end": time.monotonic() - began}
        return found | {"cpu": spent, "peak": peak_mb()} | manners(server.log())


def manners(log: Sequence[Asked]) -> dict[str, Any]:
    """What the server saw: how often the same was asked, how close, how many at once."""
    by_host: defaultdict[str, list[Asked]] = defaultdict(list)
    for line in log:
        by_host[line.host].append(line)
    gaps = [after.at - before.answered_at for lines in by_host.values() for before, after in pairwise(lines)]
    twice = len(log) - len({(line.host, line.path) for line in log})
    return {
        "asked": len(log),
        "asked_twice": twice,
        "shortest_gap": min(gaps, default=0.0),
        "overlaps": sum(gap < 0 for gap in gaps),
    }


# ---- growth ----------------------------------------------------------------------------------------------------------


def growth(count: int) -> dict[str, Any]:
    """One round in which everything is unchanged, five feeds to a host; before it, bare requests for some of them."""
    with ExitStack() as stack:
        server = stack.enter_context(serve())
        urls = [address(number // 5, server.port, number) for number in range(count)]
        ready = stack.enter_context(stand(urls, (server.port,), gap="0s"))
        bare = spent_on(lambda: [ready.refresh.client.get(url, Validators(etag=ETAG)) for url in urls[:FLOOR]])
        known = {"etag": ETAG, "validators_url": feed_table.c.url, "succeeded_at": ready.clock.now - timedelta(hours=2)}
        with ready.database.write() as connection:
            connection.execute(update(feed_table).values(known))
        before, began = peak_mb(), time.monotonic()
        results: Counter[str] = Counter()
        spent = spent_on(lambda: results.update(outcome.result for outcome in ready.refresh()))
        wall = time.monotonic() - began
        assert results == {"unchanged": count}, results
        floor = bare / min(count, FLOOR) * 1e6
        return {"us": spent / count * 1e6, "floor": floor, "wall": wall, "peak": peak_mb(), "before": before}


def spent_on(work: Callable[[], object]) -> float:
    """Seconds of this process's CPU."""
    began = time.process_time()
    work()
    return time.process_time() - began


# ---- from the server to the watches ----------------------------------------------------------------------------------


def whole(count: int, scheme: str) -> dict[str, Any]:
    """All stages over feeds of 58 kB: ms of CPU for a 304, an unchanged 200, and a 200 with two new entries.

    Each to poll and keep, to examine, and to index for the search. Every connection is new, as it is where minutes lie
    between two polls. Nothing where TLS is asked for, and no certificate can be made.
    """
    found: dict[str, Any] = {}
    hosts = [httpx.URL(address(number, 1, "")).host for number in range(count)]
    with ExitStack() as stack:
        made = stack.enter_context(certificate([f"IP:{host}" for host in hosts])) if scheme == "https" else None
        if scheme == "https" and made is None:
            return {}
        server = stack.enter_context(serve(made))
        found["bare"] = spent_on(partial(ask_barely, hosts, server.port, scheme)) / count * 1000
        for kind, path in (("304", "tagged"), ("unchanged 200", "plain"), ("changed 200", "tagged")):
            urls = [f"{scheme}://{host}:{server.port}/{path}/{number}" for number, host in enumerate(hosts)]
            with stand(urls, (server.port,), gap="0s", watches=WATCHES) as ready:
                found[kind] = one_kind(ready, server, changes=kind == "changed 200")
                if kind == "changed 200":
                    found["parts"] = parts(ready, 2 * count)
    return found


def ask_barely(hosts: Sequence[str], port: int, scheme: str) -> None:
    """The floor: a connection, a question, an answer, and nothing that is read, decided or kept."""
    tls = ssl.create_default_context() if scheme == "https" else None
    for host in hosts:
        with ExitStack() as stack:
            line = stack.enter_context(socket.create_connection((host, port)))
            if tls is not None:
                line = stack.enter_context(tls.wrap_socket(line, server_hostname=host))
            line.sendall(f"GET /tagged HTTP/1.1\r\nHost: {host}\r\nIf-None-Match: {ETAG}\r\n\r\n".encode())
            assert b" 304 " in line.recv(65_536)


def one_kind(ready: Stand, server: Server, *, changes: bool) -> list[float]:
    """Two rounds of all stages; of the second, the ms of CPU that each takes for a feed."""
    index = IndexWords(database=ready.database, stop=ready.refresh.stop)
    server.set(edition=0, date=format_datetime(ready.clock.now).encode())
    for stage in (ready.refresh, ready.examine, index):
        deque(stage(), maxlen=0)
    ready.clock.now += timedelta(hours=30)
    ready.refresh.client.close()
    server.set(edition=int(changes))
    times = [processor.spent(apart_from=server.process)]
    results = Counter(str(outcome.result) for outcome in ready.refresh())
    times.append(processor.spent(apart_from=server.process))
    examined = sum(1 for _ in ready.examine())
    times.append(processor.spent(apart_from=server.process))
    indexed = sum(index())
    times.append(processor.spent(apart_from=server.process))
    count = results.total()
    assert results == ({"read": count} if changes else {"unchanged": count}), results
    assert examined == indexed == (2 * count if changes else 0), (examined, indexed)
    return [(after - before) / count * 1000 for before, after in pairwise(times)]


def aged(count: int, each: int) -> dict[str, Any]:
    """Polls that bring two new entries, of feeds that have brought so many before: ms of CPU to poll and keep."""
    with serve() as server:
        urls = [address(number, server.port, f"tagged/{number}") for number in range(count)]
        with stand(urls, (server.port,), gap="0s") as ready:
            for feed in range(count):
                old = [keyed(f"old-{number}", f"Old news {number}") for number in range(each)]
                with ready.database.write() as connection:
                    entries.add(connection, feed + 1, old, {}, now=ready.clock.now)
                    connection.execute(update(entry_table).values(examine_at=None, indexed=True))  # long ago
            return {"ms": one_kind(ready, server, changes=True)[0]}


def parts(ready: Stand, newest: int) -> dict[str, float]:
    """Milliseconds of CPU that the parts of an examination take for one entry, each alone; and a start, both ways."""
    since = ready.clock.now - timedelta(days=3)
    with ready.database.read() as connection:
        window = list(window_rows.recent(connection, since=since))
    bare = [placed.document for placed in window[-newest:]]
    documents = [with_language(document) for document in bare]
    matcher, outlets, grouper = Matcher(ready.examine.config.compiled), ready.examine.outlets, Grouper()
    read = [(document, traits_of(document)) for document in documents]
    work: dict[str, Callable[[], object]] = {
        "language": lambda: [with_language(document) for document in bare],
        "match": lambda: [matcher.match(document) for document in documents],
        "attribute": lambda: [attribute(document, outlets) for document in documents],
        "read to compare": lambda: [traits_of(document) for document in documents],
        "place": lambda: [grouper.place(one, seen=ready.clock.now, traits=traits) for one, traits in read],
    }
    found = {name: spent_on(done) / newest * 1000 for name, done in work.items()}
    for name, recipe in (("start", RECIPE), ("start, all read again", "")):
        found[name] = spent_on(partial(take_back, ready.database, since, recipe)) / len(window) * 1000
    return found


def take_back(database: Database, since: datetime, recipe: str) -> None:
    """What a start does before it places its first entry."""
    grouper = Grouper()
    with database.read() as connection:
        for placed in window_rows.recent(connection, since=since, recipe=recipe):
            traits = traits_from(placed.imprint) if placed.imprint else None
            grouper.restore(placed.document, story=placed.story, seen=placed.seen, traits=traits)


RUNS: Mapping[str, Callable[..., dict[str, Any]]] = {"scale": scale, "growth": growth, "whole": whole, "aged": aged}

if __name__ == "__main__":
    print(json.dumps(RUNS[sys.argv[1]](*(int(word) if word.isdigit() else word for word in sys.argv[2:]))))
