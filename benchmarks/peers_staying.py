"""A process of one of the programs of `peers` that stays, and polls all feeds whenever it is told to.

What lives here: its life, and how it is told. What must not: what it does, which is the program's own `staying`.

It reads a line, polls, and answers with the seconds of CPU that this took it and its helpers: no start is in them.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from benchmarks.peers_meter import Cost

TOLD = "poll\n"


class Staying:
    """Called, it lets the process poll once; gives what that cost. EOFError where the process has died."""

    def __init__(self, process: subprocess.Popen[str], lines: IO[str], answers: IO[str]) -> None:
        self._process = process
        self._lines = lines
        self._answers = answers

    def __call__(self) -> Cost:
        began = time.monotonic()
        with suppress(BrokenPipeError):  # then there is no answer either
            self._lines.write(TOLD)
            self._lines.flush()
        answer = self._answers.readline()
        if not answer:
            raise EOFError(f"it ended with status {self._process.wait()}")
        return Cost(status=0, wall=time.monotonic() - began, cpu=float(answer), peak=0.0)


@contextmanager
def staying(command: Sequence[str], *, directory: Path, environment: Mapping[str, str]) -> Iterator[Staying]:
    """It ends with the block, by the end of its input. What it says beside its answers is added to `output.log`."""
    with (
        (directory / "output.log").open("ab") as log,
        subprocess.Popen(
            command, cwd=directory, env=dict(environment), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
        ) as process,
    ):  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        yield Staying(process, process.stdin, process.stdout)
        with suppress(BrokenPipeError):
            process.stdin.close()
