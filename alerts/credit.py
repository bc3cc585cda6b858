"""Who broke a story, by what evidence, and how far it spread: in the reader's language, by the reader's clock.

What lives here: a report's evidence → a line. What must not: judging the evidence (`story.origin`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from alerts.cleaning import clean
from alerts.clock import clock_time, day_of, local
from alerts.languages.kept import retold
from alerts.languages.language import Language, language_of
from monitor.model import Recipient, Sighting, StoryReport


def origin_sentence(origin: Sequence[str], note: str, language: Language) -> str:
    """Who broke it, with the evidence. Without a credit nobody is said to have broken anything."""
    said = (
        language.counted(
            "First reported by %(names)s", "First reported by %(names)s", len(origin), names=language.listed(origin)
        )
        if origin
        else language.words("Nobody is credited with breaking it")
    )
    return f"{said}; {note}." if note else f"{said}."


def origin_note(report: StoryReport, recipient: Recipient) -> str:
    """The evidence in one line; of a report that says only its English, that."""
    language = language_of(recipient.language)
    said = [_evidence(one, recipient, language) for one in report.evidence or (report.origin_note,) if one]
    return clean("; ".join(said))


def spread_words(outlets: int, *, same: bool, language: Language) -> str:
    """How far a story spread: to how many other outlets, or else whether the `same` one told it again."""
    if outlets:
        return language.counted("Also in %(n)s outlet", "Also in %(n)s outlets", outlets)
    return language.words("More at the same outlet") if same else ""


def is_within(report: StoryReport) -> bool:
    """Whether its line says ± so many minutes, which wants explaining."""
    return any(isinstance(one, Sighting) and one.within for one in report.evidence)


def _evidence(one: str | Sighting, recipient: Recipient, language: Language) -> str:
    return retold(one, language) if isinstance(one, str) else _seen(one, recipient, language)


def _seen(sighting: Sighting, recipient: Recipient, language: Language) -> str:
    """ "first seen here 09:12 EST (The Guardian, ± 4 min)", and who dates its report before that."""
    at = clock_time(sighting.at, recipient)
    if sighting.first_look:
        seen = language.words(
            "first seen here %(at)s (%(outlet)s, there when we first looked)", at=at, outlet=sighting.outlet
        )
    elif sighting.within:
        minutes = max(1, round(sighting.within.total_seconds() / 60))
        seen = language.words(
            "first seen here %(at)s (%(outlet)s, ± %(minutes)s min)",
            at=at, outlet=sighting.outlet, minutes=language.number(minutes),
        )  # fmt: skip
    else:
        seen = language.words("first seen here %(at)s (%(outlet)s)", at=at, outlet=sighting.outlet)
    if sighting.dated_at is None:
        return seen
    dated = _dated(sighting.dated_at, sighting.at, recipient, language)
    return language.words(
        "%(seen)s, but %(outlet)s dates its report %(at)s", seen=seen, outlet=sighting.dated_by, at=dated
    )


def _dated(moment: datetime, seen: datetime, recipient: Recipient, language: Language) -> str:
    """A time of day; with its day, where that is not the one of the sighting."""
    at, here = local(moment, recipient), local(seen, recipient)
    hour = f"{at:%H:%M}"
    if at.date() == here.date():
        return hour
    return language.words("%(hour)s on %(day)s", hour=hour, day=day_of(at, recipient))
