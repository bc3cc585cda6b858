"""WebSub, the subscriber's side, as far as values decide it: who tells of a feed, what a hub may ask of us, whether it
signed what it sent, and when to ask it what.

What lives here: the words of the W3C recommendation, the arithmetic of leases, and what to begin and to end. What must
not: a clock, a socket, a database, a random number. A push is news that comes sooner; it replaces no poll.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Literal
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from monitor.model import Offer, Subscription
from monitor.net.addresses import url_fault
from monitor.rhythm.cadence import words

LEASE = timedelta(days=10)  # what we ask for
LONGEST_LEASE = timedelta(days=30)  # what we rely on: a hub that promises ten years forgets sooner
SHORTEST_WAIT = timedelta(minutes=10)  # between two renewals, whatever the hub grants
VERIFIES_WITHIN = timedelta(hours=1)  # of being asked; later questions are not about what we asked
REFUSED_FOR = timedelta(days=30)
FARTHEST = timedelta(days=40)  # ahead; longer than anything here waits, and than the 31 days that a server may ask for
MAX_FAREWELLS = 3  # a hub that does not hear them sees the lease end
LONGEST_URL = 2_000  # characters

_RENEWAL, _SPREAD = 0.80, 0.05  # of the lease: renewed between 75 and 80 %, so that not all are renewed at once
_BACK_OFF_CAP = timedelta(days=1)
_METHODS = frozenset({"sha1", "sha256", "sha384", "sha512"})
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")  # 32 random bytes
_MAX_FIELDS = 20
_LINK = re.compile(r"""<([^<>]*)>((?:[^,<>"]|"[^"]*")*)""")
_PARAMETER = re.compile(r""";\s*([A-Za-z*]+)\s*=\s*("[^"]*"|[^\s;,"]+)""")
_PASSING = frozenset({408, 409, 425, 429})  # refusals that say "not now"; 409: some could not reach our callback


# ---- discovery -------------------------------------------------------------------------------------------------------


def offer_of(
    headers: Mapping[str, str], *, hubs: Sequence[str], itself: str, url: str, ports: Collection[int]
) -> Offer | None:
    """Who tells of this feed and what it is called there; None where nobody does.

    The answer's Link headers come first, then the links in the feed: `hubs`, and `itself`, what it says its own address
    is. `url` is where the answer came from. A hub that can be asked over https is preferred.
    """
    links = list(_links(headers.get("link", "")))
    offered = [target for relation, target in links if relation == "hub"] or hubs
    topic = _absolute(next((target for relation, target in links if relation == "self"), itself), url, ports)
    usable = sorted(filter(None, (_absolute(hub, url, ports) for hub in offered)), key=lambda hub: not _is_secure(hub))
    return Offer(hub=usable[0], topic=topic) if usable and topic else None


def _links(header: str) -> Iterable[tuple[str, str]]:
    """The relations of a Link header in lower case, each with its target. Links about other pages are left out."""
    for target, rest in _LINK.findall(header):
        given = {name.lower(): value.strip('"') for name, value in reversed(_PARAMETER.findall(rest))}
        if "anchor" not in given:
            for relation in given.get("rel", "").lower().split():
                yield relation, target.strip()


def _absolute(target: str, url: str, ports: Collection[int]) -> str:
    """Where a link found at `url` leads; "" for where nothing may be asked."""
    try:
        address = urljoin(url, target) if target else ""
    except ValueError:
        return ""
    return address if len(address) <= LONGEST_URL and not url_fault(address, ports) else ""


def _is_secure(url: str) -> bool:
    return url.lower().startswith("https://")


def is_believed(offer: Offer, addresses: Sequence[str]) -> bool:
    """Whether what this hub pushes is to be taken for the feed's own words; if not, it says that it is time to ask.

    `addresses`: where the feed is asked, as the file has it first. Some feeds give another feed's address as their own,
    whose entries would come instead. And the secret goes to a hub without TLS in the clear: whoever read it there could
    sign. For a feed that is itself fetched without TLS that is no new danger.
    """
    return is_as_safe(offer.hub, addresses[0]) and _bare(offer.topic) in map(_bare, addresses)


def _bare(url: str) -> str:
    """An address without what two spellings of it may differ in."""
    parts = urlsplit(url.strip())
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.netloc.lower()}{parts.path.rstrip('/')}{query}"


def is_as_safe(url: str, other: str) -> bool:
    """Whether what goes to `url` is no easier to read, or to change, on the way than what goes to `other`."""
    return _is_secure(url) or not _is_secure(other)


# ---- what we say to a hub --------------------------------------------------------------------------------------------


def question(subscription: Subscription) -> bytes:
    """The form that asks a hub to begin, or to end."""
    form = {"hub.topic": subscription.offer.topic, "hub.callback": subscription.callback}
    if subscription.state == "leaving":
        return urlencode({"hub.mode": "unsubscribe"} | form).encode("ascii")
    more = {"hub.secret": subscription.secret, "hub.lease_seconds": str(int(LEASE.total_seconds()))}
    return urlencode({"hub.mode": "subscribe"} | form | more).encode("ascii")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a hub's answer to the question means. `refused` until a hub may be asked again; None: for ever."""

    kind: Literal["heard", "later", "refused"]
    reason: str = ""
    refused_for: timedelta | None = REFUSED_FOR


