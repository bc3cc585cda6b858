"""Killed at every boundary and at random points, it loses no alert and sends none more than twice.

The slowest test of all, half a minute; it stays in the default run because it holds the promise that matters most.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from benchmarks.kill_figures import Figures, loop_faults
from benchmarks.kill_programs import Floor
from benchmarks.kill_target import BOUNDARIES as CUTS
from benchmarks.kill_target import FLOOR_BOUNDARIES as FLOOR_CUTS
from benchmarks.kills import BOUNDARIES, FLOOR_BOUNDARIES, measure_crash_loop
from tests.command import ROOT

KILLS = 10  # `./dev bench kills --kills 1000` is the proof; this sees to it that it can be made

SOUND = Figures(
    asked=100,
    kills=100,
    alerts=300,
    lost=0,
    max_copies=2,
    copied=100,
    differing=0,
    stray=0,
    uncertain=5,
    unanswered=20,
    moody=60,
    refused=9,
    edits=1,
    copies=1,
    unchanged=1,
)
LOOP = replace(SOUND, asked=0, kills=4, alerts=4, copied=4, uncertain=4)


def test_no_kill_loses_an_alert_or_sends_a_third_copy() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.kills", "--kills", str(KILLS), "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=1_800,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert "NOT PROVED" not in ran.stderr
    found = json.loads(ran.stdout)
    assert list(found) == ["kills", "alerts", "lost", "max_copies", "uncertain"]
    assert found["kills"] >= KILLS + len(BOUNDARIES)
    assert found["alerts"] > found["kills"]
    assert found["lost"] == 0
    assert found["max_copies"] <= 2


def test_where_nothing_is_written_before_it_is_sent_each_restart_makes_a_copy() -> None:
    assert measure_crash_loop(Floor, seed=1, restarts=4).max_copies > 4


def test_every_boundary_is_one_that_the_programs_know() -> None:
    assert set(BOUNDARIES) <= set(CUTS)
    assert set(FLOOR_BOUNDARIES) == set(FLOOR_CUTS)


@pytest.mark.parametrize(
    ("figures", "fault"),
    [
        (replace(SOUND, kills=99, uncertain=4), "99 kills happened of the 100 asked for"),
        (replace(SOUND, alerts=0), "no alert was due"),
        (replace(SOUND, lost=1), "1 alerts were lost"),
        (replace(SOUND, max_copies=3), "an alert came 3 times"),
        (replace(SOUND, copied=121), "121 copies for 120 kills and lost answers: more than one each"),
        (replace(SOUND, differing=1), "1 alerts came under another id or with other bytes"),
        (replace(SOUND, stray=1), "1 alerts came of what was no news"),
        (replace(SOUND, uncertain=7), "7 uncertain: 5.8% of kills and lost answers"),
        (replace(SOUND, edits=0), "the feeds had no edit, no copy or no 304 to show"),
        (replace(SOUND, copies=0), "the feeds had no edit, no copy or no 304 to show"),
        (replace(SOUND, unanswered=0), "every receiver answered every message"),
        (replace(SOUND, unchanged=0), "the feeds had no edit, no copy or no 304 to show"),
        # A program that delivers nothing and calls all of it uncertain:
        (replace(SOUND, max_copies=0, copied=0, uncertain=300), "300 uncertain: 250.0% of kills and lost answers"),
    ],
)
def test_figures_that_are_no_proof_are_said_to_be_none(figures: Figures, fault: str) -> None:
    assert figures.faults() == (fault,)


def test_figures_of_two_lanes_are_added_up() -> None:
    both = replace(SOUND, max_copies=1) + SOUND
    assert (both.kills, both.alerts, both.uncertain, both.max_copies) == (200, 600, 10, 2)
    assert both.faults() == ()


def test_sound_figures_have_no_fault() -> None:
    assert SOUND.faults() == ()
    assert loop_faults(LOOP) == ()


@pytest.mark.parametrize(
    "loop",
    [
        replace(LOOP, max_copies=3),
        replace(LOOP, max_copies=1),
        replace(LOOP, kills=1),
        replace(LOOP, lost=1),
        replace(LOOP, differing=1),
        replace(LOOP, stray=1),
    ],
)
def test_a_crash_loop_that_goes_on_or_loses_is_no_proof(loop: Figures) -> None:
    assert len(loop_faults(loop)) == 1
