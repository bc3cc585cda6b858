"""Who broke a story: the strongest evidence of all its tellings, with every vote. The stories are made up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.model import Attribution, Credit, Relation, Role, Vote
from monitor.story.origin import StoryOrigin, story_origin
from monitor.story.outlets import shipped

NINE = datetime(2026, 2, 17, 9, 12, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
SEEN = "first seen here 09:12 UTC (a.example, ± 15 min)"


@dataclass(frozen=True, kw_only=True)
class Member:
    domain: str
    relation: Relation
    first_seen: datetime
    published: datetime | None
    seen_within: timedelta | None
    first_look: bool
    attribution: Attribution


def member(domain: str, minutes: int = 0, role: Role | None = None, *credited: str, **other: Any) -> Member:
    """`dated`: minutes from the first sight to its own date, None for none."""
    seen, dated = NINE + timedelta(minutes=minutes), other.get("dated", 0)
    end = 0 if other.get("link") else 1
    credits_ = tuple(
        Credit(outlet=one, domain=one if "." in one else "", role=role, field="text", start=0, end=end)
        for one in credited
        if role
    )
    origin = tuple(one.domain for one in credits_ if one.domain and role in ("origin", "self", "wire"))
    return Member(
        domain=domain,
        relation=other.get("relation", "rewrite"),
        first_seen=seen,
        published=None if dated is None else seen + timedelta(minutes=dated),
        seen_within=other.get("poll", QUARTER),
        first_look=other.get("first_look", False),
        attribution=Attribution(origin=origin, credits=credits_, document_source=other.get("documents", ())),
    )


def joint(domain: str, minutes: int, *partners: str) -> Member:
    """Its own report says that it found out together with these."""
    own, others = member(domain, minutes, "self", domain), member(domain, minutes, "origin", *partners)
    found, given = own.attribution, others.attribution
    both = Attribution(origin=(*found.origin, *given.origin), credits=(*found.credits, *given.credits))
    return replace(own, attribution=both)


def broke(*members: Member) -> StoryOrigin:
    return story_origin(members, shipped().name)


GUARDIAN, WIRED = "theguardian.com", "wired.com"


@pytest.mark.parametrize(
    ("name", "members", "outlets", "note"),
    [
        (
            "the outlet that others credit",
            [member("a.example", 0, "origin", GUARDIAN), member("b.example", 5, "origin", GUARDIAN)],
            [GUARDIAN],
            f"2 outlets credit it; {SEEN}",
        ),
        (
            "an outlet votes once, however many articles repeat it",
            [member("a.example", 0, "origin", GUARDIAN), member("a.example", 9, "origin", GUARDIAN)],
            [GUARDIAN],
            f"1 outlet credits it; {SEEN}",
        ),
        (
            "copies repeat a vote and have none",
            [
                member("a.example", 0, "origin", GUARDIAN, relation="new"),
                member("b.example", 5, "origin", GUARDIAN, relation="copy"),
            ],
            [GUARDIAN],
            f"1 outlet credits it; {SEEN}",
        ),
        (
            "the one that most credit, and the conflict is shown",
            [
                *(member(f"{name}.example", 0, "origin", GUARDIAN) for name in "abc"),
                member("z.example", 9, "origin", WIRED),
            ],
            [GUARDIAN],
            f"credited: The Guardian by 3, WIRED by 1; {SEEN}",
        ),
        (
            "of two with equal votes, the one whose own report came first",
            [member("a.example", 0, "origin", GUARDIAN), member("b.example", 1, "origin", WIRED), member(WIRED, 2)],
            [WIRED],
            f"credited: The Guardian by 1, WIRED by 1; {SEEN}",
        ),
        (
            "both, where nothing tells them apart",
            [member("a.example", 0, "origin", GUARDIAN), member("b.example", 1, "origin", WIRED)],
            [GUARDIAN, WIRED],
            f"credited: The Guardian by 1, WIRED by 1; {SEEN}",
        ),
        (
            "outlets that are credited together, also where one report leaves one out",
            [
                member("a.example", 0, "origin", GUARDIAN, "972mag.com"),
                member("b.example", 1, "origin", GUARDIAN, "972mag.com"),
                member("c.example", 2, "origin", GUARDIAN),
            ],
            [GUARDIAN, "972mag.com"],
            f"3 outlets credit them; {SEEN}",
        ),
        (
            "the one that all credit, one of them with partners",
            [
                member("a.example", 0, "origin", GUARDIAN),
                member("b.example", 1, "origin", GUARDIAN),
                member("c.example", 2, "origin", GUARDIAN, "972mag.com", "mekomit.co.il"),
            ],
            [GUARDIAN],
            f"3 outlets credit it, 1 with +972 Magazine and Local Call; {SEEN}",
        ),
        (
            "partners that it names itself are no rivals",
            [member("a.example", 0, "origin", GUARDIAN), member(GUARDIAN, 1, "origin", "972mag.com")],
            [GUARDIAN],
            f"1 outlet credits it, 1 with +972 Magazine; {SEEN}",
        ),
        (
            "an outlet that found it together with others, by its own report alone",
            [joint(GUARDIAN, 0, "972mag.com", "Tulsa Ledger"), member("b.example", 1)],
            [GUARDIAN, "972mag.com", "Tulsa Ledger"],
            "by the account of The Guardian; first seen here 09:12 UTC (The Guardian, ± 15 min)",
        ),
        (
            "it is not left out where others credit its partner alone",
            [member("a.example", 0, "origin", "972mag.com"), joint(GUARDIAN, 1, "972mag.com", "mekomit.co.il")],
            [GUARDIAN, "972mag.com", "mekomit.co.il"],
            f"1 outlet credits them; {SEEN}",
        ),
        (
            "where others credit it alone, its partners are said beside it",
            [member("a.example", 0, "origin", GUARDIAN), joint(GUARDIAN, 1, "972mag.com")],
            [GUARDIAN],
            f"1 outlet credits it, 1 with +972 Magazine; {SEEN}",
        ),
        (
            "those that found it together are no rivals",
            [
                member("a.example", 0, "origin", "972mag.com"),
                member("b.example", 0, "origin", GUARDIAN),
                joint(GUARDIAN, 1, "972mag.com"),
            ],
            [GUARDIAN, "972mag.com"],
            f"2 outlets credit them; {SEEN}",
        ),
        (
            "where another is credited as often as its partner, both are named with all credits",
            [member("a.example", 0, "origin", WIRED), joint(GUARDIAN, 1, "972mag.com")],
            [GUARDIAN, "972mag.com", WIRED],
            f"credited: WIRED by 1, +972 Magazine by 1; {SEEN}",
        ),
        (
            "where most credit somebody else, its own report is one voice",
            [
                member("a.example", 0, "origin", WIRED),
                member("b.example", 0, "origin", WIRED),
                joint(GUARDIAN, 1, "972mag.com"),
            ],
            [WIRED],
            f"credited: WIRED by 2, +972 Magazine by 1; {SEEN}",
        ),
        (
            "links count, and are said to be links",
            [member("a.example", 0, "origin", GUARDIAN), member("b.example", 1, "origin", GUARDIAN, link=True)],
            [GUARDIAN],
            f"1 outlet credits it, 1 outlet links to it; {SEEN}",
        ),
        (
            "an outlet that is not on the list",
            [member("a.example", 0, "origin", "Tulsa Ledger")],
            ["Tulsa Ledger"],
            f"1 outlet credits it; {SEEN}",
        ),
        (
            "its own account where nobody credits anybody",
            [member("a.example", 0, "self", "a.example"), member("b.example", 5)],
            ["a.example"],
            f"by its own account; {SEEN}",
        ),
        (
            "the agency whose copy it is",
            [member("a.example", 0, "wire", "apnews.com"), member("b.example", 1, "wire", "apnews.com")],
            ["apnews.com"],
            f"2 copies of Associated Press; {SEEN}",
        ),
        (
            "a credit before the agency that carries it",
            [member("a.example", 0, "wire", "apnews.com"), member("b.example", 1, "origin", GUARDIAN)],
            [GUARDIAN],
            f"1 outlet credits it; {SEEN}; 1 copy of Associated Press",
        ),
        ("nobody, of two that came at once", [member("b.example", 5), member("a.example", 0)], [], SEEN),
        (
            "a lead longer than both polls",
            [member("b.example", 95), member("a.example", 0)],
            ["a.example"],
            f"95 min before any other; nobody is credited; {SEEN}",
        ),
        ("no lead within the rival's poll", [member("b.example", 95, poll=8 * QUARTER), member("a.example")], [], SEEN),
        ("no lead without dates", [member("b.example", 95, dated=None), member("a.example")], [], SEEN),
        ("no lead where an interval is unknown", [member("b.example", 95, poll=None), member("a.example")], [], SEEN),
        (
            "nothing of when it came, where it stood in its feed at the first look",
            [member("b.example", 95), member("a.example", 0, poll=None, first_look=True)],
            [],
            "first seen here 09:12 UTC (a.example, there when we first looked)",
        ),
        (
            "an earlier date is said, but it is no proof",
            [member("a.example", 0), member("b.example", 5, dated=-30)],
            [],
            f"{SEEN}, but b.example dates its report 08:47",
        ),
        (
            "an earlier date of another day",
            [member("a.example", 0), member("b.example", 5, dated=-600)],
            [],
            f"{SEEN}, but b.example dates its report 23:17 on 2026-02-16",
        ),
        (
            "what the reports rest on is said beside it",
            [member("a.example", documents=("Tech Inquiry",)), member("b.example", documents=("court ruling",))],
            [],
            f"{SEEN}; documents: Tech Inquiry, court ruling",
        ),
        ("nothing of no tellings", [], [], "nobody has told it yet"),
    ],
)  # fmt: skip
def test_a_story_is_credited_by_the_strongest_evidence(
    name: str, members: list[Member], outlets: list[str], note: str
) -> None:
    found = broke(*members)
    assert (list(found.outlets), found.note) == (outlets, note), name


def test_every_vote_is_kept() -> None:
    votes = broke(
        member("a.example", 0, "origin", GUARDIAN),
        member("b.example", 1, "origin", WIRED),
        member("c.example", 2, "origin", WIRED),
    ).votes
    assert votes == (
        Vote(outlet="WIRED", by=("b.example", "c.example")),
        Vote(outlet="The Guardian", by=("a.example",)),
    )
