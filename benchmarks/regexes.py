"""What a hostile regular expression costs on a long document, as a ratio to a harmless one and to reading the document.

    python -m benchmarks.regexes

Each expression is about as costly as the watch language lets it be, on the text that suits it worst.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from monitor.model import Document
from monitor.watches.page import MAX_FIELD, Page, find
from monitor.watches.query import parse

_HARMLESS = r"/ICE-\d+/"
_HOSTILE = (
    r"/[ab]*a[ab]{200}c/",
    r"/[ab]{290}c/",
    r"/(a?){95}a{95}/",
    r"/(\w{9}){10}/",
    r"/(.{0,9}){3}z/",
    r"/(a|b|ab){80}c/",
    r"/(a+)+$/",
    r"/a|b/",
)
_ROUNDS = 5


def texts() -> dict[str, str]:
    """Texts that are as long as a field may be, and suit one expression or another badly."""
    dice = random.Random(7)
    return {
        "one letter": "a" * MAX_FIELD,
        "two letters": "ab" * (MAX_FIELD // 2),
        "at random": "".join(dice.choice("ab") for _ in range(MAX_FIELD)),
        "short words": "ab aab abab " * (MAX_FIELD // 12),
    }


def fastest(work: Callable[[], object]) -> float:
    """CPU seconds of the fastest of some rounds."""
    taken = []
    for _ in range(_ROUNDS):
        begin = time.process_time()
        work()
        taken.append(time.process_time() - begin)
    return min(taken)


def cost(query: str, text: str) -> float:
    """CPU milliseconds of one expression on one document that is read already."""
    page = Page(Document(id="1", title="", text=text))
    tree = parse(query, {})
    find(tree, page)  # its words are found once for all watches
    return 1000 * fastest(lambda: find(tree, page))


def main() -> None:
    """Print the table; the last line is the figure to keep below 50 ms."""
    worst = 0.0
    for name, text in texts().items():
        reading = 1000 * fastest(lambda text=text: Page(Document(id="1", title="", text=text)))  # type: ignore[misc]
        floor = cost(_HARMLESS, text)
        print(f"\n{name}: reading the document {reading:.1f} ms, {_HARMLESS} {floor:.2f} ms")
        for query in _HOSTILE:
            taken = cost(query, text)
            worst = max(worst, taken)
            print(f"  {query:24}{taken:8.2f} ms  {taken / floor:8.1f} × the harmless one")
    print(f"\nthe worst: {worst:.1f} ms")


if __name__ == "__main__":
    main()
