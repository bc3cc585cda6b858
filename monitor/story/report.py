"""A story's tellings → what an alert or a digest says of it: whose words, which sentence, who broke it, who else told.

Pure: rows as values in, a `StoryReport` out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from monitor.model import Document, FieldName, Match, Span, StoryMember, StoryReport, Telling
from monitor.story.origin import story_origin
from monitor.story.outlets import Outlets
from monitor.story.versions import latest_edit
from monitor.words.text import sentences

LONGEST_SENTENCE = 400  # code points; a "sentence" of a list page can be a whole article


# A story is told although nothing in it matches any more: its words were changed, or its watch, after it was decided.
_EDITED = Match(watch="", level="alert", score=0, why="it matched when it was read; it has been edited since", spans=())


def tell(story_id: int, watch: str, tellings: Sequence[Telling], outlets: Outlets) -> StoryReport:
    """The story as `watch` sees it. `tellings` are all its members in order of arrival; at least one matched."""
    named = _names(tellings, outlets)
    origin = story_origin(tellings, named)
    lead = _lead(watch, tellings, origin.outlets)
    found = _matches(watch, tellings)
    match = _match(lead, watch) or _EDITED
    sentence, marks = sentence_of(lead.document, match)
    return StoryReport(
        story_id=story_id,
        watch=watch,
        level=max((one.level for one in found), key=("digest", "alert").index, default="alert"),
        score=max((one.score for one in found), default=0.0),
        why=match.why,
        lead=_member(lead, outlets),
        sentence=sentence,
        marks=marks,
        title_marks=title_marks(match),
        origin=tuple(map(named, origin.outlets)),
        origin_note=origin.note,
        members=tuple(_member(telling, outlets) for telling in tellings if telling is not lead),
        first_seen=min(telling.first_seen for telling in tellings),
        votes=origin.votes,
        document_source=tuple(dict.fromkeys(one for told in tellings for one in told.attribution.document_source)),
        evidence=origin.evidence,
    )


def _lead(watch: str, tellings: Sequence[Telling], origin: Sequence[str]) -> Telling:
    """Whose words are shown: the outlet that broke the story where we have its report, else the clearest match."""
    matched = [telling for telling in tellings if _match(telling, watch)]
    own = [telling for telling in matched if telling.document.outlet in origin]
    return max(own or matched or tellings[:1], key=_best_score)


def _best_score(telling: Telling) -> float:
    return max((match.score for match in telling.matches), default=0.0)


def _matches(watch: str, tellings: Iterable[Telling]) -> list[Match]:
    return [match for telling in tellings for match in telling.matches if match.watch == watch]


def _match(telling: Telling, watch: str) -> Match | None:
    return next(iter(_matches(watch, [telling])), None)


def _names(tellings: Sequence[Telling], outlets: Outlets) -> Callable[[str], str]:
    """Domain → display name: of an outlet that is not on the list, what its feed is called."""
    feeds = {telling.domain: telling.document.feed for telling in tellings if telling.document.feed}

    def named(domain: str) -> str:
        known = outlets.find(domain)
        return known.name if known else feeds.get(domain, domain)

    return named


def _member(telling: Telling, outlets: Outlets) -> StoryMember:
    document = telling.document
    known = outlets.find(document.outlet)
    return StoryMember(
        entry_id=int(document.id),
        outlet=known.name if known else document.feed or document.outlet,
        domain=document.outlet,
        title=document.title,
        link=document.url,
        published=document.published,
        first_seen=telling.first_seen,
        relation=telling.relation,
        credits=_credited(telling, outlets),
        edit=latest_edit(telling.versions),
    )


def _credited(telling: Telling, outlets: Outlets) -> tuple[str, ...]:
    """Display names of the outlets whose finding it says it is, other than its own."""
    listed = [outlets.name(domain) for domain in telling.attribution.origin if domain != telling.document.outlet]
    unlisted = [one.outlet for one in telling.attribution.credits if one.role == "origin" and not one.domain]
    return tuple(dict.fromkeys([*listed, *unlisted]))


def sentence_of(document: Document, match: Match) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The sentence that holds most of what matched, and where the terms stand in it. Below the title if possible."""
    bodies: tuple[tuple[FieldName, str], ...] = (("summary", document.summary), ("text", document.text))
    marked = {span.field for span in match.spans}
    choices = [
        (len(held), -start, field_name, start, end, held)
        for field_name, body in bodies
        if field_name in marked
        for start, end in sentences(body)
        if (held := _within(match.spans, field_name, start, end))
    ]
    if not choices:
        return document.summary[:LONGEST_SENTENCE], ()
    _, _, field_name, start, end, held = max(choices, key=lambda choice: (choice[0], choice[2] == "summary", choice[1]))
    body = document.summary if field_name == "summary" else document.text
    return _cut(body, start, end, held)


def title_marks(match: Match) -> tuple[tuple[int, int], ...]:
    """Where the terms stand in the title: sorted, not overlapping."""
    return _disjoint((span.start, span.end) for span in match.spans if span.field == "title")


def _within(spans: Sequence[Span], field_name: FieldName, start: int, end: int) -> list[Span]:
    return [span for span in spans if span.field == field_name and start <= span.start and span.end <= end]


def _cut(body: str, start: int, end: int, held: Sequence[Span]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The piece of `body`, trimmed, at most LONGEST_SENTENCE long and around the first term."""
    start += len(body[start:end]) - len(body[start:end].lstrip())
    end = start + len(body[start:end].rstrip())
    if end - start > LONGEST_SENTENCE:
        start = max(start, min(held, key=lambda span: span.start).start - LONGEST_SENTENCE // 4)
        end = min(end, start + LONGEST_SENTENCE)
    marks = ((span.start - start, span.end - start) for span in held if start <= span.start and span.end <= end)
    return body[start:end], _disjoint(marks)


def _disjoint(marks: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Sorted, with overlapping marks joined."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(marks):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)
