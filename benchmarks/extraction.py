"""`./dev bench extraction [--public DIR]`: how much of an article is read from its page, and how little else.

Pages of our own making: articles in several makes of page, with menus, captions, related stories, comments and footers
around them. With `--public`, pages that others made and judged, from a directory into which one of their collections
was unpacked (CONTRIBUTING.md says how to have them); give it again for another one. Precision, recall and F1 over runs
of four words, as the article-extraction-benchmark counts; where only the opening of an article is known, over what is
told up to its end. Then, where known, the share of titles that are told word for word, and of authors who are named
with no word too many; milliseconds of CPU for a page. Beside ours: trafilatura as it comes, thorough and fast; all
paragraphs, and the whole page, as BeautifulSoup finds them. `--errors` names the pages read worst.
"""

from __future__ import annotations

import argparse
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import trafilatura
from bs4 import BeautifulSoup

from benchmarks.extraction_pages import Sample, public_pages
from monitor.articles.article import extract
from monitor.words.text import folded_words

RUN = 4  # words
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Told:
    """What an extractor says of a page; "" where it says nothing, or cannot."""

    text: str
    title: str = ""
    author: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    precision: float
    recall: float
    milliseconds: float
    by_page: dict[str, float]  # F1
    titles: float | None  # share told rightly; None where no page has a known one
    authors: float | None

    @property
    def f1(self) -> float:
        return _f1(self.precision, self.recall)

    def __str__(self) -> str:
        named = {"titles": self.titles, "authors": self.authors}
        shares = "".join(f"  {what} {share:.0%}" for what, share in named.items() if share is not None)
        figures = f"precision {self.precision:.3f}  recall {self.recall:.3f}  F1 {self.f1:.3f}"
        return f"{figures}  {self.milliseconds:6.1f} ms a page{shares}"


# ---- pages -----------------------------------------------------------------------------------------------------------

_SUBJECTS = ["the port authority", "a county clerk", "the ferry line", "two former engineers", "the school board"]
_VERBS = ["signed", "cancelled", "defended", "asked about", "paid for", "published", "could not explain"]
_OBJECTS = [
    "a contract for cameras",
    "the new database",
    "a list of addresses",
    "the tracking app",
    "last year's audit",
]
_ENDS = [
    "on Monday",
    "after a vote of five to two",
    "in a letter to residents",
    "without a tender",
    "for 1.2 million dollars",
]
_SIDE = [
    "Most read",
    "Sign up for our newsletter",
    "Related stories",
    "Advertisement",
    "Share this article",
    "Follow us",
]


def _sentence(draw: random.Random) -> str:
    words = f"{draw.choice(_SUBJECTS)} {draw.choice(_VERBS)} {draw.choice(_OBJECTS)} {draw.choice(_ENDS)}"
    return f"{words[0].upper()}{words[1:]}, file {draw.randint(100, 9999)} shows."


def _paragraphs(draw: random.Random, count: int) -> list[str]:
    return [" ".join(_sentence(draw) for _ in range(draw.randint(2, 4))) for _ in range(count)]


def _links(draw: random.Random, count: int) -> str:
    return "".join(f'<li><a href="/x/{n}">{_sentence(draw)}</a></li>' for n in range(count))


def _plain(draw: random.Random, title: str, body: Sequence[str]) -> str:
    return f"<article><h1>{title}</h1>{''.join(f'<p>{one}</p>' for one in body)}</article>"


def _divs(draw: random.Random, title: str, body: Sequence[str]) -> str:
    parts = "".join(f'<div class="story-body__text">{one}</div>' for one in body)
    byline = '<div class="byline">By A. Reporter</div>'
    return f'<div id="main"><h1>{title}</h1>{byline}<div class="story-body">{parts}</div></div>'


def _interrupted(draw: random.Random, title: str, body: Sequence[str]) -> str:
    box = f'<aside class="related"><h3>Related stories</h3><ul>{_links(draw, 3)}</ul></aside>'
    figure = "<figure><img src='/i.jpg'><figcaption>A crane at the port. Photo: Staff</figcaption></figure>"
    inner = "".join(f"<p>{one}</p>" + (box if n == 1 else figure if n == 3 else "") for n, one in enumerate(body))
    return f'<main><h1>{title}</h1><div itemprop="articleBody">{inner}</div></main>'


def _quoted(draw: random.Random, title: str, body: Sequence[str]) -> str:
    inner = "".join(
        f"<blockquote><p>{one}</p></blockquote>" if n % 3 == 1 else f"<p>{one}</p>" for n, one in enumerate(body)
    )
    return f"<div class='post-content entry-content'><h1>{title}</h1>{inner}</div>"


def _listed(draw: random.Random, title: str, body: Sequence[str]) -> str:
    first, *rest = body
    items = "".join(f"<li>{one}</li>" for one in rest[:3])
    last = "".join(f"<p>{one}</p>" for one in rest[3:])
    return f"<article><h2>{title}</h2><p>{first}</p><ul>{items}</ul>{last}</article>"


_MAKES: tuple[Callable[[random.Random, str, Sequence[str]], str], ...] = (_plain, _divs, _interrupted, _quoted, _listed)


