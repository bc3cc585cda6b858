"""Pairs of made-up articles, of which it is known whether one is the other's copy: the texts are the project's own.

What lives here: articles, what outlets do to an article that they take over, and pairs that only look alike. What must
not: how they are judged (`copies_quality`).
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from monitor.model import Document


@dataclass(frozen=True, slots=True)
class Pair:
    """Two articles in order of arrival. `kind` says what was done, or why they only look alike."""

    kind: str
    first: Document
    second: Document
    is_copy: bool


_WHO = (
    "the mayor of {place}", "a spokeswoman for {firm}", "residents of {place}", "lawyers for {firm}", "{person}",
    "the union at {firm}", "two senators", "auditors", "the {place} council", "engineers at {firm}",
    "the regional court", "a former director", "neighbours of the {place} depot", "researchers in {place}",
    "the deputy minister",
)  # fmt: skip
_DID = (
    "rejected", "welcomed", "published", "questioned", "delayed", "withdrew", "defended", "signed", "described",
    "leaked", "promised to review", "voted against", "asked a judge to stop", "could not explain", "paid for",
)  # fmt: skip
_WHAT = (
    "a plan to widen the harbour", "the contract with {firm}", "{number} pages of internal mail", "an offer for {firm}",
    "the sale of {number} drones", "a list of {number} suppliers", "the closure of the {place} clinic",
    "new rules for night trains", "a loan of ${number} million", "the survey of {place} wells",
    "tests of the {place} dam", "the search of {number} phones", "a report on empty flats",
    "the transfer of {number} workers",
)  # fmt: skip
_HOW = (
    "after months of talks", "without giving a reason", "despite a warning from {person}", "in a letter seen on {day}",
    "at a hearing that lasted {number} minutes", "hours before the vote in {place}", "while {firm} looked on",
    "because the money had run out", "for the second time since spring", "on the advice of {person}",
    "as shares of {firm} slid", "under pressure from {place}", "during a visit to {place}", "by {number} votes",
)  # fmt: skip
_PLACES = tuple(
    f"{head}{tail}"
    for head in ("Alder", "Brin", "Cor", "Dun", "East", "Far", "Glen", "Har", "Ix", "Kel", "Lind", "Mar", "Nor", "Pen")
    for tail in ("wick", "more", "worth", "holt", "stead", "beck", "ley", "ford")
)
_FIRMS = tuple(
    f"{head}{tail}"
    for head in ("North", "Veri", "Sky", "Face", "Core", "Data")
    for tail in ("gate", "trac", "line", "well")
)
_FIRST = ("Ada", "Bruno", "Clara", "Dario", "Elsa", "Felix", "Greta", "Hugo", "Irma", "Jonas", "Karla", "Luis")
_LAST = ("Quay", "Ferrer", "Lund", "Okafor", "Marsh", "Villa", "Novak", "Brandt", "Sato", "Reyes", "Holm", "Weir")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")

# What prints itself again and again with other names and numbers: an event each, and nobody's copy. A slot with a
# letter is filled once for headline and text.
_TEMPLATES = (
    (
        "Magnitude {small a} quake shakes {place a}",
        "A magnitude {small a} earthquake struck {number} kilometres south of {place a} on {day} at a depth of "
        "{number} kilometres, the geological survey said. There were no immediate reports of damage or casualties. "
        "People in {place} and {place} reported weak to moderate shaking. The survey revises magnitudes as more data "
        "come in.",
    ),
    (
        "{place a} weather: what to expect on {day a}",
        "Expect highs of {number} degrees in {place a} on {day a} with a {number} per cent chance of rain. Winds will "
        "blow from the west at {number} kilometres an hour, the weather office said. Lows tonight will be around "
        "{number} degrees. The outlook for {place a} is updated every six hours. Check road reports before you travel.",
    ),
    (
        "{firm a} shares move {small a} per cent on {day a}",
        "Shares of {firm a} closed at ${number}.{number} on {day a}, a move of {small a} per cent. Volume was {number} "
        "thousand shares against a daily average of {number} thousand. The stock trades {number} per cent below its "
        "high of the year. Analysts have on average a rating of hold. This article was generated from market data.",
    ),
    (
        "Crash near {place a} leaves {number a} injured",
        "{number a} people were taken to hospital after a crash near {place a} on {day} evening, police said. The road "
        "was closed for {number} hours while officers examined the scene. The cause of the crash is under "
        "investigation. Anyone with information is asked to call the {place} police station.",
    ),
    (
        "{place a} beat {place b} {number a}-{number b}",
        "{person} scored twice as {place a} beat {place b} {number a}-{number b} on {day} in front of {number} "
        "thousand spectators. {person} was sent off in the second half. {place a} stay in the upper half of the table "
        "and meet {place} next week. Tickets for the next home match are on sale at the usual places.",
    ),
)
_BRIEFINGS = ("What to know this {day} morning in the valley", "The {place} letter: five things before breakfast")


class Desk:
    """Writes articles; the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._written = 0

    def article(self, *, sentences: int = 0) -> Document:
        told = [self._sentence() for _ in range(sentences or self._chance.randrange(8, 16))]
        title = self._sentence()[:-1].replace(" a ", " ")
        text = " ".join(told)
        return self._document(title, text[:300].rsplit(" ", 1)[0], text)

    def printed_form(self, template: tuple[str, str]) -> Document:
        title, text = self._fill("\n".join(template)).split("\n")
        return self._document(title, text, "")

    def pairs(self, each: int) -> Iterator[Pair]:
        """So many pairs of every kind."""
        for _ in range(each):
            for kind, change in CHANGES.items():
                first = self.article()
                yield Pair(kind, first, self._elsewhere(change(first, self._chance), first, kind), True)
            for template in _TEMPLATES:
                pair = self.printed_form(template), self.printed_form(template)
                yield Pair("one template, two events", *pair, False)
            yield self._series()
            yield self._quotation()
            yield Pair("two articles", self.article(), self.article(), False)

    def _series(self) -> Pair:
        title = self._fill(self._chance.choice(_BRIEFINGS))
        first, second = (replace(self.article(), title=title, outlet="valley.example") for _ in range(2))
        return Pair("a column of one outlet", first, second, False)

    def _quotation(self) -> Pair:
        quoted = f"“{self._sentence()[:-1]}, and {self._sentence()[:-1]},” {self._fill('{person}')} said."
        first, second = self.article(sentences=12), self.article(sentences=12)
        return Pair("a sentence quoted by both", _with(first, quoted), _with(second, quoted), False)

    def _elsewhere(self, changed: Document, first: Document, kind: str) -> Document:
        """Another outlet's page, except where the change is of the address alone."""
        self._written += 1
        if kind in SAME_OUTLET:
            return replace(changed, id=str(self._written))
        outlet = f"gazette-{self._chance.randrange(90)}.example"
        url = f"https://{outlet}/{self._written}"
        return replace(changed, id=str(self._written), outlet=outlet, url=url)

    def _document(self, title: str, summary: str, text: str) -> Document:
        self._written += 1
        outlet = f"herald-{self._chance.randrange(90)}.example"
        url = f"https://www.{outlet}/2026/02/{self._written}/story"
        return Document(
            id=str(self._written), title=title, summary=summary, text=text, outlet=outlet, url=url, language="en"
        )

    def _sentence(self) -> str:
        parts = [self._chance.choice(bank) for bank in (_WHO, _DID, _WHAT, _HOW)]
        said = self._fill(" ".join(parts))
        return f"{said[0].upper()}{said[1:]}."

    def _fill(self, pattern: str) -> str:
        """Each slot on its own, but for those with a letter, which name the same thing each time."""
        named: dict[str, str] = {}

        def filled(slot: re.Match[str]) -> str:
            drawn = self._draw(slot[1])
            return named.setdefault(slot[0], drawn) if slot[2] else drawn

        return re.sub(r"\{(\w+)( \w)?\}", filled, pattern)

    def _draw(self, what: str) -> str:
        chance = self._chance
        if what == "number":
            return str(chance.randrange(2, 99))
        if what == "small":
            return f"{chance.randrange(2, 7)}.{chance.randrange(10)}"
        if what == "person":
            return f"{chance.choice(_FIRST)} {chance.choice(_LAST)}"
        return chance.choice({"place": _PLACES, "firm": _FIRMS, "day": _DAYS}[what])


