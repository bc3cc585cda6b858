"""What a list of many feeds costs a start: ./dev bench feed-lists [--feeds N ...] [--yaml N ...]

A CSV of so many feeds is read alone, as `check` does; followed into an empty database of SQLite, as at the first
start; then a start finds it unchanged; then one row in a hundred has changed. Each has a process of its own: its CPU
seconds, and how far its memory rose (what a start loads is in it: the line of a hundred feeds shows how much). Beside
the first two stand floors: the rows through Python's CSV reader, and those rows into a table with unique addresses,
by sqlite3 without more. Below them: the same feeds in feeds.yaml itself, as far as that may grow. A million takes
some three minutes.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from monitor.clock import utc_now
from monitor.model import Feed
from monitor.pipeline.lists import keep_up, unshown
from monitor.pipeline.upkeep import take_over
from monitor.settings.config import Config, read_config
from storage.database import Database

HEAD = """
contact: https://desk.example/
channels: [{name: box, kind: folder, path: "."}]
recipients: [{name: desk, channel: box}]
watches: [{name: ferries, query: ferry}]
"""
COLUMNS = "url,name,outlet,language,tags\n"


def row(number: int, name: str = "Paper") -> str:
    host = f"outlet{number // 3}.example"  # some three feeds for each outlet
    return f"https://{host}/feeds/{number}.xml,{name} {number},{host},en,local|region{number % 50}\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=int, nargs="+", default=[100, 10_000, 100_000, 1_000_000])
    parser.add_argument("--yaml", type=int, nargs="+", default=[100, 10_000, 50_000])
    parser.add_argument("--step", nargs=2, metavar=("STEP", "FOLDER"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.step:
        measure(STEPS[chosen.step[0]], Path(chosen.step[1]))
        return
    print(f"{'feeds':>10}  {'what':<28}{'CPU s':>9}{'µs a feed':>11}{'MB more':>9}  against")
    for count in chosen.feeds:
        with tempfile.TemporaryDirectory() as folder:
            of_list(count, Path(folder))
    for count in chosen.yaml:
        with tempfile.TemporaryDirectory() as folder:
            of_file(count, Path(folder))


def of_list(count: int, folder: Path) -> None:
    write(folder, count)
    floor = run("csv", folder, count, "CSV reader alone (floor)")
    run("read", folder, count, "read and checked", floor)
    floor = run("sqlite", folder, count, "CSV into sqlite3 (floor)")
    first = run("start", folder, count, "first start", floor)
    run("start", folder, count, "a start, unchanged", first, "the first start")
    write(folder, count, changed=100)
    run("start", folder, count, "a start, 1 row in 100 changed", first, "the first start")


def of_file(count: int, folder: Path) -> None:
    blocks = (row(number).rstrip().split(",") for number in range(count))
    feeds = "".join(
        f"  - {{name: {name}, url: {url}, outlet: {outlet}, tags: [{tags.replace('|', ', ')}]}}\n"
        for url, name, outlet, _, tags in blocks
    )
    (folder / "feeds.yaml").write_text(f"{HEAD}feeds:\n{feeds}")
    run("start", folder, count, "first start, in feeds.yaml")
    run("start", folder, count, "a start, in feeds.yaml")


def write(folder: Path, count: int, *, changed: int = 0) -> None:
    (folder / "feeds.yaml").write_text(f"{HEAD}feed_lists: [{{file: list.csv}}]\nfeeds: []\n")
    with (folder / "list.csv").open("w") as file:
        file.write(COLUMNS)
        file.writelines(row(n, "The Paper" if changed and n % changed == 0 else "Paper") for n in range(count))


def run(step: str, folder: Path, count: int, label: str, floor: float = 0.0, of: str = "its floor") -> float:
    """One step in a process of its own; its CPU seconds."""
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.feed_lists", "--step", step, str(folder)],
        check=True, capture_output=True, text=True,
    ).stdout.split()  # fmt: skip
    seconds, megabytes = float(told[0]), float(told[1])
    ratio = f"{seconds / floor:.2f}x {of}" if floor else ""
    print(
        f"{count:>10,}  {label:<28}{seconds:>9.2f}{seconds / count * 1e6:>11.1f}{megabytes:>9.0f}  {ratio}",
        flush=True,
    )
    return seconds


# ---- the steps, each in its own process ------------------------------------------------------------------------------


def measure(step: Callable[[Path], object], folder: Path) -> None:
    read_config(folder / "feeds.yaml", {}) if step is not start else None  # what is loaded on first use is loaded
    before, began = _megabytes("VmRSS"), time.process_time()
    step(folder)
    print(time.process_time() - began, _megabytes("VmHWM") - before)


def read(folder: Path) -> None:
    rows = read_config(folder / "feeds.yaml", {}).read_lists()
    if not all(isinstance(one, Feed) for one in rows):
        raise SystemExit("a row of the benchmark has a fault")


def start(folder: Path) -> None:
    config = read_config(folder / "feeds.yaml", {})
    with Database(f"sqlite:///{folder / 'tipsheet.db'}") as database:
        follow(database, config)


def follow(database: Database, config: Config) -> None:
    take_over(database, config, now=utc_now())
    keep_up(database, config, unshown)


def rows_of(folder: Path) -> Iterator[list[str]]:
    with (folder / "list.csv").open(newline="") as file:
        yield from csv.reader(file)


def read_alone(folder: Path) -> None:
    deque(rows_of(folder), maxlen=0)


def insert_alone(folder: Path) -> None:
    import sqlite3

    connection = sqlite3.connect(folder / "floor.db")
    connection.execute("PRAGMA journal_mode = wal")
    connection.execute("CREATE TABLE f (id integer primary key, url text unique, name, outlet, language, tags)")
    with connection:
        connection.executemany("INSERT INTO f VALUES (null, ?, ?, ?, ?, ?)", rows_of(folder))


STEPS: Mapping[str, Callable[[Path], object]] = {
    "csv": read_alone, "read": read, "sqlite": insert_alone, "start": start
}  # fmt: skip


def _megabytes(line: str) -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.partition(f"{line}:")[2].split()[0]) / 1024


if __name__ == "__main__":
    main()
