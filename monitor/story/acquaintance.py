"""Whether two tellings are about the same people: two events that share most of their words differ in whom they name.

What lives here: names and headlines held against the words of a story. What must not: how alike two are otherwise
(`centres`), or what follows from it (`grouping`).
"""

from __future__ import annotations

from collections.abc import Collection

from monitor.story.centres import Centres
from monitor.story.placing import named
from monitor.story.window import Reading, Story

_STRANGERS = 0.3  # of the likeness is left to two texts that name names and share none: the same quake elsewhere


def acquaintance(mine: set[str], terms: Collection[str], story: str, *, words: Centres, names: Centres) -> float:
    """Full where one side names nobody, or a name of one is a word of the other: at the head of a sentence or of a
    title in capitals, a name cannot be told from a word."""
    if not mine or words.has_any(story, mine):
        return 1.0
    others = named(names.terms(story))
    return 1.0 if not others or not others.isdisjoint(terms) else _STRANGERS


def is_about_others(reading: Reading, story: Story, words: Centres) -> bool:
    """Whether a report's headline names somebody of whom a story says nothing, and each of the story's somebody of whom
    the report says nothing: one agency, two towns."""
    if words.has_all(story.id, reading.subject.headed):
        return False
    said = reading.subject.terms.keys()
    return not any(said >= set(known.headed) for known in story.first_members())


def are_about_others(one: Story, other: Story, words: Centres) -> bool:
    """The same of two stories. Headlines without a body say too little of whom they are about to part stories by."""
    return _is_about_others(one, other.id, words) and _is_about_others(other, one.id, words)


def _is_about_others(story: Story, other: str, words: Centres) -> bool:
    return all(known.has_body and not words.has_all(other, known.headed) for known in story.first_members())
