"""The demo newsroom: real feeds over real HTTP, a mailroom over real SMTP, and a day in which one story matters."""

from __future__ import annotations

import gzip
import json
import smtplib
import socket
import time
from calendar import timegm
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from email.message import EmailMessage
from pathlib import Path

import feedparser
import httpx
import pytest

from monitor.demo import press
from monitor.demo.day import Item, read_papers
from monitor.demo.mailroom import Mailroom
from monitor.demo.newsroom import Newsroom, accepts_gzip
from monitor.errors import ConfigError, TipsheetError

OPENED = datetime(2026, 2, 18, 18, 0, tzinfo=UTC)
SLUGS = [paper.slug for paper in read_papers()]
PAPERS = {paper.slug: paper for paper in read_papers()}
FEEDS = [slug for slug, paper in PAPERS.items() if paper.format not in ("json", "login")]


@pytest.fixture(scope="module")
def newsroom() -> Iterator[Newsroom]:
    with Newsroom(opened=OPENED) as newsroom:
        yield newsroom


@pytest.fixture(scope="module")
def bodies(newsroom: Newsroom) -> dict[str, httpx.Response]:
    """Every feed, asked for once."""
    return {outlet.slug: httpx.get(outlet.url) for outlet in newsroom.outlets}


def parsed(response: httpx.Response) -> feedparser.FeedParserDict:
    headers = {"content-type": response.headers["content-type"], "content-location": str(response.url)}
    return feedparser.parse(response.content, response_headers=headers)


# ---- the day ---------------------------------------------------------------------------------------------------------


def test_a_dozen_outlets_publish_a_days_news() -> None:
    assert len(FEEDS) + 1 >= 12
    assert 70 <= sum(paper.entries for paper in PAPERS.values()) <= 110


def test_only_the_two_outlets_whose_facts_are_used_are_real() -> None:
    real = {paper.domain for paper in PAPERS.values() if not paper.domain.endswith(".example")}
    assert real == {"theguardian.com", "reuters.com"}


def test_the_story_is_told_by_eight_outlets_and_broken_by_the_guardian(newsroom: Newsroom) -> None:
    tellings = newsroom.tellings("ice-azure")
    assert len(tellings) == 8
    assert next(iter(tellings)) == "the-guardian"
    for slug, url in tellings.items():
        page = httpx.get(url).text
        assert "Guardian" in page, slug
        assert "1,400" in page or "1.400" in page or slug == "prairie-dispatch", slug  # which cuts the wire short


def test_the_wire_copies_say_the_same_and_the_rewrites_do_not() -> None:
    leads = {slug: item.summary for slug, paper in PAPERS.items() for item in paper.items if item.story}
    assert leads["harbor-ledger"] == leads["mesa-courier"]
    assert len(set(leads.values())) == len(leads) - 1


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("ice hockey", "Cold as ICE"),
        ("cloudy weather", "Freezing rain and cloud"),
        ("black ice", "Black ice"),
        ("a frozen river", "Frozen river"),
        ("a bourse on a cloud", "ICE will offer its price feeds on Microsoft Azure"),
        ("trains", "New ICE trains"),
        ("engines", "Internal combustion"),
        ("a power company and a cloud", "ICE y Microsoft abren curso"),
        ("visas for cloud engineers", "H-1B"),
        ("cloud earnings", "Azure growth"),
        ("detention without technology", "ICE detention center"),
        ("a county's cloud", "contract with Microsoft"),
        ("the cyber agency", "cybersecurity arm of the Department of Homeland Security"),
    ],
)
def test_what_must_stay_quiet_is_in_the_news(what: str, words: str) -> None:
    quiet = [item for paper in PAPERS.values() for item in paper.items if not item.story]
    assert any(words in f"{item.title}\n{item.summary}" for item in quiet), what


