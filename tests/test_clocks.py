"""What servers say of our clock is kept with the polls."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import format_datetime

from monitor.model import Fetched
from monitor.pipeline.clocks import Clocks
from storage import facts
from storage.database import Database
from tests.conftest import NOON


def answer(host: str, date: datetime | None, **headers: str) -> Fetched:
    said = {"date": format_datetime(date, usegmt=True)} if date else {"date": "soon"}
    return Fetched(
        url=f"https://{host}/feed", final_url=f"https://{host}/feed", permanent_url=None, status=304,
        headers=said | headers, body=b"", body_hash="",
    )  # fmt: skip


def kept(database: Database, clocks: Clocks, now: datetime) -> tuple[tuple[float, ...], datetime | None]:
    with database.write() as connection:
        clocks.keep(connection, now=now)
        return facts.clocks(connection)


def test_each_server_counts_once_and_only_with_its_own_time(database: Database) -> None:
    clocks = Clocks()
    for host, date in (("a", NOON), ("a", NOON), ("b", NOON - timedelta(minutes=5)), ("c", None)):
        clocks.heard(answer(host, date), now=NOON)
    clocks.heard(answer("cached", NOON - timedelta(hours=3), age="10800"), now=NOON)
    assert kept(database, clocks, NOON) == ((), None)  # two servers prove nothing
    clocks.heard(answer("d", NOON + timedelta(minutes=2)), now=NOON)
    assert kept(database, clocks, NOON) == ((-0.5, 299.5, -120.5), NOON)


def test_it_is_written_down_now_and_then(database: Database) -> None:
    clocks = Clocks()
    for minutes, at in ((0, 0), (5, 0), (11, 11)):
        now = NOON + timedelta(minutes=minutes)
        for host in "abc":
            clocks.heard(answer(host, now), now=now)
        assert kept(database, clocks, now) == ((-0.5,) * 3, NOON + timedelta(minutes=at))
