"""How well the language of a short text is told, where neither entry nor feed says it.

    python -m benchmarks.languages

Labelled stories are found under TIPSHEET_DATA. The peer is always to guess English, the language of most.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from monitor.words.language import detect


def main() -> None:
    """Print what was told of titles alone, and of titles with summaries."""
    where = Path(os.environ.get("TIPSHEET_DATA", ""), "data/stories-dev.jsonl")
    if not os.environ.get("TIPSHEET_DATA") or not where.exists():
        print("skipped: no data (set TIPSHEET_DATA)")
        return
    rows = [json.loads(line) for line in where.read_text(encoding="utf-8").splitlines()]
    english = sum(row["language"] == "en" for row in rows)
    print(f"{len(rows)} stories; always to say English would be wrong for {len(rows) - english}")
    for heading, keys in (("titles alone", ("title",)), ("titles with summaries", ("title", "summary"))):
        begin = time.process_time()
        told = [(row["language"], detect(*(row[key] for key in keys))) for row in rows]
        taken = (time.process_time() - begin) / len(rows)
        right = sum(truth == said for truth, said in told)
        silent = sum(not said for _, said in told)
        wrong = len(rows) - right - silent
        print(f"{heading:22} {right} right, {silent} not plain, {wrong} wrong; {1e6 * taken:.0f} µs each")


if __name__ == "__main__":
    main()
