"""How long this process and its children had a processor, by the kernel's count."""

from __future__ import annotations

import os
import time
from pathlib import Path


def spent(*, apart_from: int = 0) -> float:
    """Seconds of CPU of this process and of its children, dead and alive, such as the one that parses.

    `apart_from` is a child that does not count: the server of a benchmark.
    """
    ended = os.times()
    seconds = time.process_time() + ended.children_user + ended.children_system
    for path in Path(f"/proc/{os.getpid()}/task").glob("*/children"):
        for child in path.read_text().split():
            if int(child) != apart_from:
                fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
                seconds += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return seconds
