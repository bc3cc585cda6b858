"""Chats: what each service is sent, what a stranger's words cannot do there, and what each answer means.

Each service is played by a real HTTP server, asked by the guarded client. A new service is a row of SERVICES.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts import channel, discord, matrix, mattermost, ntfy, slack, teams, telegram
from alerts.chat import DEFAULT_REST, LONGEST_REST, Service, as_json, harmless, hidden, inert, markdown
from alerts.digest import compose_digest
from alerts.message import compose_test
from alerts.note import as_text, note_of
from alerts.webhook import id_of
from monitor.errors import DeliveryError
from monitor.model import Channel, ChannelKind, FeedHealth, Message, StoryReport
from monitor.net.fetch import Client
from tests.scripted_server import Answer, Request, ScriptedServer
from tests.test_message import DESK, NOW, REPORT, alert, member, update

TOKEN = "998877:AAHk3-s3cr3t_t0ken_of_a_b0t_4y0u"
KEY = "hPq8wZs3cr3tKey"
ID = "$c0ffee:matrix.example"


@dataclass(frozen=True, kw_only=True)
class Played:
    """One service as its server plays it."""

    service: Service
    settings: Mapping[str, str | int]  # {url} stands for the server's address
    path: str  # that is asked
    taken: bytes  # what it answers when it took a message
    status: int = 200
    said: bytes  # what it answers when it did not
    reason: str  # how that reads
    busy: bytes = b""  # a 429's body that says for how long
    secrets: tuple[str, ...] = (KEY,)
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)


SERVICES: dict[ChannelKind, Played] = {
    "slack": Played(
        service=slack.SLACK,
        settings={"url": f"{{url}}/services/T1/B1/{KEY}"},
        path=f"/services/T1/B1/{KEY}",
        taken=b"ok",
        said=b"channel_is_archived",
        reason="channel_is_archived",
    ),
    "discord": Played(
        service=discord.DISCORD,
        settings={"url": f"{{url}}/api/webhooks/1234/{KEY}"},
        path=f"/api/webhooks/1234/{KEY}",
        taken=b'{"id": "1187", "content": "as posted"}',
        said=b'{"message": "Unknown Webhook", "code": 10015}',
        reason="Unknown Webhook",
        busy=b'{"message": "You are being rate limited.", "retry_after": 64.5, "global": false}',
    ),
    "mattermost": Played(
        service=mattermost.MATTERMOST,
        settings={"url": f"{{url}}/hooks/{KEY}"},
        path=f"/hooks/{KEY}",
        taken=b"ok",
        said=b'{"id": "web.incoming_webhook.disabled", "message": "Incoming webhooks are off.", "status_code": 501}',
        reason="Incoming webhooks are off.",
    ),
    "teams": Played(
        service=teams.TEAMS,
        settings={"url": f"{{url}}/workflows/a1/triggers/manual/paths/invoke?sig={KEY}"},
        path="/workflows/a1/triggers/manual/paths/invoke",
        taken=b"",
        status=202,
        said=b'{"error": {"code": "WorkflowTriggerIsNotEnabled", "message": "The workflow is off."}}',
        reason="The workflow is off.",
    ),
    "ntfy": Played(
        service=ntfy.NTFY,
        settings={"server": "{url}", "topic": KEY, "token": f"tk_{KEY}", "priority": 4},
        path="/",
        taken=b'{"id": "sPs71M8A2T", "time": 1772617000, "event": "message", "topic": "t", "message": "m"}',
        said=b'{"code": 40301, "http": 403, "error": "forbidden"}',
        reason="forbidden",
        headers={"authorization": f"Bearer tk_{KEY}"},
    ),
    "telegram": Played(
        service=telegram.TELEGRAM,
        settings={"server": "{url}", "token": TOKEN, "chat": "-1001234567890"},
        path=f"/bot{TOKEN}/sendMessage",
        taken=b'{"ok": true, "result": {"message_id": 41, "date": 1772617000}}',
        said=b'{"ok": false, "error_code": 403, "description": "Forbidden: bot was kicked"}',
        reason="Forbidden: bot was kicked",
        busy=b'{"ok": false, "error_code": 429, "parameters": {"retry_after": 64.5}}',
        secrets=(TOKEN, TOKEN.partition(":")[2]),
    ),
    "matrix": Played(
        service=matrix.MATRIX,
        settings={"server": "{url}/", "token": KEY, "room": "!abc:matrix.example"},
        path=f"/_matrix/client/v3/rooms/%21abc%3Amatrix.example/send/m.room.message/{id_of(alert())}",
        taken=json.dumps({"event_id": ID}).encode(),
        said=b'{"errcode": "M_FORBIDDEN", "error": "You are not in the room"}',
        reason="M_FORBIDDEN You are not in the room",
        busy=b'{"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 64500}',
        method="PUT",
        headers={"authorization": f"Bearer {KEY}"},
    ),
}
KINDS = list(SERVICES)
PAGE = b"<html><body>Please sign in to the guest network</body></html>"


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as playing:
        yield playing


@pytest.fixture(scope="module")
def client(server: ScriptedServer) -> Iterator[Client]:
    with Client(server.settings()) as asking:
        yield asking


@dataclass(frozen=True)
class Room:
    """A channel of one kind, and the server at its other end."""

    kind: ChannelKind
    server: ScriptedServer
    client: Client

    @property
    def played(self) -> Played:
        return SERVICES[self.kind]

    @property
    def channel(self) -> Channel:
        filled = {
            key: value.replace("{url}", self.server.url("")) if isinstance(value, str) else value
            for key, value in self.played.settings.items()
        }
        return Channel(name="room", kind=self.kind, settings=filled)

    def send(self, *answers: Answer, message: Message | None = None) -> str:
        self.server.forget()
        self.server.script(self.played.path, *answers)
        return channel.open_sender(self.channel, post=self.client.post).send(message or alert(), "")

    def failure(self, *answers: Answer) -> DeliveryError:
        with pytest.raises(DeliveryError) as caught:
            self.send(*answers)
        return caught.value

    @property
    def asked(self) -> Request:
        (request,) = self.server.requests
        return request


@pytest.fixture(params=KINDS)
def room(request: pytest.FixtureRequest, server: ScriptedServer, client: Client) -> Room:
    return Room(request.param, server, client)


# ---- over a real connection ------------------------------------------------------------------------------------------


def test_a_message_is_taken_and_the_receipt_says_by_whom(room: Room) -> None:
    receipt = room.send(Answer(status=room.played.status, body=room.played.taken))
    assert receipt.startswith(f"{room.played.status} from 127.0.0.1: ")
    assert room.asked.method == room.played.method
    assert room.asked.headers["content-type"] == "application/json"
    assert {name: room.asked.headers[name] for name in room.played.headers} == room.played.headers
    assert REPORT.lead.title in as_words(json.loads(room.asked.body))


def test_a_second_attempt_is_the_same_bytes_at_the_same_place(room: Room) -> None:
    asked = []
    for _ in range(2):
        room.send(Answer(status=room.played.status, body=room.played.taken))
        asked.append((room.asked.target, room.asked.body))
    assert asked[0] == asked[1]


def test_a_test_message_says_where_it_was_meant_to_go(room: Room) -> None:
    written = compose_test(recipient=replace(DESK, channel="harbour chat"), key="alert:17:desk", now=NOW)
    room.send(Answer(status=room.played.status, body=room.played.taken), message=written)
    assert "harbour chat" in as_words(json.loads(room.asked.body))


def test_asked_to_wait_it_says_how_long(room: Room) -> None:
    error = room.failure(Answer(status=429, headers={"Retry-After": "30"}, body=room.played.said))
    assert (error.retry, error.reached, error.retry_after) == (True, False, timedelta(seconds=30))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if SERVICES[kind].busy])
def test_the_wait_may_stand_in_the_body_and_the_longer_one_counts(
    kind: ChannelKind, server: ScriptedServer, client: Client
) -> None:
    room = Room(kind, server, client)
    error = room.failure(Answer(status=429, headers={"Retry-After": "3"}, body=room.played.busy))
    assert error.retry_after == timedelta(seconds=64.5)


@pytest.mark.parametrize(
    ("headers", "body", "wait"),
    [
        ({}, b"", DEFAULT_REST),
        ({"Retry-After": "soon"}, b"", DEFAULT_REST),
        ({"Retry-After": "900000"}, b"", LONGEST_REST),
        ({}, b'{"retry_after": 1e300}', LONGEST_REST),
        ({}, b'{"retry_after": NaN}', DEFAULT_REST),
        ({}, b'{"retry_after": -5}', DEFAULT_REST),
        ({}, b'{"retry_after": "5"}', DEFAULT_REST),
        ({}, b'{"retry_after": true}', DEFAULT_REST),
        ({}, b"[" * 50_000, DEFAULT_REST),
    ],
)
def test_nobody_can_silence_a_channel_with_a_strange_wait(
    server: ScriptedServer, client: Client, headers: dict[str, str], body: bytes, wait: timedelta
) -> None:
    assert Room("discord", server, client).failure(Answer(status=429, headers=headers, body=body)).retry_after == wait


@pytest.mark.parametrize("status", [400, 413, 422])
def test_what_is_wrong_with_the_message_stays_wrong(room: Room, status: int) -> None:
    error = room.failure(Answer(status=status, headers={"Retry-After": "30"}, body=b"{}"))
    assert (error.retry, error.reached, error.retry_after) == (False, False, None)


@pytest.mark.parametrize("status", [401, 403, 404, 410, 500, 502, 503, 504])
def test_what_may_be_mended_at_the_other_end_is_tried_again_and_says_why(room: Room, status: int) -> None:
    error = room.failure(Answer(status=status, body=room.played.said))
    assert (error.retry, error.reached) == (True, False)
    assert str(error) == f"127.0.0.1 answered {status}: {room.played.reason}"


def test_a_wrong_chat_is_no_fault_of_the_message(server: ScriptedServer, client: Client) -> None:
    said = b'{"ok": false, "error_code": 400, "description": "Bad Request: chat not found"}'
    assert Room("telegram", server, client).failure(Answer(status=400, body=said)).retry


def test_a_redirect_is_not_followed(room: Room) -> None:
    error = room.failure(Answer(status=302, headers={"Location": room.server.url("/elsewhere")}))
    assert "not followed" in str(error)
    assert error.retry


def test_a_page_that_says_200_and_is_not_the_service_s_may_have_the_message(room: Room) -> None:
    error = room.failure(Answer(body=PAGE))
    assert (error.retry, error.reached) == (True, True)
    assert f"not as {room.played.service.name} does" in str(error)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("teams", b"Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429"),
        ("telegram", b'{"ok": false, "error_code": 500, "description": "Internal"}'),
    ],
)
def test_a_refusal_that_says_200_is_a_refusal(
    kind: ChannelKind, body: bytes, server: ScriptedServer, client: Client
) -> None:
    error = Room(kind, server, client).failure(Answer(body=body))
    assert (error.retry, error.reached) == (True, False)


def test_taken_and_then_silent_it_may_have_arrived(room: Room) -> None:
    """Only Matrix may be asked again without a thought: the same transaction is told once."""
    error = room.failure(Answer(raw=True, body=b""))
    assert (error.retry, error.reached) == (True, room.kind != "matrix")
    assert len(room.server.requests) == 1


def test_nobody_there_has_seen_nothing(room: Room) -> None:
    with ScriptedServer() as gone:
        settings = dict(room.channel.settings)
    moved = {
        key: value.replace(str(room.server.port), str(gone.port)) if isinstance(value, str) else value
        for key, value in settings.items()
    }
    with Client(gone.settings()) as asking, pytest.raises(DeliveryError) as caught:
        channel.open_sender(replace(room.channel, settings=moved), post=asking.post).send(alert(), "")
    assert (caught.value.retry, caught.value.reached) == (True, False)


@pytest.mark.parametrize("status", [200, 400, 403, 404, 429, 500])
def test_a_server_that_repeats_what_it_was_asked_gives_no_secret_away(room: Room, status: int) -> None:
    echo = " ".join((room.played.path, *room.played.secrets))
    answers = [
        json.dumps({"message": echo, "error": echo, "description": echo, "errcode": echo, "id": echo}).encode(),
        json.dumps({"ok": True, "result": {"message_id": echo}, "event_id": f"$ {echo}"}).encode(),
        json.dumps({"event": "message", "id": echo}).encode(),
        json.dumps({"error": {"message": echo}}).encode(),
        echo.encode(),
    ]  # fmt: skip
    for body in answers:
        try:
            words = room.send(Answer(status=status, body=body))
        except DeliveryError as error:
            words = f"{error!r} {error}"
        assert not [secret for secret in room.played.secrets if secret in words]


def test_an_address_that_policy_refuses_waits_for_whoever_sets_the_policy(room: Room) -> None:
    with Client(replace(room.server.settings(), allow_networks=())) as asking, pytest.raises(DeliveryError) as caught:
        channel.open_sender(room.channel, post=asking.post).send(alert(), "")
    assert (caught.value.retry, caught.value.reached) == (True, False)
    assert not [secret for secret in room.played.secrets if secret in str(caught.value)]


def test_an_opened_sender_shows_no_secret(room: Room) -> None:
    sender = channel.open_sender(room.channel, post=room.client.post)
    shown = f"{sender!r} {sender} {room.channel!r}"
    assert not [secret for secret in room.played.secrets if secret in shown]


def test_hidden_leaves_words_alone() -> None:
    assert hidden("the room is archived", {"url": f"https://chat.example/hooks/{KEY}", "priority": 3}) == (
        "the room is archived"
    )


# ---- what is sent ----------------------------------------------------------------------------------------------------


def question(kind: ChannelKind, message: Message) -> Any:
    """The JSON that a service is sent."""
    played = SERVICES[kind]
    filled = {
        key: value.replace("{url}", "https://chat.example") if isinstance(value, str) else value
        for key, value in played.settings.items()
    }
    return json.loads(as_json(played.service.ask(filled, harmless(note_of(message)), id_of(message)).body))


def strings(value: object) -> Iterator[str]:
    """Every string in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from strings(one)


