"""Driver: one process. `once` works off what is due; `serve` does so again and again, with APScheduler as the clock.

What lives here: which stage runs when. What must not: what a stage does.
"""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event

from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.schedulers.background import BackgroundScheduler

from alerts.channel import open_sender
from monitor.config import Config
from monitor.fetch import Client, FetchSettings
from monitor.isolate import IsolatedParser
from monitor.outlets import shipped
from monitor.pipeline import Deliver, Examine, Refresh, forget_old_texts, queue_digests, take_over
from monitor.pipeline.journal import note
from monitor.version import VERSION
from storage.database import Database

TICK = timedelta(seconds=2)  # how late a stage may notice that something is due
DIGEST_TICK = timedelta(seconds=30)
RETENTION_TICK = timedelta(hours=24)


def utc_now() -> datetime:
    """The clock of a real run; everything below is told the time."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """The three stages, ready to work on one database."""

    database: Database
    config: Config
    refresh: Refresh
    examine: Examine
    deliver: Deliver
    clock: Callable[[], datetime]
    stop: Event

    def queue_digests(self) -> int:
        return queue_digests(self.database, self.config, clock=self.clock)

    def forget_old_texts(self) -> int:
        return forget_old_texts(self.database, self.config, now=self.clock())


@contextmanager
def open_client(config: Config) -> Iterator[Client]:
    """The one door to the web, as the file wants it."""
    settings = FetchSettings(
        user_agent=f"Tipsheet/{VERSION} (+{config.contact})",
        total_timeout=config.timeout.total_seconds(),
        allow_networks=config.allow_networks,
        allow_ports=config.allow_ports,
    )
    with Client(settings) as client:
        yield client


@contextmanager
def open_stages(
    config: Config, database: Database, *, stop: Event, clock: Callable[[], datetime] = utc_now
) -> Iterator[Stages]:
    """Become the one instance on `database` and put the stages together; their helpers end with the block."""
    take_over(database, config)
    outlets = shipped()
    workers = max(1, min(4, os.cpu_count() or 1))
    with open_client(config) as client, IsolatedParser(workers=workers) as parser:
        senders = {name: open_sender(channel, post=client.post) for name, channel in config.channels.items()}
        yield Stages(
            database=database,
            config=config,
            refresh=Refresh(database=database, config=config, client=client, parser=parser, clock=clock, stop=stop),
            examine=Examine(database=database, config=config, outlets=outlets, clock=clock, stop=stop),
            deliver=Deliver(database=database, config=config, outlets=outlets, senders=senders, clock=clock, stop=stop),
            clock=clock,
            stop=stop,
        )


def serve(stages: Stages) -> None:
    """Run until SIGTERM or SIGINT; what is being worked on then is finished, the rest stays due."""
    scheduler = BackgroundScheduler(
        timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    )
    scheduler.add_listener(_report_failure, EVENT_JOB_ERROR)
    jobs: tuple[tuple[str, Callable[[], object], timedelta], ...] = (
        ("refresh", lambda: _exhaust(stages.refresh()), TICK),
        ("examine", lambda: _exhaust(stages.examine()), TICK),
        ("deliver", lambda: _exhaust(stages.deliver()), TICK),
        ("digests", stages.queue_digests, DIGEST_TICK),
        ("retention", stages.forget_old_texts, RETENTION_TICK),
    )
    for name, job, every in jobs:
        # A tick that comes while the one before it still works is skipped; its work is done by that one or the next.
        scheduler.add_job(job, "interval", seconds=every.total_seconds(), id=name, next_run_time=stages.clock())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stages.stop.set())
    # "Skipped: maximum number of running instances reached" is the design here, not a warning.
    logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
    scheduler.start()
    note("started", feeds=sum(feed.enabled for feed in stages.config.feeds.values()), process=os.getpid())
    stages.stop.wait()
    note("stopping")
    scheduler.shutdown(wait=True)
    note("stopped")


def _exhaust(work: Iterator[object]) -> None:
    for _ in work:
        pass


def _report_failure(event: JobExecutionEvent) -> None:
    """A stage that failed as a whole (the database refused) is tried again at its next tick; it must not go unseen."""
    note("failed", level=logging.ERROR, stage=event.job_id, error=event.exception)
