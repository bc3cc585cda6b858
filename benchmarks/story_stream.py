"""A stream of made-up articles, as many as wanted, in the proportions of a real one; no text of anybody's.

Words are drawn by Zipf's law from a made-up vocabulary. An event has words and names of its own. Of a hundred articles
50 tell something new, 25 repeat another one under a headline of their own or cut short, 10 keep a third of another's
words, and 15 tell a known event in their own words. Every fifth that is not new credits the outlet that it follows.
"""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from monitor.model import Document, Relation

START = datetime(2026, 2, 16, tzinfo=UTC)
WINDOW = timedelta(hours=72)
_VOCABULARY = 60_000
_OUTLETS = 400
_FOLLOWED = 2_000  # articles back: what is older is not followed any more
REMEMBERED = 2 * _FOLLOWED  # articles at most, by the stream itself
_SYLLABLES = ("ba", "co", "di", "fe", "gu", "ha", "ki", "lo", "mer", "nal", "or", "pes", "qui", "ran", "sto", "ten")


@dataclass(frozen=True, slots=True)
class Arrival:
    """An article, when it is seen, whom it credits, and what it truly is to which other."""

    document: Document
    seen: datetime
    credited: tuple[str, ...]
    truth: Relation
    of: str


@dataclass(frozen=True, slots=True)
class _Event:
    words: tuple[str, ...]
    names: tuple[str, ...]


class _Language:
    """Words by rank; the next one by Zipf's law."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        base = len(_SYLLABLES)
        self._words = [
            "".join(_SYLLABLES[rank // base**place % base] for place in range(4)) for rank in range(_VOCABULARY)
        ]
        self._sums = list(accumulate(1 / (rank + 8) for rank in range(_VOCABULARY)))

    def word(self) -> str:
        return self._words[bisect(self._sums, self._chance.random() * self._sums[-1])]

    def words(self, count: int) -> list[str]:
        draw, words, sums, most = self._chance.random, self._words, self._sums, self._sums[-1]
        return [words[bisect(sums, draw() * most)] for _ in range(count)]  # most of what a stream costs


def stream(count: int, *, a_window: int, seed: int = 1) -> Iterator[Arrival]:
    """`count` articles, `a_window` of them in each 72 hours."""
    chance = random.Random(seed)  # the same stream every time
    language = _Language(chance)
    recent: list[tuple[Arrival, _Event]] = []
    for number in range(count):
        seen = START + WINDOW * number / a_window
        arrival, event = _next(str(number), seen, recent, language, chance)
        recent.append((arrival, event))
        if len(recent) > REMEMBERED:
            del recent[:_FOLLOWED]
        yield arrival


def _next(
    number: str, seen: datetime, recent: list[tuple[Arrival, _Event]], language: _Language, chance: random.Random
) -> tuple[Arrival, _Event]:
    outlet = f"outlet-{int(_OUTLETS * chance.random() ** 2)}.example"
    drawn = chance.random()
    if drawn < 0.5 or not recent:
        event = _Event(tuple(language.words(12)), tuple(word.title() for word in language.words(4)))
        return Arrival(_article(number, outlet, event, language, chance), seen, (), "new", ""), event
    followed, event = chance.choice(recent[-_FOLLOWED:])
    credited = (followed.document.outlet,) if chance.random() < 0.2 else ()
    if drawn < 0.75:
        document, truth = _copy(number, outlet, followed.document, event, language, chance), "copy"
    elif drawn < 0.85:
        document, truth = _rewrite(number, outlet, followed.document, event, language, chance), "rewrite"
    else:
        document, truth = _article(number, outlet, event, language, chance), "same-event"
    return Arrival(document, seen, credited, truth, followed.document.id), event  # type: ignore[arg-type]


def _headline(event: _Event, language: _Language, chance: random.Random) -> str:
    words = [*chance.sample(event.words, 4), *chance.sample(event.names, 2), *language.words(3)]
    chance.shuffle(words)
    return " ".join(words).capitalize()


def _prose(event: _Event, count: int, language: _Language, chance: random.Random) -> str:
    """Every fifth word is of the event: so much of a report is about what it is about."""
    own = (*event.words, *event.names)
    words = language.words(count)
    words[::5] = chance.choices(own, k=len(words[::5]))
    return " ".join(words) + "."


def _article(number: str, outlet: str, event: _Event, language: _Language, chance: random.Random) -> Document:
    text = _prose(event, chance.randrange(60, 400), language, chance)
    return Document(
        id=number, title=_headline(event, language, chance), summary=text[:300], text=text, outlet=outlet,
        url=f"https://{outlet}/{number}", language="en",
    )  # fmt: skip


def _copy(
    number: str, outlet: str, other: Document, event: _Event, language: _Language, chance: random.Random
) -> Document:
    cut = other.text[: chance.choice((250, 500, 4_000))]
    title = other.title if chance.random() < 0.4 else _headline(event, language, chance)
    return replace(
        other, id=number, title=title, summary=cut[:300], text=cut, outlet=outlet, url=f"https://{outlet}/{number}"
    )


def _rewrite(
    number: str, outlet: str, other: Document, event: _Event, language: _Language, chance: random.Random
) -> Document:
    words = other.text.split()
    kept = " ".join(words[: len(words) // 3])
    text = f"{_prose(event, 2 * len(words) // 3, language, chance)} {kept}"
    return replace(
        other, id=number, title=_headline(event, language, chance), summary=text[:300], text=text, outlet=outlet,
        url=f"https://{outlet}/{number}",
    )  # fmt: skip
