"""Who is told what, and when it is tried again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Literal, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.policy import after_rest, decide, next_try, pace
from monitor.model import (
    ChannelKind,
    Decision,
    Document,
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

NOW = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
WAIT = timedelta(seconds=30)
INTERVAL = timedelta(minutes=5)

DESK = Recipient(name="desk", channel="mail", address="desk@example.org", digest_at=time(7))
PHONE = Recipient(name="phone", channel="mail", address="phone@example.org")  # takes no digest
EVERYBODY = {"desk": DESK, "phone": PHONE}

PLATES = Watch(name="plates", query="plate scans")
PHONES = Watch(name="phones", query="phone location")

ENTRY = Entry(
    id=7,
    document=Document(id="7", title="Harbour police to share plate scans", published=NOW - timedelta(hours=1)),
    feed_id=1,
    first_seen=NOW,
    backlog=False,
    edited=False,
)


def match(watch: str = "plates", level: Level = "alert", score: float = 0.9) -> Match:
    return Match(watch=watch, level=level, score=score, why="plate scans in the title", spans=())


def decided(
    *matches: Match,
    entry: Entry = ENTRY,
    relation: Relation = "new",
    told: Sequence[Told] = (),
    watches: Sequence[Watch] = (PLATES, PHONES),
    recipients: Sequence[Recipient] = (DESK,),
    paused: Sequence[str] = (),
) -> tuple[Decision, ...]:
    return decide(
        entry=entry,
        matches=matches,
        placement=Placement(id="7", story="3", relation=relation, of=None, similarity=0.6),
        told=told,
        watches={watch.name: watch for watch in watches},
        recipients={recipient.name: recipient for recipient in recipients},
        now=NOW,
        group_wait=WAIT,
        group_interval=INTERVAL,
        paused=dict.fromkeys(paused, "the watch storms"),
    )


def told(
    watch: str = "plates",
    recipient: str = "desk",
    kind: Literal["alert", "update", "digest"] = "alert",
    at: datetime | None = None,
    level: Level = "alert",
) -> Told:
    return Told(watch=watch, recipient=recipient, kind=kind, at=at, level=level)


# ---- a story that nobody has heard -----------------------------------------------------------------------------------


def test_news_is_told_after_a_short_wait_for_copies() -> None:
    (decision,) = decided(match())
    assert (decision.action, decision.due_at) == ("alert", NOW + WAIT)
    assert "nothing told of this story yet" in decision.reason


def test_a_weaker_match_goes_in_the_digest_of_those_who_take_one() -> None:
    desk, phone = decided(match(level="digest"), recipients=(DESK, PHONE))
    assert (desk.action, phone.action) == ("digest", "nothing")
    assert "takes no digest" in phone.reason


def test_a_watch_reaches_no_higher_than_its_own_level() -> None:
    (decision,) = decided(match(level="alert"), watches=(replace(PLATES, level="digest"),))
    assert decision.action == "digest"


def test_a_watch_speaks_to_its_own_recipients_and_to_all_where_it_names_none() -> None:
    narrow = replace(PLATES, recipients=("phone",))
    assert [d.recipient for d in decided(match(), watches=(narrow,), recipients=(DESK, PHONE))] == ["phone"]
    assert [d.recipient for d in decided(match(), recipients=(DESK, PHONE))] == ["desk", "phone"]


def test_a_recipient_who_is_not_configured_is_in_the_ledger() -> None:
    (decision,) = decided(match(), watches=(replace(PLATES, recipients=("nobody",)),))
    assert (decision.recipient, decision.action) == ("nobody", "nothing")
    assert decision.reason == "no recipient of this name is configured"


def test_two_watches_tell_one_recipient_once() -> None:
    strong, weak = decided(match("phones", score=0.7), match("plates", score=0.9))
    assert (strong.watch, strong.action) == ("plates", "alert")
    assert (weak.watch, weak.action) == ("phones", "nothing")
    assert weak.reason == "told for the watch “plates”; folded under it"


def test_an_alert_speaks_before_a_surer_digest_match() -> None:
    first, second = decided(match("phones", level="digest", score=1.0), match("plates", score=0.5))
    assert (first.watch, first.action, second.action) == ("plates", "alert", "nothing")


# ---- the back catalogue of a new feed --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("published", "action", "word"),
    [
        (NOW - timedelta(days=3), "digest", "3 days old when it came, too old for an alert"),
        (NOW - timedelta(days=7), "digest", "7 days old"),
        (NOW - timedelta(days=30), "nothing", "30 days old when it came; kept for search only"),
        (None, "nothing", "undated"),
    ],
)
@pytest.mark.parametrize("level", ["alert", "digest"])
@pytest.mark.parametrize("edited", [False, True])
def test_backlog_is_never_an_alert(
    published: datetime | None, action: str, word: str, level: Level, edited: bool
) -> None:
    old = replace(ENTRY, backlog=True, edited=edited, document=replace(ENTRY.document, published=published))
    (decision,) = decided(match(level=level), entry=old)
    assert decision.action == action
    assert word in decision.reason


# ---- a story told before ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("relation", "updates", "action"),
    [
        ("copy", "at-once", "nothing"),
        ("rewrite", "at-once", "nothing"),
        ("new", "at-once", "nothing"),
        ("same-event", "at-once", "digest"),
        ("same-event", "digest", "digest"),
        ("same-event", "never", "nothing"),
        ("update", "at-once", "update"),
        ("update", "digest", "digest"),
        ("update", "never", "nothing"),
    ],
)
def test_what_follows_is_folded_and_updates_go_by_the_recipient_s_choice(
    relation: Relation, updates: Literal["at-once", "digest", "never"], action: str
) -> None:
    (decision,) = decided(match(), relation=relation, told=[told()], recipients=[replace(DESK, updates=updates)])
    assert decision.action == action
    assert decision.reason.startswith("told as an alert for the watch “plates”")
    assert (decision.due_at == NOW + WAIT) is (action == "update")


def test_a_story_told_for_another_watch_is_not_told_again() -> None:
    (decision,) = decided(match("phones"), relation="copy", told=[told("plates")])
    assert decision.action == "nothing"
    assert decision.reason == "told as an alert for the watch “plates”; this copy is folded under it"


def test_a_story_told_to_one_is_news_to_another() -> None:
    desk, phone = decided(match(), relation="copy", told=[told(recipient="desk")], recipients=(DESK, PHONE))
    assert (desk.action, phone.action) == ("nothing", "alert")


def reworded(title: str, *, summary: str = "", before: str = ENTRY.document.title) -> Entry:
    """The entry after an edit; its former wording satisfied the watch on plates."""
    was = Version(title=before, summary="", text="", seen=NOW - timedelta(hours=1))
    document = replace(ENTRY.document, title=title, summary=summary)
    return replace(ENTRY, document=document, edited=True, version=2, before=was, matched=("plates",))


EDITS = [
    ("Harbor police to share plate scans", "", "nothing", "a typo mended in an earlier report is folded under it"),
    ("Port police want plate scans from all docks", "", "nothing", "an edit of an earlier report is folded under it"),
    ("Harbour police not to share plate scans", "", "update", "wants updates at once"),
    ("Harbour police to share plate scans", "Correction: the docks share them already.", "update", "at once"),
    ("Withdrawn: Harbour police to share plate scans", "", "update", "at once"),
]


@pytest.mark.parametrize(("title", "summary", "action", "reason"), EDITS)
@pytest.mark.parametrize("relation", get_args(Relation))
@pytest.mark.parametrize("still_matches", [True, False])
def test_an_edit_is_told_only_where_it_turns_what_was_told(
    title: str, summary: str, action: str, reason: str, relation: Relation, still_matches: bool
) -> None:
    eager = replace(DESK, updates="at-once")
    found = [match()] if still_matches else []
    entry = reworded(title, summary=summary)
    (decision,) = decided(*found, entry=entry, relation=relation, told=[told()], recipients=[eager])
    assert (decision.action, decision.watch) == (action, "plates")
    assert reason in decision.reason


def test_a_turn_waits_for_the_digest_of_whoever_wants_no_updates_at_once_and_for_nobody_who_was_not_told() -> None:
    taken_back = reworded("Withdrawn: Harbour police to share plate scans")
    (desk,) = decided(entry=taken_back, told=[told()], recipients=(DESK, PHONE))
    assert (desk.recipient, desk.action) == ("desk", "digest")
    assert "the withdrawal of an earlier report" in desk.reason
    assert decided(entry=taken_back, told=[told(watch="phones")]) == ()  # told for the sake of another report


def test_an_edit_that_makes_a_watch_match_for_the_first_time_is_told() -> None:
    first = replace(reworded("Harbour police to share plate scans", before="Harbour police plan"), matched=())
    (alert,) = decided(match(), entry=first)
    assert (alert.action, "matches since its outlet edited it" in alert.reason) == ("alert", True)
    (known,) = decided(match(), entry=first, relation="same-event", told=[told()])
    assert known.action == "digest"  # the story was told for another report; this one adds to it


@pytest.mark.parametrize(
    ("ago", "wait"),
    [
        ((timedelta(0),), INTERVAL),
        ((timedelta(minutes=4),), timedelta(minutes=1)),
        ((timedelta(hours=3), timedelta(minutes=2)), timedelta(minutes=3)),  # the last message counts
        ((timedelta(minutes=4, seconds=50),), WAIT),
        ((timedelta(hours=3),), WAIT),
    ],
)
def test_news_waits_while_the_last_message_about_its_story_is_fresh(
    ago: tuple[timedelta, ...], wait: timedelta
) -> None:
    before = [told(at=NOW - one) for one in ago]
    (decision,) = decided(match(), relation="update", told=before, recipients=[replace(DESK, updates="at-once")])
    assert (decision.action, decision.due_at) == ("update", NOW + wait)
    assert ("because the last message is fresh" in decision.reason) is (wait > WAIT)


# ---- a story that a digest holds -------------------------------------------------------------------------------------

LISTED = told(kind="digest", level="digest")


@pytest.mark.parametrize(
    ("level", "relation", "action"),
    [
        ("digest", "copy", "nothing"),
        ("digest", "rewrite", "nothing"),
        ("digest", "same-event", "digest"),
        ("digest", "update", "digest"),
        ("alert", "copy", "alert"),  # a surer telling of what was only listed is told
    ],
)
def test_a_story_that_was_listed_is_listed_again_only_for_news(level: Level, relation: Relation, action: str) -> None:
    (decision,) = decided(match(level=level), relation=relation, told=[LISTED])
    assert decision.action == action
    assert ("stands in a digest already" in decision.reason) is (action == "nothing")
    (other,) = decided(match(level=level), relation=relation, told=[told(kind="digest", recipient="phone")])
    assert other.action == level  # what another reads is no matter


@pytest.mark.parametrize(
    ("before", "relation", "action"),
    [
        (told(kind="digest"), "copy", "nothing"),  # the same text was listed, for a pause that is over
        (told(kind="digest"), "rewrite", "alert"),  # other words may say more
        (told("phones", kind="digest"), "copy", "alert"),  # another watch's pause
        (told(kind="digest", level="digest"), "copy", "alert"),  # only the beginning of it was known
        (told(kind="digest", recipient="phone"), "copy", "alert"),  # another's digest
    ],
)
def test_a_copy_of_what_a_digest_listed_for_a_pause_does_not_alert_when_the_pause_is_over(
    before: Told, relation: Relation, action: str
) -> None:
    (decision,) = decided(match(), relation=relation, told=[before])
    assert decision.action == action
    if action == "nothing":
        assert decision.reason == "matches; its story stands in a digest already, and this copy is folded under it"


def test_what_takes_back_a_listed_story_is_listed_and_what_only_rewords_it_is_not() -> None:
    (decision,) = decided(entry=reworded("Withdrawn: Harbour police to share plate scans"), told=[LISTED])
    assert (decision.action, decision.reason) == ("digest", "it no longer matches")
    (decision,) = decided(entry=reworded("Port police want plate scans from all docks"), told=[LISTED])
    assert decision.action == "nothing"


# ---- a watch that is paused ------------------------------------------------------------------------------------------


def test_a_paused_watch_speaks_in_the_digest_or_when_the_pause_is_over_and_others_as_ever() -> None:
    desk, phone = decided(match(), recipients=(DESK, PHONE), paused=["plates"])
    assert (desk.action, desk.reason) == ("digest", "the watch storms")
    assert (phone.action, phone.reason) == ("digest", "the watch storms; told then, for the recipient takes no digest")
    (told_for_another, _) = decided(match(), match("phones", score=0.1), paused=["plates"])
    assert (told_for_another.watch, told_for_another.action) == ("phones", "alert")
    (copy,) = decided(
        match(), relation="copy", told=[told(kind="digest", recipient="phone")], recipients=[PHONE], paused=["plates"]
    )
    assert copy.action == "nothing"


LEVELS = st.sampled_from(get_args(Level))
MATCHES = st.lists(
    st.builds(match, st.sampled_from(["plates", "phones"]), LEVELS, st.floats(0, 1)),
    max_size=2,
    unique_by=lambda found: found.watch,
)
TOLD = st.lists(st.builds(told, st.sampled_from(["plates", "phones"]), st.sampled_from(["desk", "phone"])), max_size=3)


@given(
    matches=MATCHES, told=TOLD, relation=st.sampled_from(get_args(Relation)), edited=st.booleans(), old=st.booleans()
)
def test_whatever_comes_each_pair_has_one_reason_and_nobody_hears_twice(
    matches: list[Match], told: list[Told], relation: Relation, edited: bool, old: bool
) -> None:
    entry = replace(ENTRY, edited=edited, backlog=old)
    found = decided(*matches, entry=entry, relation=relation, told=told, recipients=(DESK, PHONE))
    pairs = [(decision.watch, decision.recipient) for decision in found]
    assert sorted(pairs) == sorted((m.watch, name) for m in matches for name in EVERYBODY)
    assert all(decision.reason for decision in found)
    for name in EVERYBODY:
        spoken = [d.action for d in found if d.recipient == name and d.action != "nothing"]
        assert len(spoken) <= 1
        if old or any(item.recipient == name for item in told):
            assert "alert" not in spoken


# ---- when to try again -----------------------------------------------------------------------------------------------

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("kind", "attempts", "delay"),
    [
        ("email", 1, MINUTE),
        ("email", 2, 30 * MINUTE),
        ("email", 3, 30 * MINUTE),
        ("email", 4, 2 * HOUR),
        ("email", 40, 2 * HOUR),
        ("webhook", 1, timedelta(seconds=5)),
        ("webhook", 2, 5 * MINUTE),
        ("webhook", 3, 30 * MINUTE),
        ("webhook", 4, 2 * HOUR),
        ("webhook", 5, 5 * HOUR),
        ("webhook", 6, 10 * HOUR),
        ("webhook", 7, 14 * HOUR),
        ("webhook", 8, 20 * HOUR),
        ("webhook", 9, 24 * HOUR),
        ("webhook", 10, None),
    ],
)
def test_the_schedule(kind: Literal["email", "webhook"], attempts: int, delay: timedelta | None) -> None:
    due = next_try(kind, attempts, now=NOW, first_try=NOW, retry_after=None)
    assert due == (None if delay is None else NOW + delay)


@pytest.mark.parametrize(
    ("asked", "delay"),
    [(timedelta(seconds=1), 5 * MINUTE), (HOUR, HOUR), (30 * DAY, DAY)],
    ids=["less", "more", "absurd"],
)
def test_retry_after_lengthens_the_wait_within_reason(asked: timedelta, delay: timedelta) -> None:
    assert next_try("webhook", 2, now=NOW, first_try=NOW, retry_after=asked) == NOW + delay


@pytest.mark.parametrize("kind", [kind for kind in get_args(ChannelKind) if kind != "email"])
@pytest.mark.parametrize("attempts", range(1, 11))
def test_all_that_is_not_mail_keeps_the_schedule_of_webhooks(kind: ChannelKind, attempts: int) -> None:
    due = next_try(kind, attempts, now=NOW, first_try=NOW, retry_after=None)
    assert due == next_try("webhook", attempts, now=NOW, first_try=NOW, retry_after=None)


@pytest.mark.parametrize(
    ("asked", "waited", "delay"),
    [
        (timedelta(seconds=30), timedelta(), timedelta(seconds=30)),
        (timedelta(milliseconds=1), timedelta(), timedelta(seconds=1)),
        (30 * DAY, timedelta(), DAY),
        (HOUR, 5 * DAY - HOUR, HOUR),
        (HOUR, 5 * DAY, None),
    ],
)
def test_who_is_told_to_come_later_comes_later_for_five_days(
    asked: timedelta, waited: timedelta, delay: timedelta | None
) -> None:
    due = after_rest(now=NOW, first_try=NOW - waited, retry_after=asked)
    assert due == (None if delay is None else NOW + delay)


def test_chats_are_given_time_between_two_messages_and_mail_is_not() -> None:
    paces = {kind: pace(kind) for kind in get_args(ChannelKind)}
    assert {kind for kind, gap in paces.items() if not gap} == {"email", "webhook", "feed", "folder"}
    assert max(paces.values()) < timedelta(seconds=5)


@pytest.mark.parametrize("kind", ["email", "webhook"])
def test_mail_is_tried_for_five_days_and_a_webhook_for_three_and_then_it_is_said(
    kind: Literal["email", "webhook"],
) -> None:
    first, tries, at = NOW, 1, NOW
    while (due := next_try(kind, tries, now=at, first_try=first, retry_after=None)) is not None:
        assert due > at
        at, tries = due, tries + 1
    expected = {"email": (5 * DAY - 2 * HOUR, 5 * DAY), "webhook": (3 * DAY, 4 * DAY)}[kind]
    assert expected[0] <= at - first <= expected[1]