def made_pages(count: int = 250) -> Iterator[Sample]:
    """Articles of 3 to 20 paragraphs in every make of page."""
    for number in range(count):
        draw, make = random.Random(number), _MAKES[number % len(_MAKES)]
        title, body = _sentence(draw).rstrip("."), _paragraphs(draw, draw.randint(3, 20))
        comments = "".join(f'<div class="comment"><p>{_sentence(draw)}</p></div>' for _ in range(draw.randint(0, 6)))
        html = (
            f"<!doctype html><html lang='en'><head><title>{title} | The Harbour Gazette</title></head><body>"
            f"<header><nav><ul>{_links(draw, 8)}</ul></nav></header><div class='cookie-banner'>We use cookies.</div>"
            f"{make(draw, title, body)}<section id='comments'><h3>Comments</h3>{comments}</section>"
            f"<aside class='sidebar'><h3>{draw.choice(_SIDE)}</h3><ul>{_links(draw, 6)}</ul></aside>"
            "<footer><p>The Harbour Gazette. Subscribe to our newsletter.</p></footer></body></html>"
        )
        yield Sample(name=f"{make.__name__.strip('_')} {number}", html=html, article="\n".join(body))


# ---- ways to read them -----------------------------------------------------------------------------------------------


def _ours(html: str) -> Told:
    article = extract(html)
    return Told(article.text, article.title, article.author)


def _trafilatura(html: str) -> Told:
    return _record(trafilatura.bare_extraction(html, with_metadata=True, include_comments=False))


def _trafilatura_fast(html: str) -> Told:
    return _record(trafilatura.bare_extraction(html, fast=True, with_metadata=True, include_comments=False))


def _record(found: object) -> Told:
    return Told(*(getattr(found, name, None) or "" for name in ("text", "title", "author")))


def _all_paragraphs(html: str) -> Told:
    return Told("\n".join(one.get_text(" ") for one in BeautifulSoup(html, "lxml")("p")))


def _whole_page(html: str) -> Told:
    return Told(BeautifulSoup(html, "lxml").get_text(" "))


WAYS: dict[str, Callable[[str], Told]] = {
    "ours": _ours,
    "trafilatura": _trafilatura,
    "trafilatura, fast": _trafilatura_fast,
    "all paragraphs": _all_paragraphs,
    "whole page": _whole_page,
}


# ---- scores ----------------------------------------------------------------------------------------------------------


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _runs(text: str) -> list[tuple[str, ...]]:
    words = _WORD.findall(text)
    return [tuple(words[at : at + RUN]) for at in range(max(1, len(words) - RUN + 1))] if words else []


def _agreement(text: str, sample: Sample) -> tuple[float, float]:
    """Precision and recall of a text."""
    told, true = _runs(text), _runs(sample.article)
    if sample.opening:
        told = told[: _end_of(true, told)]
    shared = (Counter(told) & Counter(true)).total()
    return shared / max(len(told), 1), shared / max(len(true), 1)


def _end_of(opening: Sequence[tuple[str, ...]], told: Sequence[tuple[str, ...]]) -> int:
    """Where the last run of an opening that is told at all is told first; what is told behind it may be right."""
    return next((told.index(run) + 1 for run in reversed(opening) if run in told), len(opening))


def _is_title(told: Told, sample: Sample) -> bool:
    return folded_words(told.title) == folded_words(sample.title)


def _is_author(told: Told, sample: Sample) -> bool:
    """A byline says more than a name: "By", a date, the outlet."""
    named = set(folded_words(told.author))
    return bool(named) and named <= set(folded_words(sample.author))


def score(samples: Sequence[Sample], way: Callable[[str], Told]) -> Score:
    told, spent = [], 0.0
    for sample in samples:
        began = time.process_time()
        told.append(way(sample.html))
        spent += time.process_time() - began
    pairs = list(zip(told, samples, strict=True))
    precisions, recalls = zip(*(_agreement(one.text, sample) for one, sample in pairs), strict=True)
    f1s = map(_f1, precisions, recalls)
    return Score(
        precision=sum(precisions) / len(samples),
        recall=sum(recalls) / len(samples),
        milliseconds=1000 * spent / len(samples),
        by_page={sample.name: f1 for sample, f1 in zip(samples, f1s, strict=True)},
        titles=_share([_is_title(one, sample) for one, sample in pairs if sample.title]),
        authors=_share([_is_author(one, sample) for one, sample in pairs if sample.author]),
    )


def _share(right: Sequence[bool]) -> float | None:
    return sum(right) / len(right) if right else None


def show(name: str, samples: Sequence[Sample], *, errors: bool) -> None:
    openings = sum(sample.opening for sample in samples)
    print(f"{len(samples)} pages: {name}{f'; of {openings} only the opening is known' if openings else ''}")
    for way, read in WAYS.items():
        one = score(samples, read)
        print(f"  {way:18} {one}")
        if way == "ours" and errors:
            for page, f1 in sorted(one.by_page.items(), key=lambda item: item[1])[:20]:
                print(f"    {f1:.3f}  {page}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--public", type=Path, action="append", metavar="DIR", help="where a collection was unpacked")
    parser.add_argument("--errors", action="store_true", help="name the pages that ours reads worst")
    given = parser.parse_args()
    try:
        collections = [public_pages(directory) for directory in given.public or ()]
    except FileNotFoundError as error:
        parser.error(str(error))
    for name, samples in collections or [("of our own making", list(made_pages()))]:
        for sample in samples:
            extract(sample.html)  # what is loaded with the first page, or with the first odd date, is loaded now
        show(name, samples, errors=given.errors)


if __name__ == "__main__":
    main()
