"""How one story is printed: what a reader sees, and what hostile words cannot do."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.cleaning import SUBJECT_LENGTH, Piece, clean, pieces, safe_link
from alerts.clock import local_time
from alerts.message import compose_alert, compose_test
from monitor.model import EditKind, EditNote, Message, Recipient, Relation, StoryMember, StoryReport
from monitor.story.versions import differences

GOLDEN = Path(__file__).parent / "data" / "golden"
NOW = datetime(2026, 3, 4, 9, 40, tzinfo=UTC)

DESK = Recipient(name="desk", channel="mail", address="desk@example.org", zone="America/New_York", digest_at=time(7))


def golden(name: str, made: str | bytes) -> None:
    """Compares with a file that somebody has looked at; GOLDEN=write replaces it, for somebody to look at again."""
    made = made.encode() if isinstance(made, str) else made
    if os.environ.get("GOLDEN") == "write":
        (GOLDEN / name).write_bytes(made)
    assert made == (GOLDEN / name).read_bytes()


def member(
    number: int,
    outlet: str,
    domain: str,
    title: str,
    relation: Relation = "rewrite",
    *,
    minutes: int = 0,
    credits: tuple[str, ...] = (),  # noqa: A002 - the model's name
) -> StoryMember:
    return StoryMember(
        entry_id=number,
        outlet=outlet,
        domain=domain,
        title=title,
        link=f"https://www.{domain}/news/{number}?from=feed&n=1",
        published=NOW - timedelta(minutes=90 - minutes),
        first_seen=NOW - timedelta(minutes=80 - minutes),
        relation=relation,
        credits=credits,
    )


def marks(text: str, *terms: str) -> tuple[tuple[int, int], ...]:
    return tuple(sorted((text.index(term), text.index(term) + len(term)) for term in terms))


TITLE = "Harbour police shared plate scans with ICE, records show"
SENTENCE = "Records show that Northwind Cloud passed 40,000 plate scans a day to ICE & its contractors from March."

REPORT = StoryReport(
    story_id=17,
    watch="Plate readers",
    level="alert",
    score=0.9,
    why="ICE (agency) near Northwind Cloud (company) in the first paragraph",
    lead=member(1, "The Harbour Gazette", "harbourgazette.example", TITLE, "new"),
    sentence=SENTENCE,
    marks=marks(SENTENCE, "Northwind Cloud", "ICE"),
    title_marks=marks(TITLE, "ICE"),
    origin=("The Harbour Gazette",),
    origin_note="2 outlets credit it",
    members=(
        member(2, "Lakeside FM", "lakeside.example", "Police passed on scans", minutes=10, credits=("The Gazette",)),
        member(3, "El Faro", "elfaro.example", "La policía compartió matrículas", minutes=20, credits=("The Gazette",)),
        member(4, "Coast Wire", "coastwire.example", "Harbour police shared scans", "same-event", minutes=30),
        member(5, "Bay Courier", "baycourier.example", "Harbour police shared scans", "copy", minutes=31),
        member(6, "The Harbour Gazette", "harbourgazette.example", "Northwind says it will stop", "update", minutes=60),
    ),
    first_seen=NOW - timedelta(minutes=80),
)


def alert(report: StoryReport = REPORT, recipient: Recipient = DESK) -> Message:
    return compose_alert(report, recipient=recipient, key="alert:17:desk", kind="alert", now=NOW)


def update(report: StoryReport = REPORT) -> Message:
    return compose_alert(report, recipient=DESK, key="update:17:desk", kind="update", now=NOW)


# ---- what a reader sees ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "made"), [("alert", alert()), ("update", update())])
def test_the_pages_are_those_that_somebody_has_looked_at(name: str, made: Message) -> None:
    golden(f"{name}.html", made.html)
    golden(f"{name}.txt", made.text)
    golden(f"{name}.json", json.dumps(made.data, indent=1, ensure_ascii=False, sort_keys=True) + "\n")


def test_the_subject_is_the_headline_then_the_outlet() -> None:
    assert alert().subject == f"{TITLE} — The Harbour Gazette"
    assert update().subject == "Update: Northwind says it will stop — The Harbour Gazette"
    assert update(replace(REPORT, members=())).subject == f"Update: {TITLE} — The Harbour Gazette"


def test_both_parts_tell_the_whole_story() -> None:
    made = alert()
    page = " ".join(BeautifulSoup(made.html, "lxml").get_text(" ").split())
    letter = " ".join(made.text.split())
    for teller in (REPORT.lead, *REPORT.members):
        assert teller.title in letter
        assert teller.link in letter
        assert teller.outlet in page
        assert teller.link in {anchor["href"] for anchor in BeautifulSoup(made.html, "lxml")("a")}
    for words in ("First reported by The Harbour Gazette; 2 outlets credit it.", REPORT.why, "Also in 4 outlets"):
        assert words in letter
        assert words in page
    assert SENTENCE in letter


def edited(kind: EditKind, old: str = TITLE.replace("shared", "sold"), *, minutes: int = 70) -> StoryReport:
    """The report whose lead was edited at 10:10 in the recipient's zone."""
    note = EditNote(kind=kind, at=NOW - timedelta(minutes=80 - minutes), title=differences(old, TITLE))
    return replace(REPORT, lead=replace(REPORT.lead, edit=note))


