"""What a feed offers, what a hub may ask, whether it signed, when it is asked: tables, without a clock or a wire."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qsl, quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds.parse import parse_feed
from monitor.model import Offer, ParsedFeed, Subscription
from monitor.net import websub
from monitor.net.websub import Intent, Plan
from tests.conftest import NOON

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PORTS = (80, 443)
FEED = "https://ferry.example/feed"
HUB, TOPIC, PLACE = "https://hub.example/", "https://ferry.example/feed", "https://watch.example/hub"
OFFER = Offer(hub=HUB, topic=TOPIC)
TOKEN = "t" * 43


def offer(headers: Mapping[str, str] | None = None, hubs: tuple[str, ...] = (), itself: str = "") -> Offer | None:
    return websub.offer_of(headers or {}, hubs=hubs, itself=itself, url=FEED, ports=PORTS)


# ---- discovery -------------------------------------------------------------------------------------------------------

BOTH = f'<{HUB}>; rel="hub", <{TOPIC}>; rel="self"'


@pytest.mark.parametrize(
    ("link", "hubs", "itself", "expected"),
    [
        (BOTH, (), "", OFFER),
        (f"<{TOPIC}>;rel=self,<{HUB}>;rel=hub", (), "", OFFER),
        (f'<{HUB}>; title="a, <b>; c"; REL="preconnect HUB", <{TOPIC}>; rel=self', (), "", OFFER),
        ("", (HUB,), TOPIC, OFFER),
        (BOTH, ("https://other.example/",), "https://other.example/feed", OFFER),  # headers come first
        (f"<{HUB}>; rel=hub", (), "/feed", OFFER),  # half here, half there, and relative
        ("</hub>; rel=hub, </topic>; rel=self", (), "",
         Offer(hub="https://ferry.example/hub", topic="https://ferry.example/topic")),
        ("", ("http://hub.example/", HUB), TOPIC, OFFER),  # a secure one before a first one
        ("", ("http://hub.example/",), TOPIC, Offer(hub="http://hub.example/", topic=TOPIC)),
        ("", (HUB,), "", None),  # nobody could say what the feed is called there
        ("", (), TOPIC, None),
        (f'<{HUB}>; rel=hub; anchor="https://elsewhere.example/"', (), TOPIC, None),  # about another page
        (f"<{HUB}>; rel=help, {HUB}; rel=hub", (), TOPIC, None),
        ("", ("ftp://hub.example/", "https://u:p@hub.example/", "https://hub.example:25/", ""), TOPIC, None),
        ("", (HUB,), "file:///etc/passwd", None),
        ("", (HUB + "x" * 2_000,), TOPIC, None),
    ],
)  # fmt: skip
def test_who_tells_of_a_feed(link: str, hubs: tuple[str, ...], itself: str, expected: Offer | None) -> None:
    assert offer({"link": link} if link else {}, hubs, itself) == expected


@given(st.text(alphabet='<>;,"= relhubself/x[:', max_size=200))
def test_no_header_breaks_discovery(link: str) -> None:
    found = offer({"link": link}, (), TOPIC)
    assert found is None or found.hub.startswith(("http://", "https://"))


ATOM = "<link xmlns='http://www.w3.org/2005/Atom' rel='{}' href='{}'/>"
BODIES = {
    "RSS": "<rss version='2.0'><channel><title>F</title>" + ATOM.format("hub", HUB) + ATOM.format("self", TOPIC)
    + "<item><title>One</title></item></channel></rss>",
    "RSS with a document type, by the feed library": "<!DOCTYPE rss [<!ENTITY x 'y'>]><rss version='2.0'><channel>"
    "<title>&x;</title><itunes:title>" + ATOM.format("hub", HUB) + ATOM.format("self", TOPIC)
    + "<item><title>One</title></item></channel></rss>",
    "Atom": f"<feed xmlns='http://www.w3.org/2005/Atom'><title>F</title><link rel='hub' href=' {HUB} '/>"
    f"<link rel='alternate' href='https://ferry.example/'/><link rel='self' href='{TOPIC}'/>"
    "<entry><id>1</id><title>One</title></entry></feed>",
    "JSON Feed": f'{{"version": "https://jsonfeed.org/version/1.1", "title": "F", "feed_url": "{TOPIC}", "hubs": '
    f'[{{"type": "rssCloud", "url": "https://c.example/"}}, {{"type": "WebSub", "url": "{HUB}"}}, 7], "items": []}}',
}  # fmt: skip


def parsed(body: str) -> ParsedFeed:
    return parse_feed(body.encode(), headers={}, url=FEED)


@pytest.mark.parametrize("kind", BODIES)
def test_every_format_names_its_hub(kind: str) -> None:
    feed = parsed(BODIES[kind])
    assert offer({}, feed.hubs, feed.itself) == OFFER


def test_a_link_of_an_entry_is_not_the_feeds() -> None:
    body = BODIES["Atom"].replace("<id>1</id>", f"<id>1</id><link rel='hub' href='{HUB}'/>")
    assert parsed(body.replace(f"<link rel='hub' href=' {HUB} '/>", "", 1)).hubs == ()


SECURE, PLAIN = "https://hub.example/", "http://hub.example/"


@pytest.mark.parametrize(
    ("hub", "topic", "addresses", "believed"),
    [
        (SECURE, "https://ferry.example/feed", ("https://ferry.example/feed",), True),
        (SECURE, "http://Ferry.example/feed/", ("https://ferry.example/feed",), True),  # spelt otherwise
        (SECURE, "https://ferry.example/rss", ("https://ferry.example/feed", "https://ferry.example/rss"), True),
        (SECURE, "https://ferry.example/all", ("https://ferry.example/feed",), False),  # another feed
        (SECURE, "https://ferry.example/feed?n=2", ("https://ferry.example/feed?n=1",), False),
        (SECURE, "http://ferry.example/feed", ("http://ferry.example/feed",), True),
        (PLAIN, "http://ferry.example/feed", ("http://ferry.example/feed",), True),  # who changes one can change both
        (PLAIN, "http://ferry.example/feed", ("https://ferry.example/feed",), False),
    ],
)
def test_a_hub_is_believed_as_far_as_the_feed_itself(
    hub: str, topic: str, addresses: tuple[str, ...], believed: bool
) -> None:
    assert websub.is_believed(Offer(hub=hub, topic=topic), addresses) is believed


# ---- questions and answers -------------------------------------------------------------------------------------------


def subscription(**changes: object) -> Subscription:
    given = {"id": 1, "feed_id": 7, "offer": OFFER, "place": PLACE, "token": TOKEN, "secret": "s" * 64,
             "state": "asking", "asked_at": NOON} | changes  # fmt: skip
    return Subscription(**given)  # type: ignore[arg-type]


def test_what_a_hub_is_asked() -> None:
    callback = f"{PLACE}/{TOKEN}"
    assert dict(parse_qsl(websub.question(subscription()).decode())) == {
        "hub.mode": "subscribe", "hub.topic": TOPIC, "hub.callback": callback, "hub.secret": "s" * 64,
        "hub.lease_seconds": "864000",
    }  # fmt: skip
    assert dict(parse_qsl(websub.question(subscription(state="leaving")).decode())) == {
        "hub.mode": "unsubscribe", "hub.topic": TOPIC, "hub.callback": callback,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "kind"),
    [(202, "heard"), (204, "heard"), (200, "heard"), (302, "later"), (400, "refused"), (403, "refused"),
     (404, "refused"), (408, "later"), (409, "later"), (410, "refused"), (429, "later"), (500, "later"), (503, "later"),
     (599, "later")],
)  # fmt: skip
def test_what_a_hubs_answer_means(status: int, kind: str) -> None:
    verdict = websub.judged(status, host="hub.example")
    assert verdict.kind == kind
    assert (verdict.reason == "") is (kind == "heard")
    assert kind != "refused" or verdict.refused_for == (None if status == 410 else websub.REFUSED_FOR)


@pytest.mark.parametrize(
    ("path", "token"),
    [(f"/hub/{TOKEN}", TOKEN), (f"/{TOKEN}", TOKEN), (f"/a/b/{TOKEN}", TOKEN), (f"/hub/{TOKEN}/", ""), ("/hub", ""),
     (f"/hub/{TOKEN}t", ""), (f"/hub/{TOKEN[:-1]}é", ""), ("", "")],
)  # fmt: skip
def test_the_token_is_the_paths_end_whatever_a_proxy_leaves_of_it(path: str, token: str) -> None:
    assert websub.token_of(path) == token


def query(mode: str = "subscribe", topic: str = TOPIC, **more: str) -> str:
    given = {"mode": mode, "topic": topic} | more
    return "&".join(f"hub.{name}={quote(value)}" for name, value in given.items())


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (query(challenge="x y", lease_seconds="60"),
         Intent(mode="subscribe", topic=TOPIC, challenge="x y", lease=timedelta(minutes=1))),
        (query(challenge="x", lease_seconds="-1"), Intent(mode="subscribe", topic=TOPIC, challenge="x")),
        (query(challenge="x", lease_seconds="9" * 40), Intent(mode="subscribe", topic=TOPIC, challenge="x")),
        (query("denied", reason="no"), Intent(mode="denied", topic=TOPIC, reason="no")),
        ("", None),
        ("hub.mode=subscribe", None),
        ("hub.topic=x", None),
        ("&".join(f"a{number}=1" for number in range(50)), None),
    ],
)  # fmt: skip
def test_a_hubs_question_is_read(asked: str, expected: Intent | None) -> None:
    assert websub.read_intent(asked) == expected


SUBSCRIBE = Intent(mode="subscribe", topic=TOPIC, challenge="x")
UNSUBSCRIBE = replace(SUBSCRIBE, mode="unsubscribe")


@pytest.mark.parametrize(
    ("intent", "changes", "meant"),
    [
        (SUBSCRIBE, {}, True),
        (SUBSCRIBE, {"state": "active"}, True),  # the first answer got lost
        (UNSUBSCRIBE, {"state": "leaving"}, True),
        (UNSUBSCRIBE, {"state": "left"}, True),
        (SUBSCRIBE, {"asked_at": None}, False),  # nobody was asked yet
        (SUBSCRIBE, {"asked_at": NOON - HOUR}, False),  # too long ago
        (SUBSCRIBE, {"state": "active", "asked_at": NOON - HOUR}, False),
        (SUBSCRIBE, {"asked_at": NOON + HOUR}, False),  # the clock was set back
        (replace(SUBSCRIBE, topic=TOPIC + "/"), {}, False),
        (replace(SUBSCRIBE, challenge=""), {}, False),
        (SUBSCRIBE, {"state": "leaving"}, False),
        (SUBSCRIBE, {"state": "refused"}, False),
        (UNSUBSCRIBE, {}, False),  # somebody wants to cut us off
        (UNSUBSCRIBE, {"state": "active"}, False),
        (replace(SUBSCRIBE, mode="publish"), {}, False),
    ],
)
def test_only_what_was_asked_is_confirmed(intent: Intent, changes: dict[str, object], meant: bool) -> None:
    assert websub.is_meant(intent, subscription(**changes), now=NOON) is meant


# ---- signatures ------------------------------------------------------------------------------------------------------

BODY = b"<rss/>"


def signature(method: str, secret: str = "s" * 64, body: bytes = BODY) -> str:
    return f"{method}={hmac.new(secret.encode(), body, method).hexdigest()}"


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_a_signature_is_known_in_each_method(method: str) -> None:
    good = signature(method)
    name, _, code = good.partition("=")
    assert websub.is_signed(good, secret="s" * 64, body=BODY)
    assert websub.is_signed(f" {name.upper()}={code.upper()} ", secret="s" * 64, body=BODY)
    assert not websub.is_signed(good, secret="s" * 63, body=BODY)
    assert not websub.is_signed(good, secret="s" * 64, body=BODY + b" ")
    assert not websub.is_signed(good[:-1], secret="s" * 64, body=BODY)


@pytest.mark.parametrize(
    "bad", ["", "sha256=", "sha256", signature("md5"), "new=1", "sha256=é", signature("sha1").replace("sha1", "sha256")]
)
def test_what_is_no_signature(bad: str) -> None:
    assert not websub.is_signed(bad, secret="s" * 64, body=BODY)


def test_an_rfc_vector() -> None:
    """RFC 4231, test case 2."""
    code = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert websub.is_signed(f"sha256={code}", secret="Jefe", body=b"what do ya want for nothing?")


# ---- leases ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("granted", "relied_on"),
    [(None, 10 * DAY), (DAY, DAY), (3650 * DAY, 30 * DAY), (timedelta(seconds=1), timedelta(seconds=1))],
)
def test_how_long_a_lease_is_relied_on(granted: timedelta | None, relied_on: timedelta) -> None:
    assert websub.lease_until(replace(SUBSCRIBE, lease=granted), now=NOON) == NOON + relied_on


@given(st.text(max_size=50), st.integers(min_value=1, max_value=30 * 86_400))
def test_a_lease_is_renewed_before_its_end_and_never_in_a_hurry(token: str, seconds: int) -> None:
    until = NOON + timedelta(seconds=seconds)
    at = websub.renewal_at(token, until, now=NOON)
    assert at >= NOON + timedelta(minutes=10)
    if seconds >= 3600:
        assert 0.75 <= (at - NOON) / (until - NOON) <= 0.80


@given(st.text(max_size=50), st.integers(min_value=1, max_value=10_000))
def test_a_silent_hub_is_asked_less_and_less_often(token: str, failures: int) -> None:
    wait = websub.next_question(token, failures, now=NOON) - NOON
    assert websub.VERIFIES_WITHIN <= wait <= DAY * 1.05
    assert websub.next_question(token, failures + 1, now=NOON) - NOON >= wait
    assert websub.next_question(token, failures, now=NOON, asked_for=3 * DAY) - NOON >= 3 * DAY


# ---- what to begin and to end ----------------------------------------------------------------------------------------

ACTIVE = {"state": "active", "lease_until": NOON + DAY, "due_at": NOON + HOUR}
OTHER = Offer(hub="https://other.example/", topic=TOPIC)


@pytest.mark.parametrize(
    ("offers", "rows", "plan"),
    [
        ({}, [], Plan()),
        ({7: OFFER}, [], Plan(begin=(7,))),
        ({7: OFFER}, [{}], Plan()),  # it is being asked
        ({7: OFFER}, [ACTIVE], Plan()),
        ({7: OFFER}, [ACTIVE | {"due_at": NOON}], Plan(begin=(7,))),  # renewed by a new one, kept until that holds
        ({7: OFFER}, [ACTIVE | {"due_at": NOON}, {"id": 2}], Plan()),
        ({7: OFFER}, [ACTIVE | {"lease_until": NOON}, {"id": 2}], Plan(forget=(1,))),
        ({7: OFFER}, [ACTIVE | {"lease_until": NOON}], Plan(begin=(7,), forget=(1,))),
        ({7: OFFER}, [ACTIVE | {"due_at": NOON + 60 * DAY}], Plan(begin=(7,))),  # planned by a clock that ran ahead
        ({7: OFFER}, [{"state": "refused", "due_at": NOON + DAY}], Plan()),
        ({7: OFFER}, [{"state": "refused", "due_at": None}], Plan()),
        ({7: OFFER}, [{"state": "refused", "due_at": NOON}], Plan(begin=(7,), forget=(1,))),
        ({7: OTHER}, [{"state": "refused", "due_at": None}], Plan(begin=(7,), forget=(1,))),
        ({7: OTHER}, [ACTIVE], Plan(begin=(7,), leave=(1,))),
        ({7: OFFER}, [ACTIVE | {"place": "https://old.example"}], Plan(begin=(7,), leave=(1,))),
        ({}, [ACTIVE], Plan(leave=(1,))),  # the feed left the file, or names no hub any more
        ({}, [ACTIVE | {"lease_until": NOON}], Plan(forget=(1,))),
        ({}, [{}], Plan(forget=(1,))),
        ({}, [{"state": "leaving", "due_at": NOON, "failures": 2}], Plan()),
        ({}, [{"state": "leaving", "due_at": NOON, "failures": 3}], Plan(forget=(1,))),
        ({7: OFFER}, [{"state": "leaving", "due_at": NOON}], Plan(begin=(7,))),  # it came back
        ({}, [{"state": "left", "due_at": NOON + HOUR}], Plan()),
        ({}, [{"state": "left", "due_at": NOON}], Plan(forget=(1,))),
    ],
)
def test_what_to_begin_and_to_end(offers: dict[int, Offer], rows: list[dict[str, object]], plan: Plan) -> None:
    assert websub.planned(offers, [subscription(**row) for row in rows], place=PLACE, now=NOON) == plan


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (ACTIVE, "told by hub, nothing yet"),
        (ACTIVE | {"pushed_at": NOON - HOUR}, "told by hub, last 1 h ago"),
        ({"asked_at": None}, "not told by hub yet: it is asked soon"),
        ({"asked_at": NOON - HOUR}, "not told by hub yet: asked 1 h ago, it has not asked back"),
        ({"reason": "the hub hub.example answered 503"}, "not told by hub yet: the hub hub.example answered 503"),
        ({"state": "refused", "reason": "the hub denies it"}, "not told by hub: the hub denies it"),
        (ACTIVE | {"lease_until": NOON}, "not told by hub yet: it is asked soon"),
    ],
)
def test_how_it_stands_in_words(changes: dict[str, object], words: str) -> None:
    assert websub.in_words(subscription(**changes), now=NOON) == words
