"""Lists of stories as the review desk shows them: a day, or what filters leave; a line for each story and watch.

What lives here: the rows that a line is made of, gathered for all lines at once, so that 500 stories cost about as many
statements as one. What must not: the order in which people read them (`monitor.review.ranking`), one story whole
(`stories`, `review`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select

from monitor.model import Assignment, Decision, Document, Filters, Level, Match, Span, StoryLine, Verdict, VerdictKind
from storage import last_words, review
from storage.among import among
from storage.review_tables import assignments, sightings, verdicts
from storage.schema import credits, decisions, entries, feeds, matches, members, stories

_LOUDNESS = {"nothing": 0, "digest": 1, "update": 2, "alert": 3}
_KEPT_OR_REFUSED: tuple[VerdictKind, ...] = ("kept", "starred", "refused")
_READ = 20_000  # code points of a text in which a passage is looked for
_BEFORE, _PASSAGE = 400, 1_000  # code points of a passage before its first place, and in all

Key: TypeAlias = tuple[int, str]  # story, watch
_Report: TypeAlias = tuple[Any, ...]  # story, entry, outlet, match, its watch, level, score


def lines(
    connection: Connection, filters: Filters, *, person: str = "", limit: int | None = None, offset: int = 0
) -> tuple[StoryLine, ...]:
    """The stories with a match in the period that the filters let through, for each watch; the latest match first.

    The day of a person is the period from one midnight to the next where they live. `person`: whose `seen_at` is told.
    """
    return _lines(connection, _found(filters).offset(offset), limit, person)


def judged(connection: Connection, *, watch: str = "", limit: int = 2_000) -> tuple[StoryLine, ...]:
    """The stories that were kept, starred or refused, of one watch or of all; the latest match first."""
    return _lines(connection, _with_verdicts(_found(Filters(watch=watch)), _KEPT_OR_REFUSED), limit)


def count(connection: Connection, filters: Filters) -> int:
    """How many lines those are."""
    return int(connection.execute(select(func.count()).select_from(_found(filters).subquery())).scalar_one())


def _lines(
    connection: Connection, found: Select[int, str], limit: int | None, person: str = ""
) -> tuple[StoryLine, ...]:
    latest = found.order_by(func.max(entries.c.id).desc(), matches.c.watch).limit(limit)
    keys = [(story, watch) for story, watch in connection.execute(latest).all()]
    return _Gathered.of(connection, keys, person).lines(keys)


# ---- which -----------------------------------------------------------------------------------------------------------


def _found(filters: Filters) -> Select[int, str]:
    """Stories and watches."""
    query = (
        select(members.c.story_id, matches.c.watch)
        .join(matches, matches.c.entry_id == members.c.entry_id)
        .join(entries, entries.c.id == members.c.entry_id)
        .group_by(members.c.story_id, matches.c.watch)
    )
    found = query.where(*_conditions(filters))
    return _with_verdicts(found, (filters.verdict,)) if filters.verdict else found


def _with_verdicts(found: Select[int, str], kinds: Collection[VerdictKind]) -> Select[int, str]:
    """Those of the stories whose last verdict is one of these; "open" is that of a story without any."""
    standing = review.standing(verdicts).subquery()
    about = (standing.c.story_id == members.c.story_id) & (standing.c.watch == matches.c.watch)
    return found.outerjoin(standing, about).where(func.coalesce(standing.c.verdict, "open").in_(kinds))


def _conditions(filters: Filters) -> Iterable[ColumnElement[bool]]:
    if filters.since:
        yield entries.c.first_seen_at >= filters.since
    if filters.until:
        yield entries.c.first_seen_at < filters.until
    if filters.watch:
        yield matches.c.watch == filters.watch
    if filters.outlet:
        yield entries.c.feed_id.in_(select(feeds.c.id).where(feeds.c.outlet == filters.outlet))
    if filters.story is not None:
        yield members.c.story_id == filters.story
    if filters.assignee:
        standing = review.standing(assignments).where(assignments.c.assignee == filters.assignee)
        yield members.c.story_id.in_(select(standing.subquery().c.story_id))


# ---- what stands on each line ----------------------------------------------------------------------------------------


class _Lead(NamedTuple):
    """The clearest match, with its document."""

    document: Document
    match: Match
    first_seen: datetime
    backlog: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gathered:
    """The rows of many lines, by what they are about."""

    stories: dict[int, Row[Any]]
    leads: dict[Key, _Lead]
    entries: dict[int, int]
    outlets: dict[int, tuple[str, ...]]
    origins: dict[int, tuple[str, ...]]
    decisions: dict[Key, tuple[Decision, ...]]
    verdicts: dict[Key, Verdict]
    notes: dict[int, int]
    assignments: dict[int, Assignment]
    seen: dict[int, datetime]

    @classmethod
    def of(cls, connection: Connection, keys: Sequence[Key], person: str) -> _Gathered:
        ids = {story for story, _ in keys}
        reports, origins = _reports(connection, ids), _origins(connection, ids)
        tellers = _tellers(reports)
        clearest = _clearest(reports, origins)
        return cls(
            stories=_stories(connection, ids),
            leads=_leads(connection, {key: clearest[key] for key in keys}),
            entries={story: len(of_story) for story, of_story in tellers.items()},
            outlets={story: tuple(dict.fromkeys(of_story.values())) for story, of_story in tellers.items()},
            origins={story: tuple(row.outlet for row in named) for story, named in origins.items()},
            decisions=_decisions(connection, ids),
            verdicts=last_words.verdicts_of(connection, ids),
            notes=last_words.notes_of(connection, ids),
            assignments=last_words.assignments_of(connection, ids),
            seen=_seen(connection, ids, person) if person else {},
        )

    def lines(self, keys: Sequence[Key]) -> tuple[StoryLine, ...]:
        return tuple(self._line(story, watch) for story, watch in keys)

    def _line(self, story: int, watch: str) -> StoryLine:
        row, key = self.stories[story], (story, watch)
        lead = self.leads[key]
        return StoryLine(
            story=story, watch=watch, document=lead.document, match=lead.match, first_seen=lead.first_seen,
            backlog=lead.backlog, entries=self.entries[story], outlets=self.outlets[story],
            began_at=row.began_at, last_at=row.last_at, origin=self.origins.get(story, ()),
            decisions=self.decisions.get(key, ()),
            verdict=self.verdicts.get(key), notes=self.notes.get(story, 0),
            assignment=self.assignments.get(story), seen_at=self.seen.get(story),
        )  # fmt: skip


def _stories(connection: Connection, ids: Collection[int]) -> dict[int, Row[Any]]:
    columns: Select[Any] = select(stories.c.id, stories.c.began_at, stories.c.last_at)
    return {row.id: row for row in connection.execute(columns.where(among(stories.c.id, ids))).all()}


def _reports(connection: Connection, ids: Collection[int]) -> Sequence[_Report]:
    """The members of each story in order of arrival, each once for each watch that it matched, or once for none."""
    match = (matches.c.id, matches.c.watch, matches.c.level, matches.c.score)  # without its places, which can be many
    rows = connection.execute(
        select(members.c.story_id, members.c.entry_id, feeds.c.outlet, *match)
        .select_from(members)
        .join(entries, entries.c.id == members.c.entry_id)
        .join(feeds, feeds.c.id == entries.c.feed_id)
        .outerjoin(matches, matches.c.entry_id == members.c.entry_id)
        .where(among(members.c.story_id, ids))
        .order_by(members.c.story_id, members.c.entry_id)
    )
    found: Sequence[Any] = rows.all()
    return found


def _tellers(reports: Iterable[_Report]) -> dict[int, dict[int, str]]:
    """Of each story its entries, in order of arrival, each with its outlet."""
    found: dict[int, dict[int, str]] = {}
    for story, entry, outlet, *_ in reports:
        found.setdefault(story, {})[entry] = outlet
    return found


def _clearest(reports: Iterable[_Report], origins: Mapping[int, Sequence[Row[Any]]]) -> dict[Key, int]:
    """The match whose words stand for the story: the outlet's that broke it, where it matched; else the clearest."""
    broke = {story: {row.domain for row in named} for story, named in origins.items()}
    found: dict[Key, tuple[tuple[bool, bool, float], int]] = {}
    for story, _, outlet, match, watch, level, score in reports:
        if match is not None:
            rank = outlet in broke.get(story, ()), level == "alert", score
            if (best := found.get((story, watch))) is None or rank > best[0]:
                found[story, watch] = rank, match
    return {key: match for key, (_, match) in found.items()}


