"""How much memory this process took at its highest while something happened. Only Linux tells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass
class Grown:
    """The highest resident size during the block less the size before it; known after the block."""

    megabytes: float = 0.0


@contextmanager
def memory_grown() -> Iterator[Grown]:
    grown = Grown()
    if not _RESET.exists():
        yield grown
        return
    _RESET.write_text("5")  # the highest so far is forgotten
    before = _kilobytes("VmRSS")
    yield grown
    grown.megabytes = (_kilobytes("VmHWM") - before) / 1024


def _kilobytes(line: str) -> int:
    found = re.search(rf"{line}:\s+(\d+) kB", _STATUS.read_text())
    assert found is not None
    return int(found[1])