def as_words(value: object) -> str:
    """All the words of a JSON value, without what only keeps them from being markup."""
    return " ".join(re.sub(r"\\(?=[^\w\s])|\u200b", "", text) for text in strings(value))


FACTS = ("The Harbour Gazette", "passed 40,000 plate scans", "First reported by", "Also in 4 outlets", "Plate readers")


@pytest.mark.parametrize("kind", KINDS)
def test_an_alert_says_what_one_must_know(kind: ChannelKind) -> None:
    words = as_words(question(kind, alert()))
    assert [fact for fact in FACTS if fact not in words] == []
    assert "https://www.harbourgazette.example/news/1?from=feed&" in words.replace("&amp;", "&")


@pytest.mark.parametrize("kind", KINDS)
def test_an_update_leads_to_what_is_new(kind: ChannelKind) -> None:
    words = as_words(question(kind, update()))
    assert "Update: Northwind says it will stop" in words
    assert "https://www.harbourgazette.example/news/6?from=feed&" in words.replace("&amp;", "&")


@pytest.mark.parametrize(
    ("address", "asked"),
    [
        ("/api/webhooks/12/k", "/api/webhooks/12/k?wait=true"),
        ("/api/webhooks/12/k?thread_id=3", "/api/webhooks/12/k?thread_id=3&wait=true"),
    ],
)
def test_discord_is_asked_for_the_message_as_posted(address: str, asked: str) -> None:
    at = "https://discord.com"
    assert discord.ask({"url": at + address}, note_of(alert()), "msg_1").url == at + asked


