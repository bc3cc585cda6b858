"""A story → the stories that it could be one with; and stories by words of their headlines: for whoever joins two.

What lives here: the word index's guesses, and the pure word on each. What must not: the joining (`correct`). Nothing is
written here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from monitor.model import Document, Filters
from monitor.story.likeness import STOP_WORDS
from monitor.story.nearness import Near, Told, nearest
from monitor.words.text import folded_words
from storage import corrections, entries, search, stories
from storage.stories import StoryRow

_AROUND = timedelta(days=10)  # before and after
_LOOKED_AT = 300  # entries; the newest that share a word of a headline
_READ = 40  # reports of the story itself
_WORDS = 12  # of its headlines
_LIKELY, _NEWEST, _TITLED = 12, 12, 40  # stories that are told


@dataclass(frozen=True, slots=True, kw_only=True)
class NearStory:
    """A story that could be the same one."""

    story: StoryRow
    shared: str  # words that both have, as it prints them; "": it is only among the newest, or was asked for


def near(connection: Connection, story: int, chosen: Collection[int] = ()) -> tuple[NearStory, ...]:
    """Stories like that one, or like some of its entries, the likeliest first; then the newest that a watch matched."""
    group = corrections.group(connection, story)
    ids = group.entries if group else ()
    mine = entries.documents(connection, sorted(set(chosen) & set(ids) or ids)[-_READ:])
    asked = [Told(story=story, document=document, at=seen) for document, seen in mine.values()]
    likely = nearest(asked, _around(connection, story, asked))[:_LIKELY] if asked else ()
    newest = [other for other in stories.latest_matched(connection, limit=_NEWEST + 1) if other != story]
    return _told(connection, [*likely, *(Near(story=other, likeness=0.0, shared="") for other in newest)])


def titled(connection: Connection, words: str) -> tuple[NearStory, ...]:
    """Stories with a report whose headline has all those words, or words that begin so, the newest first; and the one
    of that number."""
    wanted = folded_words(words)
    number = stories.kept(connection, int(words)) if words.isdecimal() and len(words) < _LONGEST_NUMBER else None
    found = search.candidates(connection, [(f"{word}*",) for word in wanted], Filters(), limit=_LOOKED_AT)
    documents = entries.documents(connection, found)
    hits = [entry for entry in found if wanted and _has(documents[entry][0], wanted)]
    by_entry = corrections.stories_of(connection, hits)
    ids = dict.fromkeys([*([number] if number else []), *(by_entry[entry] for entry in hits if entry in by_entry)])
    return _told(connection, [Near(story=one, likeness=0.0, shared="") for one in list(ids)[:_TITLED]])


_LONGEST_NUMBER = 18  # digits


def _has(document: Document, wanted: Sequence[str]) -> bool:
    held = folded_words(document.title)
    return all(any(word.startswith(one) for word in held) for one in wanted)


def _around(connection: Connection, story: int, asked: Sequence[Told]) -> Iterable[Told]:
    """Reports of other stories near in time that share a word of a headline."""
    words = _telling_words(one.document.title for one in asked)
    period = Filters(since=_first(asked) - _AROUND, until=_last(asked) + _AROUND)
    ids = search.candidates(connection, [words], period, limit=_LOOKED_AT) if words else ()
    found = entries.documents(connection, ids)
    held = corrections.stories_of(connection, ids)
    return [
        Told(story=held[entry], document=found[entry][0], at=found[entry][1])
        for entry in sorted(ids)
        if held.get(entry, story) != story
    ]


def _telling_words(titles: Iterable[str]) -> Sequence[str]:
    """The words that most headlines have."""
    counted = Counter(word for title in titles for word in dict.fromkeys(folded_words(title)))
    return [word for word, _ in counted.most_common() if word not in STOP_WORDS][:_WORDS]


def _first(asked: Sequence[Told]) -> datetime:
    return min(one.at for one in asked)


def _last(asked: Sequence[Told]) -> datetime:
    return max(one.at for one in asked)


def _told(connection: Connection, found: Iterable[Near]) -> tuple[NearStory, ...]:
    """In that order, each once."""
    shared: dict[int, str] = {}
    for one in found:
        shared.setdefault(one.story, one.shared)
    by_id = {row.id: row for row in stories.outlines(connection, shared.keys())}
    return tuple(NearStory(story=by_id[one], shared=said) for one, said in shared.items() if one in by_id)
