"""The feeds that `peers` lets every program read, and what is in them.

What lives here: made-up items, how they come and change, and the truth about them. What must not: how feeds are written
(`peers_forms`) or served, and any knowledge of a program.

An item is known by its mark, which stands in its title and in no other item; where the feed has no titles, in its text.
An edit adds a word behind the mark.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import accumulate, count, cycle, islice
from random import Random

from benchmarks.peers_forms import ODD, PLAIN, Item, Written

MARK = re.compile(r"K\d{7}Q(?: corrected)?")
EDITED = " corrected"
ITEMS = 40  # in each feed
CHANGED = 20  # one feed in so many changes
_MIX = ("RSS 2.0", "RSS 2.0", "Atom", "RSS 2.0")  # the usual forms, in turn


# ---- the words -------------------------------------------------------------------------------------------------------

_COMMON = """
the of to and a in that for on with said was as by at from it is will an be has their which after more new who about
they had his her not this were are city year people two would its when court state council before first over also
county been week public company could school police three officials plan report between during workers million
against under where family residents percent department local against may month law former through board group
according health house four government service home water program road night budget while director money meeting
district community business five children later data system records contract vote several office judge most
agency project since station land tuesday monday friday river federal union building rent costs hours changes letter
""".split()  # noqa: SIM905 - a list of strings would be a page long
_WEIGHTS = list(accumulate(1 / (rank + 3) for rank in range(len(_COMMON))))
_RARE_EACH = 3  # one word in so many is a rare one


class _Prose:
    """Sentences of common words and rare ones, so that two items are as unlike as two items of a newspaper are."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        syllables = [first + second for first in "bdfgklmnprstvz" for second in "aeiou"]
        self._rare = ["".join(chance.choices(syllables, k=chance.choice((2, 3, 3, 4)))) for _ in range(20_000)]

    def words(self, number: int) -> list[str]:
        words = self._chance.choices(_COMMON, cum_weights=_WEIGHTS, k=number)
        words[::_RARE_EACH] = self._chance.choices(self._rare, k=len(words[::_RARE_EACH]))
        return words

    def paragraph(self, number: int) -> str:
        words = self.words(number)
        sentences = [" ".join(words[start : start + 18]).capitalize() for start in range(0, number, 18)]
        return ". ".join(sentences) + "."


# ---- the feeds -------------------------------------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Source:
    """One feed: its form, how long its articles are, and the items that stand in it now, newest first."""

    site: str
    form: str
    paragraphs: int
    items: list[Item]

    def write(self) -> Written:
        form = PLAIN.get(self.form) or ODD[self.form]
        return form(self.site, self.items)


class Newsstand:
    """So many feeds as most are, or one for each odd form. `now` is when they are first looked at."""

    def __init__(self, feeds: int, *, now: datetime, seed: int = 20260311) -> None:
        self._chance, self._numbers = Random(seed), count(1)
        self._prose = _Prose(self._chance)
        self.forms: dict[str, str] = {}  # every item that ever stood in a feed: mark → the form of its feed
        self.edited: set[str] = set()
        self.sources = [self._open(number, form, now) for number, form in enumerate(islice(cycle(_MIX), feeds))]

    @classmethod
    def odd(cls, *, now: datetime) -> Newsstand:
        stand = cls(0, now=now)
        stand.sources = [stand._open(number, form, now) for number, form in enumerate(ODD)]
        return stand

    def publish(self, now: datetime) -> int:
        """One feed in `CHANGED` brings two new items and edits one of the others; gives the number of new items."""
        changing = self.sources[::CHANGED]
        for source in changing:
            new = [self._write(source.site, source.form, source.paragraphs, now) for _ in range(2)]
            edited = source.items[3]
            self.edited.add(edited.mark)
            source.items[3] = replace(edited, mark=edited.mark + EDITED)
            source.items[:] = new + source.items[:-2]
        return 2 * len(changing)

    def _open(self, number: int, form: str, now: datetime) -> Source:
        site = f"paper-{number}.example"
        paragraphs = self._chance.randint(1, 9)
        ages = accumulate(timedelta(hours=self._chance.uniform(0.5, 12)) for _ in range(ITEMS))
        items = [self._write(site, form, paragraphs, now - age) for age in ages]
        return Source(site=site, form=form, paragraphs=paragraphs, items=items)

    def _write(self, site: str, form: str, paragraphs: int, published: datetime) -> Item:
        number, prose = next(self._numbers), self._prose
        mark = f"K{number:07}Q"
        self.forms[mark] = form
        return Item(
            mark=mark,
            title=" ".join(prose.words(9)).capitalize(),
            summary=prose.paragraph(30),
            paragraphs=tuple(prose.paragraph(36) for _ in range(paragraphs)),
            link=f"http://{site}/{published:%Y/%m}/{number}",
            published=published.replace(microsecond=0),
        )


def marks_in(text: str) -> Iterator[tuple[str, bool]]:
    """Each mark in a text, without its edit, and whether the edit stands behind it."""
    for found in MARK.findall(text):
        yield found.removesuffix(EDITED), found.endswith(EDITED)