def _leads(connection: Connection, chosen: dict[Key, int]) -> dict[Key, _Lead]:
    match = (matches.c.id, matches.c.watch, matches.c.level, matches.c.score, matches.c.why, matches.c.spans)
    words = (entries.c.title, entries.c.summary, func.substr(entries.c.text, 1, _READ), entries.c.author)
    about = (entries.c.link, entries.c.published_at, entries.c.first_seen_at, entries.c.backlog)
    rows = connection.execute(
        select(*match, matches.c.entry_id, *words, *about, feeds.c.outlet, feeds.c.name)
        .join(entries, entries.c.id == matches.c.entry_id)
        .join(feeds, feeds.c.id == entries.c.feed_id)
        .where(among(matches.c.id, chosen.values()))
    )
    by_match = {match: _lead(*row) for match, *row in rows}
    return {key: by_match[match] for key, match in chosen.items()}


def _lead(
    watch: str, level: Level, score: float, why: str, places: Sequence[dict[str, Any]],
    entry: int, title: str, summary: str, text: str, author: str,
    link: str, published: datetime | None, first_seen: datetime, backlog: bool, outlet: str, feed: str,
) -> _Lead:  # fmt: skip
    """A row: of the text, as much as shows why it matched, and the places of the match in that."""
    begin = _beginning(places, len(text))
    passage = text[begin : begin + _PASSAGE]
    document = Document(
        id=str(entry), title=title, summary=summary, text=passage, outlet=outlet, url=link, author=author,
        published=published, feed=feed,
    )  # fmt: skip
    spans = tuple(_shown(places, begin, len(passage)))
    match = Match(watch=watch, level=level, score=score, why=why, spans=spans)
    return _Lead(document, match, first_seen, backlog)