def _with(document: Document, sentence: str) -> Document:
    return replace(document, text=f"{document.text} {sentence}")


# ---- what outlets do to an article ----------------------------------------------------------------------------------

Change = Callable[[Document, random.Random], Document]


def _headline(document: Document, chance: random.Random) -> Document:
    return replace(document, title=f"What we know: {Desk(chance.randrange(10**6)).article().title}")


def _cut(document: Document, chance: random.Random) -> Document:
    """A summary of 100 to 250 characters that breaks off, and nothing else."""
    length = chance.randrange(100, 250)
    short = f"{document.text[:length].rsplit(' ', 1)[0]} …"
    return replace(_headline(document, chance), summary=short, text="")


def _shorter(document: Document, chance: random.Random) -> Document:
    """A third of the paragraphs is gone, from the end or from between."""
    sentences = document.text.split(". ")
    kept = sorted(chance.sample(range(len(sentences)), 2 * len(sentences) // 3))
    text = ". ".join(sentences[place] for place in kept)
    return replace(_headline(document, chance), summary=text[:200].rsplit(" ", 1)[0], text=text)


def _noise(document: Document, chance: random.Random) -> Document:
    """No-break spaces, other quotes, other dashes: what two content systems make of one text."""

    def told(text: str) -> str:
        return (
            text.replace(" the ", " the\N{NO-BREAK SPACE}")
            .replace(", ", ",\N{NARROW NO-BREAK SPACE}")
            .replace("-", "‑")
        )

    return replace(_headline(document, chance), summary=told(document.summary), text=told(document.text))


def _byline(document: Document, chance: random.Random) -> Document:
    by = f"By {chance.choice(_FIRST)} {chance.choice(_LAST)}, staff writer | {chance.choice(_PLACES).upper()} (Wire) — "
    return replace(_headline(document, chance), summary=by + document.summary[:200], text=by + document.text)


def _tail(document: Document, chance: random.Random) -> Document:
    tail = f" The post {document.title} appeared first on The Gazette. Continue reading"
    cut = document.text[: chance.randrange(150, 400)].rsplit(" ", 1)[0]
    return replace(_headline(document, chance), summary=cut + tail, text="")


def _whole(document: Document, chance: random.Random) -> Document:
    """Known by its summary first, whole elsewhere."""
    return replace(_headline(document, chance), summary="")


def _address(*changes: tuple[str, str]) -> Change:
    def change(document: Document, chance: random.Random) -> Document:
        url = document.url
        for old, new in changes:
            url = url.replace(old, new)
        return replace(document, url=url)

    return change


CHANGES: dict[str, Change] = {
    "under another headline": _headline,
    "cut to a short summary": _cut,
    "a third of the paragraphs gone": _shorter,
    "other spaces, quotes and dashes": _noise,
    "a byline and a dateline before it": _byline,
    "“appeared first on” behind it": _tail,
    "whole, where a summary was known": _whole,
    "trackers": _address(("/story", "/story?utm_source=feed&utm_medium=rss&fbclid=x1#top")),
    "AMP": _address(("/story", "/story/amp"), ("www.", "amp.")),
    "http": _address(("https://www.", "http://")),
    "print view": _address(("/story", "/story?print=1")),
    "mobile view": _address(("www.", "m.")),
}
SAME_OUTLET = ("trackers", "AMP", "http", "print view", "mobile view")


def kinds(pairs: Sequence[Pair]) -> list[str]:
    return list(dict.fromkeys(pair.kind for pair in pairs))
