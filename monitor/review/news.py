"""What a story brought since somebody looked at it: outlets, answers, another headline, another origin, edits.

What lives here: reports with their times → what is new. What must not: what "new" means to alerts (`alerts.policy`);
here nobody is told anything, and a report that nobody waits for is still counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.model import DatedReport, Document, EditKind
from monitor.story.answers import is_answer
from monitor.story.versions import edit_kind


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What came since. Outlets are domains, in order of arrival."""

    since: datetime
    outlets: tuple[str, ...]  # that tell the story now and did not
    reports: int  # that came and are no mere copies
    copies: int
    answers: tuple[str, ...]  # outlets whose report says what somebody answered whom the story is about
    headline: bool  # of the report whose words stand for the story
    edits: tuple[tuple[str, EditKind], ...]  # outlets that withdrew, corrected or reversed what they had said
    origin: tuple[str, ...]  # display names of those who are named as who broke it now, and were not

    @property
    def is_nothing(self) -> bool:
        """Copies are nothing new."""
        return not (self.outlets or self.reports or self.answers or self.headline or self.edits or self.origin)


_TELLING: tuple[EditKind, ...] = ("withdrawn", "corrected", "reversed")


def news(reports: Sequence[DatedReport], lead: int, since: datetime) -> News:
    """What the reports of a story, in order of arrival, brought after a moment. `lead` is the entry whose words stand
    for the story."""
    came = [one for one in reports if one.first_seen > since]
    before = [one for one in reports if one.first_seen <= since]
    own = [one for one in came if one.relation != "copy"]
    known = {one.outlet for one in before}
    return News(
        since=since,
        outlets=tuple(dict.fromkeys(one.outlet for one in own if one.outlet not in known)),
        reports=len(own),
        copies=len(came) - len(own),
        answers=tuple(one.outlet for one in own if one.matches and is_answer(_document(one), one.matches)),
        headline=any(_title_at(one, since) != one.title for one in before if one.entry == lead),
        edits=tuple((one.outlet, kind) for one in before if (kind := _edit(one, since)) in _TELLING),
        origin=tuple(name for name in _named(reports) if name not in _named(before)),
    )


def _document(report: DatedReport) -> Document:
    return Document(id=str(report.entry), title=report.title)


def _title_at(report: DatedReport, moment: datetime) -> str:
    return next((one.title for one in reversed(report.versions) if one.seen <= moment), report.title)


def _edit(report: DatedReport, since: datetime) -> EditKind:
    """What became of the wording of that moment; a typo where nothing did."""
    then = next((one for one in reversed(report.versions) if one.seen <= since), None)
    return edit_kind(then, report.versions[-1]) if then and then is not report.versions[-1] else "typo"


def _named(reports: Iterable[DatedReport]) -> Sequence[str]:
    """Who is named as the origin by at least half as many as the one who is named most."""
    counted = Counter(name for one in reports for name in one.names)
    most = max(counted.values(), default=0)
    return [name for name, count in counted.most_common() if 2 * count >= most]
