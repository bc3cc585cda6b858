"""feeds.yaml and the environment → Config.

Every fault names file, line, path and what was expected: first all that is wrong with the file's shape and then, when
it has shape, all that is wrong with what it says. A file with a fault is not used at all, because a watch that is
silently left out is an alert that never comes. The one exception is for a program at work (`lenient`): it runs the
watches that are whole, and says of the others, by name and again and again, that it does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import ValidationError

from monitor.errors import Fault
from monitor.model import Bounds, Channel, Feed, PagesWanted, Recipient, Retention, Watch
from monitor.net.addresses import Proxy, read_proxy
from monitor.settings.channel_blocks import Secrets, read_channels
from monitor.settings.feed_blocks import read_feed_lists, read_feeds
from monitor.settings.feed_lists import FeedList, Mark, mark_of
from monitor.settings.listed import read_lists
from monitor.settings.shape import File, keys_at
from monitor.settings.watch_blocks import add_examples, one_of, read_beats, read_set, read_watches
from monitor.settings.yaml_file import Faults, load_tree
from monitor.watches.matching import CompiledWatch
from monitor.watches.pack import Pack
from monitor.watches.tree import TermSet

_LONGEST_LOGIN = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Websub:
    """Where hubs reach us."""

    callback: str  # what the address of every callback begins with
    host: str  # where we listen, behind the user's own proxy
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskPlace:
    """Where the review desk is to be found."""

    host: str  # where it listens
    port: int
    address: str  # what its public address begins with; "": the place where it listens, over plain HTTP
    trusted_proxies: tuple[str, ...]  # networks whose word on who is asking is taken
    metrics_from: tuple[str, ...] = ()  # networks that may read the measures without a key


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What the user wants, checked and complete."""

    path: Path
    contact: str
    owner: str  # the recipient who is told when alerts do not arrive; "": nobody is
    heartbeat: str = field(repr=False)  # what is asked for, as a sign of life; "": nothing is
    every: timedelta
    gap: timedelta
    timeout: timedelta
    at_once: int
    allow_networks: tuple[str, ...]
    allow_ports: tuple[int, ...]
    websub: Websub | None
    desk: DeskPlace | None  # None: it opens only when it is asked to
    health: Bounds
    proxy: Proxy | None
    group_wait: timedelta
    group_interval: timedelta
    fresh_for: timedelta
    pages: PagesWanted
    archive: str  # the service that is asked for a copy of what matched; "": none is
    keep: Retention
    channels: Mapping[str, Channel]
    recipients: Mapping[str, Recipient]
    watches: Mapping[str, Watch]
    compiled: tuple[CompiledWatch, ...]
    refused: Mapping[str, tuple[Fault, ...]]  # watches that were left out, where the file was read leniently, and why
    sets: Mapping[str, TermSet]  # that queries may name: the file's, and those of its packs
    feeds: Mapping[str, Feed]  # those of the file itself, by URL, disabled ones included
    feed_lists: tuple[FeedList, ...]  # with the others, of which there may be a million: nobody holds those

    @property
    def packs(self) -> tuple[Pack, ...]:
        """The packs that watches use, each once."""
        return tuple({item.pack.name: item.pack for item in self.compiled if item.pack}.values())

    def read_lists(self) -> Iterator[Feed | Fault]:
        """The feeds of the lists, row by row, or what is wrong with a row; ConfigError where a list cannot be read."""
        by_proxy = self.proxy is not None
        return read_lists(self.feed_lists, beside=self.feeds, ports=self.allow_ports, by_proxy=by_proxy)

    def lists_mark(self) -> Mark:
        """The same as long as `read_lists` gives the same."""
        if not self.feed_lists:
            return Mark(digest="", lines=0)
        return mark_of(self.feed_lists, sorted(self.feeds), self.allow_ports, self.proxy is not None)


def read_config(path: Path, environ: Mapping[str, str], *, with_secrets: bool = True, lenient: bool = False) -> Config:
    """The file at `path`; ConfigError with all faults of its shape or, when it has shape, of its content.

    Secrets come from `environ`: the variable `NAME`, or the file that `NAME_FILE` names. A command that sends nothing
    does without them. Where it is read `lenient`, a watch that cannot be used, or whose examples fail, is left out and
    stands in `refused`; a file of which no watch is left is refused as ever.
    """
    tree = load_tree(path)
    faults = Faults(str(path), tree)
    faults.add_repeated_names(("channels", "recipients", "feeds"))
    try:
        file = File.model_validate(tree)
    except ValidationError as error:
        faults.add_shape(error, keys_at)
        raise faults.error() from None
    proxy = _proxy(file, environ, faults, faults if with_secrets else Faults(str(path), tree))
    websub = _websub(file, faults)
    heartbeat = Secrets(environ, faults, ()).get("heartbeat", file.heartbeat) if with_secrets else ""
    sets = {name: read_set(name, block, faults, tree) for name, block in file.sets.items()}
    feeds, lists = tuple(read_feeds(file, faults)), tuple(read_feed_lists(file, path.parent, faults))
    channels = tuple(read_channels(file, environ, faults, path.parent)) if with_secrets else ()
    recipients = tuple(_recipients(file, faults))
    _know_owner(file, recipients, faults)
    beats, of_watches = read_beats(file, path.parent, sets), Faults(str(path), tree)
    watches = tuple(read_watches(file, lists, beats, of_watches, with_examples=lenient))
    compiled = tuple(one.compiled for one in watches if one.compiled)
    if of_watches.found and not (lenient and compiled):
        faults.found += of_watches.found
    if faults.found:
        raise faults.error()
    return Config(
        path=path,
        contact=file.contact,
        owner=file.owner or "",
        heartbeat=heartbeat,
        every=file.fetch.every,
        gap=file.fetch.gap,
        timeout=file.fetch.timeout,
        at_once=file.fetch.at_once,
        allow_networks=file.network.allow,
        allow_ports=file.network.ports,
        websub=websub,
        desk=_desk(file),
        health=Bounds(**dict(file.health)),
        proxy=proxy,
        group_wait=file.alerts.group_wait,
        group_interval=file.alerts.group_interval,
        fresh_for=file.alerts.fresh_for,
        pages=file.pages.read,
        archive=file.archive.service if file.archive.save == "matched" else "",
        keep=Retention(**dict(file.keep)),
        channels={channel.name: channel for channel in channels},
        recipients={recipient.name: recipient for recipient in recipients},
        watches={item.watch.name: item.watch for item in compiled},
        compiled=compiled,
        refused={one.name: one.faults for one in watches if one.faults},
        sets=beats.sets,
        feeds={feed.url: feed for feed in feeds},
        feed_lists=lists,
    )


