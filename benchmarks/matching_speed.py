"""How fast many watches meet many articles, on one core.

    python -m benchmarks.matching_speed [--watches 10000] [--articles 1000]

Articles of 443 words and watches are made up from a vocabulary whose words are as unevenly used as those of a language
(the nth word 1/n as often as the first). Needs no data.
"""

from __future__ import annotations

import argparse
import random
import string
import time
from collections.abc import Callable

from monitor.matching import CompiledWatch, Matcher, compile_watch
from monitor.model import Document, Watch
from monitor.page import Page

WORDS_OF_TITLE, WORDS_OF_TEXT = 12, 431
VOCABULARY, WATCHED_FROM = 30_000, 200  # nobody watches the two hundred commonest words alone


def main() -> None:
    """Print articles a second: reading alone, and with all watches."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--watches", type=int, default=10_000)
    options.add_argument("--articles", type=int, default=1_000)
    arguments = options.parse_args()
    chance = random.Random(1)
    words = ["".join(chance.choices(string.ascii_lowercase, k=chance.randint(3, 9))) for _ in range(VOCABULARY)]
    articles = [_article(chance, words) for _ in range(arguments.articles)]
    matcher = Matcher([_watch(chance, words, number) for number in range(arguments.watches)])
    print(f"{arguments.watches:,} watches × {arguments.articles:,} articles of {WORDS_OF_TITLE + WORDS_OF_TEXT} words")
    print(f"  read alone    {_rate(articles, Page):7,.0f} articles a second")
    print(f"  read and met  {_rate(articles, matcher.match):7,.0f} articles a second")


def _article(chance: random.Random, words: list[str]) -> Document:
    uses = [1 / rank for rank in range(1, len(words) + 1)]
    drawn = chance.choices(words, uses, k=WORDS_OF_TITLE + WORDS_OF_TEXT)
    return Document(id="", title=" ".join(drawn[:WORDS_OF_TITLE]), text=" ".join(drawn[WORDS_OF_TITLE:]))


def _watch(chance: random.Random, words: list[str], number: int) -> CompiledWatch:
    a, b, c = chance.choices(words[WATCHED_FROM:], k=3)
    query = f"{a} AND ({b} OR {c})" if number % 2 else f"{a} NEAR/5 ({b} OR {c})"
    return compile_watch(Watch(name=str(number), query=query), None, {})


def _rate(articles: list[Document], work: Callable[[Document], object]) -> float:
    before = time.process_time()
    for article in articles:
        work(article)
    return len(articles) / (time.process_time() - before)


if __name__ == "__main__":
    main()
