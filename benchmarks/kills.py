"""`./dev bench kills [--kills N] [--beside N] [--json]`: kill -9 at each named boundary and N random points; count.

Two feeds bring new stories, edits and copies; every story must reach a mailbox and a webhook once, whatever happens.
The program is `tipsheet once` and, for a fifth of the random kills, the daemon `tipsheet run`; its receivers are slow,
say "later", refuse, hang, or take a message and hang up. Alerts are counted by story at the receivers, not by what the
database believes. It ends with 1 when the figures are no proof, and says why.
`--beside N` kills rss2email, and a program that sends and then marks, in the same way, N times.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import reduce
from operator import add
from typing import TextIO

from benchmarks.kill_figures import Figures, loop_faults
from benchmarks.kill_peers import Rss2email
from benchmarks.kill_programs import Floor, Target, Tipsheet
from benchmarks.kill_run import CRASH_LOOP, Program, killing
from benchmarks.peers_install import NotInstalledError

BOUNDARIES = (
    "fetched", "parsed", "entries written", "entries committed", "examined", "outbox committed", "claimed",
    "attempt committed", "connected", "data sent", "250 read", "webhook answered", "marked",
)  # fmt: skip
FLOOR_BOUNDARIES = ("fetched", "250 read", "webhook answered", "marked")
_DAEMON_SHARE = 0.2  # of the random kills


def measure(
    program: Program[Target],
    kills: int,
    seed: int,
    *,
    boundaries: tuple[str, ...] = (),
    daemon: float = 0,
    minutes: float = math.inf,
) -> Figures:
    """One kill at every boundary, then kills at random points, that share of them of the daemon; then the count."""
    with killing(program, seed) as run:
        began = time.monotonic()
        run.kill_at(boundaries)
        run.until = began + minutes * 60
        run.kill_at_random(kills, daemon)
        run.run_in_peace()  # once more: nothing may come of nothing
        return run.figures()


def measure_crash_loop(program: Program[Target], seed: int, restarts: int = CRASH_LOOP) -> Figures:
    """The worst case, counted apart: it makes uncertain deliveries by design, instead of copies without end."""
    with killing(program, seed) as run:
        run.crash_loop(restarts)
        return run.figures()


def measure_in_lanes(kills: int, seed: int, lanes: int, minutes: float) -> Figures:
    """Tipsheet, on so many databases beside each other, each with a press and receivers of its own."""
    with ProcessPoolExecutor(lanes, mp_context=multiprocessing.get_context("spawn")) as pool:
        found = [
            pool.submit(
                measure,
                Tipsheet,
                share,
                seed + 10 * lane,
                boundaries=BOUNDARIES[lane::lanes],
                daemon=_DAEMON_SHARE,
                minutes=minutes,
            )
            for lane, share in enumerate(kills // lanes + (lane < kills % lanes) for lane in range(lanes))
        ]
        return reduce(add, [lane.result() for lane in found])


def _show(program: str, found: Figures, stream: TextIO) -> None:
    print(f"{program}: {found}", file=stream, flush=True)


def _show_loop(loop: Figures, stream: TextIO) -> None:
    print(
        f"  Crash loop (dies after each mail, then after each webhook, up to {CRASH_LOOP} times): "
        f"{loop.kills} kills, at most {loop.max_copies} copies, {loop.uncertain} shown as uncertain.",
        file=stream,
        flush=True,
    )


def _show_others(kills: int, seed: int, stream: TextIO) -> None:
    """What the same kills do to others."""
    _show("Send, then mark", measure(Floor, kills, seed, boundaries=FLOOR_BOUNDARIES), stream)
    _show_loop(measure_crash_loop(Floor, seed), stream)
    try:
        _show("rss2email", measure(Rss2email, kills, seed), stream)
    except NotInstalledError as error:
        print(f"rss2email: absent: {error}", file=stream)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev bench kills", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--kills", type=int, default=100, help="at random points, beside one at each boundary")
    parser.add_argument("--seed", type=int, default=20260218)
    parser.add_argument("--lanes", type=int, default=os.cpu_count() or 1, help="databases that are worked on at once")
    parser.add_argument("--minutes", type=float, default=math.inf, help="then it kills no more; the count holds as far")
    parser.add_argument("--beside", type=int, default=0, metavar="KILLS", help="kill other programs, too, so often")
    parser.add_argument("--json", action="store_true", help="the last line is one JSON object")
    return parser.parse_args()


def main() -> None:
    options = _options()
    prose = sys.stderr if options.json else sys.stdout
    found = measure_in_lanes(options.kills, options.seed, options.lanes, options.minutes)
    _show("Tipsheet", found, prose)
    loop = measure_crash_loop(Tipsheet, options.seed)
    _show_loop(loop, prose)
    if options.beside:
        _show_others(options.beside, options.seed, prose)
    faults = [*found.faults(), *loop_faults(loop)]
    for fault in faults:
        print(f"NOT PROVED: {fault}", file=sys.stderr)
    if options.json:
        most = max(found.max_copies, loop.max_copies)
        figures = {"kills": found.kills, "alerts": found.alerts, "lost": found.lost + loop.lost, "max_copies": most}
        print(json.dumps(figures | {"uncertain": found.uncertain}))
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