def test_a_story_nobody_tells_has_no_tellings(newsroom: Newsroom) -> None:
    assert newsroom.tellings("moon-cheese") == {}


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("name: [unclosed", ""),
        ("just a word", ""),
        ("{name: A, domain: a.example, language: en, tagline: t, format: fax, feed: f, items: []}", "format"),
        (
            "{name: A, domain: a.example, language: en, tagline: t, format: rss, feed: f, items: "
            "[{title: One, minutes: soon, summary: s}]}",
            "items[0].minutes",
        ),
        (
            "{name: A, domain: a.example, language: en, tagline: t, format: rss, feed: f, items: [], clour: red}",
            "clour",
        ),
        (
            "{name: A, domain: a.example, language: en, tagline: t, format: rss, feed: f, items: "
            '[{title: One, minutes: 1, summary: s}, {title: "One?", minutes: 2, summary: s}]}',
            "items",
        ),
    ],
)
def test_a_paper_that_cannot_be_used_is_named(tmp_path: Path, text: str, path: str) -> None:
    (tmp_path / "odd.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_papers(tmp_path)
    assert caught.value.faults[0].file == "odd.yaml"
    assert caught.value.faults[0].path == path


def test_an_address_is_made_from_the_title() -> None:
    item = Item(title="Él dijo: «¡1,4 petabytes!»", minutes=1, summary="")
    assert item.slug == "el-dijo-1-4-petabytes"


# ---- the feeds -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("slug", FEEDS)
def test_every_feed_is_read_into_the_entries_that_the_data_says(bodies: dict[str, httpx.Response], slug: str) -> None:
    paper, entries = PAPERS[slug], parsed(bodies[slug]).entries
    assert len(entries) == paper.entries
    assert {entry.link.rsplit("/", 1)[1] for entry in entries} == {item.slug for item in paper.items}
    printed = {
        datetime.fromtimestamp(timegm(dict(entry).get("published_parsed") or entry.updated_parsed), UTC)
        for entry in entries
    }
    assert printed == {OPENED - timedelta(minutes=item.minutes) for item in paper.items}


@pytest.mark.parametrize("slug", [slug for slug in FEEDS if "twice-escaped" not in PAPERS[slug].quirks])
def test_every_title_survives_its_feed(bodies: dict[str, httpx.Response], slug: str) -> None:
    assert {entry.title for entry in parsed(bodies[slug]).entries} == {item.title for item in PAPERS[slug].items}


def test_the_json_feed_holds_every_item(bodies: dict[str, httpx.Response]) -> None:
    feed = json.loads(bodies["stack-letter"].content)
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert {row["title"] for row in feed["items"]} == {item.title for item in PAPERS["stack-letter"].items}
    assert all(row["id"] and row["url"] and row["content_html"] for row in feed["items"])


def test_every_entry_leads_to_its_article(newsroom: Newsroom, bodies: dict[str, httpx.Response]) -> None:
    links = {entry.link: entry.title for slug in FEEDS for entry in parsed(bodies[slug]).entries}
    with httpx.Client() as client:
        pages = {link: client.get(link) for link in links}
    assert {page.status_code for page in pages.values()} == {200}
    assert all("<article>" in page.text for page in pages.values())


# ---- what is wrong with them, on the wire ----------------------------------------------------------------------------


def test_the_careless_feed_is_not_xml_and_says_so(bodies: dict[str, httpx.Response]) -> None:
    feed = parsed(bodies["exchange-floor"])
    assert feed.bozo
    assert "SAXParseException" in repr(feed.bozo_exception)
    assert b"</rss>" not in bodies["exchange-floor"].content


def test_a_header_that_claims_utf_8_lies(bodies: dict[str, httpx.Response]) -> None:
    body = bodies["el-correo-del-valle"]
    assert body.headers["content-type"].endswith("charset=utf-8")
    assert "«vigilancia masiva»" in body.content.decode("windows-1252")
    with pytest.raises(UnicodeDecodeError):
        body.content.decode("utf-8")


def test_an_xml_declaration_that_claims_utf_8_lies(bodies: dict[str, httpx.Response]) -> None:
    body = bodies["la-gaceta-del-istmo"].content
    assert body.startswith(b'<?xml version="1.0" encoding="utf-8"?>')
    with pytest.raises(UnicodeDecodeError):
        body.decode("utf-8")


def test_text_is_escaped_twice(bodies: dict[str, httpx.Response]) -> None:
    body = bodies["valley-circuit"].content
    assert b"Q&amp;amp;A" in body
    assert b"&amp;#8211;" in body


def test_markup_hides_ice_in_a_class_name(bodies: dict[str, httpx.Response]) -> None:
    assert b'<![CDATA[<p class="service' in bodies["the-guardian"].content


@pytest.mark.parametrize("slug", [slug for slug in FEEDS if "no-ids" in PAPERS[slug].quirks])
def test_some_entries_have_no_id(bodies: dict[str, httpx.Response], slug: str) -> None:
    assert not any(entry.get("id") for entry in parsed(bodies[slug]).entries)


def test_some_links_are_relative(bodies: dict[str, httpx.Response]) -> None:
    assert b'href="/prairie-dispatch/' in bodies["prairie-dispatch"].content


def test_the_login_page_is_a_web_page_with_status_200(bodies: dict[str, httpx.Response]) -> None:
    page = bodies["the-night-desk"]
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert 'type="password"' in page.text


def test_slow_is_slow(bodies: dict[str, httpx.Response]) -> None:
    assert bodies["rinkside"].elapsed >= timedelta(seconds=2)


def test_closing_does_not_wait_for_the_slow_feed() -> None:
    begun = time.monotonic()
    with Newsroom(opened=OPENED) as newsroom, pytest.raises(httpx.ReadTimeout):
        httpx.get(newsroom.url("rinkside"), timeout=0.1)
    assert time.monotonic() - begun < 1.5


# ---- manners ---------------------------------------------------------------------------------------------------------


def test_the_same_hour_and_address_print_the_same_day() -> None:
    papers, base = read_papers(), "http://127.0.0.1:8000"
    printed = press.pages(papers, opened=OPENED, base=base)
    assert printed == press.pages(read_papers(), opened=OPENED, base=base)
    later = press.pages(papers, opened=OPENED + timedelta(minutes=1), base=base)
    assert all(printed[path].body != later[path].body for path in printed if path not in ("/", "/the-night-desk/feed"))


def test_a_second_run_on_the_same_port_finds_nothing_new() -> None:
    with Newsroom(opened=OPENED) as first:
        port, given = first.port, httpx.get(first.url("harbor-ledger"))
    with Newsroom(port=port, opened=OPENED.astimezone(timezone(timedelta(hours=9)))) as second:
        headers = {"If-None-Match": given.headers["etag"]}
        assert httpx.get(second.url("harbor-ledger")).content == given.content
        assert httpx.get(second.url("harbor-ledger"), headers=headers).status_code == 304


def test_an_hour_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        Newsroom(opened=OPENED.replace(tzinfo=None))


def test_a_closed_newsroom_has_no_address() -> None:
    with pytest.raises(RuntimeError, match="closed"):
        _ = Newsroom(opened=OPENED).outlets


def test_a_port_that_is_taken_is_named(newsroom: Newsroom) -> None:
    with pytest.raises(TipsheetError, match=f"the newsroom cannot open on port {newsroom.port}"):
        Newsroom(port=newsroom.port, opened=OPENED).__enter__()
    with pytest.raises(TipsheetError, match=f"the mailroom cannot open on port {newsroom.port}"):
        Mailroom(newsroom.port).__enter__()


@pytest.mark.parametrize("slug", [slug for slug in SLUGS if not PAPERS[slug].delay])
def test_a_reader_who_names_what_it_has_gets_304(
    newsroom: Newsroom, bodies: dict[str, httpx.Response], slug: str
) -> None:
    given, paper = bodies[slug].headers, PAPERS[slug]
    assert ("etag" in given) == ("etag" in paper.validators)
    assert ("last-modified" in given) == ("last-modified" in paper.validators)
    asked = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
    for validator in paper.validators:
        again = httpx.get(newsroom.url(slug), headers={asked[validator]: given[validator]})
        assert (again.status_code, again.content) == (304, b"")
    assert httpx.get(newsroom.url(slug)).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If-None-Match": 'W/"another"'}, 200),
        ({"If-None-Match": '"another", {etag}'}, 304),
        ({"If-None-Match": 'W/"another"', "If-Modified-Since": "{date}"}, 200),  # the tag decides
        ({"If-Modified-Since": "Wed, 18 Feb 2026 00:00:00 GMT"}, 200),
        ({"If-Modified-Since": "yesterday, I think"}, 200),
    ],
)
def test_a_reader_who_has_something_else_gets_the_feed(
    newsroom: Newsroom, bodies: dict[str, httpx.Response], headers: dict[str, str], status: int
) -> None:
    given = bodies["the-guardian"].headers
    filled = {name: value.format(etag=given["etag"], date=given["last-modified"]) for name, value in headers.items()}
    assert httpx.get(newsroom.url("the-guardian"), headers=filled).status_code == status


