"""`./dev bench mishaps [NAME …]`: what else happens to a program that nobody operates, and what it costs its alerts.

The world is that of `kills`: two feeds, a mailbox, a webhook, the real program in processes of its own. Each mishap
says what was done and what came of it; the command ends with 1 where an alert was lost, or came too often.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from sqlite3 import connect

from sqlalchemy import distinct, select
from sqlalchemy.sql.functions import count

from benchmarks.kill_programs import CONFIG, Tipsheet
from benchmarks.kill_run import Run, killing
from monitor.demo.mailroom import Letter
from storage import facts
from storage.database import Database
from storage.schema import decisions, matches

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
REFUSED = 4  # the exit status of an error that is said in words
_SEED = 20261124
_PAUSED = 20 * timedelta(minutes=1)  # longer than any lease
_DISK = 3  # megabytes
_ONE_POLL = 2_000  # entries of one body that are read
_AN_HOUR = 10  # messages to one recipient, unless the file says otherwise


class CannotTryError(Exception):
    """Why a mishap cannot be made here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one mishap, in a sentence, and what of it should not have been."""

    said: str
    faults: tuple[str, ...] = ()


# ---- one story that kills --------------------------------------------------------------------------------------------


def die_of_one_story(starts: int = 6, places: Sequence[str] = ("composed", "mail sent")) -> Outcome:
    """The alert of one story kills the program at each start: once it is written, then once it is sent.

    Five starts are the fewest within which it can end: each of two channels lets it die twice.
    """
    faults, copies = list[str](), 0
    for place in places:
        with killing(Tipsheet, _SEED) as run:
            run.stand_still()
            run.press.publish(1)
            deadly = run.press.stories[-1]
            deaths = 0
            for _ in range(starts):
                run.press.publish(2)
                run.clock.skip(timedelta(seconds=30))
                run.target.start_to_die_of(deadly, place)
                deaths += run.target.wait() == -signal.SIGKILL
            untold = {story for story, _ in run.untold()} - {deadly}
            run.stand_still()
            faults += [f"{place}: {len(untold)} other stories were held up"] if untold else []
            faults += [] if deaths > 1 else [f"{place}: it died {deaths} times only"]
            faults += faults_of(run, most=2)
            copies = max(copies, most_copies(run))
    return Outcome(
        said=f"dies of one story at each of {starts} starts, before and after it is sent: {copies} copies at most, "
        "the other stories are told meanwhile",
        faults=tuple(faults),
    )


# ---- several at once -------------------------------------------------------------------------------------------------


def start_several(number: int, rounds: int = 5) -> Outcome:
    """So many processes at once on one database, again and again."""
    faults, refused, begun = list[str](), 0, 0
    with killing(Tipsheet, _SEED) as run:
        others = [Tipsheet.beside(run.target) for _ in range(number - 1)]
        for _ in range(rounds):
            run.press.publish(20)
            run.clock.skip(timedelta(seconds=2))
            for one in (run.target, *others):
                one.start("once")
            ends = [one.wait() for one in (run.target, *others)]
            begun += len(ends)
            refused += ends.count(REFUSED)
            faults += [f"a process ended with {end}" for end in ends if end not in {0, 1, REFUSED}]
        for one in others:
            one.close()
        run.stand_still()
        faults += faults_of(run, most=1)
        told = len(run.press.stories) * 2
    return Outcome(
        said=f"{number} processes at once on one database, {begun} starts: {refused} refused, {told} alerts once each",
        faults=tuple(faults),
    )


# ---- a process that sleeps -------------------------------------------------------------------------------------------


def sleep_beyond_the_lease() -> Outcome:
    """A process stops in the middle of a delivery; another is started; then the lock is lost, too; then it goes on."""
    with killing(Tipsheet, _SEED) as run:
        run.stand_still()
        run.press.publish(5)
        run.clock.skip(timedelta(seconds=2))
        sleeper, other = run.target.start_to_stop("claimed"), Tipsheet.beside(run.target)
        _wait_until_stopped(sleeper)
        run.clock.skip(_PAUSED)
        other.start("once")
        while_locked = other.wait()
        run.target.lock.unlink()
        other.start("once")
        without_lock = other.wait()
        os.kill(sleeper, signal.SIGCONT)
        run.target.wait()
        other.close()
        run.stand_still()
        faults = faults_of(run, most=1)
    faults += [] if while_locked == REFUSED else [f"the second process was not refused: {while_locked}"]
    # The sleeper may hold a transaction of another channel, too: then the database keeps the second one out.
    faults += [] if without_lock in {0, 1, REFUSED} else [f"the second process died without the lock: {without_lock}"]
    return Outcome(
        said="stopped with a delivery in hand for longer than its lease: a second process is refused; where even the "
        "lock is lost it delivers, and the first one, going on, sends nothing again",
        faults=tuple(faults),
    )


def _wait_until_stopped(process: int) -> None:
    for _ in range(600):
        if Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "T":
            return
        time.sleep(0.05)
    raise RuntimeError("the process did not stop within 30 s")


# ---- a full disk -----------------------------------------------------------------------------------------------------


def fill_the_disk(fillings: int = 12) -> Outcome:
    """The disk fills up at some point of a run, again and again, and is emptied."""
    chance, failed = random.Random(_SEED), 0
    with small_disk(_DISK) as place, killing(Tipsheet, _SEED, place=place) as run:
        ballast = place / "ballast"
        run.stand_still()
        for _ in range(fillings):
            free = os.statvfs(place).f_bavail * os.statvfs(place).f_frsize
            ballast.write_bytes(bytes(max(0, free - chance.randrange(0, 120_000))))
            run.press.publish(3)
            run.clock.skip(timedelta(seconds=30))
            run.target.start("once")
            failed += run.target.wait() not in {0, 1}
            ballast.unlink()
            run.stand_still()
        with closing(connect(run.target.file)) as database:
            (sound,) = database.execute("PRAGMA integrity_check").fetchone()
        faults = faults_of(run, most=2)
        alerts, copies = len(run.press.stories) * 2, most_copies(run)
    faults += [] if sound == "ok" else [f"the database is damaged: {sound}"]
    faults += [] if failed else ["the disk was never full enough to stop a run"]
    return Outcome(
        said=f"the disk full {fillings} times, which stopped {failed} runs: {alerts} alerts, {copies} copies at most, "
        "the database sound, and all told when there was room again",
        faults=tuple(faults),
    )


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """A file system of that size, for whoever may mount one. Raises CannotTryError."""
    with tempfile.TemporaryDirectory() as place:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tipsheet-mishaps", place]
        try:
            subprocess.run(mount, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            raise CannotTryError("cannot mount a small disk") from None
        try:
            yield Path(place)
        finally:
            subprocess.run(["umount", place], check=True)


# ---- a clock that is wrong -------------------------------------------------------------------------------------------

_DIGEST_HOUR = 7
_WITH_DIGESTS = CONFIG.replace(
    "address: person@kills.example,", "address: person@kills.example, digest_at: '07:00', zone: UTC,"
)


def set_the_clock(looks: int = 4) -> Outcome:
    """A day ahead, and back; a day behind, and back; a day of so many runs each in between."""
    with killing(partial(Tipsheet, config=_WITH_DIGESTS), _SEED) as run:
        now = run.clock()
        run.clock.skip(now.replace(hour=6, minute=30, second=0, microsecond=0) + DAY - now)
        dates, late = set[str](), set[str]()
        for leap in (0 * DAY, DAY, -DAY, 0 * DAY, -DAY, DAY, 0 * DAY):
            run.clock.skip(leap)
            for _ in range(looks):
                run.press.publish(4)
                run.clock.skip(DAY / looks)
                for _ in range(2):  # as cron does: what the first look puts right, the second one finds
                    run.clock.skip(timedelta(minutes=1))
                    run.run_in_peace()
                if run.clock().hour >= _DIGEST_HOUR:
                    dates.add(f"{run.clock():%Y-%m-%d}")
                late |= {story for story, _ in run.untold()}
        digests = [letter.message["Message-ID"] for letter in run.mails.letters if _is_digest(letter)]
        run.stand_still()
        faults = faults_of(run, most=1)
    if len(set(digests)) != len(digests):
        faults.append(f"{len(digests) - len(set(digests))} digests came twice")
    if len(set(digests)) != len(dates):
        faults.append(f"{len(set(digests))} digests for {len(dates)} dates")
    if late:
        faults.append(f"{len(late)} stories waited for the clock to get there")
    return Outcome(
        said=f"the clock set a day ahead, back, a day behind and back: {len(digests)} digests on {len(dates)} dates, "
        "no date twice, no alert twice, none late",
        faults=tuple(faults),
    )


def _is_digest(letter: Letter) -> bool:
    return "<digests." in letter.message["List-Id"]


# ---- a storm ---------------------------------------------------------------------------------------------------------

_CAUTIOUS = CONFIG.replace(", busy: true", "").replace("example, an_hour: 100000", "example").replace("100000", "1")


def weather_a_storm(size: int) -> Outcome:
    """So many stories within minutes, every one of which the watch matches; one recipient takes one message an hour."""
    with killing(partial(Tipsheet, config=_CAUTIOUS), _SEED, in_feed=_ONE_POLL) as run:
        for published in range(0, size, _ONE_POLL // 2):
            run.press.publish(min(_ONE_POLL // 2, size - published))  # beside copies, of which a poll brings more
            run.clock.skip(timedelta(seconds=30))
            run.run_in_peace()
        letters, posts = len(run.mails.letters), len(run.press.posted)
        with Database(run.target.url) as database, database.read() as connection:
            paused = facts.pauses(connection)
            kept = connection.execute(select(count(distinct(matches.c.entry_id)))).scalar_one()
            decided = connection.execute(select(count()).select_from(decisions)).scalar_one()
        came = len(run.press.entries) + len(run.press.back_catalogue)
    faults = [
        words
        for is_so, words in (
            (kept != came, f"{came - kept} entries are not in the database as matched"),
            (decided < 2 * came, f"{2 * came - decided} decisions are missing"),
            (letters > _AN_HOUR, f"{letters} letters in an hour"),
            (posts != 1, f"{posts} messages where one an hour is allowed"),
            (not paused, "the watch was not paused"),
        )
        if is_so
    ]
    return Outcome(
        said=f"{size:,} stories within minutes in {came:,} entries: {letters} letters to who takes {_AN_HOUR} an hour, "
        f"{posts} message to who takes 1, the watch paused, {kept:,} matches and {decided:,} decisions on record",
        faults=tuple(faults),
    )


# ---- what is counted -------------------------------------------------------------------------------------------------


def most_copies(run: Run[Tipsheet]) -> int:
    return max((max(copies.count.values(), default=0) for copies in run.receivers().values()), default=0)


def faults_of(run: Run[Tipsheet], *, most: int) -> list[str]:
    """What no mishap may do: lose an alert, tell one too often, tell it in other words, tell what is no news."""
    run.run_in_peace()  # once more: nothing may come of nothing
    found = run.figures()
    return [
        words
        for is_so, words in (
            (found.lost > 0, f"{found.lost} alerts were lost"),
            (found.max_copies > most, f"an alert came {found.max_copies} times"),
            (found.differing > 0, f"{found.differing} alerts came under another id or with other bytes"),
            (found.stray > 0, f"{found.stray} alerts came of what was no news"),
        )
        if is_so
    ]


MISHAPS: Mapping[str, Callable[[], Outcome]] = {
    "deadly-story": die_of_one_story,
    "two": partial(start_several, 2),
    "four": partial(start_several, 4),
    "sleeper": sleep_beyond_the_lease,
    "full-disk": fill_the_disk,
    "clock": set_the_clock,
    "storm": partial(weather_a_storm, 10_000),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="dev bench mishaps", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(MISHAPS)}; all, unless you name some")
    names = parser.parse_args().names or list(MISHAPS)
    if unknown := set(names) - MISHAPS.keys():
        parser.error(f"no mishap is called {', '.join(sorted(unknown))}; expected some of {', '.join(MISHAPS)}")
    failed = False
    for name in names:
        try:
            outcome = MISHAPS[name]()
        except CannotTryError as error:
            print(f"{name}: skipped: {error}", flush=True)
            continue
        print(f"{name}: {outcome.said}", flush=True)
        for fault in outcome.faults:
            print(f"  NOT SO: {fault}", file=sys.stderr, flush=True)
        failed |= bool(outcome.faults)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