def test_a_phone_is_told_by_its_lock_screen_and_a_tap() -> None:
    body = question("ntfy", alert())
    assert body["title"] == f"{REPORT.lead.title} — The Harbour Gazette"
    assert (body["priority"], body["click"]) == (4, REPORT.lead.link)
    assert "http" not in body["message"]


def test_telegram_s_entities_cover_their_words_in_utf_16() -> None:
    body = question("telegram", alert(replace(REPORT, lead=member(1, "Faro", "faro.example", "🚢 Policía 🚓", "new"))))
    units = body["text"].encode("utf-16-le")
    spans = [(one["type"], units[2 * one["offset"] : 2 * (one["offset"] + one["length"])]) for one in body["entities"]]
    assert [(kind, words.decode("utf-16-le")) for kind, words in spans] == [
        ("bold", "🚢 Policía 🚓 — Faro"),
        ("text_link", "🚢 Policía 🚓 — Faro"),
    ]


# ---- what a stranger's words cannot do -------------------------------------------------------------------------------

HOSTILE = [
    "<!channel> <!here|now> & <@U012AB3CD> <https://evil.example/|our bank>",
    "@everyone @here <@123456> <@&99> <#77> <t:1700000000:R> :smile:",
    "@channel @all @room ~town-square #tag $CASH /stop @somebody",
    "[click here](https://evil.example/) ![](https://evil.example/p.png) [x]: https://evil.example",
    "**bold** __under__ ~~gone~~ ||hidden|| `code` ```block``` > quote",
    "# heading\n- list\n1. list\n> quote\n---",
    "<b onclick=alert(1)>b</b><script>x</script><a href='javascript:x'>y</a><at>Everyone</at>",
    "first line\r\nX-Injected: yes\r\n\r\nbody\x00\x1b[31m\x85\u2028\u2029",
    "\u202egpj.exe\u202c \u2066inside\u2069",
    "half \ud83d a letter \udc00",
    "long " * 2_000,
    "x" * 10_000,
    "\\*not bold\\* \\",
    "https://evil.example/ www.evil.example evil.example",
    "",
    "\ufffe\uffff\U000e0001",
]


