"""Many workers on one database: worker."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from threading import Event
from uuid import uuid4

import click

from monitor.cli.options import config_option, database_option, load_config, open_database, verbose_option
from monitor.cli.work import configure_logging, warn_of_placeholders, warn_of_refused
from monitor.errors import StorageError
from monitor.run import assemble, open_door
from monitor.settings.config import Config
from storage.database import Database


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
    with open_database(database_url) as database:
        share(config, database, crawls=crawls, new_file=new_file)


def share(config: Config, database: Database, *, crawls: int = 8, new_file: bool = False, door: bool = False) -> None:
    """Be one of the workers until told to stop. With `door`, hubs may come in here."""
    try:
        from monitor.cluster import jobs
        from monitor.cluster.join import join
        from monitor.cluster.work import Work
    except ImportError as error:
        raise StorageError("workers need Procrastinate: pip install 'tipsheet[postgres]'") from error
    join(database, config, new_file=new_file)
    owner = f"process {os.getpid()} on {platform.node()}, {uuid4()}"
    with assemble(config, database, stop=Event()) as stages:
        work = Work(stages=stages, owner=owner)
        if door:
            with open_door(stages):
                jobs.serve(work, crawls=crawls)
        else:
            jobs.serve(work, crawls=crawls)