def _beginning(places: Iterable[dict[str, Any]], length: int) -> int:
    """Where the passage begins of a text of which so much was read."""
    in_text = (place["start"] for place in places if place["field"] == "text" and place["end"] <= length)
    return max(0, min(in_text, default=0) - _BEFORE)


def _shown(spans: Iterable[dict[str, Any]], begin: int, length: int) -> Iterator[Span]:
    """The places of a match, those in the text as they stand in a passage of it, if they do."""
    for span in spans:
        moved = begin if span["field"] == "text" else 0
        start, end = span["start"] - moved, span["end"] - moved
        if span["field"] != "text" or (start >= 0 and end <= length):
            yield Span(field=span["field"], start=start, end=end, term=span["term"], set=span["set"])


def _origins(connection: Connection, ids: Collection[int]) -> dict[int, list[Row[Any]]]:
    """Whom the texts of each story name as its origin, those whom at least half as many name as the first."""
    named = func.count(credits.c.entry_id.distinct())
    rows = connection.execute(
        select(members.c.story_id, credits.c.outlet, func.max(credits.c.domain).label("domain"), named.label("named"))
        .join(members, members.c.entry_id == credits.c.entry_id)
        .where(among(members.c.story_id, ids), credits.c.names_origin)
        .group_by(members.c.story_id, credits.c.outlet)
        .order_by(members.c.story_id, named.desc(), func.min(credits.c.id))
    )
    found: dict[int, list[Row[Any]]] = {}
    for row in rows:
        first = found.setdefault(row.story_id, [row])[0]
        if row is not first and 2 * row.named >= first.named:
            found[row.story_id].append(row)
    return found


def _decisions(connection: Connection, ids: Collection[int]) -> dict[Key, tuple[Decision, ...]]:
    said = (decisions.c.watch, decisions.c.recipient, decisions.c.action, decisions.c.reason)
    rows = connection.execute(
        select(*said, members.c.story_id)
        .join(members, members.c.entry_id == decisions.c.entry_id)
        .where(among(members.c.story_id, ids))
        .order_by(decisions.c.id)
    )
    loudest: dict[Key, dict[str, Decision]] = {}
    for watch, recipient, action, reason, story in rows:
        of_line = loudest.setdefault((story, watch), {})
        if recipient not in of_line or _LOUDNESS[of_line[recipient].action] < _LOUDNESS[action]:
            of_line[recipient] = Decision(watch=watch, recipient=recipient, action=action, reason=reason)
    return {key: tuple(of_line.values()) for key, of_line in loudest.items()}


def _seen(connection: Connection, ids: Collection[int], person: str) -> dict[int, datetime]:
    last = func.max(sightings.c.seen_at, type_=sightings.c.seen_at.type).label("seen_at")
    rows = connection.execute(
        select(members.c.story_id, last)
        .join(sightings, sightings.c.entry_id == members.c.entry_id)
        .where(among(members.c.story_id, ids), sightings.c.person == person)
        .group_by(members.c.story_id)
    )
    return {row.story_id: row.seen_at for row in rows}
