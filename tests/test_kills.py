"""Killed at every boundary and at sixty random points, it loses no alert and sends none more than twice.

The slowest test of all, a minute or two; it stays in the default run because it holds the promise that matters most.
"""

from __future__ import annotations

import json
import subprocess
import sys

from benchmarks.kills import BOUNDARIES
from tests.command import ROOT

KILLS = 60


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
    found = json.loads(ran.stdout.splitlines()[-1])
    assert found["kills"] >= KILLS + len(BOUNDARIES)
    assert found["alerts"] > found["kills"]
    assert found["lost"] == 0
    assert found["max_copies"] <= 2
