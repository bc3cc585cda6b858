"""Reminders: of alerts that nobody has acknowledged, for the watches that ask for them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from monitor.pipeline.journal import note
from monitor.settings.config import Config
from storage import reminders
from storage.database import Database


def queue_reminders(database: Database, config: Config, *, clock: Callable[[], datetime]) -> int:
    """Put the reminders that are due into the outbox; how many."""
    waits = {watch.name: watch.remind for watch in config.watches.values() if watch.remind}
    if not waits:
        return 0
    from alerts.summary import MAX_REMINDERS  # it loads all that writes messages, which most files need in few rounds

    with database.write() as connection:
        now = clock()
        queued = sum(
            reminders.queue(connection, watch, wait, most=MAX_REMINDERS, now=now) for watch, wait in waits.items()
        )
    if queued:
        note("reminders", queued=queued)
    return queued
