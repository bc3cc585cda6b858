"""One program, its press, its receivers: how it is killed, what peace it has, and how its messages are counted.

What lives here: the order of events. What must not: which kills make a proof (`kills`), what their figures mean
(`kill_figures`).

Alerts are counted at the receivers, by what the press has published, and not by what the program believes.
"""

from __future__ import annotations

import math
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from benchmarks.kill_figures import Figures
from benchmarks.kill_moods import Moods, MoodyMailroom
from benchmarks.kill_press import Calendar, Copies, Press
from benchmarks.kill_programs import PERSON, PROGRAM, Target
from monitor.demo.mailroom import Mailroom

AFTER_SENDING = ("250 read", "webhook answered")
CRASH_LOOP = 50
_DAEMON_RUN = 3  # times as long as a single run: the daemon is killed within it
_STILL_AFTER = 20  # kills; then the feeds stand still until everything is told
_PATIENCE = 30  # runs in peace within which it must be
_LONGEST_PAUSE = 300.0  # seconds between two runs, in the time of the program
_A_LONG_PAUSE = timedelta(minutes=40)  # what is tried again after half an hour is due

C = TypeVar("C")
T = TypeVar("T", bound=Target, covariant=True)


class Program(Protocol[T]):
    """Makes a target in a directory, which is told the ports of the press and of the mailroom."""

    def __call__(self, directory: Path, port: int, mail: int, clock: Calendar) -> T: ...


