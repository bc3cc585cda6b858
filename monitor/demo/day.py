"""The day as data: papers and their items, read from `papers/*.yaml`.

What lives here: the values and the reading of their files. What must not: how an item looks on the wire (`press`).

A paper's file name is its slug. To change the day, edit a file; a key that is not known here is an error that names it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError

from monitor.errors import ConfigError, Fault

PAPERS = Path(__file__).parent / "papers"

Format = Literal["rss", "atom", "rdf", "json", "login"]

# What real feeds do to their readers. Each is printed by `press` and its templates.
Quirk = Literal[
    "no-ids",  # entries carry no id: the link is all there is
    "relative-links",  # entries link to "/page", to be resolved against xml:base or the feed's address
    "twice-escaped",  # text arrives as "Q&amp;amp;A" and "it&amp;#8217;s"
    "markup",  # summaries are HTML in CDATA, with classes and links around the words
    "full-text",  # entries carry the whole article beside the summary
    "careless",  # nothing is escaped, tags stay open, and the body ends too early: not XML, still readable
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One piece of news in one paper."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    title: str
    minutes: int  # published so many minutes before the newsroom opened
    summary: str
    body: str = ""  # the article's paragraphs, one a line; "": the summary is all there is
    by: str = ""
    tags: tuple[str, ...] = ()
    story: str = ""  # items of all papers that tell one story share this word

    @property
    def slug(self) -> str:
        """The title as a piece of an address: lower case, ASCII, words joined by hyphens."""
        plain = unicodedata.normalize("NFKD", self.title.lower()).encode("ascii", "ignore").decode()
        return "-".join(re.findall(r"[a-z0-9]+", plain))

    @property
    def paragraphs(self) -> list[str]:
        return [line for line in (self.body or self.summary).splitlines() if line.strip()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """An outlet, its one feed, and the manners of the server that it stands for."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    slug: str
    name: str
    domain: str
    language: str
    tagline: str
    format: Format  # "login": the feed's address answers with a login page
    feed: str  # path of the feed below the paper's own
    items: tuple[Item, ...]
    quirks: frozenset[Quirk] = frozenset()
    offset: int = 0  # hours from UTC in which its dates are written
    encoding: str = "utf-8"  # of the bytes
    declared: str = "utf-8"  # what the XML declaration says of them
    charset: str = ""  # what the Content-Type header says of them; "": nothing
    delay: float = 0.0  # seconds that the server takes to answer
    validators: frozenset[Literal["etag", "last-modified"]] = frozenset({"etag", "last-modified"})

    @property
    def entries(self) -> int:
        """How many entries a reader finds in the feed."""
        return 0 if self.format == "login" else len(self.items)


def read_papers(directory: Path = PAPERS) -> tuple[Paper, ...]:
    """Every paper of a directory, by slug. ConfigError names the file and the key that cannot be used."""
    return tuple(_read_paper(path) for path in sorted(directory.glob("*.yaml")))


def _read_paper(path: Path) -> Paper:
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        paper = TypeAdapter(Paper).validate_python({"slug": path.stem, **data})
    except (yaml.YAMLError, TypeError) as error:
        raise ConfigError((Fault(file=path.name, line=0, path="", message=f"is no paper: {error}"),)) from error
    except ValidationError as error:
        raise ConfigError(tuple(_fault(path, place["loc"], place["msg"]) for place in error.errors())) from error
    twins = [slug for slug, times in Counter(item.slug for item in paper.items).items() if times > 1]
    if twins:
        raise ConfigError((_fault(path, ("items",), f"two titles lead to one address: {', '.join(twins)}"),))
    return paper


def _fault(path: Path, place: tuple[int | str, ...], message: str) -> Fault:
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return Fault(file=path.name, line=0, path="".join(steps).removeprefix("."), message=message)
