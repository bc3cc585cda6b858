"""Every pure stage as a filter: JSON Lines in, JSON Lines out, in order, one object out for each line in."""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from monitor.story.grouping import Grouper
from monitor.story.window import Merge
from tests.command import Ran, tipsheet

FEED = b"""<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0"><channel><title>Ferry Times</title><link>https://ferry.example/</link><language>en-gb</language>
<item><guid>f-1</guid><title>Ferry &amp;amp; fog</title><link>https://ferry.example/1</link>
<description>&lt;p&gt;The &lt;b&gt;noon&lt;/b&gt; boat waits.&lt;/p&gt;</description>
<pubDate>Wed, 18 Feb 2026 13:00:00 +0100</pubDate><category>sea</category></item>
</channel></rss>"""

PAGE = """<html><head><title>Ferry waits for the fog to lift</title>
<link rel="canonical" href="https://ferry.example/1"><meta name="author" content="Ada Quay">
<meta property="article:published_time" content="2026-02-18T12:00:00+00:00"></head><body><article>
<h1>Ferry waits for the fog to lift</h1>
<p>The noon boat stayed in the harbour on Wednesday because nobody could see the pier from its bridge.</p>
<p>Passengers were given tea and a seat, and most of them reached the island before the evening meal.</p>
</article></body></html>"""

CLOUD = {"id": "cloud", "title": "ICE tripled the data it keeps on Microsoft's Azure cloud", "outlet": "ledger.example"}

CONTRACT = (
    "Leaked contracts show that the immigration agency pays a data broker for the movements of millions of phones, and "
    "that its agents can search them without a warrant from any office in the country at any hour of the day."
)

CONFIG = """
contact: https://desk.example/
channels: [{name: mail, kind: email, host: localhost, from: desk@desk.example, password: "${NOT_SET_ANYWHERE}"}]
recipients: [{name: desk, channel: mail, address: desk@desk.example}]
watches:
  - {name: ferries, query: 'ferry AND (fog OR storm)', level: digest}
  - {name: trams, query: tram}
feeds: []
"""


def lines(*values: object) -> str:
    return "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values)


def through(stage: str, *values: object, options: Sequence[str | Path] = ()) -> Ran:
    return tipsheet("stage", stage, *options, stdin=lines(*values))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "feeds.yaml"
    path.write_text(CONFIG)
    return path


# ---- parse -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    path = tmp_path / "ferry.xml"
    path.write_bytes(FEED)
    return path


def test_a_feed_comes_out_as_the_table_says(feed: Path) -> None:
    ran = tipsheet("stage", "parse", feed)
    assert ran.code == 0
    assert ran.objects == [
        {
            "path": str(feed),
            "feed": {"title": "Ferry Times", "link": "https://ferry.example/", "language": "en-gb"},
            "entries": [
                {
                    "id": "f-1",
                    "link": "https://ferry.example/1",
                    "title": "Ferry & fog",
                    "summary": "The noon boat waits.",
                    "content": "",
                    "author": "",
                    "published": "2026-02-18T12:00:00Z",
                    "updated": None,
                    "tags": ["sea"],
                }
            ],
            "error": None,
        }
    ]


def test_what_others_may_show_is_safe_to_show(feed: Path) -> None:
    content = "<p onclick='x()'>Fog, <a href='map'>see</a>.</p><script>x()</script>"
    feed.write_bytes(
        FEED.replace(
            b"</item>",
            b"<c:encoded xmlns:c='http://purl.org/rss/1.0/modules/content/'><![CDATA["
            + content.encode()
            + b"]]></c:encoded></item>",
        )
    )
    (entry,) = tipsheet("stage", "parse", feed).objects[0]["entries"]
    assert entry["content"] == '<p>Fog, <a href="https://ferry.example/map" rel="noopener noreferrer">see</a>.</p>'


def test_paths_may_come_on_standard_input_alone_or_with_headers_and_an_address(feed: Path, tmp_path: Path) -> None:
    relative = tmp_path / "relative.xml"
    relative.write_bytes(FEED.replace(b"https://ferry.example/1<", b"/1<").replace(b"https://ferry.example/<", b"<"))
    latin = tmp_path / "latin.xml"
    latin.write_bytes(FEED.replace(b'encoding="utf-8"', b"").replace(b"Ferry Times", "Café".encode("latin-1")))
    ran = tipsheet(
        "stage", "parse",
        stdin=f"{feed}\n"
        + lines(
            {"path": str(relative), "url": "https://other.example/feed"},
            {"path": str(latin), "headers": {"Content-Type": "application/rss+xml; charset=iso-8859-1"}},
        ),
    )  # fmt: skip
    assert ran.code == 0
    first, second, third = ran.objects
    assert first == tipsheet("stage", "parse", feed).objects[0]
    assert second["entries"][0]["link"] == "https://other.example/1"
    assert third["feed"]["title"] == "Café"