def test_a_changed_headline_says_when_and_shows_both_wordings() -> None:
    made = alert(edited("reworded"))
    assert "Headline changed" in made.text
    assert "police [-sold-]{+shared+} plate scans" in " ".join(made.text.split())
    page = BeautifulSoup(made.html, "lxml")
    assert [one.get_text() for one in page("del")] == ["sold"]
    assert [one.get_text() for one in page("ins")] == ["shared"]
    lead: Any = made.data["lead"]
    assert lead["edit"]["kind"] == "reworded"
    assert lead["edit"]["title_before"] == TITLE.replace("shared", "sold")


@pytest.mark.parametrize(
    ("kind", "subject"), [("withdrawn", "Withdrawn: "), ("corrected", "Corrected: "), ("reversed", "Update: ")]
)
def test_a_turn_is_the_news_of_an_update(kind: EditKind, subject: str) -> None:
    assert update(edited(kind)).subject == f"{subject}{TITLE} — The Harbour Gazette"
    later = update(edited(kind, minutes=1))  # the answer of Northwind came after it
    assert later.subject == "Update: Northwind says it will stop — The Harbour Gazette"


def test_a_headline_of_a_hundred_changes_is_not_struck_through() -> None:
    made = alert(edited("reworded", old="x" * 500))
    assert not BeautifulSoup(made.html, "lxml")("del")
    assert "Headline changed" in made.text


def test_the_terms_are_marked_where_they_stand() -> None:
    page = BeautifulSoup(alert().html, "lxml")
    assert [mark.get_text() for mark in page("mark")] == ["ICE", "Northwind Cloud", "ICE"]
    quote = page.blockquote
    assert quote is not None
    assert quote.get_text() == SENTENCE


def test_times_are_the_recipient_s() -> None:
    assert "Wed 4 Mar, 03:10 EST" in alert().text
    assert "Wed 4 Mar, 17:10 JST" in alert(recipient=replace(DESK, zone="Asia/Tokyo")).text
    assert "Wed 4 Mar, 08:10 UTC" in alert(recipient=replace(DESK, zone="Mars/Olympus")).text


@pytest.mark.parametrize(
    ("at", "printed"),
    [
        (datetime(2026, 3, 8, 6, 59, tzinfo=UTC), "Sun 8 Mar, 01:59 EST"),
        (datetime(2026, 3, 8, 7, 0, tzinfo=UTC), "Sun 8 Mar, 03:00 EDT"),
        (datetime(1, 1, 1, tzinfo=UTC), "Mon 1 Jan, 00:00 UTC"),
    ],
    ids=["before the clocks change", "after", "no such year there"],
)
def test_a_moment_on_the_recipient_s_clock(at: datetime, printed: str) -> None:
    assert local_time(at, DESK) == printed


@pytest.mark.parametrize(
    ("origin", "note", "line"),
    [
        (("El Faro",), "6 outlets credit it", "First reported by El Faro; 6 outlets credit it."),
        (("El Faro", "Coast Wire"), "", "First reported by El Faro and Coast Wire."),
        (
            (),
            "first seen here 09:12, ± 15 min",
            "Nobody is credited with breaking it; first seen here 09:12, ± 15 min.",
        ),
        ((), "", "Nobody is credited with breaking it."),
    ],
)
def test_nobody_broke_it_without_a_credit(origin: tuple[str, ...], note: str, line: str) -> None:
    assert line in " ".join(alert(replace(REPORT, origin=origin, origin_note=note)).text.split())


@pytest.mark.parametrize(
    ("others", "line"),
    [
        (REPORT.members[:1], "Also in 1 outlet"),
        (REPORT.members[:1] * 2, "Also in 1 outlet"),
        (REPORT.members[:2], "Also in 2 outlets"),
        ((replace(REPORT.lead, relation="copy"),), "More at the same outlet"),
    ],
)
def test_outlets_are_counted_once(others: tuple[StoryMember, ...], line: str) -> None:
    made = alert(replace(REPORT, members=others))
    assert re.search(f"^{line}$", made.text, re.MULTILINE)
    summary = BeautifulSoup(made.html, "lxml").summary
    assert summary is not None
    assert summary.get_text() == line


