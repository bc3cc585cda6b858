"""The outlets that Tipsheet knows by name: what they are called, where they publish, how texts refer to them.

What lives here: the list and its look-ups. What must not: what a text says about an outlet (`attribution`), or anything
that fetches.

`outlets.tsv` has one outlet a line, its columns separated by tabs: name, domain, other domains, aliases, short forms,
kind, flag. Lists inside a column are separated by "; ". An alias names the outlet wherever it stands; a short form
("the Post") only where the full name stands in the same text, or in the outlet's own copy. The flag "word" marks a name
that is also an ordinary word.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from urllib.parse import urlsplit

from monitor.errors import ConfigError, Fault

_COLUMNS = ("name", "domain", "other domains", "aliases", "short forms", "kind", "flag")
_DOMAIN = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}")
_SUBDOMAINS_OF_FORM = re.compile(r"^(?:www\d?|m|mobile|amp|edition|rss|feeds?)\.(?=[^.]+\.)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """One newsroom."""

    name: str  # for readers, with the country where two share a name: "La Nación (Costa Rica)"
    domain: str
    other_domains: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    short_forms: tuple[str, ...] = ()
    kind: str = ""  # agency, general, tech, nonprofit, …; aggregator and ngo are never credited with a story
    is_word: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """What a text may call it without an introduction: the name without its country, and the aliases."""
        plain = re.sub(r"\s*\([^)]*\)$", "", self.name)
        printed = (plain,) if plain == self.name or plain not in self.short_forms else ()
        return tuple(dict.fromkeys([*printed, *self.aliases]))


class Outlets:
    """The list, with its look-ups by domain."""

    def __init__(self, outlets: Iterable[Outlet]) -> None:
        self.all = tuple(outlets)
        self._by_domain = {domain: outlet for outlet in self.all for domain in (outlet.domain, *outlet.other_domains)}
        # A page of the desk asks thousands of times for the same few hundred.
        self._found = lru_cache(maxsize=8_192)(self._of_suffix)

    def find(self, domain: str) -> Outlet | None:
        """The outlet that publishes at a domain or at a subdomain of it; None if it is not on the list."""
        return self._found(domain)

    def _of_suffix(self, domain: str) -> Outlet | None:
        labels = domain.casefold().split(".")
        suffixes = (".".join(labels[cut:]) for cut in range(len(labels) - 1))
        return next((self._by_domain[suffix] for suffix in suffixes if suffix in self._by_domain), None)

    def named(self, name: str) -> Outlet | None:
        """The outlet with this display name or alias, whatever its case; None if it is not on the list."""
        return self._names.get(name.casefold().strip())

    @property
    def _names(self) -> dict[str, Outlet]:
        return _names_of(self)

    def name(self, domain: str) -> str:
        """The display name; the domain itself if it is not on the list."""
        outlet = self.find(domain)
        return outlet.name if outlet else domain

    def domain_of(self, url: str) -> str:
        """The domain of the outlet that publishes a URL (or host): the longest known suffix, else the bare host."""
        host = _host(url)
        outlet = self.find(host)
        return outlet.domain if outlet else _SUBDOMAINS_OF_FORM.sub("", host)


@cache
def _names_of(outlets: Outlets) -> dict[str, Outlet]:
    named = [(name, outlet) for outlet in reversed(outlets.all) for name in (*outlet.aliases, outlet.name)]
    return {name.casefold(): outlet for name, outlet in named}


def _host(url: str) -> str:
    """The host of a URL, or of a bare domain, in lower case; "" for a URL that has none."""
    try:
        host = urlsplit(url if "//" in url else f"//{url}").hostname
    except ValueError:
        return ""
    return (host or "").rstrip(".")


def read_outlets(source: str, *, file: str = "outlets.tsv") -> Outlets:
    """Read the text of an outlet list. Raises ConfigError with every faulty line."""
    rows = list(csv.reader(source.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
    faults = [Fault(file=file, line=1, path="", message=f"the columns must be: {', '.join(_COLUMNS)}")]
    if not rows or tuple(rows[0]) != _COLUMNS:
        raise ConfigError(tuple(faults))
    numbered = [(number, _fill(row)) for number, row in enumerate(rows[1:], start=2) if row]
    faults = [_fault(file, number, row) for number, row in numbered if _wrong(row)] + _repeated(file, numbered)
    if faults:
        raise ConfigError(tuple(faults))
    return Outlets(_outlet(row) for _, row in numbered)


def _fill(row: list[str]) -> list[str]:
    return [cell.strip() for cell in row] + [""] * (len(_COLUMNS) - len(row))


def _wrong(row: list[str]) -> str:
    """What is wrong with a row, or ""."""
    name, domain, others, _, _, _, flag, *surplus = row
    if not name:
        return "an outlet needs a name"
    bad = [written for written in (domain, *_items(others)) if not _DOMAIN.fullmatch(written)]
    if bad:
        return f"{bad[0]!r} is not a domain in lower case such as 'example.com'"
    if surplus or flag not in ("", "word"):
        return f"the last column must be empty or 'word', not {(surplus or [flag])[-1]!r}"
    return ""


def _fault(file: str, number: int, row: list[str]) -> Fault:
    return Fault(file=file, line=number, path=row[0], message=_wrong(row))


def _repeated(file: str, numbered: list[tuple[int, list[str]]]) -> list[Fault]:
    """A domain belongs to one outlet only: two owners would make a credit depend on the order of lines."""
    owners: dict[str, str] = {}
    faults = []
    for number, row in numbered:
        for domain in (row[1], *_items(row[2])):
            if domain in owners:
                message = f"{domain} already belongs to {owners[domain]}"
                faults.append(Fault(file=file, line=number, path=row[0], message=message))
            owners[domain] = row[0]
    return faults


def _outlet(row: list[str]) -> Outlet:
    name, domain, others, aliases, short_forms, kind, flag = row
    return Outlet(
        name=name,
        domain=domain,
        other_domains=_items(others),
        aliases=_items(aliases),
        short_forms=_items(short_forms),
        kind=kind,
        is_word=flag == "word",
    )


def _items(cell: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in cell.split(";") if item.strip())


@cache
def shipped() -> Outlets:
    """The list that comes with Tipsheet."""
    return read_outlets(resources.files("monitor.story").joinpath("outlets.tsv").read_text(encoding="utf-8"))
