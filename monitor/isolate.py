"""Hostile bytes are parsed in another process, which may die.

What lives here: the workers' life, the frames between them and us, and the limits. What must not: any knowledge of
feeds and pages; one side calls `parse_feed` or `extract`, and `wire` checks on the other what it answered.

A worker (`python -m monitor.isolate`) reads requests from its standard input and answers on its standard output. A
frame is four bytes of length, big-endian, and that many bytes: JSON with the headers, then the body as it is; back
comes JSON. Never pickle: the worker has read hostile bytes. It is given no environment but the import path, so it
knows no secret. It ends when its input does, and an alarm ends it should it be too busy to notice.
"""

from __future__ import annotations

import json
import os
import queue
import resource
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Literal, Self, TypeVar

from monitor.articles.article import SIZE_CAP, Article, extract
from monitor.errors import ParseError
from monitor.model import ParsedFeed
from monitor.wire import BrokenAnswer, dump_article, dump_error, dump_feed, load_article, load_feed

_LENGTH = struct.Struct(">I")
_LARGEST_REQUEST = 32 * 1024 * 1024  # bytes; `parse_feed` reads no more
_LARGEST_ANSWER = 8 * 1024 * 1024  # bytes: we hold it four times over while reading it; real feeds stay under 4 MB
_READY = b"{}"
_ROOT = str(Path(__file__).parents[1])  # where `monitor` lies
_WORTH_WAITING = 0.2  # seconds for a worker that is busy, before another is started, which takes as long
_START = 60.0  # seconds for an interpreter and its imports on a busy machine
# Added to the deadline: a good feed of 2.5 MB takes 0.7 s of CPU, and may get a tenth of one.
_SECONDS_PER_MEGABYTE = 1.0
_BODIES_PER_WORKER = 500  # then a fresh one: fragments must not eat into the next feed's memory
_MEMORY_EXIT = 77

_Task = Literal["feed", "page"]
_PATIENCE: Mapping[_Task, float] = {"feed": 1, "page": 3}  # times the deadline: the first page loads the extractor

T = TypeVar("T")

# ---- the parent's side -----------------------------------------------------------------------------------------------


class IsolatedParser:
    """`parse_feed` behind a wall: at most `workers` processes, each with `memory` bytes and a deadline.

    The deadline is `seconds` and one second more for each megabyte of the body. Workers start when they are needed.
    Any number of threads may call `parse`; those that find every worker busy wait for one.
    """

    def __init__(self, *, workers: int = 2, memory: int = 768 * 1024 * 1024, seconds: float = 5.0) -> None:
        self._memory = memory
        self._seconds = seconds
        self._workers = workers
        self._closed = False
        self._idle: queue.LifoQueue[_Worker | None] = queue.LifoQueue()  # None: a place whose worker is not running
        self._idle.put(None)
        self._unopened = workers - 1  # places that were not needed yet
        self._opening = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def parse(self, body: bytes, *, headers: Mapping[str, str], url: str) -> ParsedFeed:
        """As `parse_feed`, and ParseError("timeout"), ("memory") or ("crashed") where the worker had to die of it."""
        if len(body) > _LARGEST_REQUEST:
            message = f"the body has {len(body):,} bytes; at most {_LARGEST_REQUEST:,} are read"
            raise ParseError("too-large", message)
        return self._ask("feed", body, headers, url, load_feed)

    def extract(self, page: bytes, *, url: str) -> Article:
        """As `monitor.articles.article.extract`, behind the same wall and with the same three errors."""
        if len(page) > SIZE_CAP:
            return extract(page, url=url)  # which refuses it unread
        return self._ask("page", page, {}, url, load_article)

    def _ask(self, task: _Task, body: bytes, headers: Mapping[str, str], url: str, load: Callable[[bytes], T]) -> T:
        worker = self._take()
        try:
            if self._closed:
                raise RuntimeError("this IsolatedParser is closed")
            worker = worker or _Worker(self._memory)
            seconds = self._seconds * _PATIENCE[task] + len(body) / 1e6 * _SECONDS_PER_MEGABYTE
            return worker.ask(task, body, headers, url, seconds, load)
        finally:
            self._idle.put(worker if worker and worker.usable else None)

    def _take(self) -> _Worker | None:
        """A worker that is free, or None for a place that is: another one is opened where none is free soon.

        Most bodies are read in a fraction of the time that a worker takes to start.
        """
        with suppress(queue.Empty):
            return self._idle.get(timeout=_WORTH_WAITING)
        with self._opening:
            if self._unopened:
                self._unopened -= 1
                return None
        return self._idle.get()

    def close(self) -> None:
        """Ends every worker, once the bodies in hand are done."""
        self._closed = True
        with self._opening:
            opened, self._unopened = self._workers - self._unopened, 0
        for worker in [self._idle.get() for _ in range(opened)]:
            if worker:
                worker.end()
        for _ in range(self._workers):  # whoever comes late is told so, and does not wait for ever
            self._idle.put(None)


