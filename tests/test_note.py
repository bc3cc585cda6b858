"""A message as a chat is told it: what stands in a note, what fits, and where a link leads."""

from __future__ import annotations

from dataclasses import replace

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from alerts.note import LINES, Line, Note, as_html, as_text, fitted, note_of, plain_link
from alerts.summary import compose_more, compose_notice, compose_reminder
from tests.test_chat import digest_of
from tests.test_message import DESK, NOW, REPORT, alert, update


def texts(note: Note) -> list[str]:
    return [line.text for line in note.all_lines]


def test_an_alert() -> None:
    assert note_of(alert()) == Note(
        title=f"{REPORT.lead.title} — The Harbour Gazette",
        link="https://www.harbourgazette.example/news/1?from=feed&n=1",
        lines=(
            Line(text=f"“{REPORT.sentence}”"),
            Line(text="First reported by The Harbour Gazette; 2 outlets credit it."),
            Line(text="Also in 4 outlets"),
            Line(text=f"Watch: Plate readers · {REPORT.why}"),
        ),
    )


def test_an_alert_of_which_nobody_else_tells_and_without_a_sentence_has_no_empty_lines() -> None:
    bare = replace(REPORT, sentence="", marks=(), members=())
    assert texts(note_of(alert(bare)))[1:] == [f"Watch: Plate readers · {REPORT.why}"]


def test_an_update_leads_to_the_report_that_brought_it() -> None:
    assert note_of(update()).link == "https://www.harbourgazette.example/news/6?from=feed&n=1"


def test_a_message_from_before_messages_had_links_leads_to_its_lead() -> None:
    assert note_of(replace(alert(), link="")).link == note_of(alert()).link


def test_a_reminder_reads_like_its_alert() -> None:
    made = compose_reminder(REPORT, alert=5, sent_at=NOW, number=1, recipient=DESK, key="r", now=NOW)
    assert note_of(made).lines == note_of(alert()).lines
    assert note_of(made).link == note_of(alert()).link


def test_a_digest_has_a_line_and_a_link_for_each_story() -> None:
    note = note_of(digest_of(REPORT, replace(REPORT, story_id=18)))
    story = Line(text=f"{REPORT.lead.title} — The Harbour Gazette", link=note_of(alert()).link)
    assert note.lines == (Line(text="404 of 412 feeds healthy."), story, story)


def test_many_stories_are_counted_beyond_what_is_listed() -> None:
    made = compose_more([REPORT], total=9, notices=["The feed Ferry Times is gone."], recipient=DESK, key="m", now=NOW)
    title = f"{REPORT.lead.title} — The Harbour Gazette"
    assert texts(note_of(made)) == ["The feed Ferry Times is gone.", title, "… and 8 more"]


def test_a_notice_is_its_sentence() -> None:
    made = compose_notice("The watch Ferries rests.", subject="a watch rests", recipient=DESK, key="n", now=NOW)
    assert (note_of(made).title, texts(note_of(made))) == ("Tipsheet: a watch rests", ["The watch Ferries rests."])


def test_a_digest_of_hundreds_is_cut_and_says_so() -> None:
    note = note_of(digest_of(*(replace(REPORT, story_id=number) for number in range(300))))
    assert (len(note.lines), note.left_out) == (LINES, 301 - LINES)


@given(st.lists(st.text(max_size=30), max_size=20), st.integers(0, 400))
def test_what_fits_is_kept_and_what_does_not_is_counted(lines: list[str], room: int) -> None:
    note = Note(title="t", link="", lines=tuple(Line(text=text) for text in lines))
    kept = fitted(note, lambda one: len(as_text(one)) <= room)
    assert len(kept.lines) + kept.left_out == len(lines)
    assert kept.lines == note.lines[: len(kept.lines)]
    assert not kept.lines or len(as_text(kept)) <= room


def test_as_text_links_stand_on_lines_of_their_own() -> None:
    note = Note(
        title="Fog", link="https://a.example/1", lines=(Line(text="b", link="https://b.example/"), Line(text="c"))
    )
    assert as_text(note) == "Fog\nhttps://a.example/1\n\nb\nhttps://b.example/\n\nc"


@given(st.text(), st.text())
def test_as_html_words_stay_words(title: str, text: str) -> None:
    page = BeautifulSoup(as_html(Note(title=title, link="https://a.example/", lines=(Line(text=text),))), "html.parser")
    assert [tag.name for tag in page.find_all()] == ["p", "strong", "a", "p"]


@pytest.mark.parametrize(
    ("link", "plain"),
    [
        ("https://a.example/b?c=d&e=f#g", "https://a.example/b?c=d&e=f#g"),
        ("https://a.example/b(c)[d]<e>|f*g'h\"i`", "https://a.example/b%28c%29%5Bd%5D%3Ce%3E%7Cf%2Ag%27h%22i%60"),
        ("https://bücher.example/straße", "https://xn--bcher-kva.example/stra%C3%9Fe"),
        ("https://bank.example@evil.example/", "https://evil.example/"),
        ("https://a.example:8443/", "https://a.example:8443/"),
        ("http://[2001:db8::1]:80/x", "http://[2001:db8::1]:80/x"),
        ("https://a.example/%E2%82%AC", "https://a.example/%E2%82%AC"),
        ("https://a.example/a b\r\nc", "https://a.example/abc"),
        ("https://a.example:99999/", ""),
        ("javascript:alert(1)", ""),
        ("//a.example/", ""),
        ("", ""),
    ],
)
def test_a_link_is_ascii_and_ends_where_it_ends(link: str, plain: str) -> None:
    assert plain_link(link) == plain
