"""`peers` compares programs by what its feeds say, what its server counts, and what the kernel counts for them."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest

from benchmarks.peers_feeds import ITEMS, Newsstand, marks_in
from benchmarks.peers_forms import ODD
from benchmarks.peers_install import NotInstalledError, system_command
from benchmarks.peers_meter import DidNotEndError, kill_during, measure
from benchmarks.peers_server import FeedServer, page
from benchmarks.peers_staying import staying
from benchmarks.peers_table import (
    CHANGED,
    COLD,
    Figures,
    Survival,
    bar_lines,
    growth_lines,
    odd_lines,
    round_lines,
    staying_lines,
    survival_lines,
)
from monitor.feeds.parse import parse_feed

NOW = datetime(2026, 3, 11, 12, tzinfo=UTC)


# ---- the feeds -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(len(ODD)), ids=list(ODD))
def test_an_odd_feed_is_legal_and_holds_its_items(number: int) -> None:
    source = Newsstand.odd(now=NOW).sources[number]
    written = source.write()
    encoding = "windows-1252" if "windows-1252" in written.content_type else None
    ElementTree.fromstring(written.body, ElementTree.XMLParser(encoding=encoding))
    parsed = parse_feed(written.body, headers={"content-type": written.content_type}, url="http://paper.example/feed")
    assert parsed.problem is None
    read = [f"{entry.title} {entry.summary}" for entry in parsed.entries]
    assert [found for text in read for found, _ in marks_in(text)] == [item.mark for item in source.items]


def test_a_change_is_two_new_items_and_one_edit_in_one_feed_of_twenty() -> None:
    stand = Newsstand(40, now=NOW)
    before = [source.write() for source in stand.sources]
    known = set(stand.forms)
    stand.publish(NOW)
    changed = [number for number, source in enumerate(stand.sources) if source.write() != before[number]]
    assert changed == [0, 20]
    for number in changed:
        there = dict(marks_in(" ".join(item.headline for item in stand.sources[number].items)))
        assert len(there) == ITEMS
        assert len(there.keys() - known) == 2
        assert {mark for mark, edited in there.items() if edited} == there.keys() & stand.edited
    assert len(stand.edited) == 2


# ---- the server ------------------------------------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as server:
        server.show([page(source.write()) for source in Newsstand(2, now=NOW).sources])
        yield server


def test_each_feed_has_a_host_of_its_own(server: FeedServer) -> None:
    first, second = (httpx.URL(url) for url in server.urls())
    assert first.host != second.host
    assert httpx.get(first).content != httpx.get(second).content


def test_a_known_validator_is_honoured_or_not_and_counted_either_way(server: FeedServer) -> None:
    url = server.urls()[0]
    etag = httpx.get(url).headers["etag"]
    server.tally()
    assert httpx.get(url, headers={"If-None-Match": etag}).status_code == 304
    server.honours = False
    assert httpx.get(url, headers={"If-None-Match": etag}).status_code == 200
    assert httpx.get(url).status_code == 200
    tally = server.tally()
    assert (tally.requests, tally.conditional, tally.not_modified) == (3, 2, 1)
    assert server.tally().requests == 0


def test_a_body_is_packed_for_those_who_ask_and_its_bytes_are_counted(server: FeedServer) -> None:
    url = server.urls()[0]
    sent = []
    for accepted in ("identity", "gzip"):
        with httpx.stream("GET", url, headers={"Accept-Encoding": accepted}) as answer:
            raw = b"".join(answer.iter_raw())
        assert (gzip.decompress(raw) if accepted == "gzip" else raw).startswith(b"<?xml")
        sent.append(server.tally().sent - len(raw))
    assert all(0 < head < 400 for head in sent)


def test_what_is_no_feed_is_not_found_and_counted_apart(server: FeedServer) -> None:
    assert httpx.get(httpx.URL(server.urls()[0]).join("/robots.txt")).status_code == 404
    tally = server.tally()
    assert (tally.requests, tally.unknown) == (0, 1)


# ---- the meter -------------------------------------------------------------------------------------------------------

BUSY = "import time\nwhile time.process_time() < 0.3: pass"


def run(code: str, directory: Path, limit: float = 30.0) -> float:
    return measure([sys.executable, "-c", code], directory=directory, environment={}, limit=limit).cpu


def test_the_cpu_of_a_grandchild_counts_even_when_nobody_waited_for_it(tmp_path: Path) -> None:
    idle = run("pass", tmp_path)
    orphan = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {BUSY!r}]); import os; os._exit(0)"
    assert run(orphan, tmp_path) > idle + 0.25


def test_a_program_that_does_not_end_is_ended(tmp_path: Path) -> None:
    with pytest.raises(DidNotEndError):
        run("import time; time.sleep(60)", tmp_path, limit=0.5)


@pytest.mark.parametrize(("sleeps", "killed"), [(60, True), (0, False)])
def test_a_kill_says_whether_it_came_in_time(tmp_path: Path, sleeps: int, killed: bool) -> None:
    code = f"import time, pathlib; time.sleep({sleeps}); pathlib.Path('ended').touch()"

    def wait() -> None:
        measure([sys.executable, "-c", "import time; time.sleep(0.5)"], directory=tmp_path, environment={}, limit=30)

    assert kill_during([sys.executable, "-c", code], directory=tmp_path, environment={}, wait=wait) is killed
    assert (tmp_path / "ended").exists() is not killed


def test_an_absent_program_says_how_to_get_it() -> None:
    with pytest.raises(NotInstalledError, match="apt-get install nothing-like-it"):
        system_command("no-such-command-here", "nothing-like-it")


# ---- the table -------------------------------------------------------------------------------------------------------


def test_a_round_is_ordered_by_cost_and_names_who_has_no_figures() -> None:
    rows = [
        Figures(
            program="Tipsheet", round=CHANGED, feeds=10, wall=1, cpu=2, start=0.5, requests=10, conditional=9, found=400
        ),
        Figures(program="dear", round=CHANGED, feeds=1, wall=9, cpu=0.6, requests=1, lost=3, edits=1, edited=2),
        Figures(program="odd", round=CHANGED, status=1, feeds=1, cpu=9),
        Figures(program="late", round=CHANGED, problem="did not end within 300 s"),
    ]
    assert [" ".join(line.split()) for line in round_lines(rows)][1:] == [
        "Tipsheet 10 1.0 2.00 200.0 1.0 0.50 150.0 0 10 90% 0.0 400 0 0 -",
        "dear 1 9.0 0.60 600.0 3.0 - - 0 1 0% 0.0 0 3 0 1/2",
        "odd 1 0.0 9.00 9000.0 45.0 - - 0 0 - 0.0 0 0 0 -",
        "odd ended with status 1",
        "late: did not end within 300 s",
    ]


def test_an_aim_is_met_or_missed_with_the_start_apart_from_it_and_in_a_process_that_stays() -> None:
    costs = {"Tipsheet, reading only": (2.0, 1.6), "Tipsheet": (8.0, 1.6), "reader": (5.0, 1.0)}
    ran = [Figures(program=who, round=COLD, feeds=10, cpu=cpu, start=start) for who, (cpu, start) in costs.items()]
    stayed = [Figures(program=who, round=COLD, feeds=10, cpu=cpu) for who, cpu in (("Tipsheet", 4.0), ("reader", 4.4))]
    assert [" ".join(line.split()) for line in bar_lines(ran, stayed)][1:] == [
        "first poll, Tipsheet, reading only 10 2.5 missed 10.0 met -",
        "first poll, Tipsheet 10 0.6 missed 0.6 missed 1.1 missed",
        "unchanged, 304, Tipsheet, reading only 3 - - -",
        "unchanged, 304, Tipsheet 3 - - -",
    ]
    assert [line.split() for line in staying_lines(stayed)][1:] == [
        ["Tipsheet", "400.0", "-", "-", "-"],
        ["reader", "440.0", "-", "-", "-"],
    ]


def test_a_process_that_stays_is_told_to_poll_and_says_what_each_poll_cost(tmp_path: Path) -> None:
    code = "import sys\nfor number, _ in enumerate(sys.stdin, 1): print(number / 4, flush=True)\n"
    with staying([sys.executable, "-c", code], directory=tmp_path, environment={}) as poll:
        assert [poll().cpu for _ in range(2)] == [0.25, 0.5]
    dies = [sys.executable, "-c", "exit(3)"]
    with staying(dies, directory=tmp_path, environment={}) as poll, pytest.raises(EOFError, match="status 3"):
        poll()


def test_a_form_that_nobody_counted_is_nought() -> None:
    lines = odd_lines({"one": {"RSS 0.90": 40}, "other": {}}, ["RSS 0.90"])
    assert [" ".join(line.split()) for line in lines] == ["items found one other", "RSS 0.90 40 0"]


def test_kills_are_told_with_what_they_cost() -> None:
    _, line = survival_lines([Survival(program="one", kills=5, survived=4, lost=1_200, twice=3)])
    assert " ".join(line.split()) == "one 4 of 5 1,200 3"


def test_growth_says_what_one_feed_more_costs() -> None:
    sizes = [("one", 50, 1.5), ("other", 50, 0.4), ("one", 200, 1.8)]
    rows = [Figures(program=program, round=COLD, feeds=feeds, cpu=cpu) for program, feeds, cpu in sizes]
    assert [" ".join(line.split()) for line in growth_lines(rows)][1:] == [
        "one first poll 50 1.50 30.0 - 0",
        "one first poll 200 1.80 9.0 2.0 0",
        "other first poll 50 0.40 8.0 - 0",
    ]
