"""What a robots.txt lets us read."""

from __future__ import annotations

from datetime import timedelta

import pytest

from monitor.articles.robots import EVERYTHING, LARGEST, LONGEST_DELAY, read_robots, robots_url

STORY = "https://ferry.example/2026/11/fog.html"


@pytest.mark.parametrize(
    ("rules", "allowed"),
    [
        ("", True),
        ("User-agent: *\nDisallow:", True),
        ("User-agent: *\nDisallow: /", False),
        ("User-agent: *\nDisallow: /2026/", False),
        ("User-agent: *\nDisallow: /*.html$", False),  # a wildcard
        ("User-agent: *\nDisallow: /2026/\nAllow: /2026/11/", True),  # the longer rule counts
        ("User-agent: tipsheet\nDisallow: /\n\nUser-agent: *\nDisallow:", False),  # a rule for us alone
        ("User-agent: SomeAI\nDisallow: /", True),
        ("<html>no such file</html>", True),
        ("\ufeffUser-agent: *\nDisallow: /", False),
    ],
)
def test_a_site_says_what_may_be_read(rules: str, allowed: bool) -> None:
    assert read_robots(rules.encode()).allow(STORY) is allowed


@pytest.mark.parametrize(("asked", "seconds"), [("5", 5), ("0.5", 0.5), ("86400", LONGEST_DELAY.seconds), ("soon", 0)])
def test_a_site_says_how_fast(asked: str, seconds: float) -> None:
    rules = read_robots(f"User-agent: *\nCrawl-delay: {asked}".encode())
    assert rules.delay == timedelta(seconds=seconds)


def test_a_file_without_end_is_read_in_part() -> None:
    endless = b"User-agent: *\nDisallow: /\n" + b"# more\n" * LARGEST
    assert not read_robots(endless).allow(STORY)


def test_without_a_file_everything_is_allowed() -> None:
    assert EVERYTHING.allow(STORY)
    assert EVERYTHING.delay == timedelta()
    assert robots_url(f"{STORY}?page=2#top") == "https://ferry.example/robots.txt"
