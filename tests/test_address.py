"""One article, many spellings of its address."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.story.address import same_address

PLAIN = "https://herald.example/2026/02/17/cloud-contract"


def news_link(url: str, *, also: str = "") -> str:
    """As Google News wrapped an address: a tag, then texts of a length that is said before each."""
    message = b"\x08\x13" + b"".join(
        bytes([tag]) + _length(len(one)) + one.encode() for tag, one in ((0x22, url), (0xD2, also)) if one
    )
    return f"https://news.google.com/rss/articles/{base64.urlsafe_b64encode(message).decode().rstrip('=')}?oc=5"


def _length(count: int) -> bytes:
    return bytes([count]) if count < 0x80 else bytes([count & 0x7F | 0x80, count >> 7])


@pytest.mark.parametrize(
    "spelling",
    [
        "http://www.herald.example/2026/02/17/cloud-contract/",
        "https://m.herald.example/2026/02/17/cloud-contract?utm_source=x&fbclid=y",
        "https://amp.herald.example/2026/02/17/cloud-contract/amp/",
        "https://www.google.com/amp/s/www.herald.example/2026/02/17/cloud-contract/amp",
        "https://herald-example.cdn.ampproject.org/c/s/herald.example/2026/02/17/cloud-contract",
        news_link(PLAIN),
        news_link(PLAIN, also="https://herald.example/2026/02/17/cloud-contract/amp"),
        news_link(f"{PLAIN}?utm_campaign={'x' * 120}"),
    ],
)
def test_every_spelling_is_the_same_article(spelling: str) -> None:
    assert same_address(spelling) == same_address(PLAIN) == "herald.example/2026/02/17/cloud-contract"


def test_todays_news_links_hold_no_address_and_stay_what_they_are() -> None:
    sealed = news_link("AU_yqLMx0opaque-number-that-only-Google-can-look-up")
    assert same_address(sealed).startswith("news.google.com/rss/articles/")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (PLAIN, "https://herald.example/2026/02/17/cloud-contracts"),
        ("https://a.example/?p=12", "https://a.example/?p=13"),
        (news_link(PLAIN), news_link("https://herald.example/other")),
    ],
)
def test_other_articles_are_others(one: str, other: str) -> None:
    assert same_address(one) != same_address(other)


@pytest.mark.parametrize("nothing", ["", "mailto:a@b.example", "https://herald.example/", "http://[::1", "/story"])
def test_what_is_no_address_of_an_article_is_nothing(nothing: str) -> None:
    assert same_address(nothing) == ""


@given(st.text(st.characters(codec="ascii"), max_size=60))
def test_no_code_breaks_it(code: str) -> None:
    same_address(f"https://news.google.com/articles/{code}")