def test_gzip_where_asked_for(newsroom: Newsroom) -> None:
    with httpx.stream("GET", newsroom.url("the-guardian"), headers={"Accept-Encoding": "gzip"}) as packed:
        raw = b"".join(packed.iter_raw())
    plain = httpx.get(newsroom.url("the-guardian"), headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(raw) == plain.content


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("gzip", True),
        ("br, GZIP ; q=0.5", True),
        ("gzip;q=0", False),
        ("gzip;q=0.0, br", False),
        ("br", False),
        ("", False),
    ],
)
def test_gzip_only_where_it_is_accepted(header: str, accepted: bool) -> None:
    assert accepts_gzip(header) is accepted


def test_what_is_not_there_is_404_and_the_front_page_lists_the_rest(newsroom: Newsroom) -> None:
    assert httpx.get(newsroom.base + "/yesterday").status_code == 404
    front = httpx.get(newsroom.base + "/").text
    assert all(outlet.url in front for outlet in newsroom.outlets)


def test_the_newsroom_remembers_what_it_answered() -> None:
    with Newsroom(opened=OPENED) as newsroom:
        httpx.head(newsroom.url("reuters"))
        httpx.get(newsroom.base + "/nowhere")
        assert [(answer.method, answer.path, answer.status) for answer in newsroom.answers] == [
            ("HEAD", "/reuters/technology/feed", 200),
            ("GET", "/nowhere", 404),
        ]


