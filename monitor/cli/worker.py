"""Many workers on one database: worker."""

from __future__ import annotations

import logging
import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event
from typing import TypeVar
from uuid import uuid4

import click

from monitor.cli.logs import configure_logging
from monitor.cli.options import config_option, database_option, load_config, open_database, verbose_option
from monitor.cli.work import warn_of_placeholders, warn_of_refused
from monitor.errors import StorageError
from monitor.pipeline.journal import note
from monitor.run import assemble, open_door
from monitor.settings.config import Config
from storage.database import Database, is_away

_T = TypeVar("_T")
AWAY = 5  # seconds after which a database that was not there is asked for again


@click.command()
@config_option
@database_option
@verbose_option
@click.option("--log-json", is_flag=True, help="Log as JSON, one object a line.")
@click.option("--crawls", type=click.IntRange(1, 64), default=8, show_default=True, help="Shards asked at once.")
@click.option("--new-file", is_flag=True, help="The feeds of this file count from now on, for all workers.")
def worker(
    config_path: Path | None, database_url: str | None, verbose: bool, log_json: bool, crawls: int, new_file: bool
) -> None:
    """Share the work on a PostgreSQL with other workers, until told to stop.

    As many as you like, on as many machines: each host is asked by one of them at a time, and each alert is told once.
    """
    configure_logging(verbose=True, as_json=log_json, debug=verbose)
    config = load_config(config_path, lenient=True)
    warn_of_placeholders(config)
    warn_of_refused(config)
    with open_when_there(database_url) as database:
        share(config, database, crawls=crawls, new_file=new_file)


@contextmanager
def open_when_there(url: str | None) -> Iterator[Database]:
    """The database, when it is there."""
    with ExitStack() as opened:
        yield _when_there(url, lambda: opened.enter_context(open_database(url)))


def _when_there(url: str | None, do: Callable[[], _T]) -> _T:
    """What comes of it, when the database is there: one that is away, as after a power cut, or full, is waited for.

    Whatever waiting cannot mend is raised: a wrong password, no such database, one of a newer version.
    """
    while True:
        try:
            return do()
        except StorageError as error:
            if url is None or not is_away(url, error):
                raise
            note("database", level=logging.WARNING, away=error, asked_again_in=f"{AWAY} s")
            time.sleep(AWAY)


def share(config: Config, database: Database, *, crawls: int = 8, new_file: bool = False, door: bool = False) -> None:
    """Be one of the workers until told to stop. With `door`, hubs may come in here."""
    try:
        from monitor.cluster import jobs
        from monitor.cluster.join import join, mark_of
        from monitor.cluster.work import Work
    except ImportError as error:
        raise StorageError("workers need Procrastinate: pip install 'tipsheet[postgres]'") from error
    url = database.url.render_as_string(hide_password=False)
    _when_there(url, lambda: join(database, config, new_file=new_file))
    owner = f"process {os.getpid()} on {platform.node()}, {uuid4()}"
    with assemble(config, database, stop=Event()) as stages:
        work = Work(stages=stages, owner=owner, file=mark_of(config), lists=config.lists_mark())
        if door:
            with open_door(stages):
                jobs.serve(work, crawls=crawls)
        else:
            jobs.serve(work, crawls=crawls)