def attacked(words: str) -> StoryReport:
    """A report of which every word that a stranger chooses is hostile."""
    hostile = replace(member(1, words, "evil.example", words, "new"), link=f"https://evil.example/{words}")
    others = (replace(hostile, entry_id=2, relation="copy", domain=words), replace(hostile, relation="update"))
    return replace(
        REPORT, lead=hostile, sentence=words, watch=words, why=words, origin=(words,), origin_note=words,
        marks=(), title_marks=(), members=others,
    )  # fmt: skip


def bare(text: str, marks: str) -> list[str]:
    """The characters of a Markdown text that are markup, and neither escaped nor of a link that we made."""
    unescaped = re.sub(r"\\.", "", text)
    return re.findall(rf"[{re.escape(marks)}]", re.sub(r"\[[^\[\]]*\]\(<?https?://[^()<>\s]+>?\)", "", unescaped))


def slack_is_safe(body: dict[str, Any]) -> bool:
    elements = [one for section in body["blocks"][0]["elements"] for one in section["elements"]]
    assert {one["type"] for one in elements} <= {"text", "link"}
    assert all(one["text"] for one in elements)
    assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", body["text"])
    return not (body["link_names"] or body["mrkdwn"] or body["unfurl_links"])


def discord_is_safe(body: dict[str, Any]) -> bool:
    assert body["allowed_mentions"] == {"parse": []}
    title, _, link = body["content"].partition("\n")
    assert len(body["content"]) <= discord.CONTENT
    assert re.fullmatch(r"<https?://[^<>\s]+>|", link)
    described = "\n".join(embed["description"] for embed in body.get("embeds", ()))
    assert len(described) <= discord.DESCRIPTION
    return not bare(title.removeprefix("**").removesuffix("**"), "*_~`|[]()<>#") and not bare(described, "*_~`|[]<>#")


