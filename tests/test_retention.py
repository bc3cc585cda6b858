"""What is old is deleted, and is then in no file any more; what must stay stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, delete, func, insert, select, update

from monitor.errors import StorageError
from monitor.model import IndexedWords, Retention
from storage import entries, outbox, retention, word_index
from storage.database import Database
from storage.schema import attempts, decisions, matches
from storage.schema import entries as entry_table
from storage.schema import outbox as outbox_table
from tests import rows
from tests.conftest import NOON
from tests.engines import on_each

DAY = timedelta(days=1)
KEEP = Retention(
    texts=10 * DAY, matched=None, decisions=10 * DAY, attempts=10 * DAY, messages=10 * DAY, audit=10 * DAY
)  # fmt: skip
OLD, NEW = NOON - 11 * DAY, NOON - 9 * DAY


@pytest.fixture
def told(database: Database) -> Database:
    """Entries 1 (old) and 2 (new) that a watch matched and that were told; 3 (old), that none did."""
    rows.remember(database)
    for key, then in (("one", OLD), ("two", NEW), ("three", OLD)):
        words = f"canary{key} was seen from the ferry"
        rows.keep(database, rows.keyed(key, f"Headline {key}", summary=words, content=words), now=then)
    rows.edit(database, rows.keyed("one", "Headline one again", summary="canaryone", content="canaryone"), now=OLD)
    with database.write() as connection:
        word_index.create(connection)
        found = [
            IndexedWords(entry_id=n, title=(), body=(f"canary{w}",)) for n, w in enumerate(("one", "two", "three"), 1)
        ]
        word_index.put(connection, found)
    rows.claim(database, now=NOON)
    for number, then in ((1, OLD), (2, NEW)):
        rows.record(database, rows.examined(number, rows.decision(), matches=[rows.match()]), now=then)
    rows.record(database, rows.examined(3), now=OLD)
    with database.write() as connection:
        said = {"subject": "canaryletter", "text": "canaryletter"}
        for number, then in ((1, OLD), (2, NEW)):
            sent = update(outbox_table).where(outbox_table.c.id == number)
            connection.execute(sent.values(state="sent", sent_at=then, due_at=None, message=said))
            connection.execute(insert(attempts).values(outbox_id=number, began_at=then, result="sent"))
    return database


def forget(database: Database, keep: Retention = KEEP) -> dict[str, int]:
    found = retention.forget(database, keep, now=NOON)
    database.forget_traces()
    return {what: count for what, count in found.items() if count}


@on_each
def test_what_is_older_than_the_file_says_goes_and_is_counted(told: Database) -> None:
    assert forget(told) == {"texts": 1, "decisions": 1, "attempts": 1, "messages": 1}
    assert forget(told) == {}
    with told.read() as connection:
        texts = connection.execute(select(entry_table.c.summary).order_by(entry_table.c.id)).scalars().all()
        assert [bool(text) for text in texts] == [True, True, False]
        assert connection.execute(select(decisions.c.entry_id)).scalars().all() == [2]
        assert connection.execute(select(attempts.c.outbox_id)).scalars().all() == [2]
        assert [row.state for row in outbox.listing(connection)] == ["sent", "sent"]


@on_each
def test_texts_that_a_watch_matched_go_where_the_file_says_so(told: Database) -> None:
    assert forget(told, replace(KEEP, matched=10 * DAY))["matched"] == 1
    with told.read() as connection:
        spans = connection.execute(select(matches.c.spans).order_by(matches.c.entry_id)).scalars().all()
        assert [bool(one) for one in spans] == [False, True]
        titles = connection.execute(select(entry_table.c.title)).scalars().all()
        assert len(titles) == 3


def test_who_writes_meanwhile_waits_for_one_lot_and_an_interruption_loses_no_word_for_ever(
    told: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "LOT", 1)
    forget_texts, lots = entries.forget_texts, list[list[int]]()

    def once(connection: Connection, ids: Sequence[int], **asked: Any) -> int:
        lots.append(list(ids))
        if len(lots) == 2:
            raise StorageError("the server is away")
        return forget_texts(connection, ids, **asked)

    with told.write() as connection:  # the second is as old as the others, and none was matched
        connection.execute(update(entry_table).values(first_seen_at=OLD))
        connection.execute(delete(matches))
    monkeypatch.setattr(entries, "forget_texts", once)
    with pytest.raises(StorageError):
        forget(told)
    assert lots == [[1], [2]]
    assert forget(told)["texts"] == 2
    assert lots[2:] == [[2], [3]]


@pytest.mark.parametrize("state", ["waiting", "uncertain"])
def test_what_is_not_settled_is_no_history(told: Database, state: str) -> None:
    with told.write() as connection:
        connection.execute(update(outbox_table).values(state=state))
    assert forget(told).keys() == {"texts", "decisions"}


@on_each
def test_what_was_told_is_not_told_again_after_its_traces_are_gone(told: Database) -> None:
    forget(told, replace(KEEP, matched=10 * DAY))
    rows.keep(told, rows.keyed("one"), rows.keyed("three"), now=NOON)  # they still stand in their feed
    assert rows.claim(told, now=NOON + DAY) == ()
    with told.write() as connection:
        connection.execute(update(entry_table).where(entry_table.c.id == 1).values(examine_at=NOON))
    rows.claim(told, now=NOON)
    rows.record(told, rows.examined(1, rows.decision(), matches=[rows.match()]), now=NOON)
    with told.read() as connection:
        assert connection.execute(select(func.count()).select_from(outbox_table)).scalar_one() == 2


def test_what_was_deleted_is_in_no_file(told: Database, tmp_path: Path) -> None:
    def written() -> bytes:
        return b"".join(path.read_bytes() for path in tmp_path.rglob("*.db*"))

    assert all(word in written() for word in (b"canaryone", b"canarytwo", b"canarythree", b"canaryletter"))
    forget(told, replace(KEEP, matched=10 * DAY, messages=DAY))
    left = written()
    assert [word for word in (b"canaryone", b"canarythree", b"canaryletter") if word in left] == []
    assert b"canarytwo" in left
    with told.read() as connection:
        assert entries.known(connection, 1, most=9)
