"""`tipsheet feeds add`: an address that somebody heard of becomes a feed of feeds.yaml.

What lives here: asking which feed is meant, and the words. What must not: looking for feeds (`pipeline.discover`), and
writing the file (`feeds_file`).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import click

from monitor.cli.options import config_option, find_config, json_option, load_config
from monitor.cli.paint import err, json_lines, local, out, plain, table
from monitor.clock import utc_now
from monitor.isolate import IsolatedParser
from monitor.model import Feed
from monitor.pipeline.discover import Discover, Search
from monitor.pipeline.offers import OfferedFeed, look, offers
from monitor.run import open_client
from monitor.settings.config import Config
from monitor.settings.feeds_file import append_feeds, twin
from monitor.story.outlets import shipped


@click.command("add")
@config_option
@json_option
@click.argument("address")
@click.option("--name", help="How the feed is to be called [default: as it calls itself].")
@click.option("--tag", "tags", multiple=True, help="A tag for it; may be repeated.")
@click.option(
    "--choose", type=click.IntRange(min=1), help="The number of the feed that is meant, where there are several."
)
@click.option("--yes", is_flag=True, help="Ask nothing: of several feeds, the first that is not in the file yet.")
@click.option("--dry-run", is_flag=True, help="Show what there is, and add nothing.")
def add(
    config_path: Path | None,
    as_json: bool,
    address: str,
    name: str | None,
    tags: tuple[str, ...],
    choose: int | None,
    yes: bool,
    dry_run: bool,
) -> None:
    """Find the feeds of a page, and add one to feeds.yaml.

    ADDRESS is the page, or the feed itself.
    """
    config = load_config(config_path, with_secrets=False)
    known = {twin(feed.url): feed.name for feed in config.feeds.values()}
    _refuse_known(address, known)
    search = _search(config, address)
    offered = offers(search, known, shipped(), now=utc_now())
    if not offered:
        _fail(search)
    if not as_json:
        _show(offered, search)
    try:
        chosen = None if dry_run else _choose(offered, choose, yes=yes)
    except click.UsageError:
        if as_json:
            json_lines(offered)
        raise
    if chosen and chosen.in_file:
        _refuse(f"{chosen.url} is in the file already, as {chosen.in_file!r}")
    added = _add(find_config(config_path), chosen, name, tags) if chosen else ""
    if as_json:
        json_lines(_marked(offered, chosen))
    elif added:
        out.print(added)


# ---- looking ---------------------------------------------------------------------------------------------------------


def _refuse_known(address: str, known: Mapping[str, str]) -> None:
    if called := known.get(twin(address if "://" in address else f"https://{address}")):
        _refuse(f"{address} is in the file already, as {called!r}")


def _search(config: Config, address: str) -> Search:
    with open_client(config) as client, IsolatedParser(workers=1) as parser:
        return look(Discover(client=client, parser=parser, gap=config.gap.total_seconds(), tell=_tell), address)


def _tell(url: str) -> None:
    if sys.stderr.isatty():
        err.print(f"asking {plain(url)}")


def _refuse(reason: str) -> NoReturn:
    err.print(plain(reason))
    sys.exit(1)


def _fail(search: Search) -> NoReturn:
    """Say what was tried, and what one can do."""
    for reason in search.in_vain:
        err.print(plain(reason))
    _refuse(f"{search.page} offers no feed. If the outlet has one, its page about RSS names it: give that page")


# ---- showing ---------------------------------------------------------------------------------------------------------


def _show(offered: Sequence[OfferedFeed], search: Search) -> None:
    table(
        f"Feeds of {urlsplit(search.page).hostname}" if search.page else "The feed",
        ("number", "name", "kind", "entries", "newest", "brings", "found", "address", "headlines"),
        [
            (
                feed.number, feed.name, feed.kind, feed.entries, local(feed.newest), feed.frequency or "not known",
                f"in the file as {feed.in_file}" if feed.in_file else feed.how, feed.url, " · ".join(feed.headlines),
            )
            for feed in offered
        ],
        empty="",
    )  # fmt: skip
    if search.untried:
        err.print(f"{len(search.untried)} more links look like feeds and were not asked; name the one that you mean:")
        for url in search.untried[:20]:
            err.print(f"  {plain(url)}")


def _marked(offered: Sequence[OfferedFeed], chosen: OfferedFeed | None) -> list[OfferedFeed]:
    return [replace(feed, added=feed is chosen) for feed in offered]


# ---- choosing, adding ------------------------------------------------------------------------------------------------


def _choose(offered: Sequence[OfferedFeed], choose: int | None, *, yes: bool) -> OfferedFeed | None:
    """The feed that is meant; None where a person says that it is none of them."""
    fresh = [feed for feed in offered if not feed.in_file]
    if choose is not None:
        if choose > len(offered):
            raise click.BadParameter(f"expected a number from 1 to {len(offered)}", param_hint="--choose")
        return offered[choose - 1]
    if yes or len(offered) == 1:
        return (fresh or offered)[0]
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError("there are several feeds; say --choose NUMBER, or --yes for the first")
    number = click.prompt(
        "Which one? (0 for none)", type=click.IntRange(0, len(offered)), default=(fresh or offered)[0].number
    )
    return offered[number - 1] if number else None


def _add(path: Path, chosen: OfferedFeed, name: str | None, tags: tuple[str, ...]) -> str:
    feed = Feed(url=chosen.url, name=name or chosen.name, outlet=chosen.outlet, language=chosen.language, tags=tags)
    _, refused = append_feeds(path, [feed])
    if refused:
        _refuse(refused[0])
    return f"Added to {plain(path)}: {plain(feed.name)}, {plain(feed.url)}. `tipsheet once` reads it."