# ---- webhooks and letters --------------------------------------------------------------------------------------------


def test_a_webhook_is_kept_as_it_came() -> None:
    with Newsroom(opened=OPENED) as newsroom:
        answer = httpx.post(newsroom.hook_url, content=b'{"story": 1}', headers={"Webhook-Id": "msg_1"})
        assert answer.status_code == 204
        (hook,) = newsroom.hooks
        assert hook.body == b'{"story": 1}'
        assert hook.headers["webhook-id"] == "msg_1"


def _chunks() -> Iterator[bytes]:
    yield b"no length is given"


@pytest.mark.parametrize(
    ("path", "content", "status"),
    [("/elsewhere", b"{}", 404), ("/hook", _chunks(), 411), ("/hook", b"x" * 1_000_001, 413)],
)
def test_a_webhook_that_cannot_be_kept_is_refused(
    newsroom: Newsroom, path: str, content: bytes | Iterator[bytes], status: int
) -> None:
    before = len(newsroom.hooks)
    assert httpx.post(newsroom.base + path, content=content).status_code == status
    assert len(newsroom.hooks) == before


def test_half_a_webhook_is_not_kept(newsroom: Newsroom) -> None:
    before = len(newsroom.hooks)
    with socket.create_connection(("127.0.0.1", newsroom.port), timeout=5) as sender:
        sender.sendall(b'POST /hook HTTP/1.0\r\nContent-Length: 100\r\n\r\n{"half": ')
        sender.shutdown(socket.SHUT_WR)
        assert sender.recv(100).startswith(b"HTTP/1.0 400")
    assert len(newsroom.hooks) == before


def a_letter(subject: str) -> EmailMessage:
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = "tipsheet@desk.example", "ana@desk.example", subject
    letter.set_content("¿Quién lo publicó primero?\n")
    return letter


def send(mailroom: Mailroom, *letters: EmailMessage) -> None:
    with smtplib.SMTP(mailroom.host, mailroom.port) as post:
        for letter in letters:
            post.send_message(letter, to_addrs=["ana@desk.example", "ben@desk.example"])


def test_the_mailroom_keeps_what_is_sent() -> None:
    with Mailroom() as mailroom:
        send(mailroom, a_letter("Primera"), a_letter("Second"))
        first, second = mailroom.letters
    assert first.sender == "tipsheet@desk.example"
    assert first.recipients == ("ana@desk.example", "ben@desk.example")
    assert first.message["Subject"] == "Primera"
    assert first.message.get_content().rstrip() == "¿Quién lo publicó primero?"
    assert second.message["Subject"] == "Second"


def test_letters_become_files_and_none_is_overwritten(tmp_path: Path) -> None:
    for subject in ("Monday", "Tuesday"):
        with Mailroom(directory=tmp_path / "letters") as mailroom:
            send(mailroom, a_letter(subject))
    files = sorted((tmp_path / "letters").iterdir())
    assert [file.name for file in files] == ["0001.eml", "0002.eml"]
    assert b"Subject: Tuesday" in files[1].read_bytes()


def test_a_letter_that_cannot_be_kept_is_refused_for_now(tmp_path: Path) -> None:
    with Mailroom(directory=tmp_path / "letters") as mailroom:
        (tmp_path / "letters").rmdir()
        with pytest.raises(smtplib.SMTPDataError, match="could not be kept") as caught:
            send(mailroom, a_letter("Lost?"))
        assert caught.value.smtp_code == 451
        assert mailroom.letters == []


def test_closing_does_not_wait_for_a_sender_who_stays_on_the_line() -> None:
    with Mailroom() as mailroom:
        line = socket.create_connection((mailroom.host, mailroom.port), timeout=5)
        assert line.recv(100).startswith(b"220 mailroom.example")
    with line:
        assert line.recv(100) == b""


def test_the_mailroom_can_be_given_its_port() -> None:
    with Mailroom() as first:
        port = first.port
    with Mailroom(port) as second:
        assert second.port == port
        send(second, a_letter("Again"))
        assert len(second.letters) == 1
