"""Document × recent documents → which story it belongs to, and as what: new, copy, rewrite, same event, update.

What lives here: the memory of a moving window, and the decisions. What must not: a clock, a database, how likeness is
measured (`likeness`, `centres`), who is credited (`attribution`).

Three questions are asked of a document, the surest first:

1. Is it an address that we have, under another spelling?
2. Does it repeat the words of a document that we have? Five-word runs of the shorter text found in the longer: half or
   more is a copy, a fifth or more a rewrite.
3. Does it tell of the same event in its own words? Cosine against the centre of each story; across languages, over
   names and numbers alone. Where one credits the other, or both the same outlet, fewer will do. Two that share their
   phrases but not who, where and how many filled in one form, and two whose headlines name each somebody of whom the
   other says nothing are about others: of two events, however alike.

A wrong join silences an alert, so every threshold leans towards a second story; `merge` joins later what proves to be
one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

from monitor.model import Document, Placement
from monitor.story.acquaintance import acquaintance, are_about_others, is_about_others
from monitor.story.address import same_address
from monitor.story.agreement import agree, is_stray
from monitor.story.centres import Centres, Point, nearest
from monitor.story.likeness import Traits, is_one_template, overlap, printed
from monitor.story.lineage import Lineage
from monitor.story.placing import in_common, named, new, placed, repeat
from monitor.story.window import Documents, Known, Merge, Reading, Story, is_told_anew, read

COPY = 0.5  # of the shorter text; true copies are often cut short, so no measure of the whole will do
COPY_UNDER_OTHER_NAMES = 0.9  # the same where the headlines name others: one sentence, but for the town in it
REWRITE = 0.2
JOIN = 0.36  # likeness at which a document joins a story at once
MERGE = 0.25  # likeness at which two stories are one, if each is the other's nearest
MERGE_STRAY = 0.16  # the same for a stray report whose nearest is a crowd, though the crowd may have a nearer one
TRANSLATION = 0.55  # likeness of names and numbers at which reports in two languages tell of one event
RELATIVES = 0.32  # the same where a credit ties them, in any language
_HALF_LIFE = timedelta(hours=96)  # of likeness: the same words four days apart are half as alike

_RUNS_OF_COPY = 4  # fewer shared runs are a common phrase
_RUNS_OF_REWRITE = 8

_NAMES_OF_TRANSLATION = 3
_NAMES_OF_RELATIVES = 4
_TERMS_SAID = 4  # why two stories were merged, for a reader

_NOBODY = ("", 0.0)  # the nearest of a story that has none

Bar = Callable[[str, str], float]


class Grouper:
    """The stories of a moving window, told from a stream of documents in order of arrival."""

    def __init__(self, *, window: timedelta = timedelta(hours=72)) -> None:
        self._window = window
        self._documents = Documents()
        self._stories: dict[str, Story] = {}
        self._words = Centres()
        self._names = Centres()
        self._lineage = Lineage()
        self._nearest: dict[str, tuple[str, float]] = {}
        self._changed: set[str] = set()  # stories, since the last `merge`
        self._one_page: list[
            tuple[Known, Known]
        ] = []  # since then: documents of which one's page says the other's address
        self._begun = 0

    def place(
        self, document: Document, *, seen: datetime, credited: Collection[str] = (), traits: Traits | None = None
    ) -> Placement:
        """Where a document belongs, decided once and remembered.

        `seen` must not run backwards by more than the window. `credited` are domains that the document names as its
        source: a report of the same event that credits a member of the story is a rewrite. `traits`: the document's, if
        somebody has them.
        """
        self._forget(seen)
        reading = read(document, seen, credited, traits)
        words, names = self._words.weigh(reading.subject.terms), self._names.weigh(reading.subject.names)
        placement = self._repeated(reading) or self._retold(reading, words, names) or new(reading)
        self._remember(reading, placement.story, seen, words, names)
        return placement

    def restore(
        self, document: Document, *, story: str, seen: datetime, credited: Collection[str] = (),
        traits: Traits | None = None, settled: bool = False,
    ) -> None:  # fmt: skip
        """Take back what was decided earlier; call it in order of arrival before the first `place`.

        With `traits`, the words of the document are not read, and may be missing. `settled`: a `merge` has seen it.
        """
        self._forget(seen)
        changed = story in self._changed
        reading = read(document, seen, credited, traits)
        words, names = self._words.weigh(reading.subject.terms), self._names.weigh(reading.subject.names)
        self._remember(reading, story, seen, words, names)
        if settled and not changed:
            self._changed.discard(story)

    def part(self, one: str, other: str) -> None:
        """Two stories that a person has parted: `merge` lets them be, and all that they grow into."""
        if one in self._stories and other in self._stories:
            self._stories[one].apart |= {other}
            self._stories[other].apart |= {one}

    def say(self, document: Document, address: str) -> None:
        """The page of a document says by which address it goes; `merge` joins it with what is known under that."""
        if pair := self._documents.say(same_address(document.url), same_address(address)):
            self._one_page.append(pair)

    def merge(self, bar: Bar | None = None) -> tuple[Merge, ...]:
        """Join stories that are each other's nearest, and strays to crowds; call it every few minutes.

        The id of the older story is kept.

        `bar` says for two stories how alike they must be at least, where a wrong join would cost more than usual.
        """
        self._words.remeasure()
        merges = list(self._merge_pages())
        while self._changed:
            merges += self._merge_relatives(sorted(self._changed & self._stories.keys(), key=self._order))
            merges += self._merge_nearest(self._look_around(), bar)
        return tuple(merges)

    # ---- 1, 2: the same address, the same words ----

    def _repeated(self, reading: Reading) -> Placement | None:
        known = self._documents.at(reading.address)
        if known is not None and self._in_window(reading.time, known.time):
            share, _ = overlap(reading.wording, known.wording)
            own = known.address == reading.address
            why = "the same address" if own else "the address that the page of the other gave"
            return repeat(reading, known, share, why)
        known, share, runs = self._likeliest(reading)
        if known is not None and share >= COPY:
            return repeat(reading, known, share, in_common(share))
        twin = self._documents.titled(reading.wording.title)
        if twin is not None and self._in_window(reading.time, twin.time) and not is_told_anew(reading, twin):
            return repeat(reading, twin, 1.0, "the same headline")
        if known is not None and share >= REWRITE and runs >= _RUNS_OF_REWRITE:
            return placed(reading, known.story.id, "rewrite", share, in_common(share), known.id)
        return None

    def _likeliest(self, reading: Reading) -> tuple[Known | None, float, int]:
        """The document of the window with the most of the shorter wording in common."""
        best: tuple[Known | None, float, int] = (None, 0.0, 0)
        for known in self._documents.sharing_anchors(reading.wording):
            share, runs = overlap(reading.wording, known.wording)
            if runs < _RUNS_OF_COPY or share <= best[1] or not self._in_window(reading.time, known.time):
                continue
            if share < COPY_UNDER_OTHER_NAMES and is_about_others(reading, known.story, self._words):
                continue
            if not is_one_template(reading.wording, known.wording, share):
                best = (known, share, runs)
        return best

    # ---- 3: the same event ----

    def _retold(self, reading: Reading, words: Point, names: Point) -> Placement | None:
        document = reading.document
        story, likeness = self._nearest_by_words(reading, words)
        if likeness >= JOIN:
            common = sorted(self._words.shared_terms(words, story), key=lambda term: term not in reading.subject.names)
            return self._event(reading, story, likeness, f"shares {printed(document, common)}")
        story, likeness, common = self._nearest_by_names(reading, names, self._is_foreign(reading))
        if likeness >= TRANSLATION and len(common) >= _NAMES_OF_TRANSLATION:
            return self._event(reading, story, likeness, f"in another language, shares {printed(document, common)}")
        story, likeness, common = self._nearest_by_names(reading, names, self._is_related(reading))
        if likeness >= RELATIVES and len(common) >= _NAMES_OF_RELATIVES:
            return self._event(reading, story, likeness, f"tied by a credit, shares {printed(document, common)}")
        return None

    def _nearest_by_words(self, reading: Reading, words: Point) -> tuple[str, float]:
        """The nearest story that is not of another event in the same words, with its likeness."""
        closeness, others = self._closeness(reading), set[str]()
        while True:
            story, likeness = self._words.nearest_to(words, lambda one: 0.0 if one in others else closeness(one))
            if likeness < JOIN or not self._is_another(reading, self._stories[story]):
                return story, likeness
            others.add(story)

    def _is_another(self, reading: Reading, story: Story) -> bool:
        return story.has_form_of([reading.wording]) or is_about_others(reading, story, self._words)

    def _nearest_by_names(
        self, reading: Reading, names: Point, among: Callable[[str], bool]
    ) -> tuple[str, float, list[str]]:
        """The nearest of some stories, with its likeness and the names in common."""
        if len(names.terms) < _NAMES_OF_TRANSLATION:
            return "", 0.0, []
        story, likeness = self._names.nearest_to(names, lambda other: self._decay(reading.time, other), among=among)
        if not story or self._stories[story].has_form_of([reading.wording]):
            return "", 0.0, []
        return story, likeness, self._names.shared_terms(names, story)

    def _event(self, reading: Reading, story: str, likeness: float, why: str) -> Placement:
        sources = [known for known in self._stories[story].members if known.outlet in reading.credited]
        if sources:
            return placed(reading, story, "rewrite", likeness, f"credits {sources[0].outlet}, {why}", sources[0].id)
        return placed(reading, story, "same-event", likeness, why)

    def _closeness(self, reading: Reading) -> Callable[[str], float]:
        """Nearness in time; a column with the same headline every day is told anew every day."""
        series = self._documents.titled(reading.wording.title)
        mine, terms = named(reading.subject.names), reading.subject.terms.keys()

        def closeness(story: str) -> float:
            if series and series.story.id == story:
                return 0.0
            near = acquaintance(mine, terms, story, words=self._words, names=self._names)
            return self._decay(reading.time, story) * near

        return closeness

    def _is_foreign(self, reading: Reading) -> Callable[[str], bool]:
        """Whether a story is told in languages, and not in the document's."""
        language = reading.subject.language
        return lambda story: bool(language) and self._stories[story].is_foreign_to(language)

    def _is_related(self, reading: Reading) -> Callable[[str], bool]:
        """Whether a credit ties a story to the document."""
        return self._lineage.relatives((reading.document.outlet,), reading.credited)

    def _decay(self, time: datetime, story: str) -> float:
        apart = abs(time - self._stories[story].latest)
        return 0.5 ** (apart / _HALF_LIFE) if apart <= self._window else 0.0

    def _in_window(self, one: datetime, other: datetime) -> bool:
        return abs(one - other) <= self._window

    # ---- merging ----

    def _merge_pages(self) -> Iterator[Merge]:
        """No bar stands before these: it is one article."""
        pairs, self._one_page = self._one_page, []
        for known, home in pairs:
            one, other = known.story, home.story
            if one is other or other.id in one.apart or not {one.id, other.id} <= self._stories.keys():
                continue
            alone = len(one.members) == 1 and one.order > other.order
            merge = self._join(one.id, other.id, 1.0, "a page gives the address of the other: both tell of")
            yield replace(merge, copy_of=home.id) if alone else merge

    def _look_around(self) -> list[str]:
        """Bring `_nearest` up to date around the stories that changed; returns all whose nearest may be another now."""
        changed, self._changed = sorted(self._changed & self._stories.keys(), key=self._order), set()
        moved = set(changed)
        for story in changed:
            neighbours = self._neighbours(story)
            self._nearest[story] = nearest(neighbours)
            for other, likeness in neighbours:
                if self._draw(other, story, likeness):
                    moved.add(other)
        return sorted(moved, key=self._order)

    def _draw(self, story: str, changed: str, likeness: float) -> bool:
        """Whether a story has another nearest, now that a neighbour changed; who was near to none need not know."""
        current, held = self._nearest.get(story, _NOBODY)
        if likeness < MERGE_STRAY and held < MERGE_STRAY:
            return False
        if likeness >= held and (likeness > held or current == changed):
            self._nearest[story] = (changed, likeness)
            return True
        if current == changed or current not in self._stories:
            self._nearest[story] = nearest(self._neighbours(story))
            return True
        return False

    def _merge_nearest(self, moved: list[str], bar: Bar | None) -> Iterator[Merge]:
        for story in moved:
            other, likeness = self._nearest.get(story, _NOBODY)
            if likeness < MERGE_STRAY or not {story, other} <= self._stories.keys():
                continue
            if bar is not None and likeness < bar(story, other):
                continue
            mutual = self._are_mutual(story, other, likeness)
            if (mutual or is_stray(self._words, story, other)) and not self._are_forms(story, other):
                said = "each is the other's nearest" if mutual else "nearest to what many report"
                yield self._join(story, other, likeness, f"{said}: both tell of")

    def _are_mutual(self, story: str, other: str, likeness: float) -> bool:
        if likeness < MERGE or self._nearest.get(other, _NOBODY)[0] != story:
            return False
        return agree(self._words, story, other, likeness)

    def _merge_relatives(self, changed: list[str]) -> Iterator[Merge]:
        """Stories that a credit ties and that name the same names, in whatever words and language."""
        for story in changed:
            if story in self._stories:
                other, likeness = self._nearest_relative(story)
                enough = likeness >= RELATIVES and len(self._common_names(story, other)) >= _NAMES_OF_RELATIVES
                if enough and not self._are_forms(story, other):
                    yield self._join(story, other, likeness, "tied by a credit: both name")

    def _nearest_relative(self, story: str) -> tuple[str, float]:
        if self._names.count_terms(story) < _NAMES_OF_RELATIVES:
            return "", 0.0
        mine = self._stories[story]
        outlets = {known.outlet for known in mine.members}
        credited = {source for known in mine.members for source in known.credited}

        is_relative = self._lineage.relatives(outlets, credited)

        def is_related(other: str) -> bool:
            return is_relative(other) and other != story and other not in mine.apart

        return self._names.nearest_to(
            self._names.point(story), lambda other: self._decay(mine.latest, other), among=is_related
        )

    def _neighbours(self, story: str) -> list[tuple[str, float]]:
        """Stories that are near enough to be one with it."""
        mine = self._stories[story]
        told = cache(lambda: (named(self._names.terms(story)), set(self._words.terms(story))))  # most need not know

        def closeness(other: str) -> float:
            if other in mine.apart or are_about_others(mine, self._stories[other], self._words):
                return 0.0
            near = acquaintance(*told(), other, words=self._words, names=self._names)
            return self._decay(mine.latest, other) * near

        return self._words.neighbours(story, closeness, least=MERGE_STRAY)

    def _are_forms(self, one: str, other: str) -> bool:
        """Whether one form stands in two stories, filled in twice; then each looks for another that it is one with."""
        if not self._stories[other].has_form_of(known.wording for known in self._stories[one].first_members()):
            return False
        self.part(one, other)
        self._changed |= {one, other}
        return True

    def _order(self, story: str) -> int:
        return self._stories[story].order

    def _join(self, one: str, two: str, likeness: float, why: str) -> Merge:
        """The younger becomes part of the older."""
        kept, gone = sorted((one, two), key=self._order)
        into, other = self._stories[kept], self._stories[gone]
        for known in other.members:
            known.story = into
            self._lineage.move(gone, kept, {known.outlet, *known.credited})
        into.members += other.members
        into.latest = max(into.latest, other.latest)
        self._keep_apart(kept, gone)
        shared = self._common(kept, gone)
        self._words.join(kept, gone)
        self._names.join(kept, gone)
        del self._stories[gone]
        self._changed.add(kept)
        return Merge(kept=kept, gone=gone, similarity=likeness, why=why, shared=shared)

    def _common(self, one: str, other: str) -> tuple[str, ...]:
        """What two stories share, names first."""
        words = self._words.shared_terms(self._words.point(one), other)
        return tuple(dict.fromkeys((*self._common_names(one, other), *words)))[:_TERMS_SAID]

    def _common_names(self, one: str, other: str) -> list[str]:
        return self._names.shared_terms(self._names.point(one), other)

    def _keep_apart(self, kept: str, gone: str) -> None:
        """What was parted from a story is parted from the one that it became part of."""
        for other in self._stories[gone].apart & self._stories.keys():
            self._stories[other].apart -= {gone}
            self.part(kept, other)

    # ---- memory ----

    def _remember(self, reading: Reading, story_id: str, seen: datetime, words: Point, names: Point) -> None:
        story = self._stories.get(story_id) or self._begin(story_id, reading.time)
        known = self._documents.add(reading, story, seen)
        story.members.append(known)
        story.latest = max(story.latest, reading.time)
        self._changed.add(story_id)
        self._words.add(story_id, words)
        self._names.add(story_id, names)
        self._lineage.add(story_id, known.outlet, known.credited)

    def _begin(self, story_id: str, time: datetime) -> Story:
        self._begun += 1
        story = self._stories[story_id] = Story(story_id, self._begun, time)
        return story

    def _forget(self, now: datetime) -> None:
        """Let go of what arrived before the window; a story goes with its last document."""
        for known in self._documents.forget(now - self._window):
            story = known.story
            story.members.remove(known)
            self._words.fade(story.id)
            self._names.fade(story.id)
            self._lineage.forget(story.id, known.outlet, known.credited)
            if not story.members:
                del self._stories[story.id]
