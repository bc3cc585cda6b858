"""A command as a shell would run it, in this process or in one of its own: what it printed where, and its exit code.

ran = tipsheet("stage", "match", stdin='{"id": "a", "title": "…"}')
assert ran.code == 0
assert ran.objects[0]["matches"] == []
"""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from monitor.cli import main, paint

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def objects(self) -> list[dict[str, Any]]:
        """Standard output as JSON Lines."""
        return [json.loads(line) for line in self.out.split("\n") if line]


def tipsheet(*args: str | Path, stdin: str | bytes = b"", environ: Mapping[str, str] | None = None) -> Ran:
    """Run one command through the program's own entry point, on a terminal wide enough that no table folds."""
    given = io.TextIOWrapper(io.BytesIO(stdin.encode() if isinstance(stdin, str) else stdin), "utf-8")
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    with (
        mock.patch.dict(os.environ, environ or {}),
        mock.patch.object(sys, "argv", ["tipsheet", *map(str, args)]),
        mock.patch.object(sys, "stdin", given),
        mock.patch.object(sys, "stdout", out),
        mock.patch.object(sys, "stderr", err),
        mock.patch.object(paint.out, "_width", 1_000),
        _logging_as_it_was(),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    return Ran(code=code, out=_written(out), err=_written(err))


def _written(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()


@contextmanager
def _logging_as_it_was() -> Iterator[None]:
    """A command sets up logging for a whole process, which the other tests are in as well."""
    root, ours = logging.getLogger(), logging.getLogger("tipsheet")
    handlers, levels = root.handlers[:], (root.level, ours.level)
    root.handlers = []
    try:
        yield
    finally:
        root.handlers = handlers
        root.setLevel(levels[0])
        ours.setLevel(levels[1])


def start(*args: str | Path, environ: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """Start a command in a process of its own; the caller ends it."""
    return subprocess.Popen(
        [sys.executable, "-m", "monitor", *map(str, args)],
        cwd=ROOT,
        env=os.environ | dict(environ or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
