"""Two wordings of one article: what differs, in words, and what the difference means.

What lives here: wording × wording → differences, and whether an edit mends a typo, rewords, corrects, or takes back.
What must not: what is told because of it (`alerts.policy`), how it looks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise

from monitor.model import Difference, EditKind, EditNote, Version
from monitor.words.text import fold, words

MOST_WORDS = 4_000  # of what is left when the common beginning and end are off; more is shown as replaced in one piece
_ALIKE = 0.75  # of two words of one place: "Palentir" and "Palantir" are, "arrests" and "releases" are not
_TYPO_WORDS = 3  # an edit of more words is no typo, however alike they are

# How the press marks, in its own words, that it takes back or corrects.
_WITHDRAWN = re.compile(
    r"\b(?:(?:story|article|report|piece|post)\s+(?:has\s+been|was|is)\s+(?:withdrawn|retracted|removed|taken\s+down)"
    r"|(?:withdraws?|retracts?|has\s+(?:withdrawn|retracted))\s+(?:this|its|the|an?)\s+(?:story|article|report)"
    r"|(?:nota|noticia|artículo|información|reportaje)\s+(?:ha\s+sido|fue)\s+(?:retirad[oa]|eliminad[oa])"
    r"|retira\s+(?:este|el|su)\s+(?:artículo|reportaje))"
    r"|^\W*(?:withdrawn|retracted|retraction|removed|retirad[oa]|retractación)\s*[:\]–—-]",
    re.IGNORECASE,
)
_CORRECTED = re.compile(
    r"\b(?:correction|clarification|corrected\s+(?:to|on|version)|(?:story|article|report|headline|version)\s+has\s+been"
    r"\s+(?:corrected|amended)|earlier\s+version\s+of\s+this|editor['’]s\s+note|correcci[oó]n|rectificaci[oó]n|aclaraci[oó]n"
    r"|fe\s+de\s+erratas|una\s+versi[oó]n\s+anterior|nota\s+(?:del\s+editor|de\s+la\s+redacci[oó]n))\b",
    re.IGNORECASE,
)
_NEGATIONS = frozenset(
    {
        "not", "no", "never", "without", "denies", "denied", "deny", "false", "falsely", "wasn", "didn", "isn", "won",
        "hasn", "ni", "nunca", "sin", "niega", "nego", "falso", "jamas", "tampoco",
    }
)  # fmt: skip


def differences(old: str, new: str) -> tuple[Difference, ...]:
    """`new` against `old`, word by word, in reading order.

    What is kept or gone makes up `old`, what is kept or added makes up `new`, to the last character.
    """
    before, after = _cut(old), _cut(new)
    start = _common(before, after)
    end = _common(before[start:][::-1], after[start:][::-1])
    middle = _compared(before[start : len(before) - end], after[start : len(after) - end])
    tail = before[len(before) - end :]
    return tuple(_joined([Difference("kept", "".join(before[:start])), *middle, Difference("kept", "".join(tail))]))


def around_changes(found: Sequence[Difference], margin: int = 60) -> Iterator[Difference]:
    """The changes with a few words around: nobody reads a whole article again for a comma."""
    for number, piece in enumerate(found):
        head, tail = number > 0, number < len(found) - 1
        text = piece.text
        if piece.kind == "kept" and len(text) > margin * (head + tail) + 1:
            text = (text[:margin] if head else "") + " … " + (text[-margin:] if tail else "")
        yield Difference(piece.kind, text)


def edit_kind(old: Version, new: Version) -> EditKind:
    """What an edit means to somebody who was told of the old wording."""
    if _has_come(_WITHDRAWN, old, new):
        return "withdrawn"
    if _has_come(_CORRECTED, old, new):
        return "corrected"
    if _negations(old) != _negations(new):
        return "reversed"
    return "typo" if _is_typo(old, new) else "reworded"


def latest_edit(versions: Sequence[Version]) -> EditNote | None:
    """The last edit among wordings, the oldest first, that was more than a typo mended."""
    for old, new in reversed(list(pairwise(versions))):
        kind = edit_kind(old, new)
        if kind != "typo":
            title = differences(old.title, new.title) if old.title != new.title else ()
            return EditNote(kind=kind, at=new.seen, title=title)
    return None


# ---- words -----------------------------------------------------------------------------------------------------------


def _cut(text: str) -> list[str]:
    """A text in pieces, words and what stands between them, that make it up again."""
    places = [0, *(place for span in words(text) for place in span), len(text)]
    return [text[start:end] for start, end in pairwise(places) if start < end]


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many pieces both begin with."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _compared(before: list[str], after: list[str]) -> Iterator[Difference]:
    if max(len(before), len(after)) > MOST_WORDS:  # comparing takes time by the square
        yield from (Difference("gone", "".join(before)), Difference("added", "".join(after)))
        return
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            yield Difference("kept", "".join(before[a:b]))
        else:
            yield Difference("gone", "".join(before[a:b]))
            yield Difference("added", "".join(after[c:d]))


def _joined(found: Sequence[Difference]) -> Iterator[Difference]:
    """Neighbours of one kind as one; a lone space or comma between two changes belongs to both."""
    made: list[Difference] = []
    for number, piece in enumerate(found):
        between = piece.kind == "kept" and 0 < number < len(found) - 1 and not words(piece.text)
        parts = [Difference("gone", piece.text), Difference("added", piece.text)] if between else [piece]
        for part in parts:
            _append(made, part)
    yield from (piece for piece in made if piece.text)


def _append(made: list[Difference], part: Difference) -> None:
    """To the piece of its kind in the last run of changes, as long as nothing was kept in between."""
    for at in range(len(made) - 1, max(-1, len(made) - 3), -1):
        if made[at].kind == part.kind:
            made[at] = Difference(part.kind, made[at].text + part.text)
            return
        if "kept" in (made[at].kind, part.kind):
            break
    made.append(part)


# ---- meaning ---------------------------------------------------------------------------------------------------------


def _has_come(phrase: re.Pattern[str], old: Version, new: Version) -> bool:
    return any(
        phrase.search(after) and not phrase.search(before)
        for before, after in ((old.title, new.title), (old.summary, new.summary), (old.text, new.text))
    )


def _negations(version: Version) -> list[str]:
    """Those of the title: a summary may say "not" of anything."""
    found = (fold(version.title[start:end]) for start, end in words(version.title))
    return sorted(word for word in found if word in _NEGATIONS)


def _is_typo(old: Version, new: Version) -> bool:
    changed = 0
    for before, after in ((old.title, new.title), (old.summary, new.summary), (old.text, new.text)):
        gone, added = _changed_words(before, after)
        if len(gone) != len(added) or not all(map(_alike, gone, added)):
            return False
        changed += len(gone)
    return changed <= _TYPO_WORDS


def _changed_words(before: str, after: str) -> tuple[list[str], list[str]]:
    """The folded words that are gone, and those that have come: case, accents and punctuation change none."""
    old, new = ([fold(text[start:end]) for start, end in words(text)] for text in (before, after))
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    return old[start : len(old) - end], new[start : len(new) - end]


def _alike(one: str, other: str) -> bool:
    return one.isalpha() and other.isalpha() and SequenceMatcher(None, one, other).ratio() >= _ALIKE