def test_what_is_no_feed_is_an_outcome_and_what_cannot_be_opened_a_failure(feed: Path, tmp_path: Path) -> None:
    login = tmp_path / "login.html"
    login.write_text(
        "<html><head><title>Sign in</title></head><body><form><input type='password'></form></body></html>"
    )
    ran = tipsheet("stage", "parse", login, feed)
    assert ran.code == 0
    assert [value["error"] and value["error"]["kind"] for value in ran.objects] == ["login", None]
    missing = tipsheet("stage", "parse", tmp_path / "missing.xml", feed)
    assert missing.code == 1
    assert missing.objects[0]["error"]["kind"] == "unreadable"
    assert missing.objects[0]["feed"] == {"title": "", "link": "", "language": ""}
    assert missing.objects[0]["entries"] == []
    assert missing.objects[1]["error"] is None


@pytest.mark.parametrize("bad", ['{"url": "x"}', '{"path": 7}', '{"path": "x", "headers": [1]}', "{"])
def test_a_source_that_names_no_path_is_refused_and_the_next_is_read(feed: Path, bad: str) -> None:
    ran = tipsheet("stage", "parse", stdin=f"{bad}\n{feed}\n")
    assert ran.code == 1
    refused, read = ran.objects
    assert set(refused) == set(read)
    assert refused["path"] is None
    assert refused["error"]["kind"] == "input"
    assert refused["error"]["message"].startswith("line 1: ")
    assert read["entries"][0]["id"] == "f-1"


# ---- extract ---------------------------------------------------------------------------------------------------------