class _Worker:
    """One process, used by one thread at a time."""

    def __init__(self, memory: int) -> None:
        # close_fds (the default) keeps other workers' pipes and the caller's sockets out of this one.
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter, our own module
            [sys.executable, "-P", "-W", "ignore", "-m", "monitor.isolate", str(memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PYTHONPATH": os.pathsep.join([_ROOT, *filter(None, sys.path)])},
        )
        self._bodies = 0
        self.usable = True
        try:
            started = self._exchange([], _START) == _READY
        except ParseError:
            started = False
        if not started:
            self.end()
            raise ParseError("crashed", "the parser's process did not start")

    def ask(
        self,
        task: _Task,
        body: bytes,
        headers: Mapping[str, str],
        url: str,
        seconds: float,
        load: Callable[[bytes], T],
    ) -> T:
        request = json.dumps({"task": task, "url": url, "headers": dict(headers), "seconds": seconds}).encode()
        try:
            return load(self._exchange([_LENGTH.pack(len(request)), request, _LENGTH.pack(len(body)), body], seconds))
        except BrokenAnswer as error:
            self.end()
            raise ParseError("crashed", f"the parser's process gave no sensible answer: {error}") from error
        except ParseError as error:
            if error.kind in {"timeout", "memory", "crashed"}:
                self.end()
            raise
        finally:
            self._bodies += 1
            if self._bodies >= _BODIES_PER_WORKER:
                self.end()

    def _exchange(self, request: Sequence[bytes], seconds: float) -> bytes:
        """Sends, and returns the answer. A timer kills the process at the deadline, which ends any read or write."""
        expired = threading.Event()

        def expire() -> None:
            expired.set()
            self._process.kill()

        timer = threading.Timer(seconds, expire)
        timer.daemon = True
        timer.start()
        try:
            return self._talk(request)
        except (EOFError, OSError) as error:
            self.usable = False
            raise self._cause(expired.is_set(), seconds) from error
        finally:
            timer.cancel()
            timer.join()
            if expired.is_set():  # even if the answer came in the same moment
                self.usable = False

    def _talk(self, request: Sequence[bytes]) -> bytes:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise EOFError
        stdin.writelines(request)
        stdin.flush()
        return _read_frame(stdout, _LARGEST_ANSWER)

    def _cause(self, expired: bool, seconds: float) -> ParseError:
        self._process.kill()  # an answer too large leaves it alive
        status = self._process.wait()
        if expired:
            return ParseError("timeout", f"the body could not be read within {seconds:.0f} s")
        if status == _MEMORY_EXIT:
            return ParseError("memory", "the body could not be read within the memory that it may take")
        return ParseError("crashed", f"the parser's process died of this body (status {status})")

    def end(self) -> None:
        """Kills the process and frees its pipes. Nothing is lost: a worker holds no state."""
        self.usable = False
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with suppress(OSError):  # what a dead process did not read
                    pipe.close()


# ---- the frames ------------------------------------------------------------------------------------------------------


def _read_frame(stream: IO[bytes], limit: int) -> bytes:
    """One frame. Raises EOFError where the stream ends first, or announces more than `limit` bytes."""
    length = _LENGTH.unpack(_read_exactly(stream, _LENGTH.size))[0]
    if length > limit:
        raise EOFError
    return _read_exactly(stream, length)


def _read_exactly(stream: IO[bytes], length: int) -> bytes:
    content = stream.read(length)
    if len(content) < length:
        raise EOFError
    return content


# ---- the worker's side -----------------------------------------------------------------------------------------------


def _serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Answers until the input ends, which is when the parent closes it or dies."""
    _send(answers, _READY)
    while True:
        try:
            request = json.loads(_read_frame(requests, _LARGEST_REQUEST))
            body = _read_frame(requests, _LARGEST_REQUEST)
        except EOFError:
            return
        signal.alarm(int(request["seconds"]) + 5)  # for the case that the parent is no longer there to kill us
        _send(answers, _answer(body, request))
        signal.alarm(0)


def _answer(body: bytes, request: Mapping[str, object]) -> bytes:
    from monitor.feeds.parse import parse_feed  # the libraries that read feeds are the workers' alone

    headers = request["headers"]
    assert isinstance(headers, dict)  # noqa: S101 - the parent wrote it
    try:
        if request["task"] == "page":
            return dump_article(extract(body, url=str(request["url"])))
        return dump_feed(parse_feed(body, headers=headers, url=str(request["url"])), limit=_LARGEST_ANSWER)
    except ParseError as error:
        return dump_error(error)
    except RecursionError:
        return dump_error(ParseError("too-deep", "the elements are nested too deeply to be read"))


def _send(answers: IO[bytes], content: bytes) -> None:
    answers.write(_LENGTH.pack(len(content)) + content)
    answers.flush()


def _confine(memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # a parser writes no files


def main() -> None:
    """The worker: `python -m monitor.isolate MEMORY`."""
    import monitor.feeds.parse  # noqa: F401 - loaded here, and not while the first body waits

    _confine(int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us when it is done
    try:
        _serve(sys.stdin.buffer, sys.stdout.buffer)
    except MemoryError:
        os._exit(_MEMORY_EXIT)  # nothing that needs memory any more
    except BrokenPipeError:
        os._exit(0)


if __name__ == "__main__":
    main()
