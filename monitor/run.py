"""Driver: one process. `once` works off what is due; `serve` does so again and again, with APScheduler as the clock.

What lives here: which stage runs when. What must not: what a stage does.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from threading import Event
from typing import TYPE_CHECKING

from monitor.clock import utc_now as utc_now
from monitor.isolate import IsolatedParser
from monitor.net.fetch import Client, FetchSettings
from monitor.pipeline.arming import may_judge
from monitor.pipeline.consent import ask_new_addresses
from monitor.pipeline.journal import note
from monitor.pipeline.lists import Show, count_wanted, keep_up, unshown
from monitor.pipeline.owed import queue_digests
from monitor.pipeline.owner import tell_owner
from monitor.pipeline.reminders import queue_reminders
from monitor.pipeline.upkeep import follow_clock_back, forget_old_texts, take_over
from monitor.settings.config import Config
from monitor.version import VERSION
from storage import entries, errands, facts, feeds, outbox, word_index
from storage.database import Database

if TYPE_CHECKING:
    from apscheduler.events import JobExecutionEvent
    from apscheduler.schedulers.background import BackgroundScheduler

    from monitor.pipeline.deliver import Deliver
    from monitor.pipeline.examine import Examine
    from monitor.pipeline.hear import Hear
    from monitor.pipeline.heartbeat import Heartbeat
    from monitor.pipeline.index import IndexWords
    from monitor.pipeline.read_pages import ReadPages
    from monitor.pipeline.refresh import Refresh
    from monitor.pipeline.save_pages import SavePages
    from monitor.pipeline.subscribe import Subscribe
    from monitor.pipeline.take_in import TakeIn

TICK = timedelta(seconds=2)  # how late a stage may notice that something is due
HUB_TICK = timedelta(seconds=10)
DIGEST_TICK = timedelta(seconds=30)
OWNER_TICK = timedelta(minutes=1)
HEARTBEAT_TICK = timedelta(minutes=5)
RETENTION_TICK = timedelta(hours=24)
LOOK = 1.0  # seconds between two looks at the clock
LEAP = timedelta(seconds=2)  # a wall clock that strays this far between two looks was set; a smaller step costs a tick

Job = tuple[str, Callable[[], object], timedelta]  # its name, what it does, how often


@dataclass(kw_only=True)
class Stages:
    """The stages, ready to work on one database.

    Each is put together when it is first asked for, and its libraries are loaded then: most runs from cron find nothing
    to examine and nothing to deliver, and loading what does either takes as long as asking a hundred feeds.
    """

    database: Database
    config: Config
    client: Client
    parser: IsolatedParser
    clock: Callable[[], datetime]
    stop: Event
    free_at: dict[str, float] = field(default_factory=dict)  # host → when it may be asked again, on the monotonic clock

    @cached_property
    def refresh(self) -> Refresh:
        from monitor.pipeline.refresh import Refresh

        return Refresh(
            database=self.database,
            config=self.config,
            client=self.client,
            parser=self.parser,
            clock=self.clock,
            stop=self.stop,
            free_at=self.free_at,
        )

    @cached_property
    def examine(self) -> Examine:
        from monitor.pipeline.examine import Examine
        from monitor.story.outlets import shipped

        return Examine(
            database=self.database, config=self.config, outlets=shipped(), clock=self.clock, stop=self.stop
        )  # fmt: skip

    @cached_property
    def read_pages(self) -> ReadPages:
        from monitor.pipeline.read_pages import ReadPages

        return ReadPages(
            database=self.database,
            config=self.config,
            client=self.client,
            parser=self.parser,
            clock=self.clock,
            stop=self.stop,
            free_at=self.free_at,
        )

    @cached_property
    def save_pages(self) -> SavePages:
        from monitor.pipeline.save_pages import SavePages

        return SavePages(
            database=self.database, config=self.config, client=self.client, clock=self.clock, stop=self.stop
        )  # fmt: skip

    @cached_property
    def deliver(self) -> Deliver:
        from monitor.pipeline.deliver import Deliver
        from monitor.pipeline.senders import open_senders
        from monitor.story.outlets import shipped

        return Deliver(
            database=self.database,
            config=self.config,
            outlets=shipped(),
            senders=open_senders(self.config.channels, self.client.post),
            clock=self.clock,
            stop=self.stop,
        )

    @cached_property
    def subscribe(self) -> Subscribe:
        from monitor.pipeline.subscribe import Subscribe

        return Subscribe(
            database=self.database, config=self.config, client=self.client, clock=self.clock, stop=self.stop
        )  # fmt: skip

    @cached_property
    def hear(self) -> Hear:
        from monitor.pipeline.hear import Hear

        return Hear(database=self.database, clock=self.clock)

    @cached_property
    def take_in(self) -> TakeIn:
        from monitor.pipeline.take_in import TakeIn

        return TakeIn(
            database=self.database, config=self.config, parser=self.parser, clock=self.clock, stop=self.stop
        )  # fmt: skip

    @cached_property
    def heartbeat(self) -> Heartbeat:
        from monitor.pipeline.heartbeat import Heartbeat

        return Heartbeat(client=self.client, url=self.config.heartbeat)

    @cached_property
    def index_words(self) -> IndexWords:
        from monitor.pipeline.index import IndexWords

        return IndexWords(database=self.database, stop=self.stop)

    def count_feeds(self) -> int:
        """How many feeds are to be polled."""
        with self.database.read() as connection:
            return feeds.count_due(connection, now=self.clock())

    def count_entries(self) -> int:
        """How many entries are to be examined."""
        with self.database.read() as connection:
            return entries.count_due(connection, now=self.clock())

    def count_pages(self) -> int:
        """How many pages are to be read."""
        with self.database.read() as connection:
            return errands.count_due(connection, "page", now=self.clock())

    def may_examine(self) -> bool:
        """Whether there is anything to examine, a watch to try, or something to say of one at the foot of a digest."""
        with self.database.read() as connection:
            said = self.config.refused or facts.notices(connection)
        return bool(said or self.count_entries() or may_judge(self.database, self.config, now=self.clock()))

    def may_index(self) -> bool:
        """Whether the archive's search knows less than all entries."""
        with self.database.read() as connection:
            return bool(word_index.unindexed(connection, limit=1))

    def may_deliver(self) -> bool:
        """Whether anything is untold, be it due or not: what waits for somebody who has left the file is given up."""
        with self.database.read() as connection:
            return outbox.any_waits(connection)

    def ask_new_addresses(self) -> int:
        return ask_new_addresses(self.database, self.config, clock=self.clock)

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