def mattermost_is_safe(body: dict[str, Any]) -> bool:
    assert len(body["text"]) <= mattermost.LENGTH
    assert not re.search(r"@[\w]", body["text"])
    title, *lines = body["text"].split("\n\n")
    assert re.fullmatch(r"\*\*\[.*\]\(https?://[^()\s]+\)\*\*|\*\*.*\*\*", title)
    return not bare("".join(lines), "*_~`|[]()#>")


def teams_is_safe(body: dict[str, Any]) -> bool:
    assert len(as_json(body)) <= 28_000
    blocks = body["attachments"][0]["content"]["body"]
    assert {block["type"] for block in blocks} == {"RichTextBlock"}
    return {run["type"] for block in blocks for run in block["inlines"]} == {"TextRun"}


def ntfy_is_safe(body: dict[str, Any]) -> bool:
    assert 0 < len(body["message"].encode()) <= 4096
    return set(body) <= {"topic", "priority", "title", "message", "click"}


def telegram_is_safe(body: dict[str, Any]) -> bool:
    length = len(body["text"].encode("utf-16-le")) // 2
    assert 0 < length <= telegram.LENGTH
    assert all(one["offset"] >= 0 and one["offset"] + one["length"] <= length for one in body["entities"])
    assert "parse_mode" not in body
    return not re.search(r"(?<!\w)[@/#$]\w", body["text"])


