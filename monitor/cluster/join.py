"""A worker joins those that are on a database; the first one puts it in order for all.

What lives here: when a worker may begin. What must not: what he does then.
"""

from __future__ import annotations

from sqlalchemy import select

from monitor.clock import utc_now
from monitor.cluster.jobs import make_ready
from monitor.errors import InstanceError, StorageError
from monitor.pipeline.journal import note
from monitor.pipeline.upkeep import take_over
from monitor.settings.config import Config
from storage import feeds
from storage.database import Database
from storage.schema import feeds as feed_table


def join(database: Database, config: Config, *, new_file: bool = False) -> bool:
    """Become one of the workers; whether nobody else was one.

    All have one file: one whose feeds are not those that the others ask is refused, or, with `new_file`, counts from
    now on. Raises StorageError for SQLite and for such a file, InstanceError while `once` or the like is at work.
    """
    if not database.is_for_many:
        raise StorageError(f"{database} is for one process; many workers need a PostgreSQL")
    try:
        take_over(database, config, now=utc_now())
    except InstanceError:
        database.share_instance()
        make_ready(database, alone=False)
        _agree(database, config, new_file=new_file)
        return False
    make_ready(database, alone=True)
    database.share_instance()
    return True


def _agree(database: Database, config: Config, *, new_file: bool) -> None:
    with database.read() as connection:
        theirs = set(connection.execute(select(feed_table.c.url).where(feed_table.c.active)).scalars())
    ours = {feed.url for feed in config.feeds.values() if feed.enabled}
    if ours == theirs:
        return
    if not new_file:
        raise StorageError(
            f"workers with another file are on {database}: {len(theirs - ours)} of their feeds are not in"
            f" {config.path}, and {len(ours - theirs)} of its feeds are new to them;"
            " give all the same file, or --new-file to this one"
        )
    with database.write() as connection:
        feeds.remember(connection, tuple(config.feeds.values()))
    note("file", new=len(ours - theirs), gone=len(theirs - ours))
