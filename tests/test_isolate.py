"""Hostile bodies in the worker: each ends in time, with a feed or a reason, and harms neither us nor the next feed."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from monitor import isolate
from monitor.errors import ParseError
from monitor.feeds.parse import LARGEST_BODY, parse_feed
from monitor.isolate import IsolatedParser
from tests.hostile_documents import ENTITIES, EXTERNAL, HOSTILE, item, rss
from tests.memory import memory_grown

URL = "https://feeds.example/all.xml"
GOOD = (Path(__file__).parent / "data" / "feeds" / "rss20.xml").read_bytes()


@pytest.fixture(scope="module")
def parser() -> Iterator[IsolatedParser]:
    with IsolatedParser(workers=1) as isolated:
        yield isolated


def read(parser: IsolatedParser, body: bytes) -> str:
    """ "ok", or the kind of error."""
    try:
        parser.parse(body, headers={}, url=URL)
    except ParseError as error:
        return error.kind
    return "ok"


def test_the_worker_reads_as_the_parser_does(parser: IsolatedParser) -> None:
    assert parser.parse(GOOD, headers={"content-type": "text/xml"}, url=URL) == parse_feed(GOOD, headers={}, url=URL)


def test_errors_come_through_with_their_words(parser: IsolatedParser) -> None:
    with pytest.raises(ParseError, match="the body is empty") as caught:
        parser.parse(b"", headers={}, url=URL)
    assert caught.value.kind == "empty"


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_body_ends_in_time_and_the_next_feed_is_read(parser: IsolatedParser, name: str) -> None:
    body = HOSTILE[name]
    read(parser, GOOD)  # the worker is there
    with memory_grown() as grown:
        began = time.monotonic()
        end = read(parser, body)
        assert time.monotonic() - began < 6 + len(body) / 1e6, "the deadline is 5 s and 1 s for each megabyte"
    assert grown.megabytes < 32 + 3 * len(body) / 1e6
    assert end in {"ok", "not-a-feed", "encoding", "too-large", "timeout"}  # the last on a busy machine only
    assert read(parser, GOOD) == "ok"


def test_a_worker_may_have_768_megabytes_and_no_more(parser: IsolatedParser) -> None:
    read(parser, GOOD)
    assert resource.prlimit(_worker_pid(parser), resource.RLIMIT_AS) == (768 << 20, 768 << 20)


def test_of_a_feed_too_long_to_pass_on_the_leading_entries_are_kept_and_it_is_told(parser: IsolatedParser) -> None:
    body = rss(
        "".join(f"<item><title>n{n}</title><description>{'x' * 500_000}</description></item>" for n in range(40))
    )
    feed = parser.parse(body, headers={}, url=URL)
    assert [entry.title for entry in feed.entries] == [f"n{n}" for n in range(14)]
    assert feed.problem is not None
    assert "the first 14 of 40 were kept" in feed.problem.message


def test_a_body_too_large_is_refused_unread(parser: IsolatedParser) -> None:
    assert read(parser, b"<" * 40_000_000) == "too-large"
    assert isolate._LARGEST_REQUEST == LARGEST_BODY


def test_external_entities_open_no_file_and_no_connection() -> None:
    program = """
import json, sys
from monitor.errors import ParseError
from monitor.feeds.parse import LARGEST_BODY, parse_feed
from tests.hostile_documents import ENTITIES, EXTERNAL, HOSTILE, item, rss
from tests.memory import memory_grown
bodies = [body.encode() for body in json.load(sys.stdin)]
def read(body):
    try:
        parse_feed(body, headers={}, url="https://x.example/")
    except ParseError:
        pass
for body in bodies:  # what is imported late is imported now
    read(body)
reached = []
sys.addaudithook(lambda event, args: reached.append((event, args)) if event in {"open", "socket.connect"} else None)
for body in bodies:
    read(body)