@pytest.mark.parametrize("relation", ["new", "copy", "same-event"])
def test_the_telling_that_leads_is_not_compared_with_itself(relation: Relation) -> None:
    assert alert(replace(REPORT, lead=replace(REPORT.lead, relation=relation))).text == alert().text


def test_a_story_alone_has_no_empty_lists() -> None:
    page = BeautifulSoup(alert(replace(REPORT, members=(), sentence="", marks=())).html, "lxml")
    assert not page("ul")
    assert not page("details")
    assert not page("blockquote")


def test_messages_of_one_story_share_a_thread() -> None:
    assert alert().thread == update().thread != alert(replace(REPORT, story_id=18)).thread


def test_a_test_message_says_what_will_come() -> None:
    made = compose_test(recipient=DESK, key="test:desk", now=NOW)
    assert made.kind == "test"
    for part in (made.text, made.html):
        assert "07:00 (America/New_York)" in part
    none = compose_test(recipient=replace(DESK, digest_at=None), key="test:desk", now=NOW)
    assert "No daily digest" in none.text
    golden("test.txt", made.text)


# ---- what a page must not do -----------------------------------------------------------------------------------------

TAGS = {"html", "head", "meta", "title", "style", "body", "div", "table", "tbody", "tr", "td", "p", "h1", "h2", "h3"}
TAGS |= {"a", "span", "br", "mark", "blockquote", "details", "summary", "ul", "li", "b"}


def faults(page: str) -> Iterator[str]:
    """Whatever on a page could run, call out, or lie about where it leads."""
    for tag in BeautifulSoup(page, "lxml").find_all(True):
        attributes: Mapping[str, object] = tag.attrs
        if tag.name not in TAGS:
            yield f"<{tag.name}>"
        yield from (f"{tag.name} {name}" for name in attributes if name.startswith("on") or name in {"src", "style"})
        if tag.name == "a":
            url = urlsplit(str(attributes["href"]))
            if url.scheme not in {"http", "https"} or (url.hostname or "?") not in tag.get_text():
                yield f"a link to {attributes['href']}"
            if attributes["rel"] != ["noopener", "noreferrer"]:
                yield "a link that tells where it was"
    styles = " ".join(style.get_text() for style in BeautifulSoup(page, "lxml")("style"))
    yield from (word for word in ("url(", "@import", "@font-face", "expression(") if word in styles)


def hostile(words: str) -> StoryReport:
    """A report in which every word that comes from a stranger is `words`."""
    teller = replace(
        REPORT.lead, outlet=words, domain=words, title=words, link=f"https://news.example/{words}", credits=(words,)
    )
    return replace(
        REPORT,
        watch=words,
        why=words,
        sentence=words,
        lead=teller,
        marks=((0, 3), (5, 9)),
        title_marks=((0, 2),),
        origin=(words, words),
        origin_note=words,
        members=(replace(teller, relation="copy"), replace(teller, relation="update")),
    )


SCRIPTS = [
    f"{prefix}{payload}"
    for prefix in ("", '">', "'>", "</title>", "</style>", "{{7*7}}", "-->", "\x00")
    for payload in (
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        '" onmouseover="alert(1)',
        "<iframe src=//evil.example>",
        "<a href=javascript:alert(1)>x</a>",
        "<style>@import '//evil.example'</style>",
        "<meta http-equiv=refresh content=0;url=//evil.example>",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
    )
]


@pytest.mark.parametrize("words", SCRIPTS, ids=ascii)
def test_hostile_words_stay_words(words: str) -> None:
    made = alert(hostile(words))
    assert list(faults(made.html)) == []
    assert clean(words).strip() in " ".join(BeautifulSoup(made.html, "lxml").get_text().split("\n"))


def test_an_honest_page_has_no_fault_and_the_check_would_see_one() -> None:
    assert list(faults(alert().html)) == []
    assert list(faults("<a href='https://evil.example' rel='noopener noreferrer'>good.example</a>"))
    assert list(faults("<p onclick=x><img src=y><style>p{background:url(z)}</style>"))


