"""Who does what: Procrastinate's jobs on the same PostgreSQL. The only room that knows it.

A job says that a part of the work may be begun. What is to be done stands in the rows, and is looked for every two
seconds, so a job that is lost costs two seconds; no job is worth keeping. A part has one job at a time (its lock), and
no second one waits (its queueing lock): "already there" is what holds the crawl back.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version
from typing import Any

from procrastinate import App, PsycopgConnector, exceptions
from procrastinate.jobs import Status
from procrastinate.schema import SchemaManager
from sqlalchemy.exc import DBAPIError

from monitor.cluster.work import SWEEP, TICK, Part, Work
from monitor.errors import StorageError
from monitor.pipeline.journal import note
from monitor.pipeline.lists import count_wanted
from storage.database import Database

BEAT = 5.0  # seconds between two signs of life of a worker
STALLED = 20.0  # without one, after which its jobs are taken for dead
AGAIN = 1.0  # before a worker begins again whose database was away

LOOK = 1.0  # between two looks at whether it is time for a tick


def make_ready(database: Database, *, alone: bool) -> None:
    """The tables of the queue, in a schema of their own. They hold nothing that lasts: another version's are dropped.

    Raises StorageError where others are at work with another version.
    """
    ours = f"procrastinate {version('procrastinate')}"
    with database.write() as connection:
        schema = connection.exec_driver_sql("SELECT current_schema() || '_jobs'").scalar_one()
        theirs = connection.exec_driver_sql(
            f"SELECT obj_description(to_regnamespace(quote_ident('{schema}')), 'pg_namespace')"
        ).scalar_one()
        if theirs == ours:
            return
        if not alone:
            raise StorageError(f"the other workers use {theirs or 'no queue yet'}, this one {ours}; stop them first")
        psycopg = connection.connection.driver_connection
        assert psycopg is not None  # noqa: S101  SQLAlchemy knows connections that have none
        psycopg.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE; CREATE SCHEMA "{schema}"')
        psycopg.execute(f'SET LOCAL search_path = "{schema}"')
        psycopg.execute(SchemaManager.get_schema())
        psycopg.execute(f"COMMENT ON SCHEMA \"{schema}\" IS '{ours}'")


def serve(work: Work, *, crawls: int) -> None:
    """Work until SIGTERM or SIGINT; what is under way then is finished. `crawls` shards are asked at once.

    Raises StorageError where this worker cannot go on: the database has outgrown it, or another file counts.
    """
    logging.getLogger("procrastinate").setLevel(logging.ERROR)  # what else matters of it, we say
    note("started", feeds=count_wanted(work.stages.database, work.stages.config), worker=work.owner)
    asyncio.run(_serve(work, crawls=crawls))
    note("stopped")
    if work.over:
        raise StorageError(work.over)


async def _serve(work: Work, *, crawls: int) -> None:
    others = 12 + len(work.stages.config.channels)
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    loop.set_default_executor(ThreadPoolExecutor(crawls + others + 4, thread_name_prefix="turn"))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    app = _app(work)
    async with _opened(app, stop):
        hands = [
            asyncio.create_task(_keep_working(app, queue, at_once))
            for queue, at_once in (("crawl", crawls), ("others", others))
        ]
        hands.append(asyncio.create_task(_keep_looking(app, work, stop)))
        await stop.wait()
        note("stopping")
        work.stop()
        for hand in hands:
            hand.cancel()
        await asyncio.gather(*hands, return_exceptions=True)


@asynccontextmanager
async def _opened(app: App, stop: asyncio.Event) -> AsyncIterator[None]:
    """The queue's connections; a server that has none left is asked again until it has, or we are to stop."""
    stopping = asyncio.create_task(stop.wait())
    while not stop.is_set():
        opening = asyncio.create_task(app.connector.open_async())
        await asyncio.wait({opening, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not opening.done():
            opening.cancel()
        elif error := opening.exception():
            note("queue", level=logging.WARNING, away=error, asked_again_in="30 s at most")
        else:
            break
        await app.close_async()
    stopping.cancel()
    try:
        yield
    finally:
        await app.close_async()


async def _keep_working(app: App, queue: str, at_once: int) -> None:
    """Until it is cancelled; a database that was away is asked again."""
    while True:
        try:
            await app.run_worker_async(
                queues=[queue], concurrency=at_once, install_signal_handlers=False, delete_jobs="always",
                fetch_job_polling_interval=AGAIN, update_heartbeat_interval=BEAT, stalled_worker_timeout=STALLED,
            )  # fmt: skip
            note("queue", level=logging.WARNING, queue=queue, lost="begins again")
        except Exception as error:  # noqa: BLE001 - whatever it is, a worker that gives up helps nobody
            note("queue", level=logging.ERROR, queue=queue, error=error)
        await asyncio.sleep(AGAIN)


def _app(work: Work) -> App:
    app = App(connector=_connector(work.stages.database))
    for task, queue in (("crawl", "crawl"), ("examine", "others"), ("deliver", "others"), ("chore", "others")):
        app.task(name=task, queue=queue)(_doing(work, task))
    return app


async def _keep_looking(app: App, work: Work, stop: asyncio.Event) -> None:
    """Until it is over: one worker of all ticks every two seconds, and one sweeps every ten.

    Which one, the database says, by its own clock. Whoever dies over it is not missed: the next to look is the next.
    """
    duties = (("tick", TICK, _tick), ("sweep", SWEEP, _sweep))
    while not work.over:
        for name, seconds, do in duties:
            try:
                if await asyncio.to_thread(work.is_time, name, seconds):
                    await do(app, work)
            except DBAPIError as error:
                await asyncio.to_thread(work.doubt, name, error)
            except Exception as error:  # noqa: BLE001 - whatever it is, the next look comes
                note("failed", level=logging.ERROR, stage=name, error=error)
        await asyncio.sleep(LOOK)
    stop.set()


async def _tick(app: App, work: Work) -> None:
    """Whatever is due gets a job, unless it has one."""
    parts = await asyncio.to_thread(work.due)
    present = {job.lock for state in ("todo", "doing") for job in await app.job_manager.list_jobs_async(status=state)}
    for part in parts:
        if part.name not in present:
            await _defer(app, part)


async def _sweep(app: App, work: Work) -> None:
    """The jobs of dead workers end, so that others may take their turns.

    They are not tried again, as a queue would: the next job of the part is there already, or comes with a tick.
    """
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED):
        try:
            await app.job_manager.finish_job(job, Status.FAILED, delete_job=True)
            note("sweep", level=logging.WARNING, part=job.lock, worker="dead")
        except exceptions.ConnectorException as error:  # its worker lived, and has just ended it; or the database left
            note("sweep", level=logging.WARNING, part=job.lock, left=error.__cause__ or error)


def _doing(work: Work, task: str) -> Any:
    def do(about: str) -> None:
        work.do(Part(task=task, about=about))

    return do


async def _defer(app: App, part: Part) -> None:
    with suppress(exceptions.AlreadyEnqueued):
        await app.configure_task(part.task, lock=part.name, queueing_lock=part.name).defer_async(about=part.about)


def _connector(database: Database) -> PsycopgConnector:
    """A few connections of its own: the queue must hear that a worker lives while all of ours are busy."""
    with database.read() as connection:
        schema = connection.exec_driver_sql("SELECT current_schema() || '_jobs'").scalar_one()
    url = database.url.difference_update_query(["options"]).set(drivername="postgresql")
    return PsycopgConnector(
        conninfo=url.render_as_string(hide_password=False),
        kwargs={"options": f'-c search_path="{schema}"', "application_name": "tipsheet: queue"},
        min_size=1,
        max_size=8,
    )