def judged(status: int, *, host: str) -> Verdict:
    """A 2xx says no more than that the question was heard; whether it was granted, the hub's own question says."""
    if 200 <= status < 300:
        return Verdict(kind="heard")
    known = {code.value: f"{status} ({code.phrase})" for code in HTTPStatus}
    reason = f"the hub {host} answered {known.get(status, status)}"
    if status == HTTPStatus.GONE:
        return Verdict(kind="refused", reason=reason, refused_for=None)
    if 400 <= status < 500 and status not in _PASSING:
        return Verdict(kind="refused", reason=reason)
    return Verdict(kind="later", reason=reason)


# ---- what a hub says to us -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A hub's question whether we meant it, or its word that we are denied."""

    mode: str
    topic: str
    challenge: str = ""
    lease: timedelta | None = None
    reason: str = ""


def token_of(path: str) -> str:
    """The token at the end of a callback's path, whatever a proxy left before it; "" where there is none."""
    last = path.rpartition("/")[2]
    return last if _TOKEN.fullmatch(last) else ""


def read_intent(query: str) -> Intent | None:
    """The question in a query string; None for anything else."""
    try:
        given = dict(parse_qsl(query, keep_blank_values=True, max_num_fields=_MAX_FIELDS))
    except ValueError:
        return None
    if not given.get("hub.mode") or not given.get("hub.topic"):
        return None
    seconds = given.get("hub.lease_seconds", "")
    return Intent(
        mode=given["hub.mode"],
        topic=given["hub.topic"],
        challenge=given.get("hub.challenge", ""),
        lease=timedelta(seconds=int(seconds)) if re.fullmatch(r"[0-9]{1,10}", seconds) else None,
        reason=given.get("hub.reason", "")[:200],
    )


def is_denial(intent: Intent, subscription: Subscription) -> bool:
    """Whether the hub takes back, or refuses, what we asked it for. It may do so at any time."""
    asked = subscription.state in {"asking", "active"} and subscription.asked_at is not None
    return intent.mode == "denied" and intent.topic == subscription.offer.topic and asked


def is_meant(intent: Intent, subscription: Subscription, *, now: datetime) -> bool:
    """Whether we asked for this, and lately. A hub whose first question got lost asks twice: both get one answer."""
    mode = "unsubscribe" if subscription.state in {"leaving", "left"} else "subscribe"
    asked_at = subscription.asked_at
    return (
        (intent.mode, intent.topic) == (mode, subscription.offer.topic)
        and bool(intent.challenge)
        and subscription.state != "refused"
        and asked_at is not None
        and asked_at <= now < asked_at + VERIFIES_WITHIN
    )


