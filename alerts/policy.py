"""Who is told what, when, and when to try again. "Do not tell me twice" is decided here.

What lives here: decisions over values, each with its reason, written for the ledger that a reviewer reads. What must
not: sending, rendering, a clock, a database. `now` is an argument.

The order of the questions is the policy:

    who receives the watch → told already? → backlog? → paused, or which level? → alert, digest or nothing
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from monitor.model import (
    ChannelKind,
    Decision,
    EditKind,
    Entry,
    Level,
    Match,
    Placement,
    Recipient,
    Relation,
    Told,
    Version,
    Watch,
)
from monitor.story.versions import edit_kind

MAX_AMBIGUOUS = 2
"""Attempts whose end nobody knows, after which an alert is shown as uncertain instead of being sent a third time."""

BACKLOG_OF_INTEREST = timedelta(days=7)
"""How old an entry may be that came too late for an alert and that the next digest still lists."""

_NEWS = frozenset({"update", "same-event"})  # what adds to a story; a copy or a rewrite adds only to its spread

_TURNS: frozenset[EditKind] = frozenset({"reversed", "corrected", "withdrawn"})  # what whoever was told must hear
_EDITS: Mapping[EditKind, str] = {
    "typo": "a typo mended in an earlier report",
    "reworded": "an edit of an earlier report",
    "reversed": "an edit that turns a headline round",
    "corrected": "a correction of an earlier report",
    "withdrawn": "the withdrawal of an earlier report",
}

_DESCRIBED: Mapping[Relation, str] = {
    "new": "this entry",
    "copy": "this copy",
    "rewrite": "this rewrite",
    "same-event": "this further report",
    "update": "this update",
}

_EMAIL_DELAYS = (
    timedelta(minutes=1),
    timedelta(minutes=30),
    timedelta(minutes=30),
)  # the first one passes most greylists
_EMAIL_PACE = timedelta(hours=2)
_EMAIL_PATIENCE = timedelta(days=5)  # RFC 5321 §4.5.4.1 asks for four to five days

# The schedule of Standard Webhooks 1.0, after the first attempt.
_WEBHOOK_DELAYS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
_LONGEST_RETRY_AFTER = timedelta(hours=24)  # a receiver may slow us down, not silence us
_SHORTEST_REST = timedelta(seconds=1)
_PATIENCE = timedelta(days=5)

_PACES: Mapping[ChannelKind, timedelta] = {
    "slack": timedelta(seconds=1),
    "discord": timedelta(seconds=2),  # 30 in a minute for each webhook
    "teams": timedelta(seconds=1),
    "mattermost": timedelta(milliseconds=200),
    "ntfy": timedelta(seconds=1),
    "telegram": timedelta(seconds=3),  # 20 in a minute for each group
    "matrix": timedelta(seconds=1),
    "apprise": timedelta(seconds=1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One entry before one recipient: what every question below looks at."""

    entry: Entry
    placement: Placement
    recipient: Recipient
    told: Told | None  # what this recipient has heard of the story, at once
    listed: tuple[Told, ...]  # where it stood, or will stand, in digests of his
    paused: Mapping[str, str]  # watch → why it may not alert now
    edit: EditKind | None  # what became of the wording that was examined before, if there was one
    now: datetime
    due_at: datetime
    update_at: datetime  # when news about the story is due


def decide(
    *,
    entry: Entry,
    matches: Sequence[Match],
    placement: Placement,
    told: Sequence[Told],
    watches: Mapping[str, Watch],
    recipients: Mapping[str, Recipient],
    now: datetime,
    group_wait: timedelta,
    group_interval: timedelta = timedelta(),
    paused: Mapping[str, str] = MappingProxyType({}),
    silent: Mapping[str, str] = MappingProxyType({}),
) -> tuple[Decision, ...]:
    """One decision for each match and each recipient of its watch, recipient by recipient, the strongest match first.

    `told` is what has gone out, or is on its way, about the story of `placement`, to anybody. A story is told once to a
    recipient, whichever watch found it: of several matches the strongest tells, the others are folded under it.
    An alert is due `group_wait` from now, so that copies that arrive together are told as one story; an update no
    sooner than `group_interval` after the last message about its story. `paused` names watches that storm, and says so
    in words: what they find goes into the digest, or into one message when the pause is over. `silent` names
    recipients who want nothing more, and says so in words.
    """
    edit = _edit(entry)

    def case(name: str) -> _Case:
        at_once = [item for item in told if item.recipient == name and item.kind != "digest"]
        last = max((item.at + group_interval for item in at_once if item.at), default=now)
        return _Case(
            entry=entry,
            placement=placement,
            recipient=recipients[name],
            told=next(iter(at_once), None),
            listed=tuple(item for item in told if item.recipient == name and item.kind == "digest"),
            paused=paused,
            edit=edit,
            now=now,
            due_at=now + group_wait,
            update_at=max(now + group_wait, last),
        )

    ranked = sorted(matches, key=lambda match: (_level(match, watches, paused) != "alert", -match.score))
    decisions: list[Decision] = []
    for name in _names(ranked, watches, recipients):
        mine = [match for match in ranked if name in _receivers(match, watches, recipients)]
        if name in silent:
            decisions += [_nothing(match, name, silent[name]) for match in mine]
        elif name in recipients:
            decisions += _decide_case(case(name), mine, watches)
        else:
            decisions += [_nothing(match, name, "no recipient of this name is configured") for match in mine]
    heard = {decision.recipient for decision in decisions} | silent.keys()
    decisions += [_take_back(case(name)) for name in _bereft(entry, told) if name in recipients and name not in heard]
    return tuple(decisions)


