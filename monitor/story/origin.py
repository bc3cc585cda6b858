"""Who broke a story, by all of its documents: the strongest evidence there is, and every vote.

Pure: the tellings as values in, a `StoryOrigin` out. What one document says is `attribution`'s.

The evidence, strongest first: an outlet is credited, or linked to; it says itself that it found out; an agency's name
stands on the copies; it was ahead of all others for longer than we had not looked. With none of these nobody
is named, and only who was seen first is said. Who found it out with others, by its own report, is named with them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from monitor.model import Attribution, Credit, Relation, Sighting, Vote


class Telling(Protocol):
    """What is asked of a member of a story."""

    @property
    def domain(self) -> str: ...
    @property
    def relation(self) -> Relation: ...
    @property
    def first_seen(self) -> datetime: ...
    @property
    def published(self) -> datetime | None: ...
    @property
    def seen_within(self) -> timedelta | None: ...
    @property
    def first_look(self) -> bool: ...
    @property
    def attribution(self) -> Attribution: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryOrigin:
    """Who broke a story. `outlets` is empty where nobody can be named."""

    outlets: tuple[str, ...]  # domains; the name of an outlet that is not on the list
    evidence: tuple[str | Sighting, ...]
    votes: tuple[Vote, ...] = ()  # all credits, most first

    @property
    def note(self) -> str:
        """The evidence in English, times in UTC."""
        return "; ".join(one if isinstance(one, str) else _in_words(one) for one in self.evidence)


_Voters = Mapping[str, Mapping[str, Credit]]  # outlet → who credits it → one credit of theirs


Named = Callable[[str], str]  # a domain → what readers call the outlet


def story_origin(members: Sequence[Telling], named: Named) -> StoryOrigin:
    """Who broke the story that `members` tell, the evidence, and what else is known of how it came."""
    told = sorted(members, key=lambda member: (member.first_seen, member.domain))
    if not told:
        return StoryOrigin(outlets=(), evidence=("nobody has told it yet",))
    voters = _voters(told)
    chosen, evidence = (
        _by_credit(voters, told, named) or _by_own_word(told) or _by_wire(told, named) or _by_time(told) or ((), "")
    )
    found = (evidence, _seen(told, named), _copies(told, named) if voters else "", _documents(told))
    return StoryOrigin(outlets=chosen, evidence=tuple(one for one in found if one), votes=_votes(voters, named))


# ---- credits --------------------------------------------------------------------------------------------------------


def _voters(members: Sequence[Telling]) -> _Voters:
    """Who credits whom. A copy repeats a vote and is none of its own, unless nobody else says it."""
    return _cast(member for member in members if member.relation != "copy") or _cast(members)


def _cast(members: Iterable[Telling]) -> _Voters:
    cast: dict[str, dict[str, Credit]] = {}
    for member in members:
        for credited, credit in _credited_in(member).items():
            given = cast.setdefault(credited, {})
            held = given.get(member.domain)
            given[member.domain] = credit if held is None or held.is_link else held
    return cast


def _credited_in(member: Telling) -> dict[str, Credit]:
    """Other outlets whose finding it is by this report: domains, or the name of one that is not on the list."""
    return {one.domain or one.outlet: one for one in member.attribution.credits if one.role == "origin"}


def _votes(voters: _Voters, named: Named) -> tuple[Vote, ...]:
    cast = (
        Vote(outlet=named(credited), by=tuple(named(voter) for voter in given)) for credited, given in voters.items()
    )
    return tuple(sorted(cast, key=lambda vote: -len(vote.by)))


def _by_credit(voters: _Voters, members: Sequence[Telling], named: Named) -> tuple[tuple[str, ...], str] | None:
    """The outlet with the most credits, with those that most of its voters name beside it.

    Where different reports credit different outlets equally often, whose own report came first.
    """
    if not voters:
        return None
    most = max(map(len, voters.values()))
    leaders = [credited for credited, given in voters.items() if len(given) == most]
    if not all(voters[one].keys() == voters[leaders[0]].keys() for one in leaders):
        leaders = _earliest(leaders, members)
    first = voters[leaders[0]]
    chosen = [one for one, given in voters.items() if one in leaders or len(given.keys() & first.keys()) * 2 > most]
    finders = _finders_with(chosen, members)
    outlets = (*finders, *(one for one in chosen if one not in finders))
    if _disagree(voters, outlets, finders):
        return outlets, _all_credits(voters, named)
    note = _credit_note(_voters_beside(finders, voters), outlets, named)
    return outlets, note or f"by the account of {named(next(iter(finders)))}"


def _finders_with(chosen: Sequence[str], members: Iterable[Telling]) -> dict[str, None]:
    """All who found it out together by the own report of one of them, of whom its partners alone were chosen."""
    found: dict[str, None] = {}
    for member in members:
        partners = _credited_in(member)
        if member.domain not in chosen and _speaks_for_itself(member) and not partners.keys().isdisjoint(chosen):
            found |= dict.fromkeys((member.domain, *partners))
    return found


def _voters_beside(finders: Collection[str], voters: _Voters) -> _Voters:
    """The credits of those who are not among the finders themselves."""
    beside = {one: {by: credit for by, credit in given.items() if by not in finders} for one, given in voters.items()}
    return {one: given for one, given in beside.items() if given}


def _earliest(credited: list[str], members: Sequence[Telling]) -> list[str]:
    """The one whose own report is the earliest in the story; all of them where none has told it here."""
    own = [member for member in members if member.domain in credited]
    return [min(own, key=_when).domain] if own else credited


def _disagree(voters: _Voters, chosen: Sequence[str], finders: Collection[str]) -> bool:
    """Whether anybody credits only others, or of the chosen two have nothing in common but that many credit each."""
    voices = {voter for one in chosen for voter in voters.get(one, ())}
    agreed = voices | {*chosen}  # whom the chosen credit themselves are their partners
    if any(given.keys() - agreed for one, given in voters.items() if one not in chosen):
        return True
    apart = [{*voters[one]} for one in chosen if one not in finders]
    together = {voter for one in finders for voter in voters.get(one, ())} or apart[0]
    return any(together.isdisjoint(given) for given in apart)


def _all_credits(voters: _Voters, named: Named) -> str:
    counted = sorted(voters.items(), key=lambda item: -len(item[1]))
    return "credited: " + ", ".join(f"{named(one)} by {len(by)}" for one, by in counted)


def _credit_note(voters: _Voters, chosen: Sequence[str], named: Named) -> str:
    """How many credit the chosen, and how many of them others beside."""
    given = {voter: credit for one in chosen for voter, credit in voters.get(one, {}).items()}
    beside = [one for one in voters if one not in chosen]
    links = sum(credit.is_link for credit in given.values())
    them = "it" if len(chosen) == 1 else "them"
    notes = [
        f"{_counted(len(given) - links, 'outlet credits', 'outlets credit')} {them}" if len(given) > links else "",
        f"{_counted(links, 'outlet links', 'outlets link')} to {them}" if links else "",
        f"{len({voter for one in beside for voter in voters[one]})} with {' and '.join(map(named, beside))}"
        if beside
        else "",
    ]
    return ", ".join(note for note in notes if note)


# ---- other evidence -------------------------------------------------------------------------------------------------


def _by_own_word(members: Sequence[Telling]) -> tuple[tuple[str, ...], str] | None:
    claimed = {member.domain: None for member in members if _speaks_for_itself(member)}
    return (tuple(claimed), "by its own account") if len(claimed) == 1 else None


def _speaks_for_itself(member: Telling) -> bool:
    """Whether a report says that its own outlet found out, alone or with others."""
    own = (credit.domain for credit in member.attribution.credits if credit.role == "self")
    return any(outlet in member.attribution.origin for outlet in own)


def _by_wire(members: Sequence[Telling], named: Named) -> tuple[tuple[str, ...], str] | None:
    wires = _wires(members)
    if not wires:
        return None
    return (max(wires, key=lambda wire: len(wires[wire])),), _copies(members, named)


def _copies(members: Sequence[Telling], named: Named) -> str:
    """ "11 copies of Associated Press"; of the agency that most carry."""
    wires = _wires(members)
    if not wires:
        return ""
    most = max(wires, key=lambda wire: len(wires[wire]))
    return _counted(len(wires[most]), f"copy of {named(most)}", f"copies of {named(most)}")


def _wires(members: Sequence[Telling]) -> dict[str, set[str]]:
    """Agency → the outlets that carry its copy, by a dateline or an author's line."""
    carried: dict[str, set[str]] = {}
    for member in members:
        for credit in member.attribution.credits:
            if credit.role == "wire":
                carried.setdefault(credit.domain, set()).add(member.domain)
    return carried


