"""Examinations: what examined entries led to, written together; a batch costs about as many statements as an entry.

What lives here: the road into the tables that an examination fills. What must not: reading them for people (`stories`).
An examination replaces what the one before it of the same entry led to, except that what was told stays told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select, update

from monitor.model import Attribution, Decision, Examined, Match, Placement, Recipient
from storage import entries as entry_rows
from storage import errands, imprints, outbox
from storage import mentions as mention_rows
from storage import stories as story_rows
from storage.database import insert_new
from storage.schema import DOCUMENTS, credits, decisions, matches, members, stories

_LOUD = ("alert", "update")


def record(
    connection: Connection,
    examined: Sequence[Examined],
    *,
    claimant: str,
    recipients: Mapping[str, Recipient],
    now: datetime,
) -> tuple[Examined, ...]:
    """Write all that each of these entries led to; returns those written. Of the others the claim was lost.

    The caller's transaction makes it all or nothing. No entry may stand in it twice.
    """
    held = entry_rows.finish(connection, [one.entry_id for one in examined], claimant=claimant)
    unfounded = relying_on_others(examined, held)
    entry_rows.examine_again(connection, unfounded, now=now)
    ours = tuple(one for one in examined if one.entry_id in held - unfounded)
    if ours:
        story_of = _place(connection, {one.entry_id: one.placement for one in ours if one.placement}, now)
        _write_findings(connection, ours, now)
        for one in ours:
            _send_off(connection, one, story_of.get(one.entry_id), recipients, now)
    return ours


def relying_on_others(examined: Sequence[Examined], held: Collection[int]) -> frozenset[int]:
    """Of those whose claim held: the entries in a story whose alert was decided for one whose claim was lost.

    It was edited meanwhile, and may not match any more: what was folded under its alert would stay untold.
    """
    untold = {
        one.placement.story
        for one in examined
        if one.placement and one.entry_id not in held and any(decision.action in _LOUD for decision in one.decisions)
    }
    return frozenset(
        one.entry_id
        for one in examined
        if one.entry_id in held and one.placement is not None and one.placement.story in untold
    )


# ---- where each stands ----------------------------------------------------------------------------------------------


def _place(connection: Connection, placed: Mapping[int, Placement], now: datetime) -> dict[int, int]:
    """Make each entry a member of its story, which it may begin; returns the story's id by the entry's.

    Who is a member already stays where it is: a merge or a person may have put it elsewhere meanwhile.
    """
    told = {int(placement.story) for placement in placed.values()}
    story_of = story_rows.find_all(connection, told)
    connection.execute(update(stories).where(stories.c.id.in_(set(story_of.values()))).values(last_at=now))
    story_of |= _begin(connection, _beginners(placed, story_of.keys()), now)
    mine = {entry: story_of.get(int(one.story), story_of.get(entry, 0)) for entry, one in placed.items()}
    rows = [_member(entry, one, mine[entry]) for entry, one in placed.items()]
    if rows:
        connection.execute(insert_new(connection, members), rows)
    stand = select(members.c.entry_id, members.c.story_id).where(members.c.entry_id.in_(placed.keys()))
    return {row.entry_id: row.story_id for row in connection.execute(stand)}


def _beginners(placed: Mapping[int, Placement], known: Iterable[int]) -> list[int]:
    """The entries that begin a story: it is their own, or that of an entry whose claim was lost meanwhile."""
    begun = set(known)
    beginners = []
    for entry, placement in placed.items():
        if int(placement.story) not in begun:
            begun.add(entry)
            beginners.append(entry)
    return beginners


def _begin(connection: Connection, beginners: Sequence[int], now: datetime) -> dict[int, int]:
    """New stories; their ids by the entries that begin them."""
    if not beginners:
        return {}
    rows = [{"began_with": entry, "began_at": now, "last_at": now} for entry in beginners]
    made = connection.execute(insert(stories).returning(stories.c.began_with, stories.c.id), rows)
    return {row.began_with: row.id for row in made}


def _member(entry_id: int, placement: Placement, story_id: int) -> dict[str, Any]:
    return {
        "entry_id": entry_id,
        "story_id": story_id,
        "relation": placement.relation,
        "of_entry_id": None if placement.of is None else int(placement.of),
        "similarity": placement.similarity,
        "why": placement.why,
    }


# ---- what was found and decided -------------------------------------------------------------------------------------


def _write_findings(connection: Connection, ours: Sequence[Examined], now: datetime) -> None:
    ids = [one.entry_id for one in ours]
    before = _decided_before(connection, ids)
    decided = (_decision_rows(one, before.get(one.entry_id, ()), now) for one in ours)
    _replace(connection, matches, ids, [_match_row(one.entry_id, match) for one in ours for match in one.matches])
    _replace(connection, credits, ids, [row for one in ours for row in _credit_rows(one.entry_id, one.attribution)])
    _replace(connection, decisions, ids, [row for rows in decided for row in rows])
    mention_rows.record_all(connection, {one.entry_id: one.mentions for one in ours})
    imprints.keep(connection, {one.entry_id: one.imprint for one in ours})


def _match_row(entry_id: int, match: Match) -> dict[str, Any]:
    spans = [asdict(span) for span in match.spans]
    return {
        "entry_id": entry_id, "watch": match.watch, "level": match.level, "score": match.score, "why": match.why,
        "spans": spans,
    }  # fmt: skip


def _credit_rows(entry_id: int, attribution: Attribution) -> list[dict[str, Any]]:
    given = [
        asdict(credit) | {"entry_id": entry_id, "names_origin": credit.domain in attribution.origin}
        for credit in attribution.credits
    ]
    no_outlet = {"domain": "", "role": DOCUMENTS, "field": "", "start": 0, "end": 0, "names_origin": False}
    return [*given, *({"entry_id": entry_id, "outlet": name} | no_outlet for name in attribution.document_source)]


def _decided_before(connection: Connection, ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """What was decided about those entries that have been examined before."""
    found: dict[int, list[dict[str, Any]]] = {}
    columns = [column for column in decisions.c if column is not decisions.c.id]
    for row in connection.execute(select(*columns).where(decisions.c.entry_id.in_(ids))).mappings():
        found.setdefault(row["entry_id"], []).append(dict(row))
    return found


def _decision_rows(examined: Examined, before: Sequence[dict[str, Any]], now: datetime) -> list[dict[str, Any]]:
    """The new decisions; but what was told of an entry stays told, whatever its newest wording would lead to."""
    held = {(row["watch"], row["recipient"]): row for row in before if row["action"] != "nothing"}
    rows = {}
    for decision in examined.decisions:
        key = decision.watch, decision.recipient
        earlier = held.pop(key, None)
        made = _decision_row(examined.entry_id, decision, now)
        rows[key] = made if decision.action in _LOUD or earlier is None else earlier
    told = [row for row in held.values() if row["action"] in _LOUD]
    return [*rows.values(), *told]


def _decision_row(entry_id: int, decision: Decision, now: datetime) -> dict[str, Any]:
    return {
        "entry_id": entry_id,
        "watch": decision.watch,
        "recipient": decision.recipient,
        "action": decision.action,
        "reason": decision.reason,
        "decided_at": now,
    }


# ---- what is to be done now -----------------------------------------------------------------------------------------


def _send_off(
    connection: Connection, one: Examined, story_id: int | None, recipients: Mapping[str, Recipient], now: datetime
) -> None:
    """Errands and alerts: few entries have any."""
    for errand in one.errands:
        errands.want(connection, one.entry_id, errand, now=now)
    for decision in one.decisions:
        if decision.action in _LOUD:
            outbox.add(
                connection, decision, recipients[decision.recipient],
                story_id=story_id, entry_id=one.entry_id, version=one.version, now=now,
            )  # fmt: skip


def _replace(connection: Connection, table: Table, ids: Iterable[int], rows: Sequence[dict[str, Any]]) -> None:
    connection.execute(delete(table).where(table.c.entry_id.in_(list(ids))))
    if rows:
        connection.execute(insert(table), rows)