def _edit(entry: Entry) -> EditKind | None:
    if entry.before is None:
        return None
    document = entry.document
    now = Version(title=document.title, summary=document.summary, text=document.text, seen=entry.first_seen)
    return edit_kind(entry.before, now)


def _bereft(entry: Entry, told: Sequence[Told]) -> tuple[str, ...]:
    """Who was told of a story for a watch that the entry satisfied in its former wording."""
    return tuple(dict.fromkeys(item.recipient for item in told if item.watch in entry.matched))


def _take_back(case: _Case) -> Decision:
    """Nothing matches after an edit: told if it turns what was told, else only put on record."""
    heard = case.told or next(iter(case.listed), None)
    assert heard is not None  # noqa: S101 - only who was told can be bereft
    lost = Match(watch=heard.watch, level="digest", score=0, why="it no longer matches", spans=())
    return _follow_up(case, lost, case.told) if case.told else _for_digest(case, lost, "it no longer matches")


def _decide_case(case: _Case, matches: Sequence[Match], watches: Mapping[str, Watch]) -> list[Decision]:
    """The strongest match speaks; a weaker one is folded under it, or falls silent for the same reason."""
    strongest, *others = matches
    spoken = _decide_one(case, strongest, _level(strongest, watches, case.paused))
    if spoken.action == "nothing":
        return [spoken, *(_decide_one(case, match, _level(match, watches, case.paused)) for match in others)]
    reason = f"told for the watch “{strongest.watch}”; folded under it"
    return [spoken, *(_nothing(match, case.recipient.name, reason) for match in others)]


def _decide_one(case: _Case, match: Match, level: Level) -> Decision:
    if case.told is not None:
        return _follow_up(case, match, case.told)
    if case.entry.backlog:
        return _decide_backlog(case, match)
    if match.watch in case.paused:
        return _for_later(case, match)
    if level == "digest":
        return _for_digest(case, match, "matches at digest level")
    if _repeats_what_was_listed(case, match):
        return _for_digest(case, match, "matches")
    found = "matches since its outlet edited it" if case.entry.edited else "matches"
    reason = f"{found}; nothing told of this story yet; waits until {case.due_at:%H:%M:%S} UTC for copies"
    return Decision(watch=match.watch, recipient=case.recipient.name, action="alert", reason=reason, due_at=case.due_at)


def _repeats_what_was_listed(case: _Case, match: Match) -> bool:
    """Whether it is the same text as a report that was alert enough, and went into a digest for another reason.

    A pause that is over, or the age of that report. What was listed because it matched weakly is no such thing: the
    copy may be the whole text of which only the beginning was known.
    """
    known = any(item.watch == match.watch and item.level == "alert" for item in case.listed)
    return known and case.placement.relation == "copy" and not case.entry.edited


def _follow_up(case: _Case, match: Match, told: Told) -> Decision:
    """The recipient knows the story: news about it goes by the recipient's choice, the rest is folded under it."""
    name, wish = case.recipient.name, case.recipient.updates
    before = f"told as {'an alert' if told.kind == 'alert' else 'an update'} for the watch “{told.watch}”"
    if not _is_news(case):
        return _nothing(match, name, f"{before}; {_described(case)} is folded under it")
    if wish == "never":
        return _nothing(match, name, f"{before}; {_described(case)} is folded under it: the recipient wants no updates")
    if wish == "at-once" and (case.edit in _TURNS or case.placement.relation == "update"):
        reason = f"{before}; the recipient wants updates at once"
        if case.update_at > case.due_at:
            reason += f"; waits until {case.update_at:%H:%M:%S} UTC, because the last message is fresh"
        return Decision(watch=match.watch, recipient=name, action="update", reason=reason, due_at=case.update_at)
    return _for_digest(case, match, f"{before}; {_described(case)} is folded under it")


