"""What one run of a program costs, and how to kill it: `measure` and `kill_during`.

The program runs under a small process of ours (this file, run as a script), which becomes the parent of whatever the
program leaves behind, waits for all of it, and says what the kernel counted: CPU of every descendant, none of its own.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of <sys/prctl.h>: orphans below us become our children


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """One run: seconds by the clock, seconds of CPU (user and system) of the whole tree, MB of its largest process."""

    status: int
    wall: float
    cpu: float
    peak: float


class DidNotEndError(Exception):
    """The program was still at work when its time was over, and was killed."""


def measure(command: Sequence[str], *, directory: Path, environment: Mapping[str, str], limit: float) -> Cost:
    """Run a command to its end in `directory`; what it prints is added to `output.log` there.

    Raises DidNotEndError after `limit` seconds.
    """
    meter = _start(command, directory, environment)
    try:
        told, _ = meter.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        _kill(meter)
        raise DidNotEndError(f"did not end within {limit:.0f} s") from None
    return Cost(**json.loads(told))


def kill_during(
    command: Sequence[str], *, directory: Path, environment: Mapping[str, str], wait: Callable[[], None]
) -> bool:
    """Start a command, wait as told, then kill -9 it with all its helpers; False when it had ended by then."""
    meter = _start(command, directory, environment)
    wait()
    alive = meter.poll() is None
    _kill(meter)
    return alive


def _start(command: Sequence[str], directory: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-I", __file__, *command],
        cwd=directory,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,  # a process group of its own, to be killed as one
    )


def _kill(meter: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(meter.pid, signal.SIGKILL)
    meter.communicate()


def _run(command: Sequence[str]) -> dict[str, float]:
    """In the process between: the run, and what the kernel counted for everything below us."""
    with suppress(OSError, AttributeError):  # elsewhere than on Linux, orphans go uncounted
        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    began = time.monotonic()
    with Path("output.log").open("ab") as log:
        status = subprocess.call(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    wall = time.monotonic() - began
    with suppress(ChildProcessError):
        while True:
            os.wait()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"status": status, "wall": wall, "cpu": used.ru_utime + used.ru_stime, "peak": used.ru_maxrss / 1024}


if __name__ == "__main__":
    print(json.dumps(_run(sys.argv[1:])))