def _documents(members: Sequence[Telling]) -> str:
    sources = dict.fromkeys(source for member in members for source in member.attribution.document_source)
    return f"documents: {', '.join(sources)}" if sources else ""


# ---- time -----------------------------------------------------------------------------------------------------------


def _by_time(members: Sequence[Telling]) -> tuple[tuple[str, ...], str] | None:
    """Who was ahead of every other by both clocks, for longer than either feed had not been read when it was seen."""
    first = members[0]
    rivals = [member for member in members if member.domain != first.domain]
    if not rivals or not all(_is_ahead(first, rival) for rival in rivals):
        return None
    minutes = int(min(_lead(first, rival) for rival in rivals).total_seconds() // 60)
    return (first.domain,), f"{minutes} min before any other; nobody is credited"


def _is_ahead(first: Telling, rival: Telling) -> bool:
    if first.seen_within is None or rival.seen_within is None:
        return False
    return _lead(first, rival) > max(first.seen_within, rival.seen_within)


def _lead(first: Telling, rival: Telling) -> timedelta:
    """How long one was ahead of another by both clocks: the smaller lead; none without both times of publication."""
    if first.published is None or rival.published is None:
        return timedelta(0)
    return min(rival.first_seen - first.first_seen, rival.published - first.published)


def _when(member: Telling) -> datetime:
    """When a report came out; no later than we saw it."""
    return min(member.published or member.first_seen, member.first_seen)


def _seen(members: Sequence[Telling], named: Named) -> Sighting:
    """Whom we saw first, and who dates its report before that."""
    first, dated = members[0], min(members, key=_when)
    seen = Sighting(
        at=first.first_seen, outlet=named(first.domain), within=first.seen_within, first_look=first.first_look
    )
    if dated.domain == first.domain or _when(dated) >= first.first_seen:
        return seen
    return replace(seen, dated_by=named(dated.domain), dated_at=_when(dated))


def _in_words(sighting: Sighting) -> str:
    """ "first seen here 09:12 UTC (The Guardian, ± 4 min)", and who dates its report before that."""
    here = sighting.at.astimezone(UTC)
    within = f", ± {_minutes(sighting.within)} min" if sighting.within else ""
    within = ", there when we first looked" if sighting.first_look else within
    seen = f"first seen here {here:%H:%M} UTC ({sighting.outlet}{within})"
    if sighting.dated_at is None:
        return seen
    at = sighting.dated_at.astimezone(UTC)
    day = "" if at.date() == here.date() else f" on {at:%Y-%m-%d}"
    return f"{seen}, but {sighting.dated_by} dates its report {at:%H:%M}{day}"


def _minutes(interval: timedelta) -> int:
    return max(1, round(interval.total_seconds() / 60))


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
