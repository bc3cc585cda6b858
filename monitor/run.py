"""Driver: one process. `once` works off what is due; `serve` does so again and again, with APScheduler as the clock.

What lives here: which stage runs when. What must not: what a stage does.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Event
from typing import TYPE_CHECKING

from alerts.channel import Post, Sender, open_sender
from monitor.errors import DeliveryError
from monitor.isolate import IsolatedParser
from monitor.model import Channel, Message
from monitor.net.callback import CallbackServer
from monitor.net.fetch import Client, FetchSettings
from monitor.pipeline import (
    Deliver,
    Examine,
    Hear,
    Heartbeat,
    ReadPages,
    Refresh,
    SavePages,
    Subscribe,
    TakeIn,
    follow_clock_back,
    forget_old_texts,
    queue_digests,
    queue_reminders,
    take_over,
    tell_owner,
)
from monitor.pipeline.journal import note
from monitor.settings.config import Config
from monitor.story.outlets import shipped
from monitor.version import VERSION
from storage.database import Database

if TYPE_CHECKING:
    from apscheduler.events import JobExecutionEvent
    from apscheduler.schedulers.background import BackgroundScheduler

TICK = timedelta(seconds=2)  # how late a stage may notice that something is due
HUB_TICK = timedelta(seconds=10)
DIGEST_TICK = timedelta(seconds=30)
OWNER_TICK = timedelta(minutes=1)
HEARTBEAT_TICK = timedelta(minutes=5)
RETENTION_TICK = timedelta(hours=24)
LOOK = 1.0  # seconds between two looks at the clock
LEAP = timedelta(seconds=2)  # a wall clock that strays this far between two looks was set; a smaller step costs a tick

Job = tuple[str, Callable[[], object], timedelta]  # its name, what it does, how often


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
    read_pages: ReadPages
    save_pages: SavePages
    deliver: Deliver
    subscribe: Subscribe
    hear: Hear
    take_in: TakeIn
    heartbeat: Heartbeat
    clock: Callable[[], datetime]
    stop: Event

    def queue_digests(self) -> int:
        return queue_digests(self.database, self.config, clock=self.clock)

    def queue_reminders(self) -> int:
        return queue_reminders(self.database, self.config, clock=self.clock)

    def tell_owner(self) -> int:
        return tell_owner(self.database, self.config, clock=self.clock)

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
    if config.proxy:  # an onion's rendezvous takes longer than any handshake, and only the whole request is timed
        settings = replace(settings, proxy=config.proxy, connect_timeout=settings.total_timeout)
    with Client(settings) as client:
        yield client


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """Stands where a channel has settings that cannot be used: its alerts wait, and say why; the others go out."""

    why: str

    def send(self, message: Message, address: str) -> str:
        raise DeliveryError(self.why, retry=True)


def open_senders(channels: Mapping[str, Channel], post: Post) -> dict[str, Sender]:
    """A sender for each channel, by its name."""
    senders: dict[str, Sender] = {}
    for name, channel in channels.items():
        try:
            senders[name] = open_sender(channel, post=post)
        except DeliveryError as error:
            note("channel", level=logging.ERROR, channel=name, problem=error)
            senders[name] = Unusable(why=str(error))
    return senders


@contextmanager
def open_stages(
    config: Config, database: Database, *, stop: Event, clock: Callable[[], datetime] = utc_now
) -> Iterator[Stages]:
    """Become the one instance on `database` and put the stages together; their helpers end with the block."""
    take_over(database, config, now=clock())
    outlets = shipped()
    workers = max(1, min(4, os.cpu_count() or 1))
    with open_client(config) as client, IsolatedParser(workers=workers) as parser:
        senders = open_senders(config.channels, client.post)
        refresh = Refresh(database=database, config=config, client=client, parser=parser, clock=clock, stop=stop)
        yield Stages(
            database=database,
            config=config,
            refresh=refresh,
            read_pages=ReadPages(
                database=database,
                config=config,
                client=client,
                parser=parser,
                clock=clock,
                stop=stop,
                free_at=refresh.free_at,
            ),
            save_pages=SavePages(database=database, config=config, client=client, clock=clock, stop=stop),
            examine=Examine(database=database, config=config, outlets=outlets, clock=clock, stop=stop),
            deliver=Deliver(database=database, config=config, outlets=outlets, senders=senders, clock=clock, stop=stop),
            subscribe=Subscribe(database=database, config=config, client=client, clock=clock, stop=stop),
            hear=Hear(database=database, clock=clock),
            take_in=TakeIn(database=database, config=config, parser=parser, clock=clock, stop=stop),
            heartbeat=Heartbeat(client=client, url=config.heartbeat),
            clock=clock,
            stop=stop,
        )


@contextmanager
def open_door(stages: Stages) -> Iterator[None]:
    """Hubs may come in while the block lasts, if the file says where. TipsheetError where nobody can listen there."""
    place = stages.config.websub
    if place is None:
        yield
        return
    with CallbackServer(place.host, place.port, stages.hear):
        yield


def stop_on_signals(stop: Event) -> None:
    """SIGTERM and SIGINT mean: finish what is under way, begin nothing."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())