def _is_news(case: _Case) -> bool:
    """Of a report that was judged before in another wording, only a turn is news; of any other, what it adds."""
    return case.edit in _TURNS if case.entry.matched else case.placement.relation in _NEWS


def _described(case: _Case) -> str:
    return _EDITS[case.edit] if case.edit else _DESCRIBED[case.placement.relation]


def _decide_backlog(case: _Case, match: Match) -> Decision:
    """Old news is never an alert: a first poll brings years of it. The digest lists what is a week old at most."""
    published = case.entry.document.published
    if published is None:
        return _nothing(match, case.recipient.name, "undated and from the feed's first poll; kept for search only")
    days = (case.now - published).days
    if case.now - published > BACKLOG_OF_INTEREST:
        return _nothing(match, case.recipient.name, f"{days} days old when it came; kept for search only")
    return _for_digest(case, match, f"{days} days old when it came, too old for an alert")


def _for_later(case: _Case, match: Match) -> Decision:
    """What a paused watch finds: who takes no digest is told when the pause is over."""
    reason = case.paused[match.watch]
    if case.recipient.digest_at is not None or case.listed:
        return _for_digest(case, match, reason)
    reason = f"{reason}; told then, for the recipient takes no digest"
    return Decision(watch=match.watch, recipient=case.recipient.name, action="digest", reason=reason)


def _for_digest(case: _Case, match: Match, reason: str) -> Decision:
    if case.listed and not _is_news(case):
        reason = f"{reason}; its story stands in a digest already, and {_described(case)} is folded under it"
        return _nothing(match, case.recipient.name, reason)
    if case.recipient.digest_at is None:
        return _nothing(match, case.recipient.name, f"{reason}; the recipient takes no digest")
    return Decision(watch=match.watch, recipient=case.recipient.name, action="digest", reason=reason)


def _nothing(match: Match, recipient: str, reason: str) -> Decision:
    return Decision(watch=match.watch, recipient=recipient, action="nothing", reason=reason)


def _level(match: Match, watches: Mapping[str, Watch], paused: Mapping[str, str]) -> Level:
    """The match's level, capped by what its watch may reach."""
    watch = watches.get(match.watch)
    capped = match.watch in paused or (watch is not None and watch.level == "digest")
    return "digest" if capped else match.level


def _receivers(match: Match, watches: Mapping[str, Watch], recipients: Mapping[str, Recipient]) -> tuple[str, ...]:
    """Names of who hears of a match. An unknown watch speaks to everybody rather than to nobody."""
    watch = watches.get(match.watch)
    return watch.recipients if watch is not None and watch.recipients else tuple(recipients)


def _names(
    matches: Sequence[Match], watches: Mapping[str, Watch], recipients: Mapping[str, Recipient]
) -> tuple[str, ...]:
    """Everybody who hears of any of the matches, each once, in a stable order."""
    return tuple(dict.fromkeys(name for match in matches for name in _receivers(match, watches, recipients)))


# ---- when to try again -----------------------------------------------------------------------------------------------


def next_try(
    kind: ChannelKind,
    attempts: int,
    *,
    now: datetime,
    first_try: datetime,
    retry_after: timedelta | None,
) -> datetime | None:
    """When a delivery that has failed `attempts` times (1 or more) is tried again; None: it is given up, visibly.

    `retry_after` is what the receiver asked for; it can only lengthen the wait, and by a day at most.
    """
    delay = _email_delay(attempts) if kind == "email" else _webhook_delay(attempts)
    if delay is None:
        return None
    if retry_after is not None:
        delay = max(delay, min(retry_after, _LONGEST_RETRY_AFTER))
    if kind == "email" and now + delay - first_try > _EMAIL_PATIENCE:
        return None
    return now + delay


def after_rest(*, now: datetime, first_try: datetime, retry_after: timedelta) -> datetime | None:
    """When a delivery is tried again to which the service only said "later"; None: it has said so for five days.

    Such an answer costs none of the tries of `next_try`: where a thousand alerts queue, most of them hear it.
    """
    due = now + max(min(retry_after, _LONGEST_RETRY_AFTER), _SHORTEST_REST)
    return due if due - first_try <= _PATIENCE else None


def pace(kind: ChannelKind) -> timedelta:
    """How long after one message the next may follow, by what the services allow; a burst would only meet their 429."""
    return _PACES.get(kind, timedelta())


def _email_delay(attempts: int) -> timedelta:
    return _EMAIL_DELAYS[attempts - 1] if attempts <= len(_EMAIL_DELAYS) else _EMAIL_PACE


def _webhook_delay(attempts: int) -> timedelta | None:
    return _WEBHOOK_DELAYS[attempts - 1] if attempts <= len(_WEBHOOK_DELAYS) else None
