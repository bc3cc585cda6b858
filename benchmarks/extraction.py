"""`./dev bench extraction [--public DIR]`: how much of an article is read from its page, and how little else.

Pages of our own making: articles in several makes of page, with menus, captions, related stories, comments and footers
around them. With `--public`, the pages of the article-extraction-benchmark, from a checkout of it. Precision, recall
and F1 over runs of four words, as that benchmark counts; milliseconds of CPU for a page. Beside ours: trafilatura as it
comes, fast and thorough, and all paragraphs as BeautifulSoup finds them. `--errors` names the pages read worst.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import trafilatura
from bs4 import BeautifulSoup

from monitor.articles.article import extract

RUN = 4  # words


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    name: str
    html: str
    article: str  # what a reader came for


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    precision: float
    recall: float
    milliseconds: float
    by_page: dict[str, float]  # F1

    @property
    def f1(self) -> float:
        return _f1(self.precision, self.recall)


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


def public_pages(directory: Path) -> Iterator[Sample]:
    """The pages of the article-extraction-benchmark: ground-truth.json and html/ID.html.gz."""
    for name, truth in json.loads((directory / "ground-truth.json").read_text("utf-8")).items():
        html = gzip.decompress((directory / "html" / f"{name}.html.gz").read_bytes()).decode("utf-8", "replace")
        yield Sample(name=name, html=html, article=truth["articleBody"])


# ---- ways to read them -----------------------------------------------------------------------------------------------


def _ours(html: str) -> str:
    return extract(html).text


def _trafilatura(html: str) -> str:
    return trafilatura.extract(html, fast=True, include_comments=False) or ""


def _trafilatura_thorough(html: str) -> str:
    return trafilatura.extract(html, include_comments=False) or ""


def _all_paragraphs(html: str) -> str:
    return "\n".join(one.get_text(" ") for one in BeautifulSoup(html, "lxml")("p"))


WAYS: dict[str, Callable[[str], str]] = {
    "ours": _ours,
    "trafilatura, fast": _trafilatura,
    "trafilatura": _trafilatura_thorough,
    "all paragraphs": _all_paragraphs,
}


# ---- scores ----------------------------------------------------------------------------------------------------------


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _runs(text: str) -> Counter[tuple[str, ...]]:
    words = text.split()
    return Counter(tuple(words[at : at + RUN]) for at in range(max(1, len(words) - RUN + 1)))


def score(samples: Sequence[Sample], way: Callable[[str], str]) -> Score:
    precisions, recalls, by_page, spent = [], [], {}, 0.0
    for sample in samples:
        began = time.process_time()
        found = way(sample.html)
        spent += time.process_time() - began
        told, true = _runs(found), _runs(sample.article)
        shared = (told & true).total()
        precisions.append(shared / told.total() if found else 0.0)
        recalls.append(shared / true.total())
        by_page[sample.name] = _f1(precisions[-1], recalls[-1])
    count = len(samples)
    return Score(
        precision=sum(precisions) / count,
        recall=sum(recalls) / count,
        milliseconds=1000 * spent / count,
        by_page=by_page,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--public", type=Path, help="a checkout of the article-extraction-benchmark")
    parser.add_argument("--errors", action="store_true", help="name the pages that ours reads worst")
    given = parser.parse_args()
    samples = list(public_pages(given.public) if given.public else made_pages())
    extract(samples[0].html)  # the extractor is loaded with the first page
    print(f"{len(samples)} pages{'' if given.public else ' of our own making'}")
    for name, way in WAYS.items():
        one = score(samples, way)
        figures = f"precision {one.precision:.3f}  recall {one.recall:.3f}  F1 {one.f1:.3f}"
        print(f"  {name:18} {figures}  {one.milliseconds:6.1f} ms a page")
        if name == "ours" and given.errors:
            for page, f1 in sorted(one.by_page.items(), key=lambda item: item[1])[:20]:
                print(f"    {f1:.3f}  {page}")


if __name__ == "__main__":
    main()