assert not reached, reached
open(sys.executable, "rb").close()
assert len(reached) == 1  # the hook does hear
"""
    bodies = [body.decode() for body in (*EXTERNAL.values(), *ENTITIES.values())]
    bodies += [body.replace("</rss>", "</b></rss>") for body in bodies]  # and once through the lenient reader
    assert len(bodies) > 30
    subprocess.run([sys.executable, "-c", program], input=json.dumps(bodies).encode(), check=True)


def test_external_entities_reach_nothing(parser: IsolatedParser) -> None:
    for body in EXTERNAL.values():
        feed = parser.parse(body, headers={}, url=URL)
        assert "root:" not in repr(feed)


# ---- how a worker dies -----------------------------------------------------------------------------------------------


def test_too_slow() -> None:
    attributes = " ".join(f"a{n}='1'" for n in range(30_000))  # the feed library takes the square of their number
    with IsolatedParser(workers=1, seconds=0.1) as parser:
        assert read(parser, item(f"<b {attributes}/></i>")) == "timeout"
        assert read(parser, GOOD) == "ok"


def test_too_large_for_its_memory() -> None:
    with IsolatedParser(workers=1, memory=96 * 1024 * 1024) as parser:
        assert read(parser, GOOD) == "ok"
        assert read(parser, item("x" * 24_000_000)) in {"memory", "crashed"}
        assert read(parser, GOOD) == "ok"


def test_a_worker_that_dies_is_replaced() -> None:
    with IsolatedParser(workers=1) as parser:
        assert read(parser, GOOD) == "ok"
        os.kill(_worker_pid(parser), signal.SIGSEGV)
        assert read(parser, GOOD) == "crashed"
        assert read(parser, GOOD) == "ok"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"[]",
        b"{}",
        b'{"error": "x"}',
        b'{"entries": [1], "title": "", "link": "", "language": ""}',
        b"\xff",
        b"[" * 99_999,
    ],
)
def test_a_worker_that_talks_nonsense_is_not_believed(answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    with IsolatedParser(workers=1) as parser:
        assert read(parser, GOOD) == "ok"
        monkeypatch.setattr(isolate._Worker, "_talk", lambda *_: answer)
        assert read(parser, GOOD) == "crashed"


def _worker_pid(parser: IsolatedParser) -> int:
    worker = parser._idle.get()
    parser._idle.put(worker)
    assert worker is not None
    return worker._process.pid


# ---- whose they are --------------------------------------------------------------------------------------------------


def test_workers_start_when_needed_and_are_kept() -> None:
    with IsolatedParser(workers=2) as parser:
        assert parser._idle.get() is None
        parser._idle.put(None)
        read(parser, GOOD)
        first = _worker_pid(parser)
        read(parser, GOOD)
        assert _worker_pid(parser) == first


def test_another_worker_is_started_where_none_is_free_soon() -> None:
    with IsolatedParser(workers=2) as parser:
        busy = parser._take()
        read(parser, GOOD)
        parser._idle.put(busy)
        assert sum(worker is not None for worker in parser._idle.queue) == 1


def test_threads_share_the_workers() -> None:
    bodies = [rss(f"<item><title>n{n}</title></item>") for n in range(40)]
    with IsolatedParser(workers=2) as parser, ThreadPoolExecutor(8) as threads:
        feeds = list(threads.map(lambda body: parser.parse(body, headers={}, url=URL), bodies))
    assert [feed.entries[0].title for feed in feeds] == [f"n{n}" for n in range(40)]


def test_a_closed_parser_says_so() -> None:
    parser = IsolatedParser(workers=1)
    with parser:
        read(parser, GOOD)
        process = _worker_pid(parser)
    with pytest.raises(RuntimeError, match="closed"):
        parser.parse(GOOD, headers={}, url=URL)
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_a_worker_has_no_secrets_and_none_of_our_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SMTP_PASSWORD", "hunter2")
    with (tmp_path / "secret").open("w") as ours, IsolatedParser(workers=1) as parser:
        os.set_inheritable(ours.fileno(), True)  # even so
        read(parser, GOOD)
        process = Path(f"/proc/{_worker_pid(parser)}")
        assert b"hunter2" not in (process / "environ").read_bytes()
        assert {link.name for link in (process / "fd").iterdir()} <= {"0", "1", "2"}


def test_workers_end_with_a_parent_that_is_killed() -> None:
    program = """
import sys, time
from monitor.isolate import IsolatedParser
parser = IsolatedParser(workers=1)
parser.parse(b"<rss><channel><title>t</title></channel></rss>", headers={}, url="https://x.example/")
print(parser._idle.get()._process.pid, flush=True)
time.sleep(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    worker = Path(f"/proc/{int(parent.stdout.readline())}")
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 5
    while _alive(worker) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _alive(worker)


def _alive(process: Path) -> bool:
    try:
        return ") Z " not in (process / "stat").read_text()  # a zombie waits for whoever reaps orphans here
    except OSError:
        return False


def test_a_waiting_caller_is_told_when_the_parser_closes() -> None:
    parser = IsolatedParser(workers=1)
    place = parser._idle.get()
    outcome: list[str] = []

    def wait() -> None:
        try:
            parser.parse(GOOD, headers={}, url=URL)
        except RuntimeError as error:
            outcome.append(str(error))

    waiting = threading.Thread(target=wait)
    waiting.start()
    closing = threading.Thread(target=parser.close)
    closing.start()
    while not parser._closed:
        time.sleep(0.01)
    parser._idle.put(place)
    waiting.join(5)
    closing.join(5)
    assert outcome == ["this IsolatedParser is closed"]
