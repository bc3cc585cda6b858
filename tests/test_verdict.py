"""What the numbers of an installation say: whether it keeps its pace, and the measures as Prometheus reads them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from monitor.model import Bounds, FeedPace, Recipient, Standing
from monitor.operating import exposition, measures, verdict
from monitor.operating.exposition import Measure, Sample
from monitor.rhythm.index_rule import Habit
from tests.conftest import NOON

HOUR = timedelta(hours=1)
BUSY = Habit(items=(28.0,) * 24, watched=(14.0,) * 24, window=50).kept()  # two entries an hour


def feed(ago: float, every: float, *, outcome: str = "ok", habit: tuple[float, ...] = BUSY) -> FeedPace:
    """A feed that was asked `ago` minutes ago and is asked `every` so many."""
    asked = NOON - timedelta(minutes=ago)
    return FeedPace(
        polled_at=asked, next_poll_at=asked + timedelta(minutes=every), outcome=outcome, habit=habit
    )  # fmt: skip


def standing(**changed: Any) -> Standing:
    """An installation at noon in which all is well."""
    feeds = changed.pop("feeds", tuple(feed(ago, 30) for ago in range(1, 29)))
    usual = Standing(
        now=NOON, since=NOON - HOUR, entries_since=NOON - 6 * HOUR, began_at=NOON - timedelta(days=9), feeds=feeds,
        feed_count=len(feeds), polls=999, entries=300, last_entry_at=NOON, last_poll_at=NOON, last_delivery_at=NOON,
        unexamined=0, oldest_unexamined_at=None, deliveries={"sent": 7}, attempts={"sent": 2}, oldest_waiting_at=None,
        oldest_due_at=None, delays={"decided_to_delivered": (1.0, 2.0, 9.0)}, digests_sent=frozenset(),
        sizes={"used": 4096, "free": 0, "log": 0},
    )  # fmt: skip
    return replace(usual, **changed)


def levels(of: Standing, bounds: Bounds = Bounds()) -> dict[str, str]:  # noqa: B008  a value
    return {finding.measure: finding.level for finding in verdict.judge(of, bounds)}


def late(count: int, of: int = 20) -> tuple[FeedPace, ...]:
    """Feeds of which some wait for half an hour since their time came; all were asked in the last hour."""
    return tuple(feed(50, 20) if number < count else feed(5, 30) for number in range(of))


@pytest.mark.parametrize(
    ("changed", "measure", "level"),
    [
        ({}, "feeds", "ok"),
        ({"feeds": tuple(feed(300, 30) for _ in range(20))}, "feeds", "stalled"),
        ({"feeds": tuple(feed(5 if number < 8 else 90, 30) for number in range(20))}, "feeds", "slow"),
        ({"feeds": tuple(feed(90, 600) for _ in range(80))}, "feeds", "stalled"),  # eight of them were promised
        ({"feeds": tuple(feed(90, 600) for _ in range(40))}, "feeds", "ok"),  # four: chance alone may leave none
        ({"feeds": tuple(feed(90, 30, outcome="gone") for _ in range(20))}, "feeds", "ok"),  # nobody asks them
        ({"feeds": late(1)}, "overdue", "ok"),
        ({"feeds": late(3)}, "overdue", "slow"),
        ({"feeds": late(12)}, "overdue", "stalled"),
        ({"entries": 100}, "entries", "ok"),  # of 336
        ({"entries": 60}, "entries", "slow"),
        ({"entries": 10}, "entries", "stalled"),
        ({"entries": 0, "feeds": (feed(5, 30),)}, "entries", "ok"),  # of 12
        ({"oldest_unexamined_at": NOON - timedelta(minutes=9)}, "examining", "ok"),
        ({"oldest_unexamined_at": NOON - timedelta(minutes=11)}, "examining", "slow"),
        ({"oldest_due_at": NOON - timedelta(minutes=61)}, "delivering", "stalled"),
        ({"oldest_due_at": NOON + HOUR}, "delivering", "ok"),  # a clock that was set back
    ],
)
def test_an_installation_is_judged_by_what_it_does(changed: dict[str, Any], measure: str, level: str) -> None:
    assert levels(standing(**changed))[measure] == level


def test_one_that_has_just_begun_is_judged_by_what_waits_alone() -> None:
    young = standing(began_at=NOON - timedelta(minutes=5), feeds=(feed(300, 30),) * 20, entries=0)
    assert levels(young) == {"examining": "ok", "delivering": "ok"}
    assert levels(replace(young, began_at=NOON - 2 * HOUR)).keys() == {"examining", "delivering", "feeds", "overdue"}


def test_what_is_slow_is_healthy_and_not_to_be_relied_upon() -> None:
    slow = verdict.judge(standing(entries=60), Bounds())
    assert (verdict.is_healthy(slow), verdict.is_ready(slow)) == (True, False)
    stalled = verdict.judge(standing(entries=1), Bounds())
    assert (verdict.is_healthy(stalled), verdict.is_ready(stalled)) == (False, False)


def test_of_very_many_feeds_some_stand_for_all() -> None:
    some = standing(feed_count=28_000, entries=300_000)
    assert verdict.poll_pace(some).done == 28_000
    assert levels(some)["entries"] == "ok"


# ---- the measures ----------------------------------------------------------------------------------------------------

EIGHT = Recipient(name="desk", channel="mail", address="", digest_at=(NOON - 4 * HOUR).time())


def numbers(text: str) -> dict[str, float]:
    """Name and labels → number, as Prometheus's own library reads them."""
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def shown(of: Standing) -> dict[str, float]:
    findings = verdict.judge(of, Bounds())
    return numbers(exposition.write(measures.measures_of(of, findings, {"desk": EIGHT})))