def serve(stages: Stages) -> None:
    """Run until SIGTERM or SIGINT; what is being worked on then is finished, the rest stays due."""
    with open_door(stages):
        _serve(stages)


def _serve(stages: Stages) -> None:
    # The scheduler is the daemon's alone: `once`, every few minutes from cron, should not wait for its import.
    from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_EXECUTED
    from apscheduler.executors.pool import ThreadPoolExecutor
    from apscheduler.schedulers.background import BackgroundScheduler

    jobs = _jobs(stages)
    scheduler = BackgroundScheduler(
        timezone=UTC,
        executors={"default": ThreadPoolExecutor(len(jobs) + 1)},  # no job waits for another's server
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    scheduler.add_listener(partial(_report, stages.heartbeat), EVENT_JOB_ERROR | EVENT_JOB_EXECUTED)
    for name, job, every in jobs:
        # A tick that comes while the one before it still works is skipped; its work is done by that one or the next.
        scheduler.add_job(job, "interval", seconds=every.total_seconds(), id=name, next_run_time=stages.clock())
    stop_on_signals(stages.stop)
    # "Skipped: maximum number of running instances reached" is the design here, not a warning.
    logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
    scheduler.start()
    note("started", feeds=sum(feed.enabled for feed in stages.config.feeds.values()), process=os.getpid())
    _watch_clock(scheduler, jobs, stages)
    note("stopping")
    scheduler.shutdown(wait=True)
    note("stopped")


def _jobs(stages: Stages) -> tuple[Job, ...]:
    """Each channel is a job of its own: a receiver that is slow to answer, or dead, holds up nobody else's alerts."""
    return (
        ("refresh", lambda: _exhaust(stages.refresh(meanwhile=True)), TICK),
        ("examine", lambda: _exhaust(stages.examine()), TICK),
        ("pages", lambda: _exhaust(stages.read_pages()), TICK),
        ("snapshots", lambda: _exhaust(stages.save_pages()), TICK),
        *((f"deliver {name}", partial(_empty, stages.deliver, name), TICK) for name in stages.config.channels),
        ("hubs", lambda: _exhaust(stages.subscribe()), HUB_TICK),
        ("pushes", lambda: _exhaust(stages.take_in()), TICK),
        ("strays", stages.deliver.settle_strays, TICK),
        ("digests", stages.queue_digests, DIGEST_TICK),
        ("reminders", stages.queue_reminders, DIGEST_TICK),
        ("owner", stages.tell_owner, OWNER_TICK),
        *((("heartbeat", stages.heartbeat.beat, HEARTBEAT_TICK),) if stages.config.heartbeat else ()),
        ("retention", stages.forget_old_texts, RETENTION_TICK),
    )


def _watch_clock(scheduler: BackgroundScheduler, jobs: Sequence[Job], stages: Stages) -> None:
    """Wait until told to stop, and see to it that a clock that is set does not stop the work.

    APScheduler notes when each job is next on the wall clock: set back by an hour, it would keep silent for an hour.
    So would the rows that are due by the clock that ran ahead.
    """
    wall, steady = stages.clock(), time.monotonic()
    while not stages.stop.wait(LOOK):
        before, (wall, steady) = (wall, steady), (stages.clock(), time.monotonic())
        leapt = wall - before[0] - timedelta(seconds=steady - before[1])
        if abs(leapt) >= LEAP:
            note("clock", level=logging.WARNING, moved_by=round(leapt.total_seconds()))
            for name, *_ in jobs:
                scheduler.modify_job(name, next_run_time=wall)
            if leapt < timedelta():
                catch_up = partial(follow_clock_back, stages.database, now=wall)
                scheduler.add_job(catch_up, id="clock", next_run_time=wall, replace_existing=True)


def _empty(deliver: Deliver, channel: str) -> None:
    _exhaust(deliver.empty(channel))


def _exhaust(work: Iterator[object]) -> None:
    for _ in work:
        pass


def _report(heartbeat: Heartbeat, event: JobExecutionEvent) -> None:
    """A stage that failed as a whole (the database refused) is tried again at its next tick; it must not go unseen."""
    heartbeat.ended(event.job_id, well=event.exception is None)
    if event.exception is None:
        return
    note("failed", level=logging.ERROR, stage=event.job_id, error=event.exception)