@pytest.mark.parametrize(
    ("link", "safe"),
    [
        ("https://news.example/a?b=1&c=2", ("https://news.example/a?b=1&c=2", "news.example")),
        ("http://news.example", ("http://news.example", "news.example")),
        ("https://good.example@evil.example/", ("https://good.example@evil.example/", "evil.example")),
        ("https://gооd.example/", ("https://gооd.example/", "xn--gd-fmca.example")),  # two Cyrillic о
        ("java\nscript:alert(1)", ("", "")),
        ("data:text/html,x", ("", "")),
        ("//news.example/a", ("", "")),
        ("https://", ("", "")),
        ("https://[::1", ("", "")),
        ("https://news.example/a b\r\nc\x00", ("https://news.example/abc", "news.example")),
        ("", ("", "")),
    ],
)
def test_only_web_links_survive_and_say_where_they_lead(link: str, safe: tuple[str, str]) -> None:
    assert safe_link(link) == safe


@pytest.mark.parametrize(
    "words",
    [
        pytest.param("a\r\nBcc: x", id="CR LF"),
        pytest.param("a\x00b", id="NUL"),
        pytest.param("\u202egnp.exe\u202c", id="override"),
        pytest.param("\u2066a\u2069", id="isolate"),
        pytest.param("half \ud83d a character", id="surrogate"),
        pytest.param("a\u2028b\u2029c\x85d", id="separators"),
        pytest.param("x" * 10_000, id="10 kB"),
        pytest.param("\x1b]8;;evil\x07", id="escape"),
    ],
)
def test_odd_characters_never_hold_up_an_alert(words: str) -> None:
    for made in (alert(hostile(words)), update(hostile(words))):
        for part in (made.subject, made.text, made.html, json.dumps(made.data)):
            assert part.encode()
            assert not re.search("[\x00\x1b\x85\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]", part)
        assert "\n" not in made.subject
        assert len(made.subject) <= SUBJECT_LENGTH


@settings(max_examples=100, deadline=None)
@given(words=st.text(alphabet=st.characters(), max_size=60))
def test_any_words_make_a_message(words: str) -> None:
    made = alert(hostile(words))
    assert made.html.encode()
    assert made.text.encode()
    assert list(faults(made.html)) == []
    assert json.loads(json.dumps(made.data)) == made.data


# ---- cleaning and cutting --------------------------------------------------------------------------------------------


@given(st.text(alphabet=st.characters(), max_size=200))
def test_cleaning_keeps_every_offset_and_is_done_once(text: str) -> None:
    assert len(clean(text)) == len(text)
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize("text", ["Policía 👮‍♀️ naïve “quotes” — 漢字 עברית", "a plain line"])
def test_the_world_s_scripts_are_left_alone(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "spans", "length", "cut"),
    [
        ("ICE raids", ((0, 3),), 99, [("ICE", True), (" raids", False)]),
        ("raids by ICE", ((9, 12),), 99, [("raids by ", False), ("ICE", True)]),
        ("ICE", (), 99, [("ICE", False)]),
        ("", ((0, 3),), 99, []),
        ("ICE", ((-5, 2), (50, 60), (2, 1)), 99, [("IC", True), ("E", False)]),
        ("abcdef", ((1, 4), (2, 5)), 99, [("a", False), ("bcd", True), ("e", True), ("f", False)]),
        ("abcdef", ((3, 6),), 5, [("abc", False), ("d", True), ("…", False)]),
    ],
    ids=["start", "end", "none", "empty", "outside", "overlapping", "shortened"],
)
def test_a_text_is_cut_at_its_marks(
    text: str, spans: tuple[tuple[int, int], ...], length: int, cut: list[tuple[str, bool]]
) -> None:
    assert pieces(text, spans, length) == tuple(Piece(text=words, marked=marked) for words, marked in cut)


@given(st.text(max_size=60), st.lists(st.tuples(st.integers(-5, 70), st.integers(-5, 70)), max_size=5))
def test_marks_never_change_the_words(text: str, spans: list[tuple[int, int]]) -> None:
    assert "".join(piece.text for piece in pieces(text, spans, 100)) == clean(text)


def test_a_story_of_ten_thousand_copies_stays_a_message_that_a_receiver_takes() -> None:
    copies = tuple(member(n, f"Outlet {n}", f"o{n}.example", "Police shared scans", "copy") for n in range(10, 10_010))
    answer = member(10_010, "El Faro", "elfaro.example", "The port answers", "update")
    data = alert(replace(REPORT, members=(*copies, answer))).data
    members = data["members"]
    assert isinstance(members, list)
    assert [one["entry"] for one in members] == [*range(10, 60), 10_010]
    assert (data["reports"], data["outlets"]) == (10_002, 10_000)
    assert data["rest"] == "tipsheet stories show 17 --json"
    assert len(json.dumps(data)) < 40_000
    assert alert().data["rest"] == ""