def test_every_measure_is_read_by_prometheus_as_it_was_meant() -> None:
    found = shown(standing(unexamined=3, oldest_waiting_at=NOON - HOUR))
    wanted = {
        "tipsheet_healthy": 1, "tipsheet_ready": 1, "tipsheet_finding feeds": 0, "tipsheet_feeds ok": 28,
        "tipsheet_feed_polls_total": 999, "tipsheet_feeds_per_minute": 28 / 60, "tipsheet_entries_unexamined": 3,
        "tipsheet_entries_per_minute": 300 / 360, "tipsheet_oldest_waiting_seconds": 3600,
        "tipsheet_deliveries sent": 7, "tipsheet_deliveries uncertain": 0, "tipsheet_delivery_attempts sent": 2,
        "tipsheet_delay_seconds decided_to_delivered 0.5": 2, "tipsheet_delay_seconds decided_to_delivered 0.99": 9,
        "tipsheet_last_poll_timestamp_seconds": NOON.timestamp(), "tipsheet_database_bytes used": 4096,
    }  # fmt: skip
    assert {name: found[name] for name in wanted} == wanted


def test_a_digest_is_late_from_its_hour_on_until_it_is_sent() -> None:
    assert shown(standing())["tipsheet_digest_late_seconds desk"] == 4 * 3600
    sent = frozenset({f"digest:{NOON.date().isoformat()}:desk:mail"})
    assert shown(standing(digests_sent=sent))["tipsheet_digest_late_seconds desk"] == 0
    assert shown(standing(began_at=NOON - HOUR))["tipsheet_digest_late_seconds desk"] == 0  # none was owed then


@given(st.text(), st.floats(allow_nan=False, allow_infinity=False))
def test_whatever_stands_in_a_label_comes_back_from_the_text(label: str, value: float) -> None:
    written = exposition.write(
        [Measure(name="a", kind="gauge", help=label, samples=(Sample(value=value, labels={"x": label}),))]
    )
    (family,) = text_string_to_metric_families(written)
    assert [(sample.labels, sample.value) for sample in family.samples] == [({"x": label}, value)]
