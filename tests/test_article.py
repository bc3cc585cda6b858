"""A page as a server sends it → the article a reader came for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from monitor.articles.article import SIZE_CAP, extract
from monitor.errors import ParseError

PARAGRAPHS = (
    "The border agency has signed a five-year contract with the cloud firm Northgate, records show.",
    "Under the deal, worth forty million dollars, the firm will keep the agency's files in two data centres.",
    "A spokeswoman for the agency said that the contract had been awarded after an open tender last autumn.",
    "Residents of the town where the larger centre stands learned of it from the county's website.",
)


def page(*, head: str = "", body: str = "") -> str:
    article = body or "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    return f"""<!doctype html><html lang="en">
        <head><title>Cloud firm wins border contract - The Alder Post</title>{head}</head>
        <body><nav><a href="/">Home</a> <a href="/sport">Sport</a> <a href="/jobs">Jobs at the Post</a></nav>
        <main><article><h1>Cloud firm wins border contract</h1>{article}</article></main>
        <footer>© The Alder Post. Subscribe to our newsletter. Cookie settings.</footer></body></html>"""


def test_the_article_is_read_and_the_furniture_left_out() -> None:
    article = extract(page())
    assert article.title == "Cloud firm wins border contract"
    assert all(paragraph in article.text for paragraph in PARAGRAPHS)
    assert "Jobs at the Post" not in article.text
    assert "newsletter" not in article.text


MARKED = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS[:3])
BEHIND = [f"On page {n} of the contract, the firm promises to answer the agency within {n + 2} days." for n in range(9)]
HALF_MARKED = f"<article>{MARKED}</article>" + "".join(f"<div><p>{paragraph}</p></div>" for paragraph in BEHIND)


def test_an_article_is_whole_though_only_its_beginning_is_marked_as_one() -> None:
    text = extract(f"<html><body>{HALF_MARKED}</body></html>").text
    assert all(paragraph in text for paragraph in (*PARAGRAPHS[:3], *BEHIND))


def test_of_a_page_with_very_many_tags_the_quick_reading_has_to_do() -> None:
    """A second opinion on it could take minutes, and then there were no text at all."""
    text = extract(f"<html><body>{HALF_MARKED}{'<!---->' * 20_001}</body></html>").text
    assert PARAGRAPHS[0] in text
    assert BEHIND[-1] not in text


@pytest.mark.parametrize(
    ("head", "published"),
    [
        (
            '<meta property="article:published_time" content="2026-02-17T07:30:00-05:00">',
            datetime(2026, 2, 17, 12, 30, tzinfo=UTC),
        ),
        ('<meta itemprop="datePublished" content="2026-02-17T12:30:00Z">', datetime(2026, 2, 17, 12, 30, tzinfo=UTC)),
        (
            '<script type="application/ld+json">{"datePublished": "2026-02-17T12:30:00.000Z"}</script>',
            datetime(2026, 2, 17, 12, 30, tzinfo=UTC),
        ),
        ('<meta name="date" content="2026-02-17">', datetime(2026, 2, 17, tzinfo=UTC)),
        ('<meta property="article:published_time" content="soon">', None),
        ("", None),
    ],
)
def test_the_time_of_publication_is_exact_where_the_page_gives_it(head: str, published: datetime | None) -> None:
    assert extract(page(head=head)).published == published


@pytest.mark.parametrize(
    ("head", "canonical"),
    [
        ('<link rel="canonical" href="https://alderpost.example/cloud">', "https://alderpost.example/cloud"),
        ('<link rel="canonical" href="/cloud">', "https://m.alderpost.example/cloud"),
        ('<meta property="og:url" content="https://alderpost.example/og">', "https://alderpost.example/og"),
        ('<link rel="canonical" href="javascript:alert(1)">', ""),
        ('<link rel="canonical" href="http://[broken">', ""),
        ("", ""),
    ],
)
def test_the_canonical_address_is_absolute_or_nothing(head: str, canonical: str) -> None:
    assert extract(page(head=head), url="https://m.alderpost.example/cloud?x=1").canonical == canonical


def test_headline_and_byline_do_not_run_into_the_first_sentence() -> None:
    told = "The ferry company had told the harbour of the fault in March, letters show, and sailed on for weeks."
    more = "Its owner did not answer. The harbour says that it was never its place to stop a ship that is fit to sail."
    head = "<h1>Ferry sailed with a fault</h1><address rel='author'>Ana Ruiz and Bo Lind</address>"
    page = f"<main><article><header>{head}</header><p>{told}</p><p>{more}</p></article></main>"
    named = "<meta name='author' content='Ana Ruiz and Bo Lind'>"
    found = extract(
        f"<html><head><title>Ferry sailed with a fault | Courier</title>{named}</head><body>{page}</body></html>"
    )
    assert found.text == f"{told}\n{more}"


def test_the_author_is_named() -> None:
    assert extract(page(head='<meta name="author" content="Jane Roe">')).author == "Jane Roe"


def test_bytes_are_decoded_as_the_page_says() -> None:
    body = "".join(
        f"<p>La agencia compró torres en la frontera; así lo señaló la alcaldía número {n}.</p>" for n in range(6)
    )
    spanish = page(head='<meta charset="iso-8859-1">', body=body).replace("©", "")
    assert "señaló la alcaldía" in extract(spanish.encode("iso-8859-1")).text


@pytest.mark.parametrize(
    ("html", "kind"),
    [("", "empty"), (b" \n ", "empty"), ("<p>" * SIZE_CAP, "too-large"), (b"x" * (SIZE_CAP + 1), "too-large")],
)
def test_what_cannot_be_a_page_is_refused(html: str | bytes, kind: str) -> None:
    with pytest.raises(ParseError) as raised:
        extract(html)
    assert raised.value.kind == kind


@pytest.mark.parametrize(
    "html",
    [
        "no markup at all",
        "<html>",
        b"\xff\xfe\x00\x00",
        "\0\0\0",
        "<div>" * 5_000 + "deep",
        "<p>&#xD800;&#1114112;</p>",
        "<!--" * 1_000,
        "<html><head><title>Sign in</title></head><body><form><input type=password></form></body></html>",
    ],
)
def test_hostile_or_empty_pages_give_an_empty_article_not_an_error(html: str | bytes) -> None:
    article = extract(html)
    assert article.published is None
    assert article.canonical == ""
