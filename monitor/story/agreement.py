"""Whether two stories that lie near each other are one: by how many words, and how large they are.

What lives here: what a merge asks beyond likeness. What must not: which story is whose nearest (`grouping`), or how
near (`centres`).
"""

from __future__ import annotations

from monitor.story.centres import Centres

MERGE_SMALL = 0.29  # likeness at which two small stories are one that have but two words in common
_CROWD = 5  # documents; below it a story is small
_ONE_WORD = 0.9  # of the likeness; a single word that gives more than this stands alone
_STRAY = 2  # documents at most
_MANY = 10  # documents; so many reports of an event have used most words that can be said of it


def agree(words: Centres, one: str, other: str, likeness: float) -> bool:
    """One word in common makes two small stories neighbours, not one story; nor do two, where much else differs."""
    if max(words.documents(one), words.documents(other)) >= _CROWD:
        return True
    parts = words.agreement(one, other)
    enough = 2 if likeness >= MERGE_SMALL else 3
    return len(parts) >= enough and parts[0] <= _ONE_WORD * sum(parts)


def is_stray(words: Centres, story: str, other: str) -> bool:
    """Whether one is a report or two beside the many of the other, with more than one word in common."""
    if words.documents(story) > _STRAY or words.documents(other) < _MANY:
        return False
    return len(words.agreement(story, other)) >= 2