def is_signed(signature: str, *, secret: str, body: bytes) -> bool:
    """Whether an X-Hub-Signature ("sha256=…") was made of this body by somebody who knows the secret."""
    method, _, given = signature.strip().partition("=")
    if method.lower() not in _METHODS:
        return False
    ours = hmac.new(secret.encode(), body, getattr(hashlib, method.lower())).hexdigest()
    return hmac.compare_digest(ours.encode(), given.strip().lower().encode("utf-8", "replace"))


# ---- leases and rests ------------------------------------------------------------------------------------------------


def lease_until(intent: Intent, *, now: datetime) -> datetime:
    """How long we rely on what the hub granted; one that grants nothing in particular grants what we asked for."""
    return now + min(LEASE if intent.lease is None else intent.lease, LONGEST_LEASE)


def renewal_at(token: str, until: datetime, *, now: datetime) -> datetime:
    """When to renew a lease that ends at `until`."""
    part = _RENEWAL - _SPREAD * _share(token)
    return now + max((until - now) * part, SHORTEST_WAIT)


def next_question(token: str, failures: int, *, now: datetime, asked_for: timedelta | None = None) -> datetime:
    """When to ask a hub again that has not verified, `failures` times by now. `asked_for`: its Retry-After."""
    wait = min(VERIFIES_WITHIN * (1 << min(failures - 1, 10)), _BACK_OFF_CAP)
    return now + max(wait, asked_for or timedelta()) * (1 + _SPREAD * _share(token))


def _share(token: str) -> float:
    """This subscription's part of a spread, 0 to 1: the same today and after a restart."""
    return int.from_bytes(hashlib.sha256(token.encode()).digest()[:4]) / 2**32


# ---- what to begin and to end ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What follows from what the feeds offer and what was agreed."""

    begin: tuple[int, ...] = ()  # ids of feeds: a new subscription each
    leave: tuple[int, ...] = ()  # ids of subscriptions: ask the hub to stop
    forget: tuple[int, ...] = ()  # ids of subscriptions: nothing can come of them any more


def planned(offers: Mapping[int, Offer], rows: Iterable[Subscription], *, place: str, now: datetime) -> Plan:
    """`offers` by the id of each feed that is watched; `place` is where our callbacks are."""
    served, leave, forget = set[int](), list[int](), list[int]()
    for row in rows:
        fits = offers.get(row.feed_id) == row.offer and row.place == place
        if row.state in {"leaving", "left"}:
            if _is_due(row, now) and (row.state == "left" or row.failures >= MAX_FAREWELLS):
                forget.append(row.id)
        elif not fits:
            (leave if is_in_force(row, now=now) else forget).append(row.id)
        elif (row.state == "active" and not is_in_force(row, now=now)) or (
            row.state == "refused" and _is_due(row, now)
        ):
            forget.append(row.id)
        elif row.state != "active" or not _is_due(row, now):  # an active one that is due is renewed by a new one
            served.add(row.feed_id)
    return Plan(begin=tuple(feed for feed in offers if feed not in served), leave=tuple(leave), forget=tuple(forget))


def is_in_force(subscription: Subscription, *, now: datetime) -> bool:
    """Whether the hub is to push, by its own word."""
    until = subscription.lease_until
    return subscription.state == "active" and until is not None and until > now


def _is_due(subscription: Subscription, now: datetime) -> bool:
    """Its time has come; or it is planned so far ahead that only a clock gone wrong can have done it."""
    due = subscription.due_at
    return due is not None and not now < due <= now + FARTHEST


def in_words(subscription: Subscription, *, now: datetime) -> str:
    """How a subscription stands, for a person."""
    if is_in_force(subscription, now=now):
        last = subscription.pushed_at
        return f"told by hub, last {words(now - last)} ago" if last else "told by hub, nothing yet"
    if subscription.state == "refused":
        return f"not told by hub: {subscription.reason}"
    if subscription.reason:
        return f"not told by hub yet: {subscription.reason}"
    if subscription.state == "asking" and subscription.asked_at is not None:
        return f"not told by hub yet: asked {words(now - subscription.asked_at)} ago, it has not asked back"
    return "not told by hub yet: it is asked soon"