@contextmanager
def open_stages(
    config: Config, database: Database, *, stop: Event, clock: Callable[[], datetime] = utc_now, show: Show = unshown
) -> Iterator[Stages]:
    """Become the one instance on `database` and put the stages together; their helpers end with the block.

    `show` is what a person sees of the lists being read, the first time and when they have changed.
    """
    take_over(database, config, now=clock())
    keep_up(database, config, show)
    with assemble(config, database, stop=stop, clock=clock) as stages:
        yield stages


@contextmanager
def assemble(
    config: Config, database: Database, *, stop: Event, clock: Callable[[], datetime] = utc_now
) -> Iterator[Stages]:
    """Put the stages together; their helpers end with the block."""
    workers = max(1, min(4, os.cpu_count() or 1))
    with open_client(config) as client, IsolatedParser(workers=workers) as parser:
        yield Stages(database=database, config=config, client=client, parser=parser, clock=clock, stop=stop)


@contextmanager
def open_door(stages: Stages) -> Iterator[None]:
    """Hubs may come in while the block lasts, if the file says where. TipsheetError where nobody can listen there."""
    place = stages.config.websub
    if place is None:
        yield
        return
    from monitor.net.callback import CallbackServer

    with CallbackServer(place.host, place.port, stages.hear):
        yield


@contextmanager
def open_desk(stages: Stages) -> Iterator[None]:
    """The review desk answers while the block lasts, if the file says where. TipsheetError where it may not open."""
    place = stages.config.desk
    if place is None:
        yield
        return
    from monitor.desk.server import furnish, open_beside

    desk = furnish(
        place, path=stages.config.path, database=stages.database, clock=stages.clock, open_client=open_client
    )
    with open_beside(desk, place):
        note("desk", open_at=desk.home)
        yield


def stop_on_signals(stop: Event) -> None:
    """SIGTERM and SIGINT mean: finish what is under way, begin nothing."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())


def serve(stages: Stages) -> None:
    """Run until SIGTERM or SIGINT; what is being worked on then is finished, the rest stays due."""
    with open_door(stages), open_desk(stages):
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
    note("started", feeds=count_wanted(stages.database, stages.config), process=os.getpid())
    _watch_clock(scheduler, jobs, stages)
    note("stopping")
    scheduler.shutdown(wait=True)
    note("stopped")


def _jobs(stages: Stages) -> tuple[Job, ...]:
    """Each channel is a job of its own: a receiver that is slow to answer, or dead, holds up nobody else's alerts."""
    deliver = stages.deliver
    return (
        ("refresh", partial(_exhaust, stages.refresh, meanwhile=True), TICK),
        ("examine", partial(_exhaust, stages.examine), TICK),
        ("pages", partial(_exhaust, stages.read_pages), TICK),
        ("snapshots", partial(_exhaust, stages.save_pages), TICK),
        *((f"deliver {name}", partial(_exhaust, deliver.empty, name), TICK) for name in stages.config.channels),
        ("hubs", partial(_exhaust, stages.subscribe), HUB_TICK),
        ("pushes", partial(_exhaust, stages.take_in), TICK),
        ("strays", deliver.settle_strays, TICK),
        ("questions", stages.ask_new_addresses, DIGEST_TICK),
        ("digests", stages.queue_digests, DIGEST_TICK),
        ("reminders", stages.queue_reminders, DIGEST_TICK),
        ("owner", stages.tell_owner, OWNER_TICK),
        *((("heartbeat", stages.heartbeat.beat, HEARTBEAT_TICK),) if stages.config.heartbeat else ()),
        ("index", partial(_exhaust, stages.index_words), TICK),
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


def _exhaust(stage: Callable[..., Iterator[object]], *args: object, **how: object) -> None:
    for _ in stage(*args, **how):
        pass


def _report(heartbeat: Heartbeat, event: JobExecutionEvent) -> None:
    """A stage that failed as a whole (the database refused) is tried again at its next tick; it must not go unseen."""
    heartbeat.ended(event.job_id, well=event.exception is None)
    if event.exception is None:
        return
    note("failed", level=logging.ERROR, stage=event.job_id, error=event.exception)
