"""The outlets that are known by name."""

from __future__ import annotations

import pytest

from monitor.errors import ConfigError
from monitor.story.outlets import read_outlets, shipped

HEADER = "name\tdomain\tother domains\taliases\tshort forms\tkind\tflag\n"


def test_the_shipped_list_is_sound() -> None:
    outlets = shipped()
    assert len(outlets.all) == 302
    assert all(outlet.name and outlet.kind for outlet in outlets.all)
    assert outlets.find("reuters.com") is outlets.named("Reuters")
    assert outlets.named("Thomson Reuters") is None


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("https://www.theguardian.com/us-news/2026/feb/17/story", "theguardian.com"),
        ("https://amp.theguardian.com/x", "theguardian.com"),
        ("http://cnnespanol.cnn.com/2026/02/17/ice/", "cnn.com"),
        ("https://english.elpais.com/usa/", "elpais.com"),
        ("https://www.bbc.co.uk/mundo/articles/x", "bbc.com"),
        ("https://economictimes.indiatimes.com/tech", "economictimes.indiatimes.com"),
        ("https://news.ycombinator.com/item?id=1", "news.ycombinator.com"),
        ("HTTPS://WWW.WIRED.COM./story", "wired.com"),
        ("theverge.com", "theverge.com"),
        ("https://www.smalltown-paper.example/x", "smalltown-paper.example"),
        ("https://feeds.smalltown-paper.example/rss", "smalltown-paper.example"),
        ("https://notreuters.com/", "notreuters.com"),
        ("https://reuters.com.scam.example/", "reuters.com.scam.example"),
        ("http://[broken", ""),
        ("", ""),
    ],
)
def test_a_url_belongs_to_the_outlet_with_the_longest_known_suffix(url: str, domain: str) -> None:
    assert shipped().domain_of(url) == domain


@pytest.mark.parametrize(
    ("domain", "name"),
    [
        ("404media.co", "404 Media"),
        ("politico.eu", "Politico"),
        ("lanacion.com.ar", "La Nación (Argentina)"),
        ("x.example", "x.example"),
    ],
)
def test_a_domain_has_a_name_for_readers(domain: str, name: str) -> None:
    assert shipped().name(domain) == name


def test_a_name_without_its_country_is_printed_only_where_it_is_not_shared() -> None:
    outlets = shipped()
    costa_rica, mexico = outlets.find("nacion.com"), outlets.find("eluniversal.com.mx")
    assert costa_rica is not None
    assert mexico is not None
    assert costa_rica.names == ()
    assert mexico.names == ("El Universal",)


def test_a_list_of_ones_own_is_read_column_by_column() -> None:
    (outlet,) = read_outlets(
        HEADER + "The Alder Post\talderpost.example\tap.example; m.ap.example\tAlder Post\tthe Post\tlocal\tword\n"
    ).all
    assert (outlet.name, outlet.domain, outlet.other_domains) == (
        "The Alder Post",
        "alderpost.example",
        ("ap.example", "m.ap.example"),
    )
    assert (outlet.aliases, outlet.short_forms, outlet.kind, outlet.is_word) == (
        ("Alder Post",),
        ("the Post",),
        "local",
        True,
    )


@pytest.mark.parametrize(
    ("source", "faults"),
    [
        ("", ["outlets.tsv:1: the columns must be: name, domain"]),
        ("name\tdomain\n", ["outlets.tsv:1: the columns must be"]),
        (HEADER + "\tx.example\n", ["outlets.tsv:2: an outlet needs a name"]),
        (HEADER + "Alder\tWWW.Alder.example\n", ["outlets.tsv:2: Alder: 'WWW.Alder.example' is not a domain"]),
        (HEADER + "Alder\talder.example\t\t\t\tlocal\tnoun\n", ["the last column must be empty or 'word', not 'noun'"]),
        (HEADER + "Alder\ta.example\t\t\t\tlocal\t\tmore\n", ["not 'more'"]),
        (HEADER + "A\ta.example\nB\tb.example\ta.example\n", ["outlets.tsv:3: B: a.example already belongs to A"]),
        (HEADER + "A\tone\nB\ttwo\n", ["outlets.tsv:2: A: 'one'", "outlets.tsv:3: B: 'two'"]),
    ],
)
def test_every_faulty_line_is_named_at_once(source: str, faults: list[str]) -> None:
    with pytest.raises(ConfigError) as raised:
        read_outlets(source)
    assert len(raised.value.faults) == len(faults)
    for fault in faults:
        assert fault in str(raised.value)
