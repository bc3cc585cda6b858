"""feeds.yaml and the environment → Config.

Every fault names file, line, path and what was expected: first all that is wrong with the file's shape and then, when
it has shape, all that is wrong with what it says. A file with a fault is not used at all, because a watch that is
silently left out is an alert that never comes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from monitor import packs
from monitor.addresses import Proxy, read_proxy
from monitor.errors import ConfigError, Fault, QueryError
from monitor.matching import CompiledWatch, Compiler, ExampleFailure, failing_examples
from monitor.model import Channel, Feed, Recipient, Watch
from monitor.pack import Pack, read_pack
from monitor.shape import EmailChannel, File, WebhookChannel
from monitor.tree import TermSet, term
from monitor.yaml_file import Faults, load_tree

_LONGEST_LOGIN = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Websub:
    """Where hubs reach us."""

    callback: str  # what the address of every callback begins with
    host: str  # where we listen, behind the user's own proxy
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What the user wants, checked and complete."""

    path: Path
    contact: str
    every: timedelta
    gap: timedelta
    timeout: timedelta
    at_once: int
    allow_networks: tuple[str, ...]
    allow_ports: tuple[int, ...]
    websub: Websub | None
    proxy: Proxy | None
    group_wait: timedelta
    fresh_for: timedelta
    keep_texts: timedelta
    channels: Mapping[str, Channel]
    recipients: Mapping[str, Recipient]
    watches: Mapping[str, Watch]
    compiled: tuple[CompiledWatch, ...]
    sets: Mapping[str, TermSet]  # that queries may name
    feeds: Mapping[str, Feed]  # by URL, disabled ones included

    @property
    def packs(self) -> tuple[Pack, ...]:
        """The packs that watches use, each once."""
        return tuple({item.pack.name: item.pack for item in self.compiled if item.pack}.values())


def read_config(path: Path, environ: Mapping[str, str], *, with_secrets: bool = True) -> Config:
    """The file at `path`; ConfigError with all faults of its shape or, when it has shape, of its content.

    Secrets come from `environ`: the variable `NAME`, or the file that `NAME_FILE` names. A command that sends nothing
    does without them.
    """
    tree = load_tree(path)
    faults = Faults(str(path), tree)
    try:
        file = File.model_validate(tree)
    except ValidationError as error:
        faults.add_shape(error)
        raise faults.error() from None
    proxy = _proxy(file, environ, faults, with_secrets=with_secrets)
    websub = _websub(file, faults)
    sets = {name: _set(name, terms, faults) for name, terms in file.sets.items()}
    feeds = tuple(_feeds(file, faults))
    channels = tuple(_channels(file, environ, faults)) if with_secrets else ()
    recipients = tuple(_recipients(file, faults))
    compiled = tuple(_watches(file, path.parent, sets, faults))
    if faults.found:
        raise faults.error()
    return Config(
        path=path,
        contact=file.contact,
        every=file.fetch.every,
        gap=file.fetch.gap,
        timeout=file.fetch.timeout,
        at_once=file.fetch.at_once,
        allow_networks=file.network.allow,
        allow_ports=file.network.ports,
        websub=websub,
        proxy=proxy,
        group_wait=file.alerts.group_wait,
        fresh_for=file.alerts.fresh_for,
        keep_texts=file.keep.texts,
        channels={channel.name: channel for channel in channels},
        recipients={recipient.name: recipient for recipient in recipients},
        watches={item.watch.name: item.watch for item in compiled},
        compiled=compiled,
        sets=sets,
        feeds={feed.url: feed for feed in feeds},
    )


def example_faults(config: Config) -> tuple[Fault, ...]:
    """Every `must_match` that does not match and every `must_not_match` that does, as faults of the file."""
    tree = load_tree(config.path)
    faults = Faults(str(config.path), tree)
    for index, item in enumerate(config.compiled):
        for failure in failing_examples(item):
            faults.add(_example_place(index, item.watch, failure), _broken_promise(failure))
    return tuple(faults.found)


def _broken_promise(failure: ExampleFailure) -> str:
    promise = "must match and does not" if failure.expected else "must not match and does"
    return f"{failure.example.strip()[:80]!r} {promise}: {failure.why}"


