"""What `matching_speed` measures on: made-up articles and watches of mixed shapes, and watches on real texts.

The words are made of syllables, the commoner the shorter, and the nth is used 1/n as often as the first, as in a
language. Names are pairs of words, as unevenly used; a dozen stand in each article.
"""

from __future__ import annotations

import os
import random
import tarfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import accumulate, islice, pairwise
from pathlib import Path

from monitor.errors import ParseError
from monitor.feeds.parse import parse_feed
from monitor.model import Document
from monitor.words.text import fold, visible_text, words

TITLE, TEXT = 12, 431  # words of an article
NAMED = 12  # names in an article
VOCABULARY, NAMES = 30_000, 10_000
COMMON = 200  # nobody watches the commonest words
_SYLLABLES = [
    a + b for a in ("b", "br", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "st", "t", "v") for b in "aeiou"
]
_SHORTEST_WATCHED = 3  # letters
_SHORTEST_REAL = 100  # words of an entry that counts as an article


@dataclass(frozen=True, slots=True, kw_only=True)
class Newsroom:
    """Articles, and what can be watched for in them: words, the commonest first, and pairs that are names."""

    articles: list[Document]
    words: list[str]
    names: list[tuple[str, str]]


def made_up(articles: int) -> Newsroom:
    """The same articles each time."""
    dice = random.Random(1)
    vocabulary = list(islice(_made_up_words(dice), VOCABULARY + 2 * NAMES))
    names = list(zip(vocabulary[VOCABULARY::2], vocabulary[VOCABULARY + 1 :: 2], strict=True))
    room = Newsroom(articles=[], words=vocabulary[:VOCABULARY], names=names)
    often = [list(accumulate(1 / rank for rank in range(1, size + 1))) for size in (VOCABULARY, NAMES)]
    return replace(room, articles=[_article(room, dice, *often) for _ in range(articles)])


def real(articles: int) -> Newsroom | None:
    """Entries of the feeds under TIPSHEET_DATA; None without them."""
    folder = os.environ.get("TIPSHEET_DATA")
    if not folder:
        return None
    documents = list(islice(_entries(Path(folder) / "data" / "feeds-real.tar.xz"), articles))
    read = [[fold(one.text[start:end]) for start, end in words(one.text)] for one in documents]
    counted = Counter(word for row in read for word in row if word.isalpha() and word.isascii())
    pairs = Counter(pair for row in read for pair in pairwise(row) if counted.keys() >= set(pair))
    ranked = [word for word, _ in counted.most_common() if len(word) >= _SHORTEST_WATCHED]
    common = set(ranked[:COMMON])
    names = [pair for pair, _ in pairs.most_common() if common.isdisjoint(pair)]
    return Newsroom(articles=documents, words=ranked, names=names[:NAMES])


def queries(room: Newsroom, count: int) -> Iterator[str]:
    """Watches as people write them: the first thousand of a million are a thousand's."""
    dice = random.Random(2)
    watched, rare = room.words[COMMON:], room.words[len(room.words) // 10 :]
    for _ in range(count):
        a, b, c = dice.sample(watched, 3)
        name = " ".join(dice.choice(room.names))
        shapes = (
            f'"{name}"',
            f'"{name}" AND ("{a}" OR "{b}")',
            f'"{a}" AND "{b}" AND NOT "{c}"',
            f'"{a}" NEAR/5 ("{b}" OR "{c}")',
            f'({a[:5]}* OR "{c}") AND "{b}"',
            f'("{a}" OR "{b}" OR "{name}") AND "{c}"',
            f'"{dice.choice(rare)}"',
        )
        yield dice.choices(shapes, (25, 20, 15, 15, 10, 10, 5))[0]


def _made_up_words(dice: random.Random) -> Iterator[str]:
    known: set[str] = set()
    while True:
        length = 1 + (len(known) >= len(_SYLLABLES) // 2) + (len(known) >= 1_000) + (len(known) >= COMMON * 100)
        word = "".join(dice.choices(_SYLLABLES, k=length))
        if word not in known:
            known.add(word)
            yield word


def _article(room: Newsroom, dice: random.Random, words_often: list[float], names_often: list[float]) -> Document:
    row = dice.choices(room.words, cum_weights=words_often, k=TITLE + TEXT - 2 * NAMED)
    for name in dice.choices(room.names, cum_weights=names_often, k=NAMED):
        at = dice.randrange(len(row))
        row[at:at] = (part.capitalize() for part in name)
    return Document(id="", title=" ".join(row[:TITLE]), text=" ".join(row[TITLE:]))


def _entries(archive: Path) -> Iterator[Document]:
    with tarfile.open(archive) as bodies:
        for member in bodies:
            content = bodies.extractfile(member)
            if content is None:
                continue
            try:
                feed = parse_feed(content.read(), headers={}, url="https://feed.example/")
            except ParseError:
                continue
            for entry in feed.entries:
                text = visible_text(entry.content or entry.summary)
                if len(text.split()) >= _SHORTEST_REAL:
                    yield Document(id="", title=entry.title, text=text)
