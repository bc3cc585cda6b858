"""page errand → robots.txt → fetch → extract → text | commit → the entry is examined again

What lives here: the pages of entries that may matter, each read once. What must not: which those are (`reading`), what
stands on a page (`article`).

A host is asked for one page at a time, with the gap that the file or its robots.txt asks for; hosts do not wait for
each other. An alert never waits for a page: its entry has been examined already with what the feed gave.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from queue import SimpleQueue
from threading import Event

from monitor.articles.article import SIZE_CAP, Article
from monitor.articles.barriers import WORDS
from monitor.articles.reading import after_failure
from monitor.articles.robots import EVERYTHING, LARGEST, Rules, read_robots, robots_url
from monitor.errors import FetchError, ParseError
from monitor.isolate import IsolatedParser
from monitor.net.fetch import Client
from monitor.pipeline.journal import log, note
from monitor.rhythm import cadence
from monitor.settings.config import Config
from storage import claims, entries, errands
from storage.database import Database
from storage.errands import Errand, State

LEASE = timedelta(hours=1)  # longer than a batch of one host takes, with every page at its time limit
BATCH = 100  # pages
AT_ONCE = 8  # hosts
RULES_KEPT = timedelta(hours=24)
_PAGES = ("text/html", "application/xhtml+xml", "text/plain")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPage:
    """What came of one page."""

    errand: Errand
    state: State
    reason: str = ""
    article: Article | None = None
    due_at: datetime | None = None  # when it is tried again
    asked: bool = True  # whether this was a try


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPages:
    """Reads the pages that are due."""

    database: Database
    config: Config
    client: Client
    parser: IsolatedParser
    clock: Callable[[], datetime]
    stop: Event
    free_at: dict[str, float]  # host → when it may be asked again, on the monotonic clock; feeds' hosts among them
    rules: dict[str, tuple[datetime, Rules]] = field(default_factory=dict)  # robots.txt → until when, what it says
    shard: int | None = None  # whose pages are read; None: all

    def count_due(self) -> int:
        with self.database.read() as connection:
            return errands.count_due(connection, "page", now=self.clock())

    def __call__(self) -> Iterator[ReadPage]:
        """Read every page that is due; yields each after it is committed."""
        while not self.stop.is_set():
            claimant = claims.new_claimant()
            with self.database.write(alongside=True) as connection:
                now = self.clock()
                due = errands.claim_due(
                    connection, "page", claimant=claimant, now=now, lease=LEASE, limit=BATCH, shard=self.shard
                )
            if not due:
                return
            for read in self._read_all(due):
                if self._record(read, claimant):
                    yield read

    def _read_all(self, due: Sequence[Errand]) -> Iterator[ReadPage]:
        """Each host in a thread of its own, what it gives in the caller's."""
        hosts: dict[str, deque[Errand]] = {}
        for errand in due:
            hosts.setdefault(cadence.host(errand.url), deque()).append(errand)
        heard: SimpleQueue[ReadPage] = SimpleQueue()
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="read") as pool:
            for host, waiting in hosts.items():
                pool.submit(self._read_host, host, waiting, heard)
            for _ in due:
                yield heard.get()

    # ---- in a thread: the slow part ----

    def _read_host(self, host: str, waiting: deque[Errand], heard: SimpleQueue[ReadPage]) -> None:
        """One page after the other. A host that asks for rest, or cannot be reached, is left alone with the others."""
        rest: ReadPage | None = None
        while waiting:
            errand = waiting.popleft()
            if rest or self.stop.is_set():
                due_at = rest.due_at if rest else self.clock()
                reason = rest.reason if rest else ""
                heard.put(ReadPage(errand=errand, state="waiting", reason=reason, due_at=due_at, asked=False))
                continue
            read = self._read(host, errand)
            heard.put(read)
            rest = read if read.state == "waiting" else None

    def _read(self, host: str, errand: Errand) -> ReadPage:
        """Never raises: a page that fails must not take the others with it."""
        try:
            rules = self._rules(host, errand.url)
            if not rules.allow(errand.url):
                return ReadPage(errand=errand, state="refused", reason="its site's robots.txt asks not to read it")
            return self._extracted(errand, self._ask(host, errand.url, rules.delay))
        except FetchError as error:
            return self._failed(errand, error)
        except ParseError as error:
            return ReadPage(errand=errand, state="failed", reason=str(error))
        except Exception as bug:  # noqa: BLE001 - the unit of work: one page's surprise is that page's failure
            log.exception("the page of entry %d failed unexpectedly", errand.entry)
            return ReadPage(errand=errand, state="failed", reason=f"Tipsheet itself failed on this page: {bug!r}")

    def _rules(self, host: str, url: str) -> Rules:
        """What the site allows, asked once a day. A site that has no such file allows everything."""
        where = robots_url(url)
        until, rules = self.rules.get(where, (None, EVERYTHING))
        if until and until > self.clock():
            return rules
        try:
            self._wait(host, timedelta())
            rules = read_robots(self.client.page(where, max_bytes=LARGEST).body)
        except FetchError as error:
            if error.kind not in ("http", "gone", "too-large") or (error.status or 0) >= 500:
                raise
            rules = EVERYTHING
        finally:
            self._asked(host)
        self.rules[where] = (self.clock() + RULES_KEPT, rules)
        return rules

    def _ask(self, host: str, url: str, delay: timedelta) -> tuple[bytes, str]:
        """The page's body, and the address that answered."""
        self._wait(host, delay)
        try:
            page = self.client.page(url, max_bytes=SIZE_CAP)
        finally:
            self._asked(host)
        kind = page.headers.get("content-type", "text/html").partition(";")[0].strip().lower()
        if kind not in _PAGES:
            raise ParseError("no-page", f"the link leads to no page: {kind[:60]!a}")
        return page.body, page.final_url

    def _wait(self, host: str, delay: timedelta) -> None:
        """Until the host may be asked again; a site's own delay counts from the last request."""
        free = self.free_at.get(host, 0.0) + max(0.0, delay.total_seconds() - self.config.gap.total_seconds())
        self.stop.wait(max(0.0, free - time.monotonic()))

    def _asked(self, host: str) -> None:
        self.free_at[host] = time.monotonic() + self.config.gap.total_seconds()

    def _extracted(self, errand: Errand, page: tuple[bytes, str]) -> ReadPage:
        body, url = page
        article = self.parser.extract(body, url=url)
        if article.barrier in ("consent", "challenge"):
            return ReadPage(errand=errand, state="refused", reason=WORDS[article.barrier])
        if not article.text:
            return ReadPage(errand=errand, state="failed", reason="no article was found on the page")
        return ReadPage(errand=errand, state="done", reason=WORDS.get(article.barrier, ""), article=article)

    def _failed(self, errand: Errand, error: FetchError) -> ReadPage:
        state, due_at = after_failure(error, errand.tries + 1, now=self.clock())
        return ReadPage(errand=errand, state=state, reason=str(error), due_at=due_at)

    # ---- in the caller's thread: write ----

    def _record(self, read: ReadPage, claimant: str) -> bool:
        """One transaction: that the page was read, and the text that its entry is examined with again."""
        now, article = self.clock(), read.article
        with self.database.write() as connection:
            kept = errands.settle(
                connection, read.errand, read.state, read.reason, claimant=claimant, due_at=read.due_at,
                done_at=now if article else None, result=article.canonical if article else "", asked=read.asked,
            )  # fmt: skip
            if kept and article:
                entries.enrich(
                    connection, read.errand.entry, text=article.text, author=article.author,
                    published=article.published, language=article.language, now=now,
                )  # fmt: skip
        level = logging.WARNING if read.state == "failed" else logging.INFO
        note("page", level=level, entry=read.errand.entry, state=read.state, problem=read.reason)
        return kept
