"""What happens beside the stages: taking over after a crash, and retention."""

from __future__ import annotations

from datetime import datetime

from monitor.config import Config
from storage import claims, entries, feeds
from storage.database import Database
from storage.schema import entries as entry_table
from storage.schema import feeds as feed_table
from storage.schema import outbox as outbox_table


def take_over(database: Database, config: Config) -> None:
    """Become the one instance on this database, and make its feeds follow the file.

    Leases that are still running belong to a process that is dead, since the instance lock is ours now: its work is
    taken up at once instead of when they expire.
    """
    database.claim_instance()
    with database.write() as connection:
        feeds.remember(connection, tuple(config.feeds.values()))
        for table in (feed_table, entry_table, outbox_table):
            claims.release(connection, table)


def forget_old_texts(database: Database, config: Config, *, now: datetime) -> int:
    """Retention: the texts of entries that no watch matched and that are older than the file says."""
    with database.write() as connection:
        return entries.forget_texts(connection, before=now - config.keep_texts)