def channel_faults(config: Config, check: Callable[[Channel], Iterable[str]]) -> tuple[Fault, ...]:
    """What `check` has against the channels, each with the line of the key that it begins with."""
    tree = load_tree(config.path)
    faults = Faults(str(config.path), tree)
    for index, (block, channel) in enumerate(zip(tree["channels"], config.channels.values(), strict=True)):
        for message in check(channel):
            words = message.partition(":")[0].split()
            key = next((word for word in words if word in block), None)
            faults.add(("channels", index, key) if key else ("channels", index), message)
    return tuple(faults.found)


def heartbeat_faults(config: Config) -> tuple[Fault, ...]:
    """What is wrong with the address that expects a sign of life."""
    faults = Faults(str(config.path), load_tree(config.path))
    if config.heartbeat and urlsplit(config.heartbeat).scheme not in ("http", "https"):
        faults.add(("heartbeat",), "its secret is no URL; expected one that starts with http:// or https://")
    return tuple(faults.found)


def example_faults(config: Config) -> tuple[Fault, ...]:
    """Every `must_match` that does not match and every `must_not_match` that does, as faults of the file."""
    tree = load_tree(config.path)
    faults = Faults(str(config.path), tree)
    for index, item in enumerate(config.compiled):
        add_examples(index, item, faults)
    return tuple(faults.found)


def fault_of(config: Config, watch: str, message: str) -> Fault:
    """A fault of one watch, at its place in the file."""
    faults = Faults(str(config.path), load_tree(config.path))
    faults.add(("watches", list(config.watches).index(watch)), message)
    return faults.found[0]


# ---- its parts ------------------------------------------------------------------------------------------------------


def _know_owner(file: File, recipients: Iterable[Recipient], faults: Faults) -> None:
    if file.owner and file.owner not in (names := [recipient.name for recipient in recipients]):
        faults.add(("owner",), f"no recipient is called {file.owner!r}; expected one of {one_of(names)}")


def _proxy(file: File, environ: Mapping[str, str], faults: Faults, missing: Faults) -> Proxy | None:
    """Through whom requests go. A login that is said in part is a fault; a password that is not there is `missing`."""
    network = file.network
    if bool(network.proxy_username) != bool(network.proxy_password) or (network.proxy_username and not network.proxy):
        faults.add(("network", "proxy_username"), "expected proxy, proxy_username and proxy_password together")
    if network.proxy is None:
        return None
    password = Secrets(environ, missing, ("network",)).get("proxy_password", network.proxy_password)
    if len(password.encode()) > _LONGEST_LOGIN:
        faults.add(("network", "proxy_password"), "expected at most 255 bytes, which is all that SOCKS 5 takes")
    return replace(read_proxy(network.proxy), username=network.proxy_username, password=password)


def _websub(file: File, faults: Faults) -> Websub | None:
    """Where hubs reach us, who are told so: that is what a proxy is there to avoid."""
    if (block := file.websub) is None:
        return None
    if file.network.proxy:
        faults.add(("websub",), "tells every hub who you are; expected either this or network.proxy")
    host, port = _listening(block.listen)
    return Websub(callback=block.callback, host=host, port=port)


def _desk(file: File) -> DeskPlace | None:
    if (block := file.desk) is None:
        return None
    host, port = _listening(block.listen)
    return DeskPlace(
        host=host, port=port, address=block.address or "", trusted_proxies=block.trusted_proxies,
        metrics_from=block.metrics_from,
    )  # fmt: skip


def _listening(place: str) -> tuple[str, int]:
    host, _, port = place.rpartition(":")
    return host.strip("[]"), int(port)


def _recipients(file: File, faults: Faults) -> Iterator[Recipient]:
    channels = {channel.name: channel.kind for channel in file.channels}
    for index, block in enumerate(file.recipients):
        if block.channel not in channels:
            faults.add(
                ("recipients", index, "channel"),
                f"no channel is called {block.channel!r}; expected one of {one_of(channels)}",
            )
        elif channels[block.channel] == "email" and not block.address:
            faults.add(("recipients", index), "an email recipient needs an address: such as desk@example.org")
        elif channels[block.channel] != "email" and block.address:
            reason = f"only email needs one: a {channels[block.channel]} channel says by itself where it goes"
            faults.add(("recipients", index, "address"), f"{reason}; expected no address")
        yield Recipient(
            name=block.name,
            channel=block.channel,
            address=block.address or "",
            digest_at=block.digest_at,
            digest_on=block.digest,
            zone=block.zone,
            quiet=block.quiet,
            an_hour=block.an_hour,
            # Who takes no digest would never hear that what they were told was denied.
            updates=block.updates or ("digest" if block.digest_at else "at-once"),
            language=block.language,
            alive=block.alive,
            desk=file.desk.address or "" if file.desk else "",
        )
