"""What stands before an article: small pages of our own, each with what a reader would meet there."""

from __future__ import annotations

import pytest

from monitor.articles.article import extract
from monitor.articles.barriers import SHORT, WORDS, barrier

STORY = "The port moved its cranes at night. " * 10


def page(head: str = "", body: str = "") -> str:
    return f"<html><head>{head}</head><body><article><p>{STORY}</p></article>{body}</body></html>"


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        (page(), ""),
        (page("<title>Just a moment...</title>"), "challenge"),
        (page("<title>Access Denied</title>"), "challenge"),
        (page(body='<script src="https://geo.captcha-delivery.com/x.js"></script>'), "challenge"),
        (page(body="<noscript>Enable JavaScript and cookies to continue</noscript>"), "challenge"),
        (page("<title>Before you continue</title>"), "consent"),
        (page(body="<p>Acepta las cookies para seguir</p>"), "consent"),
        (page('<script type="application/ld+json">{"isAccessibleForFree": "False"}</script>'), "paywall"),
        (page('<script type="application/ld+json">{"isAccessibleForFree": true}</script>'), ""),
        (page(body="<p>Subscribe to continue reading</p>"), "paywall"),
        (page(body="<p>You’ve reached your limit of free stories</p>"), "paywall"),
        (page(body="<p>Suscríbete para seguir leyendo</p>"), "paywall"),
        (page(body="<p>Subscribe to our newsletter</p>"), ""),
        (page(body="<p>The consent decree was denied access to no one</p>"), ""),
    ],
)
def test_a_short_page_is_known_by_its_words(markup: str, expected: str) -> None:
    assert barrier(markup, STORY) == expected


def test_a_long_text_is_an_article_whatever_stands_around_it() -> None:
    text = "x" * SHORT
    assert barrier(page(body="<p>Already a subscriber? Log in</p>"), text) == ""
    sold = page('<script>{"isAccessibleForFree": false}</script>', "<p>Already a subscriber? Log in</p>")
    assert barrier(sold, text) == "paywall"


def test_an_article_says_what_stands_before_it() -> None:
    assert extract(page("<title>Just a moment...</title>")).barrier == "challenge"
    assert extract(page()).barrier == ""
    sold = extract(page(body="<p>Subscribe to continue reading</p>"))
    assert sold.barrier == "paywall"
    assert sold.text.startswith("The port moved its cranes")


def test_every_barrier_has_its_sentence() -> None:
    assert set(WORDS) == {"paywall", "consent", "challenge"}
