"""What is too old is looked for once a day, by however many runs; a clock that ran ahead does not stop it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from monitor.pipeline.upkeep import forget_old_texts
from monitor.settings.config import read_config
from storage.database import Database
from tests.conftest import NOON
from tests.engines import on_each
from tests.rows import claim, examined, keep, keyed, record, remember

FILE = """
contact: https://desk.example
keep: {texts: 30d}
channels: [{name: mail, kind: email, host: localhost, from: desk@desk.example}]
recipients: [{name: desk, channel: mail, address: desk@desk.example}]
watches: [{name: ferries, query: ferry}]
feeds: []
"""


@on_each
def test_old_texts_are_looked_for_once_a_day(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "feeds.yaml"
    path.write_text(FILE, encoding="utf-8")
    config = read_config(path, {})
    remember(database)

    def entry_of(number: int, *, days: float) -> None:
        at = NOON + timedelta(days=days)
        keep(database, keyed(f"k{number}"), now=at)
        (entry,) = claim(database, now=at)  # on a server the first one of a month has a higher number
        record(database, examined(entry.id), now=at)

    def forgotten(*, days: float) -> int:
        return forget_old_texts(database, config, now=NOON + timedelta(days=days))

    entry_of(1, days=0)
    entry_of(2, days=0.5)
    assert forgotten(days=30.25) == 1
    assert forgotten(days=30.75) == 0, "the second is old by now, and waits for tomorrow"
    assert forgotten(days=31.25) == 1
    entry_of(3, days=1)
    assert forgotten(days=400) == 1
    entry_of(4, days=1)
    assert forgotten(days=40) == 1, "the clock ran ahead, and has been set right"