def matrix_is_safe(body: dict[str, Any]) -> bool:
    assert body["m.mentions"] == {}
    assert len(as_json(body)) < 65_536
    page = BeautifulSoup(body["formatted_body"], "html.parser")
    assert {tag.name for tag in page.find_all()} <= {"p", "strong", "a"}
    return not re.search(r"@\w", page.get_text())


SAFE: Mapping[ChannelKind, Callable[[dict[str, Any]], bool]] = {
    "slack": slack_is_safe,
    "discord": discord_is_safe,
    "mattermost": mattermost_is_safe,
    "teams": teams_is_safe,
    "ntfy": ntfy_is_safe,
    "telegram": telegram_is_safe,
    "matrix": matrix_is_safe,
}
STRANGE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


@pytest.mark.parametrize("words", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("kind", KINDS)
def test_hostile_words_stay_words(kind: ChannelKind, words: str) -> None:
    for message in (alert(attacked(words)), digest_of(attacked(words))):
        body = question(kind, message)
        assert SAFE[kind](body)
        assert not [text for text in strings(body) if STRANGE.search(text)]
        links = re.findall(r"https?://([^\s\"<>|()/]+)", " ".join(strings(body)))  # nothing else can be tapped
        assert set(links) <= {"evil.example", "adaptivecards.io"}


def test_what_leaves_says_a_stranger_s_words_so_that_nobody_is_rung(room: Room) -> None:
    room.send(Answer(status=room.played.status, body=room.played.taken), message=alert(attacked("@everyone")))
    sent = json.loads(room.asked.body)
    assert SAFE[room.kind](sent)
    said = re.sub(r"https?://[^\s\"<>()]+", "", " ".join(strings(sent)))
    assert "@\u200beveryone" in said
    assert "@everyone" not in said


@settings(max_examples=60, deadline=None)
@given(words=st.text(st.characters(exclude_categories=())))
def test_no_word_raises_or_breaks_out(words: str) -> None:
    for kind in KINDS:
        body = question(kind, alert(attacked(words)))
        assert SAFE[kind](body), kind
        assert not [text for text in strings(body) if STRANGE.search(text)]


def digest_of(*reports: StoryReport) -> Message:
    health = FeedHealth(total=412, healthy=404, failing=(("Ferry Times", "does not answer"),))
    return compose_digest(reports, recipient=DESK, health=health, day=NOW.date(), key="digest", now=NOW)


@pytest.mark.parametrize("kind", KINDS)
def test_a_flood_of_stories_fits_and_says_how_many_do_not(kind: ChannelKind) -> None:
    titles = [f"Harbour police shared plate scans, part {number}, " + "as records show " * 8 for number in range(300)]
    reports = [
        replace(REPORT, story_id=number, lead=member(number, "Faro", "faro.example", title, "new"))
        for number, title in enumerate(titles)
    ]
    body = question(kind, digest_of(*reports))
    assert SAFE[kind](body)
    words = as_words(body)
    shown = sum(title.strip() in words for title in titles)
    (left_out,) = set(re.findall(r"… and (\d+) more", words))
    assert shown > 5
    assert 299 <= shown + int(left_out) <= 301  # the subject names the first one, too; a line says how the feeds are


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("mail desk@example.org", "mail desk@\u200bexample.org"),
        ("either/or", "either/or"),
        ("see /stop", "see /\u200bstop"),
        ("#1 of $5", "#\u200b1 of $\u200b5"),
        ("https://a.example", "https:\u200b//\u200ba.example"),
        ("plain words: a, b", "plain words: a, b"),
    ],
)
def test_inert_words_read_as_before(text: str, reads: str) -> None:
    assert inert(text) == reads
    assert inert(text).replace("\u200b", "") == text