def _example_place(index: int, watch: Watch, failure: ExampleFailure) -> tuple[str | int, ...]:
    examples = watch.must_match if failure.expected else watch.must_not_match
    key = "must_match" if failure.expected else "must_not_match"
    if failure.example in examples:
        return ("watches", index, key, examples.index(failure.example))
    return ("watches", index, "pack")  # an example of the pack itself


# ---- its parts ------------------------------------------------------------------------------------------------------


def _proxy(file: File, environ: Mapping[str, str], faults: Faults, *, with_secrets: bool) -> Proxy | None:
    """Through whom requests go. A login that is said in part is a fault."""
    network = file.network
    if bool(network.proxy_username) != bool(network.proxy_password) or (network.proxy_username and not network.proxy):
        faults.add(("network", "proxy_username"), "expected proxy, proxy_username and proxy_password together")
    if network.proxy is None:
        return None
    secrets = _Secrets(environ, faults, ("network",))
    password = secrets.get("proxy_password", network.proxy_password) if with_secrets else ""
    if len(password.encode()) > _LONGEST_LOGIN:
        faults.add(("network", "proxy_password"), "expected at most 255 bytes, which is all that SOCKS 5 takes")
    return replace(read_proxy(network.proxy), username=network.proxy_username, password=password)


def _websub(file: File, faults: Faults) -> Websub | None:
    """Where hubs reach us, who are told so: that is what a proxy is there to avoid."""
    if (block := file.websub) is None:
        return None
    if file.network.proxy:
        faults.add(("websub",), "tells every hub who you are; expected either this or network.proxy")
    host, _, port = block.listen.rpartition(":")
    return Websub(callback=block.callback, host=host.strip("[]"), port=int(port))


def _set(name: str, sources: Sequence[str], faults: Faults) -> TermSet:
    terms = []
    for index, source in enumerate(sources):
        try:
            exact = source.startswith("{") and source.endswith("}")  # as in a query: {Ring} is the firm, never a ring
            terms.append(term(source.strip("{}") if exact else source, exact=exact, set_name=name))
        except ValueError as error:
            faults.add(("sets", name, index), str(error))
    return TermSet(name=name, terms=tuple(terms))


def _feeds(file: File, faults: Faults) -> Iterator[Feed]:
    seen: dict[str, int] = {}
    names: dict[str, int] = {}
    for index, block in enumerate(file.feeds):
        # The same feed over http and https is one feed: it would be asked twice and told twice.
        twin = block.url.split("://", 1)[1].rstrip("/")
        if twin in seen:
            faults.add(("feeds", index, "url"), f"the same feed as feeds[{seen[twin]}]; expected each feed once")
        if block.name in names:
            faults.add(
                ("feeds", index, "name"), f"the same name as feeds[{names[block.name]}]; expected each name once"
            )
        if (port := _port(block.url)) not in file.network.ports:
            faults.add(("feeds", index, "url"), f"port {port} is not among network.ports, so it would not be asked")
        if (urlsplit(block.url).hostname or "").endswith(".onion") and not file.network.proxy:
            faults.add(("feeds", index, "url"), "an onion address is reached through Tor only; expected network.proxy")
        seen.setdefault(twin, index)
        names.setdefault(block.name, index)
        yield Feed(
            url=block.url, name=block.name, language=block.language, tags=block.tags, about=block.about,
            enabled=block.enabled,
            outlet=block.outlet or (urlsplit(block.url).hostname or "").removeprefix("www."),
            every=block.every, max_delay=block.max_delay, conditional=block.conditional,
        )  # fmt: skip


def _port(url: str) -> int:
    parts = urlsplit(url)
    return parts.port or (443 if parts.scheme == "https" else 80)


def _channels(file: File, environ: Mapping[str, str], faults: Faults) -> Iterator[Channel]:
    for index, block in enumerate(file.channels):
        if block.name in {other.name for other in file.channels[:index]}:
            faults.add(("channels", index, "name"), f"there is another channel called {block.name!r}")
        secrets = _Secrets(environ, faults, ("channels", index))
        settings = _email(block, secrets) if isinstance(block, EmailChannel) else _webhook(block, secrets)
        yield Channel(name=block.name, kind=block.kind, settings=settings)


