"""The owner is told, on another channel, that alerts do not arrive; nobody else would notice."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from alerts.languages.language import language_of
from alerts.trouble import to_tell
from monitor.pipeline.consent import with_way_out
from monitor.pipeline.journal import note
from monitor.settings.config import Config
from storage import outbox, trouble
from storage.database import Database


def tell_owner(database: Database, config: Config, *, clock: Callable[[], datetime]) -> int:
    """Put what the owner must know of each other channel into the outbox; how many notices."""
    owner = config.recipients.get(config.owner)
    if owner is None:
        return 0
    language, told = language_of(owner.language), 0
    with database.write() as connection:
        now = clock()
        for channel in config.channels:
            found = trouble.of_channel(connection, channel)
            if channel == owner.channel or not (sentence := to_tell(found, language, now=now)):
                continue
            from alerts.summary import compose_notice  # it loads all that writes messages; most rounds write none

            message = compose_notice(
                sentence, subject=language.words("alerts do not arrive by “%(channel)s”", channel=channel),
                recipient=with_way_out(connection, owner), now=now,
                key=f"trouble:{channel}:{now.isoformat()}:{owner.name}",
            )  # fmt: skip
            outbox.add_notice(connection, owner, message, reason=f"the channel “{channel}” has a fault", due_at=now)
            trouble.told(connection, channel, now=now)
            note("owner", level=logging.WARNING, channel=channel, told=owner.name)
            told += 1
    return told