class Run(Generic[T]):
    """One program under the knife. The first run is in peace: what it finds is the back-catalogue."""

    def __init__(self, press: Press, mails: Mailroom, moods: Moods, clock: Calendar, target: T, seed: int) -> None:
        self.press, self.moods, self.target, self.clock = press, moods, target, clock
        self.mails, self._letters, self._posts = mails, Copies(), Copies()
        self.until = math.inf  # on the monotonic clock: then it is killed no more at random
        self._read: Counter[str] = Counter()  # how much of what each receiver got is counted
        self._chance = random.Random(seed)
        self._kills = self._asked = self._refused = 0
        self._late: set[tuple[str, str]] = set()
        self._whole = 0.0  # seconds that a run takes which has something to do
        self.run_in_peace()

    # ---- killing ----

    def kill_at(self, boundaries: tuple[str, ...]) -> None:
        """Once at each boundary, and each time a run in peace after it."""
        self._asked += len(boundaries)
        for boundary in boundaries:
            self.press.publish(2)
            for _ in range(10):  # the boundary comes when its work is due
                self.clock.skip(timedelta(seconds=2))
                if self.target.run(die=boundary):
                    self._kills += 1
                    break
            else:
                print(f"the boundary {boundary!r} was never reached", file=sys.stderr)
            self.stand_still()

    def kill_at_random(self, kills: int, daemon: float = 0) -> None:
        """So many kills, wherever they are, while the receivers are in all moods; that share of them, of the daemon."""
        self.stand_still()
        before = self._kills
        for _ in range(kills * 6):
            if self._kills - before >= kills or time.monotonic() > self.until:
                break
            self.moods.peace = False
            self.clock.skip(timedelta(seconds=self._chance.uniform(2, _LONGEST_PAUSE)))
            if self._kill_daemon_once() if self._chance.random() < daemon else self._kill_once():
                self._kills += 1
                if (self._kills - before) % _STILL_AFTER == 0:
                    self.stand_still()
                    print(f"{self.target.name}: {self.figures().so_far}", file=sys.stderr, flush=True)
        self._asked += kills if time.monotonic() <= self.until else self._kills - before
        self.stand_still()

    def _kill_once(self) -> bool:
        self.press.publish(self._chance.choice((0, 1, 3, 8)))
        return self.target.run(after=self._chance.uniform(0, self._whole))

    def _kill_daemon_once(self) -> bool:
        """The daemon, whose stages work beside each other while the feeds go on."""
        after = self._chance.uniform(0, _DAEMON_RUN * self._whole)

        def publish() -> None:
            for _ in range(3):
                self.press.publish(1)
                time.sleep(after / 3)

        return self.target.run("run", after=after, meanwhile=publish)

    def crash_loop(self, restarts: int = CRASH_LOOP) -> None:
        """Die after every send, for ever: it must stop after two copies of each, and go on with the rest."""
        for boundary in AFTER_SENDING:
            self.press.publish(1)
            for _ in range(restarts):
                self.clock.skip(timedelta(seconds=2))
                if not self.target.run(die=boundary):
                    break
                self._kills += 1
            self.stand_still()

    # ---- peace ----

    def stand_still(self) -> None:
        """Feeds and receivers are at peace, so what came must be told now: a 304 must not hide what was not kept."""
        self.moods.peace = True
        self.press.publish(1)  # so that there is work for every stage: the run's length says where kills can hit
        self.clock.skip(_A_LONG_PAUSE)
        began = time.monotonic()
        self.run_in_peace()
        self._whole = time.monotonic() - began
        for _ in range(_PATIENCE):
            self._refused += self.target.send_failed_again()
            if not self.untold() and not self.target.waiting():
                return
            self.clock.skip(_A_LONG_PAUSE)
            self.run_in_peace()
        self._late |= self.untold()

    def run_in_peace(self) -> None:
        self.target.start("once")
        if (status := self.target.wait()) not in (0, 1):  # 1: something is undelivered for now
            raise RuntimeError(f"{self.target.name} ended with {status} in peace: {self.target.last_words()}")

    # ---- counting ----

    def untold(self) -> set[tuple[str, str]]:
        """What was published, and neither came nor is shown as uncertain: (story or entry, recipient)."""
        known = {(told, name) for name, copies in self.receivers().items() for told in copies.count}
        due = {(told, name) for told in self._due() for name in self.target.receivers}
        return due - known - self.target.uncertain()

    def receivers(self) -> dict[str, Copies]:
        for letter in self._unread(PERSON, self.mails.letters):
            if told := self.target.told_in_letter(letter):
                self._letters.take(told, str(letter.message["Message-ID"]), letter.data)
        for message_id, body in self._unread(PROGRAM, self.press.posted):
            self._posts.take(self.target.told_in_post(message_id, body), message_id, body)
        return {PERSON: self._letters, PROGRAM: self._posts}

    def _unread(self, name: str, came: list[C]) -> list[C]:
        new = came[self._read[name] :]
        self._read[name] += len(new)
        return new

    def _due(self) -> list[str]:
        return self.press.stories if self.target.tells == "stories" else self.press.entries

    def figures(self) -> Figures:
        receivers, due = self.receivers(), set(self._due())
        counts = [receivers[name].count[told] for name in self.target.receivers for told in due]
        return Figures(
            asked=self._asked,
            kills=self._kills,
            alerts=len(counts),
            lost=len(self._late | self.untold()),
            max_copies=max(counts, default=0),
            copied=sum(number - 1 for number in counts if number),
            differing=sum(copies.differing for copies in receivers.values()),
            stray=sum(len(copies.count.keys() - due) for copies in receivers.values()),
            uncertain=len(self.target.uncertain()),
            unanswered=self.moods.unanswered,
            moody=self.moods.bad,
            refused=self._refused,
            edits=self.press.done["edits"],
            copies=self.press.done["copies"],
            unchanged=self.press.done["304"],
        )


@contextmanager
def killing(program: Program[T], seed: int, *, place: Path | None = None, in_feed: int = 200) -> Iterator[Run[T]]:
    """A press, a mailbox and a program of their own. `place` is where it has its directory, if that matters."""
    clock, moods = Calendar(), Moods(random.Random(seed + 2))
    press = Press(random.Random(seed), clock, moods, in_feed)
    with tempfile.TemporaryDirectory(dir=place) as directory, MoodyMailroom(moods) as mailroom:
        target = program(Path(directory), press.port, mailroom.port, clock)
        try:
            yield Run(press, mailroom, moods, clock, target, seed + 1)
        finally:
            target.close()
            press.close()