class _Secrets:
    """Finds secrets in the environment; one that is missing is a fault of the key that names it."""

    def __init__(self, environ: Mapping[str, str], faults: Faults, place: tuple[str | int, ...]) -> None:
        self._environ = environ
        self._faults = faults
        self._place = place

    def get(self, key: str, name: str | None) -> str:
        if name is None:
            return ""
        if value := self._environ.get(name):
            return value
        if file := self._environ.get(f"{name}_FILE"):
            try:
                return Path(file).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                self._faults.add((*self._place, key), f"{name}_FILE names {file}, which cannot be read: {error}")
                return ""
        self._faults.add(
            (*self._place, key), f"the secret is missing; expected the environment variable {name} or {name}_FILE"
        )
        return ""


_PORTS = {"starttls": 587, "tls": 465, "none": 25}


def _email(block: EmailChannel, secrets: _Secrets) -> dict[str, str | int | bool]:
    return {
        "host": block.host,
        "port": block.port or _PORTS[block.security],
        "security": block.security,
        "username": block.username,
        "password": secrets.get("password", block.password),
        "from": block.sender,
        "timeout": int(block.timeout.total_seconds()),
    }


def _webhook(block: WebhookChannel, secrets: _Secrets) -> dict[str, str | int | bool]:
    named = block.url.startswith("${")
    return {
        "url": secrets.get("url", block.url[2:-1]) if named else block.url,
        "secret": secrets.get("secret", block.secret),
        "previous_secret": secrets.get("previous_secret", block.previous_secret),
    }


def _recipients(file: File, faults: Faults) -> Iterator[Recipient]:
    channels = {channel.name: channel.kind for channel in file.channels}
    for index, block in enumerate(file.recipients):
        if block.name in {other.name for other in file.recipients[:index]}:
            faults.add(("recipients", index, "name"), f"there is another recipient called {block.name!r}")
        if block.channel not in channels:
            faults.add(
                ("recipients", index, "channel"),
                f"no channel is called {block.channel!r}; expected one of {_or(channels)}",
            )
        elif channels[block.channel] == "email" and not block.address:
            faults.add(("recipients", index), "an email recipient needs an address: such as desk@example.org")
        elif channels[block.channel] == "webhook" and block.address:
            faults.add(("recipients", index, "address"), "a webhook goes to its channel's url; expected no address")
        yield Recipient(
            name=block.name,
            channel=block.channel,
            address=block.address or "",
            digest_at=block.digest_at,
            zone=block.zone,
            updates=block.updates,
        )


def _watches(file: File, directory: Path, sets: Mapping[str, TermSet], faults: Faults) -> Iterator[CompiledWatch]:
    recipients = {recipient.name for recipient in file.recipients}
    scopes = {feed.name for feed in file.feeds} | {tag for feed in file.feeds for tag in feed.tags}
    compiler = Compiler(sets)
    for index, block in enumerate(file.watches):
        place = ("watches", index)
        if block.name in {other.name for other in file.watches[:index]}:
            faults.add((*place, "name"), f"there is another watch called {block.name!r}")
        for name in set(block.to) - recipients:
            faults.add((*place, "to"), f"no recipient is called {name!r}; expected one of {_or(recipients)}")
        for name in set(block.feeds) - scopes:
            faults.add((*place, "feeds"), f"no feed has the name or the tag {name!r}")
        if (block.query is None) == (block.pack is None):
            faults.add(place, "expected either query: or pack:")
            continue
        watch = Watch(
            name=block.name, query=block.query or "", pack=block.pack or "", level=block.level,
            recipients=block.to, feeds=block.feeds, languages=block.languages,
            must_match=block.must_match, must_not_match=block.must_not_match,
        )  # fmt: skip
        try:
            yield compiler.compile(watch, _pack(block.pack, directory))
        except QueryError as error:
            faults.add((*place, "query"), str(error))
        except ConfigError as error:
            faults.found.extend(error.faults)
        except OSError as error:
            message = f"no shipped pack and no readable file: {error}; shipped packs are {_or(packs.names())}"
            faults.add((*place, "pack"), message)


def _pack(name: str | None, directory: Path) -> Pack | None:
    """A shipped pack by its name, or a pack file by its path from the configuration."""
    if name is None:
        return None
    if name in packs.names():
        return read_pack(packs.shipped(name), f"{name} (shipped)")
    path = directory / name
    return read_pack(path.read_text(encoding="utf-8"), str(path))


def _or(names: Mapping[str, Any] | Sequence[str] | set[str]) -> str:
    return ", ".join(sorted(names)) or "nothing yet"
