"""A worker joins those that are on a database; the first one puts it in order for all.

What lives here: when a worker may begin. What must not: what he does then, as following the lists of feeds is.
"""

from __future__ import annotations

import json
from hashlib import sha256

from sqlalchemy import select

from monitor.clock import utc_now
from monitor.cluster.jobs import make_ready
from monitor.errors import InstanceError, StorageError
from monitor.pipeline.journal import note
from monitor.pipeline.upkeep import take_over
from monitor.settings.config import Config
from monitor.settings.yaml_file import load_tree
from monitor.watches import packs
from storage import facts, feeds
from storage.database import Database
from storage.schema import feeds as feed_table

_ELSE = ", but its watches, packs, lists, recipients or settings are not theirs"


def mark_of(config: Config) -> str:
    """The same for all files that say the same, whatever their layout, and whichever version reads them.

    What the file names counts with it: the packs that lie beside it, and its lists. Packs that ship do not, so that
    workers of two versions can be on one database.
    """
    said = json.dumps(load_tree(config.path), sort_keys=True)
    own = sorted({watch.pack for watch in config.watches.values()} - {"", *packs.names()})
    beside = [json.dumps(load_tree(config.path.parent / name), sort_keys=True) for name in own]
    if config.feed_lists:
        beside.append(config.lists_mark().digest)
    return sha256("\0".join([said, *beside]).encode()).hexdigest()


def join(database: Database, config: Config, *, new_file: bool = False) -> bool:
    """Become one of the workers; whether nobody else was one.

    All have one file: one that says something else than that of the others is refused, or, with `new_file`, counts from
    now on, and the others end. Raises StorageError for SQLite and for such a file, InstanceError while `once` or the
    like is at work.
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
    with database.write() as connection:
        facts.keep_workers_file(connection, mark_of(config))
    database.share_instance()
    return True


def _agree(database: Database, config: Config, *, new_file: bool) -> None:
    with database.read() as connection:
        mark = facts.workers_file(connection)
        of_file = select(feed_table.c.url).where(feed_table.c.active, feed_table.c.listed.is_(None))
        theirs = set(connection.execute(of_file).scalars())
    ours = {feed.url for feed in config.feeds.values() if feed.enabled}
    if ours == theirs and mark in ("", mark_of(config)):
        return
    if not new_file:
        raise StorageError(
            f"workers with another file are on {database}: {len(theirs - ours)} of their feeds are not in"
            f" {config.path}, and {len(ours - theirs)} of its feeds are new to them{'' if ours != theirs else _ELSE};"
            " give all the same file, or --new-file to this one; workers of another installation need a database"
            " of their own"
        )
    with database.write() as connection:
        feeds.remember(connection, tuple(config.feeds.values()))
        facts.keep_workers_file(connection, mark_of(config))
    note("file", new=len(ours - theirs), gone=len(theirs - ours))
