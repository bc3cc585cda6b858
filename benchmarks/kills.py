"""`./dev bench kills [--kills N] [--floor] [--json]`: kill -9 at each named boundary and N random points, then count.

Two feeds bring new stories, edits and copies; every story must reach a mailbox and a webhook once, whatever happens.
The program is `tipsheet once` and, for a fifth of the random kills, the daemon `tipsheet run`. Alerts are counted by
story at the receivers, not by what the database believes. It ends with 1 when the figures are no proof, and says why.
`--floor` kills a program that sends and then marks in the same way, and prints its figures beside ours.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.progress import track

from benchmarks.kill_figures import Figures, loop_faults
from benchmarks.kill_press import Copies, Press, token_in
from benchmarks.kill_programs import PERSON, PROGRAM, Floor, Target, Tipsheet
from monitor.demo.mailroom import Mailroom

BOUNDARIES = (
    "fetched", "parsed", "entries written", "entries committed", "examined", "outbox committed", "claimed",
    "attempt committed", "connected", "data sent", "250 read", "webhook answered", "marked",
)  # fmt: skip
FLOOR_BOUNDARIES = ("fetched", "250 read", "webhook answered", "marked")
AFTER_SENDING = ("250 read", "webhook answered")
CRASH_LOOP = 50
_DAEMON_SHARE = 5  # one random kill in so many
_DAEMON_RUN = 3  # times as long as a single run: the daemon is killed within it
_STILL_AFTER = 10  # kills; then the feeds stand still until everything is told
_PATIENCE = 30  # runs in peace within which it must be


class Run:
    """One program, its press, its mailbox, and how often it was killed."""

    def __init__(self, press: Press, mails: Mailroom, target: Target, seed: int) -> None:
        self.press, self.target = press, target
        self._mails, self._letters = mails, Copies()
        self._chance = random.Random(seed)
        self._kills = self._asked = 0
        self._late: set[tuple[str, str]] = set()
        self._whole = 0.0  # seconds that a run takes which has something to do
        target.run()  # the first poll: what it finds is the back-catalogue

    # ---- killing ----

    def kill_at(self, boundaries: tuple[str, ...]) -> None:
        """Once at each boundary, and each time a run in peace after it."""
        self._asked += len(boundaries)
        for boundary in boundaries:
            self.press.publish(2)
            for _ in range(10):  # the boundary comes when its work is due
                if self.target.run(die=boundary):
                    self._kills += 1
                    break
            else:
                print(f"the boundary {boundary!r} was never reached", file=sys.stderr)
            self.stand_still()

    def kill_at_random(self, kills: int) -> None:
        """So many kills of single runs, wherever they are."""
        self._repeat(kills, "Killing", self._kill_once)

    def kill_daemon(self, kills: int) -> None:
        """So many kills of the daemon, whose stages work beside each other while the feeds go on."""
        self._repeat(kills, "Killing the daemon", self._kill_daemon_once)

    def _repeat(self, kills: int, what: str, kill: Callable[[], bool]) -> None:
        self._asked += kills
        killed = 0
        for _ in track(range(kills * 6), what, console=Console(stderr=True), transient=True):
            if killed >= kills:
                break
            if kill():
                killed += 1
                if killed % _STILL_AFTER == 0:
                    self.stand_still()
        self._kills += killed
        self.stand_still()

    def _kill_once(self) -> bool:
        self.press.publish(self._chance.choice((0, 1, 3, 8)))
        return self.target.run(after=self._chance.uniform(0, self._whole))

    def _kill_daemon_once(self) -> bool:
        after = self._chance.uniform(0, _DAEMON_RUN * self._whole)

        def publish() -> None:
            for _ in range(3):
                self.press.publish(1)
                time.sleep(after / 3)

        return self.target.run("run", after=after, meanwhile=publish)

    def crash_loop(self) -> None:
        """Die after every send, for ever: the ledger must stop it at two copies."""
        for boundary in AFTER_SENDING:
            self.press.publish(1)
            for _ in range(CRASH_LOOP):
                if not self.target.run(die=boundary):
                    break
                self._kills += 1
            self.stand_still()

    # ---- peace ----

    def stand_still(self) -> None:
        """The feeds change no more, so what they brought must be told now: a 304 must not hide what was not kept."""
        self.press.publish(1)  # so that there is work for every stage: the run's length says where kills can hit
        began = time.monotonic()
        self.target.run()
        self._whole = time.monotonic() - began
        for _ in range(_PATIENCE):
            if not self._untold() and not self.target.waiting():
                return
            time.sleep(0.2)
            self.target.run()
        self._late |= self._untold()

    def _untold(self) -> set[tuple[str, str]]:
        known = {(story, name) for name, copies in self._receivers().items() for story in copies.count}
        due = {(story, name) for story in self.press.stories for name in (PERSON, PROGRAM)}
        return due - known - self.target.uncertain()

    def _receivers(self) -> dict[str, Copies]:
        unread = self._mails.letters[self._letters.count.total() :]
        for letter in unread:
            message = letter.message
            self._letters.take(token_in(str(message["Subject"])), str(message["Message-ID"]), letter.data)
        return {PERSON: self._letters, PROGRAM: self.press.hooks}

    # ---- counting ----

    def figures(self) -> Figures:
        self.target.run()  # once more: nothing may come of nothing
        receivers, stories = self._receivers(), set(self.press.stories)
        counts = [copies.count[story] for copies in receivers.values() for story in stories]
        return Figures(
            asked=self._asked,
            kills=self._kills,
            alerts=len(counts),
            lost=len(self._late | self._untold()),
            max_copies=max(counts, default=0),
            copied=sum(number - 1 for number in counts if number),
            differing=sum(copies.differing for copies in receivers.values()),
            stray=sum(len(copies.count.keys() - stories) for copies in receivers.values()),
            uncertain=len(self.target.uncertain()),
            edits=self.press.done["edits"],
            copies=self.press.done["copies"],
            unchanged=self.press.done["304"],
        )


@contextmanager
def killing(program: type[Tipsheet | Floor], seed: int) -> Iterator[Run]:
    """A press, a mailbox and a program of their own."""
    press = Press(random.Random(seed))
    with tempfile.TemporaryDirectory() as directory, Mailroom() as mailroom:
        target = program(Path(directory), press.port, mailroom.port)
        try:
            yield Run(press, mailroom, target, seed + 1)
        finally:
            target.close()
            press.close()


def measure(kills: int, seed: int) -> Figures:
    """One kill at every boundary, then kills at random points, then kills of the daemon; then the count."""
    with killing(Tipsheet, seed) as run:
        run.kill_at(BOUNDARIES)
        run.kill_at_random(kills - kills // _DAEMON_SHARE)
        run.kill_daemon(kills // _DAEMON_SHARE)
        return run.figures()


def measure_floor(kills: int, seed: int) -> Figures:
    with killing(Floor, seed) as run:
        run.kill_at(FLOOR_BOUNDARIES)
        run.kill_at_random(kills)
        return run.figures()


def measure_crash_loop(program: type[Tipsheet | Floor], seed: int) -> Figures:
    """The worst case, counted apart: it makes uncertain deliveries by design, instead of copies without end."""
    with killing(program, seed) as run:
        run.crash_loop()
        return run.figures()


def _show(program: str, found: Figures, loop: Figures, stream: TextIO) -> None:
    print(f"{program}: {found}", file=stream)
    print(
        f"  Crash loop (dies after each mail, then after each webhook, up to {CRASH_LOOP} times): "
        f"{loop.kills} kills, at most {loop.max_copies} copies, {loop.uncertain} shown as uncertain.",
        file=stream,
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="dev bench kills", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--kills", type=int, default=100, help="at random points, beside one at each boundary")
    parser.add_argument("--seed", type=int, default=20260218)
    parser.add_argument("--floor", action="store_true", help="kill a program that sends and then marks, too")
    parser.add_argument("--json", action="store_true", help="the last line is one JSON object")
    options = parser.parse_args()
    found, loop = measure(options.kills, options.seed), measure_crash_loop(Tipsheet, options.seed + 2)
    prose = sys.stderr if options.json else sys.stdout
    _show("Tipsheet", found, loop, prose)
    if options.floor:
        floor = measure_floor(options.kills, options.seed)
        _show("Send, then mark", floor, measure_crash_loop(Floor, options.seed + 2), prose)
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