def test_markdown_is_escaped_and_reads_as_before() -> None:
    assert markdown("*a* [b](c) 1. d") == r"\*a\* \[b\]\(c\) 1\. d"


def test_a_note_as_text_has_all_that_a_chat_is_told() -> None:
    assert as_text(note_of(alert())).splitlines()[:2] == [
        f"{REPORT.lead.title} — The Harbour Gazette",
        REPORT.lead.link,
    ]


# ---- settings --------------------------------------------------------------------------------------------------------

BOT = {"server": "https://api.telegram.org", "token": TOKEN, "chat": "-100123"}
HOME = {"server": "https://matrix.example", "token": KEY, "room": "!a:matrix.example"}
PUSH = {"server": "https://ntfy.sh", "topic": "a-topic", "token": "", "priority": 3}


@pytest.mark.parametrize(
    ("kind", "settings", "fault"),
    [
        ("slack", {"url": f"https://hooks.slack.com/services/T1/B1/{KEY}"}, ""),
        ("slack", {"url": "https://desk.slack.com/archives/C1"}, "url: expected an incoming webhook's"),
        ("slack", {"url": f"http://hooks.slack.com/services/{KEY}"}, "url: expected https"),
        ("slack", {"url": ""}, "url: expected an https address"),
        ("discord", {"url": f"https://discord.com/api/webhooks/12/{KEY}"}, ""),
        ("discord", {"url": f"https://discord.com/api/v10/webhooks/12/{KEY}?thread_id=3"}, ""),
        ("discord", {"url": "https://discord.com/channels/1/2"}, "url: expected a webhook's"),
        ("mattermost", {"url": f"https://chat.example.org/team/hooks/{KEY}"}, ""),
        ("mattermost", {"url": "https://chat.example.org/desk/channels/news"}, "url: expected an incoming webhook's"),
        ("teams", {"url": f"https://prod-1.westus.logic.azure.com:443/workflows/a?sig={KEY}"}, ""),
        (
            "teams",
            {"url": f"https://desk.webhook.office.com/webhookb2/{KEY}"},
            "switched the old Office connectors off",
        ),
        ("ntfy", PUSH, ""),
        ("ntfy", PUSH | {"topic": "two words"}, "topic: expected 1 to 64 letters"),
        ("ntfy", PUSH | {"server": "http://ntfy.example"}, "server: expected https"),
        ("ntfy", PUSH | {"server": "http://phone.lan"}, ""),
        ("telegram", BOT, ""),
        ("telegram", BOT | {"chat": "@ferries"}, ""),
        ("telegram", BOT | {"chat": "ferries"}, "chat: expected a chat's number"),
        ("telegram", BOT | {"token": "hunter2"}, "token: expected a bot's"),
        ("matrix", HOME, ""),
        ("matrix", HOME | {"room": "!opaqueidwithoutserver"}, ""),
        ("matrix", HOME | {"room": "#ferries:matrix.example"}, "room: expected the room's internal id"),
    ],
)
def test_settings_are_checked_in_words(kind: ChannelKind, settings: dict[str, str | int], fault: str) -> None:
    found = "; ".join(channel.check(Channel(name="room", kind=kind, settings=settings)))
    assert found.startswith(fault) or fault in found if fault else not found
    assert KEY not in found