def test_an_article_comes_out_as_the_table_says(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(PAGE)
    ran = through("extract", {"id": "inline", "html": PAGE}, {"id": 2, "path": str(path)})
    assert ran.code == 0
    inline, stored = ran.objects
    assert list(inline) == ["id", "title", "text", "author", "published", "canonical"]
    assert inline | {"text": ""} == {
        "id": "inline",
        "title": "Ferry waits for the fog to lift",
        "text": "",
        "author": "Ada Quay",
        "published": "2026-02-18T12:00:00Z",
        "canonical": "https://ferry.example/1",
    }
    assert "tea and a seat" in inline["text"]
    assert stored == inline | {"id": 2}


def test_a_page_that_cannot_be_read_does_not_stop_the_next(tmp_path: Path) -> None:
    absent = str(tmp_path / "absent.html")
    unusable = ({"id": 1, "html": " "}, {"id": 2}, {"id": 3, "path": absent}, {"id": 4, "path": "a\0b"})
    ran = through("extract", *unusable, {"id": 5, "html": PAGE})
    assert ran.code == 1
    assert [value["id"] for value in ran.objects] == [1, 2, 3, 4, 5]
    assert [value["error"]["kind"] for value in ran.objects[:4]] == ["empty", "input", "input", "input"]
    assert absent in ran.objects[2]["error"]["message"]
    assert ran.objects[4]["title"]


# ---- match -----------------------------------------------------------------------------------------------------------


def test_a_text_that_is_too_long_to_be_read_whole_is_said_to_be(config: Path) -> None:
    long = {"id": "a", "title": "Fog on the coast", "text": "word " * 50_000}
    (told,) = through("match", long, options=["--config", config]).objects
    assert told["note"] == "read was only of its text the first 200,000 of 250,000 characters"
    (told,) = through("match", long | {"text": "word"}, options=["--config", config]).objects
    assert "note" not in told


def test_a_match_has_level_score_reason_and_spans(config: Path) -> None:
    ran = through(
        "match", {"id": "a", "title": "Ferry stops: fog"}, {"id": "b", "title": "Fog"}, options=["--config", config]
    )
    assert ran.code == 0
    assert ran.objects == [
        {
            "id": "a",
            "matches": [
                {
                    "watch": "ferries",
                    "level": "digest",
                    "score": 1.0,
                    "why": "Ferry and fog in the title",
                    "spans": [
                        {"field": "title", "start": 0, "end": 5, "term": "ferry", "set": ""},
                        {"field": "title", "start": 13, "end": 16, "term": "fog", "set": ""},
                    ],
                }
            ],
        },
        {"id": "b", "matches": []},
    ]


FIELDS_AS_GIVEN = [
    {"title": "Ferry &amp; fog"},
    {"title": "𝕱𝖔𝖌𝖌𝖞 🌫️🌫️ morning", "summary": "é<b>fe</b>rry… the <i>fog</i>\u202e"},
    {"title": "x", "text": "\ufeff<p>FERRY</p>\r\n\r\n<p>Fog’s</p>"},
]


@pytest.mark.parametrize("fields", FIELDS_AS_GIVEN)
def test_offsets_cut_the_term_from_the_field_as_given(config: Path, fields: dict[str, str]) -> None:
    fields = fields | {"text": fields.get("text", "") + " ferry fog"}
    ran = through("match", {"id": "a", **fields}, options=["--config", config])
    (match,) = ran.objects[0]["matches"]
    assert {span["term"] for span in match["spans"]} == {"ferry", "fog"}
    for span in match["spans"]:
        cut = fields[span["field"]][span["start"] : span["end"]]
        assert cut.replace("</b>", "").lower() == span["term"]


def test_without_a_file_the_shipped_watch_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    ran = through("match", CLOUD, {"id": "hockey", "title": "Ice hockey final sold out as clouds clear over the lake"})
    (match,) = ran.objects[0]["matches"]
    assert match["level"] == "alert"
    assert 0 < match["score"] <= 1
    assert {CLOUD["title"][span["start"] : span["end"]] for span in match["spans"]} >= {"ICE", "Azure"}
    assert ran.objects[1]["matches"] == []
    assert through("match", CLOUD, options=["--watch", "no such"]).code == 2


def test_one_watch_of_the_file_can_be_tried_alone(config: Path) -> None:
    both = {"id": "a", "title": "Ferry and tram stop in the fog"}
    names = [
        [
            match["watch"]
            for match in through("match", both, options=["--config", config, *chosen]).objects[0]["matches"]
        ]
        for chosen in ([], ["--watch", "trams"], ["--watch", "trams", "--watch", "ferries"])
    ]
    assert names == [["ferries", "trams"], ["trams"], ["ferries", "trams"]]
    wrong = through("match", both, options=["--config", config, "--watch", "planes"])
    assert wrong.code == 2
    assert "no watch is called 'planes'; expected one of ferries, trams" in wrong.err
    assert wrong.out == ""


# ---- group -----------------------------------------------------------------------------------------------------------

ARRIVALS: list[dict[str, Any]] = [
    {
        "id": 7,
        "title": "Agency buys phone locations from a data broker",
        "summary": CONTRACT,
        "outlet": "ledger.example",
        "url": "https://ledger.example/7",
        "published": "2026-02-18T09:00:00Z",
    },
    {"id": "copy", "title": "Agency buys phone locations", "summary": CONTRACT, "outlet": "courier.example"},
    {"id": "other", "title": "Island ferry gets a second boat for the summer", "outlet": "ferry.example"},
]


def test_a_copy_is_placed_under_its_story_and_ids_go_out_as_they_came_in() -> None:
    ran = through("group", *ARRIVALS)
    assert ran.code == 0
    first, copy, other = ran.objects
    assert first == {"id": 7, "story": 7, "relation": "new", "of": None, "similarity": 0.0}
    assert (copy["id"], copy["story"], copy["relation"], copy["of"]) == ("copy", 7, "copy", 7)
    assert 0.9 < copy["similarity"] <= 1
    assert (other["id"], other["story"], other["relation"], other["of"]) == ("other", "other", "new", None)


def test_the_final_word_keeps_every_line_and_joins_what_grew_together(monkeypatch: pytest.MonkeyPatch) -> None:
    merges = (Merge(kept="copy", gone="other", similarity=0.6), Merge(kept="7", gone="copy", similarity=0.6))
    monkeypatch.setattr(Grouper, "merge", lambda _: merges)
    arrived, final = (through("group", *ARRIVALS, options=options) for options in ([], ["--final"]))
    assert [value["story"] for value in arrived.objects] == [7, 7, "other"]
    assert [value["story"] for value in final.objects] == [7, 7, 7]
    assert [value["relation"] for value in arrived.objects] == ["new", "copy", "new"]
    assert [value["relation"] for value in final.objects] == ["new", "copy", "same-event"]


# ---- origin ----------------------------------------------------------------------------------------------------------


def test_credits_are_given_with_their_role_and_their_place() -> None:
    story = {
        "id": "a",
        "title": "Agency tripled its cloud data",
        "summary": "The agency's data tripled in half a year, The Guardian first reported on Tuesday.",
        "outlet": "ledger.example",
    }
    ran = through("origin", story, {"id": "b", "title": "Ferry gets a second boat", "outlet": "ferry.example"})
    assert ran.code == 0
    credited, plain = ran.objects
    assert credited["origin"] == ["theguardian.com"]
    (credit,) = credited["credits"]
    assert list(credit) == ["outlet", "domain", "role", "field", "start", "end"]
    assert (credit["domain"], credit["role"], credit["field"]) == ("theguardian.com", "origin", "summary")
    assert "Guardian" in story["summary"][credit["start"] : credit["end"]]
    assert plain == {"id": "b", "origin": [], "credits": [], "document_source": []}


# ---- lines that cannot be used ---------------------------------------------------------------------------------------

BAD_LINES = [
    (b"not json", None),
    (b"[1, 2]", None),
    (b'"text"', None),
    (b'{"id": "x"}', "x"),
    (b'{"title": "no id"}', None),
    (b'{"id": "x", "title": "t", "published": "yesterday"}', "x"),
    (b'{"id": "x", "title": "caf\xe9"}', None),
    (b"[" * 100_000, None),
    (b'{"id": ' + b"9" * 5_000 + b', "title": "t"}', None),
]


@pytest.mark.parametrize("stage", ["match", "group", "origin"])
def test_a_bad_line_gives_an_error_in_its_place_and_the_others_go_on(stage: str) -> None:
    good = json.dumps(ARRIVALS[0]).encode()
    ran = tipsheet("stage", stage, stdin=b"".join(good + b"\n" + bad + b"\n" for bad, _ in BAD_LINES))
    assert ran.code == 1
    answered, refused = ran.objects[::2], ran.objects[1::2]
    assert [value["id"] for value in answered] == [7] * len(BAD_LINES)
    assert not any("error" in value for value in answered)
    assert [value["id"] for value in refused] == [name for _, name in BAD_LINES]
    for number, value in enumerate(refused, start=1):
        assert set(value) == {"id", "error"}
        assert value["error"]["kind"] == "input"
        assert value["error"]["message"].startswith(f"line {2 * number}: ")
    said = ran.err.splitlines()
    assert [line.partition(": ")[0] for line in said] == [f"line {2 * number}" for number in range(1, len(refused) + 1)]
    assert all("expected" in line for line in said)


def test_a_byte_order_mark_blank_lines_and_a_missing_last_line_break_are_harmless(config: Path) -> None:
    text = "\ufeff" + lines({"id": 1, "title": "tram"}) + "\n  \n" + lines({"id": 2, "title": "tram"}).rstrip()
    ran = tipsheet("stage", "match", "--config", config, stdin=text)
    assert (ran.code, [value["id"] for value in ran.objects]) == (0, [1, 2])


def test_what_could_move_a_cursor_is_escaped_and_means_the_same(config: Path) -> None:
    hostile = "tram \x1b]52;c;eA==\x07 \u202egnp\u2066 \x9b2J \u2028 \ud800"
    stdin = json.dumps({"id": hostile, "title": hostile})
    ran = tipsheet("stage", "match", "--config", config, stdin=stdin)
    assert ran.code == 0
    assert all(char.isprintable() for char in ran.out.removesuffix("\n"))
    assert ran.objects[0]["id"] == hostile
    assert ran.objects[0]["matches"]


def test_no_stage_needs_a_network_or_a_database(monkeypatch: pytest.MonkeyPatch, config: Path) -> None:
    def refuse(*_args: object, **_more: object) -> None:
        raise AssertionError("a filter opened a socket or a database")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr("sqlite3.connect", refuse)
    monkeypatch.setattr("storage.database.Database.__init__", refuse)
    assert through("match", CLOUD, options=["--config", config]).code == 0
    assert through("extract", {"id": 1, "html": PAGE}).code == 0
    assert through("group", *ARRIVALS).code == 0
    assert through("origin", CLOUD).code == 0
