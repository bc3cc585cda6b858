"""How a feed is: a state, a sentence, and what to do, for every sort of trouble."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest

from monitor import errors
from monitor.model import FeedHealth, FeedRow
from monitor.rhythm.condition import Condition, State, condition_of, crowd_of, health_of
from monitor.rhythm.index_rule import Crowd
from tests.test_volume import watched

NOW = datetime(2026, 3, 2, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WELL = FeedRow(
    name="Ledger", url="https://feeds.ledger.example/rss", outlet="ledger.example", active=True, polls=9, entries=40,
    failures=0, failing_since=None, polled_at=NOW, succeeded_at=NOW, changed_at=NOW, next_poll_at=NOW + HOUR,
    next_poll_reason="every 1 h", rest_until=None, status=200, problem_kind="", problem="", gap_at=None,
)  # fmt: skip


def condition(**changes: object) -> Condition:
    return condition_of(replace(WELL, **changes), crowd=Crowd(), now=NOW)  # type: ignore[arg-type]


def failing(kind: str, *, status: int | None = None, since: timedelta = DAY, polls: int = 3) -> Condition:
    return condition(
        failures=polls, failing_since=NOW - since, problem_kind=kind, problem=f"something {kind}", status=status
    )


SEEK = "find its new address with `tipsheet feeds add https://ledger.example/`"


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, "ok"),
        ({"polls": 0, "succeeded_at": None, "changed_at": None}, "waiting"),
        ({"active": False, "failures": 3}, "at rest"),
        ({"failures": 1, "failing_since": NOW, "problem_kind": "dns", "problem": "no such host"}, "failing"),
        ({"failures": 1, "failing_since": NOW, "problem_kind": "gone", "problem": "it is gone"}, "gone"),
        ({"problem": "the feed is cut off", "problem_kind": "truncated"}, "losses"),
        ({"gap_at": NOW - 6 * DAY}, "gaps"),
        ({"gap_at": NOW - 8 * DAY}, "ok"),
        ({"habit": watched(40).kept(), "changed_at": NOW - 3 * DAY}, "silent"),
        ({"habit": watched(40).kept(), "changed_at": NOW - 3 * HOUR}, "ok"),
        ({"habit": replace(watched(5), lately=300.0, promised=1.0).kept()}, "flood"),
        ({"failures": 1, "problem_kind": "http", "habit": watched(40).kept(), "changed_at": NOW - 3 * DAY}, "failing"),
    ],
)  # fmt: skip
def test_the_state_is_the_worst_that_can_be_said(changes: dict[str, object], state: str) -> None:
    assert condition(**changes).state == state


@pytest.mark.parametrize(
    ("kind", "status", "advice"),
    [
        ("gone", 410, f"remove it, or {SEEK}"),
        ("http", 404, SEEK),
        ("http", 403, "the outlet lets no program in: ask it to let Tipsheet in, or remove the feed"),
        ("http", 500, "wait: it is asked again by itself"),
        ("dns", None, "wait: it is asked again by itself"),
        ("timeout", None, "wait: it is asked again by itself"),
        ("html", 200, SEEK),
        ("login", 200, f"it wants a login now: {SEEK}, or remove it"),
        ("internal", None, "report it as a fault of Tipsheet, with the feed's address"),
    ],
)
def test_each_sort_of_trouble_has_its_action(kind: str, status: int | None, advice: str) -> None:
    assert failing(kind, status=status).advice == advice


@pytest.mark.parametrize("kind", ["dns", "connect", "tls", "timeout", "protocol", "empty"])
def test_what_does_not_pass_within_a_week_does_not_pass_by_waiting(kind: str) -> None:
    assert failing(kind, since=6 * DAY).advice.startswith("wait")
    assert failing(kind, since=8 * DAY).advice == f"it has failed for 8 d: {SEEK}"


def test_every_kind_of_error_has_an_action() -> None:
    named = " ".join((errors.FetchError.__doc__ or "", errors.ParseError.__doc__ or "")).split("Kinds:")[1:]
    kinds = {word.strip(" .\n") for part in named for word in part.split(".")[0].split(",")}
    assert {"dns", "gone", "login", "crashed"} <= kinds
    for kind in kinds:
        assert failing(kind, status=503).advice


def test_what_is_wrong_is_said_with_how_often_and_since_when() -> None:
    several = failing("timeout", polls=12)
    assert (several.message, several.since) == ("something timeout (12 polls in a row)", NOW - DAY)
    assert failing("timeout", polls=1).message == "something timeout (one poll)"
    silent = condition(habit=watched(40).kept(), changed_at=NOW - 3 * DAY)
    assert silent.message.startswith("silent for 3 d; it usually brings ")
    assert silent.advice == f"look at the outlet's page: if it has news, {SEEK}"
    assert silent.since == NOW - 3 * DAY


def test_a_feed_that_is_well_needs_nothing_and_says_what_it_brings() -> None:
    well = condition(habit=watched(12).kept())
    assert (well.message, well.advice, well.is_well) == ("", "", True)
    assert well.usual == "12 items a day"
    assert condition().usual == ""


def test_the_worst_comes_first() -> None:
    states: list[State] = ["ok", "failing", "gaps", "silent", "gone"]
    ranked = sorted(states, key=lambda state: replace(condition(), state=state).rank)
    assert ranked == ["gone", "failing", "silent", "gaps", "ok"]


def test_every_state_is_explained() -> None:
    page = (Path(__file__).parents[1] / "docs/commands.md").read_text(encoding="utf-8")
    assert all(f"`{state}`" in page for state in get_args(State))


def test_a_feed_that_is_silent_is_neither_well_nor_failing() -> None:
    rows = [
        WELL,
        replace(WELL, name="Hushed", habit=watched(40).kept(), changed_at=NOW - 3 * DAY),
        replace(WELL, name="Down", failures=2, problem="no such host", habit=watched(40).kept(), changed_at=NOW - DAY),
        replace(WELL, name="Left", active=False, habit=watched(40).kept(), changed_at=NOW - 3 * DAY),
        replace(WELL, name="New", polls=0, polled_at=None, succeeded_at=None, changed_at=None),
    ]
    assert health_of(rows, crowd=crowd_of(rows), now=NOW) == FeedHealth(
        total=4, healthy=1, failing=(("Down", "no such host"),), silent=(("Hushed", NOW - 3 * DAY),)
    )


def test_what_feeds_have_in_common_is_of_those_that_are_known() -> None:
    assert crowd_of([WELL]).weekend == 1.0
    assert crowd_of([WELL, replace(WELL, habit=watched(40, hours=range(8, 20), weekend=False).kept())]).weekend < 1.0
