"""Who is named with whom: mentions of many tellings → cells, as of a table of companies by agencies.

What lives here: the counting. What must not: names, texts, a database, how a cell looks.

Two are named together where they stand in one sentence, or where one stands in the headline and the other in the lead
that the headline speaks for. A story counts once, however many outlets tell it. That two are named together is a reason
to look, and says nothing of who sells what to whom.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from monitor.model import Mention, Naming


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A telling that names two together, and the mention by whose sentence one can see it."""

    naming: Naming
    mention: Mention


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Two that are named together: how often, since when, and where to see it."""

    row: str
    column: str
    stories: int
    outlets: int
    first: Evidence
    latest: Evidence
    weeks: tuple[tuple[date, int], ...]  # Mondays, with how many of the stories began in that week


def cells(
    namings: Iterable[Naming], *, rows: str, columns: str, wholes: Mapping[str, str] | None = None
) -> tuple[Cell, ...]:
    """The cells of a table of two kinds, the fullest first.

    `wholes` says whose part an entity is; what names a part then counts for the whole too.
    """
    found = evidence(namings, rows=rows, columns=columns, wholes=wholes)
    made = [_cell(row, column, shown) for (row, column), shown in found.items()]
    return tuple(sorted(made, key=lambda cell: (-cell.stories, -cell.outlets, cell.row, cell.column)))


def evidence(
    namings: Iterable[Naming], *, rows: str, columns: str, wholes: Mapping[str, str] | None = None
) -> dict[tuple[str, str], list[Evidence]]:
    """Every telling that names a pair together, by pair, the oldest first."""
    found: defaultdict[tuple[str, str], list[Evidence]] = defaultdict(list)
    for naming in sorted(namings, key=lambda one: (one.at, one.entry)):
        for pair, mention in _together(naming.mentions, rows, columns, wholes or {}).items():
            found[pair].append(Evidence(naming=naming, mention=mention))
    return dict(found)


def _together(
    mentions: tuple[Mention, ...], rows: str, columns: str, wholes: Mapping[str, str]
) -> dict[tuple[str, str], Mention]:
    """Every pair that a telling names together, with the first mention that shows it."""
    found: dict[tuple[str, str], Mention] = {}
    for one in mentions:
        for other in mentions:
            if one.kind == rows and other.kind == columns and one.entity != other.entity and _are_near(one, other):
                for row in _with_wholes(one.entity, wholes):
                    for column in _with_wholes(other.entity, wholes):
                        found.setdefault((row, column), _telling(one, other))
    return found


def _are_near(one: Mention, other: Mention) -> bool:
    if "title" in (one.field, other.field):
        return one.lead and other.lead
    return (one.field, one.sentence) == (other.field, other.sentence)


def _telling(one: Mention, other: Mention) -> Mention:
    """The one that stands below the headline: its sentence says more."""
    return other if one.field == "title" else one


def _with_wholes(entity: str, wholes: Mapping[str, str]) -> Iterator[str]:
    passed: set[str] = set()
    while entity and entity not in passed:  # a pack may say that each is part of the other
        yield entity
        passed.add(entity)
        entity = wholes.get(entity, "")


def _cell(row: str, column: str, shown: list[Evidence]) -> Cell:
    began: dict[int, datetime] = {}
    for one in shown:
        began.setdefault(one.naming.story, one.naming.at)
    weeks = Counter(_monday(at) for at in began.values())
    return Cell(
        row=row,
        column=column,
        stories=len(began),
        outlets=len({one.naming.outlet for one in shown}),
        first=shown[0],
        latest=shown[-1],
        weeks=tuple(sorted(weeks.items())),
    )


def _monday(at: datetime) -> date:
    return at.date() - timedelta(days=at.weekday())
