"""What happens beside the stages: taking over after a crash, a clock that is set back, and retention."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from monitor.pipeline.journal import note
from monitor.settings.config import Config
from storage import claims, copying, facts, feeds, hosts, imprints, outbox, parts, renaming, retention, sessions
from storage.database import Database
from storage.schema import attempts as attempt_table
from storage.schema import entries as entry_table
from storage.schema import errands as errand_table
from storage.schema import feeds as feed_table
from storage.schema import outbox as outbox_table

WINDOW = timedelta(hours=72)
_A_DAY = timedelta(hours=23)  # an hour less: who calls once a day is never so punctual
_OVER = timedelta(days=7)  # no session of the desk lasts for so long after it was used


PAUSE = timedelta(minutes=10)  # for a message with which the program died twice in a row


def take_over(database: Database, config: Config, *, now: datetime) -> None:
    """Become the one instance on this database, and make its feeds follow the file.

    Leases that are still running belong to a process that is dead, since the instance lock is ours now: its work is
    taken up at once instead of when they expire. What it was about to deliver comes last, and later if that was so
    twice: should the program have died of it, the others are told all the same. If the clock was set back since then,
    what was put off is put right.
    """
    database.claim_instance()
    with database.write() as connection:
        copying.refuse_unfinished(connection)
        facts.began_at(connection, now=now)  # before anything is decided: the first digest looks back to here
        feeds.remember(connection, tuple(config.feeds.values()))
        _follow_names(connection, config)
        outbox.put_behind(connection, now=now, pause=PAUSE)
        for table in (feed_table, entry_table, errand_table, outbox_table):
            claims.release(connection, table)
        ran_ahead = connection.execute(select(feed_table.c.id).where(feed_table.c.polled_at > now).limit(1)).first()
    if ran_ahead:
        follow_clock_back(database, now=now)


def _follow_names(connection: Connection, config: Config) -> None:
    """What a watch found under a name that it had before becomes its own, before it could be told again."""
    for watch in config.watches.values():
        for old in watch.formerly:
            if moved := renaming.rename_watch(connection, old, watch.name):
                note("renamed", watch=watch.name, formerly=old, rows=moved)


def follow_clock_back(database: Database, *, now: datetime) -> None:
    """What was put off by a clock that ran ahead must not wait until the right one gets there.

    A feed that was polled in what is now the future waits as long as was decided then, beginning now; what waits in the
    outbox since then is due. Rows that were written before the clock ran ahead stay as they are.
    """
    polled, due, rest = feed_table.c.polled_at, feed_table.c.next_poll_at, feed_table.c.rest_until
    tried_ahead = select(attempt_table.c.outbox_id).where(attempt_table.c.began_at > now)
    delayed = (outbox_table.c.created_at > now) | outbox_table.c.id.in_(tried_ahead)
    new_ahead = (entry_table.c.first_seen_at > now) & (entry_table.c.examine_at > now)
    with database.write() as connection:
        for row in connection.execute(select(feed_table.c.id, polled, due, rest).where(polled > now, due > now)).all():
            again = now + (row.next_poll_at - row.polled_at)
            rested = row.rest_until and now + (row.rest_until - row.polled_at)
            moved = {"next_poll_at": again, "rest_until": rested}
            connection.execute(update(feed_table).where(feed_table.c.id == row.id).values(moved))
        hosts.follow_clock_back(connection, now=now)
        connection.execute(update(outbox_table).where(delayed, outbox_table.c.state == "waiting").values(due_at=now))
        connection.execute(update(entry_table).where(new_ahead).values(examine_at=now))


def window_of(config: Config) -> timedelta:
    """How far back stories are remembered: longer than anything that may still alert, or it would be told again."""
    return max(WINDOW, config.fresh_for + timedelta(days=1))


def forget_old_texts(database: Database, config: Config, *, now: datetime) -> int:
    """Retention: what is older than the file says goes, and the log says how much; of how many entries the texts.

    What entries are compared by goes with the window, sessions when they are surely over.
    It looks through all that is old, and so once a day, however often it is called.
    """
    with database.read() as connection:
        last = facts.retention_at(connection)
    if last is not None and timedelta() <= now - last < _A_DAY:  # a clock that ran ahead must not stop it
        return 0
    forgotten = retention.forget(database, config.keep, now=now)
    with database.write() as connection:
        facts.keep_retention(connection, now)
        parts.follow_month(connection, now=now)
        imprints.forget(connection, before=now - window_of(config))
        sessions.forget(connection, unseen_since=now - _OVER)
    database.forget_traces()
    if any(forgotten.values()):
        note("retention", **{what: count for what, count in forgotten.items() if count})
    return forgotten["texts"]
