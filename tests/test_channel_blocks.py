"""The channels of feeds.yaml: their settings, their secrets, and what is a fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerts import channel
from monitor.errors import ConfigError
from monitor.model import Channel
from monitor.settings.config import channel_faults, read_config
from tests import command
from tests.scripted_server import Answer, ScriptedServer

SECRETS = {
    "HOOK": "https://hooks.slack.com/services/T1/B1/s3cr3tK3y",
    "TOPIC": "a-long-topic-that-nobody-guesses",
    "TOKEN": "998877:AAHk3-s3cr3t_t0ken_of_a_b0t_4y0u",
    "PAGER": "json://localhost/s3cr3tK3y",
}

ROWS = [
    ("kind: slack, url: '${HOOK}'", {"url": SECRETS["HOOK"]}),
    ("kind: discord, url: '${HOOK}'", {"url": SECRETS["HOOK"]}),
    ("kind: mattermost, url: '${HOOK}'", {"url": SECRETS["HOOK"]}),
    ("kind: teams, url: '${HOOK}'", {"url": SECRETS["HOOK"]}),
    (
        "kind: ntfy, topic: '${TOPIC}'",
        {"server": "https://ntfy.sh", "topic": SECRETS["TOPIC"], "token": "", "priority": 3},
    ),
    (
        "kind: telegram, token: '${TOKEN}', chat: '-100123'",
        {"server": "https://api.telegram.org", "token": SECRETS["TOKEN"], "chat": "-100123"},
    ),
    (
        "kind: matrix, server: 'https://m.example', token: '${TOKEN}', room: '!a:m.example'",
        {"server": "https://m.example", "token": SECRETS["TOKEN"], "room": "!a:m.example"},
    ),
    ("kind: apprise, url: '${PAGER}'", {"url": SECRETS["PAGER"]}),
]
KINDS = [row[0].split(",")[0].removeprefix("kind: ") for row in ROWS]


def written(folder: Path, block: str, *, more: str = "", recipient: str = "") -> Path:
    path = folder / "feeds.yaml"
    path.write_text(
        f"contact: https://desk.example/\n{more}channels:\n  - {{name: out, {block}}}\n"
        f"recipients: [{{name: desk, channel: out{recipient}}}]\n"
        "watches: [{name: ferries, query: ferry}]\nfeeds: []\n",
        encoding="utf-8",
    )
    return path


def read(folder: Path, block: str) -> Channel:
    return read_config(written(folder, block), SECRETS).channels["out"]


def faults(path: Path, environ: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read_config(path, environ)
    return [f"{fault.path}: {fault.message}" for fault in caught.value.faults]


@pytest.mark.parametrize(("block", "settings"), ROWS, ids=KINDS)
def test_a_block_is_read_with_its_secrets(tmp_path: Path, block: str, settings: dict[str, str | int]) -> None:
    found = read(tmp_path, block)
    assert (found.settings, found.content) == (settings, "full")
    assert "s3cr3t" not in repr(found)


@pytest.mark.parametrize("block", [row[0] for row in ROWS], ids=KINDS)
def test_a_secret_that_is_missing_is_named(tmp_path: Path, block: str) -> None:
    (fault,) = faults(written(tmp_path, block), {})
    assert "the secret is missing; expected the environment variable" in fault


@pytest.mark.parametrize("block", [row[0] for row in ROWS], ids=KINDS)
def test_a_secret_that_is_written_out_is_refused_and_not_repeated(tmp_path: Path, block: str) -> None:
    for name, value in SECRETS.items():
        block = block.replace(f"${{{name}}}", value)
    (fault,) = faults(written(tmp_path, block), SECRETS)
    assert "a secret does not belong in this file" in fault
    assert "s3cr3t" not in fault


@pytest.mark.parametrize("content", ["full", "title", "count"])
def test_every_kind_says_how_much_it_may_carry(tmp_path: Path, content: str) -> None:
    for block, _ in ROWS:
        assert read(tmp_path, f"{block}, content: {content}").content == content


def test_a_feed_stands_beside_the_file_that_names_it(tmp_path: Path) -> None:
    assert read(tmp_path, "kind: feed, path: alerts.xml").settings == {
        "path": str(tmp_path / "alerts.xml"),
        "title": "Tipsheet",
        "keep": 50,
    }
    assert read(tmp_path, "kind: feed, path: /srv/www/alerts.xml").settings["path"] == "/srv/www/alerts.xml"


def test_a_folder_is_read_from_where_the_file_lies_and_says_its_forms(tmp_path: Path) -> None:
    found = read(tmp_path, "kind: folder, path: digests, forms: [html, json]").settings
    assert found == {"path": str(tmp_path / "digests"), "forms": "html json"}
    refused = faults(written(tmp_path, "kind: folder, path: digests, forms: [pdf]"), SECRETS)
    assert any("forms" in fault and "expected" in fault for fault in refused)


def test_only_email_has_addresses(tmp_path: Path) -> None:
    path = written(tmp_path, ROWS[0][0], recipient=", address: desk@desk.example")
    (fault,) = faults(path, SECRETS)
    assert fault == (
        "recipients[0].address: only email needs one: a slack channel says by itself where it goes; expected no address"
    )


def test_apprise_and_a_proxy_are_a_fault_together(tmp_path: Path) -> None:
    path = written(tmp_path, ROWS[-1][0], more="network: {proxy: 'socks5h://127.0.0.1:9050'}\n")
    (fault,) = faults(path, SECRETS)
    assert fault == "channels[0].kind: Apprise asks past network.proxy; expected either of them"


@pytest.mark.parametrize(
    ("block", "key"),
    [
        ("kind: mattermost, url: '${ODD}'", "url"),
        ("kind: webhook, url: 'https://bot.example:8065/', secret: '${HOOK}'", "url"),
        ("kind: ntfy, topic: '${TOPIC}', server: 'https://push.example:8065'", "server"),
    ],
)
def test_a_port_that_would_not_be_asked_is_a_fault(tmp_path: Path, block: str, key: str) -> None:
    environ = SECRETS | {"ODD": "https://chat.example:8065/hooks/s3cr3tK3y"}
    (fault,) = faults(written(tmp_path, block), environ)
    assert fault == f"channels[0].{key}: port 8065 is not among network.ports, so it would not be asked"
    opened = written(tmp_path, block, more="network: {ports: [443, 8065]}\n")
    assert read_config(opened, environ).channels["out"].settings[key]


@pytest.mark.parametrize("end", ["\n", "\r\n", " ", "\t", "é"])
@pytest.mark.parametrize("block", [row[0] for row in ROWS if "apprise" not in row[0]], ids=KINDS[:-1])
def test_a_secret_that_was_pasted_with_more_than_itself_is_a_fault(tmp_path: Path, block: str, end: str) -> None:
    found = read_config(written(tmp_path, block), {name: value + end for name, value in SECRETS.items()})
    (fault,) = channel.check(found.channels["out"])
    assert "expected" in fault
    assert "s3cr3t" not in fault


def test_check_names_the_line_of_what_cannot_work(tmp_path: Path) -> None:
    path = written(tmp_path, "kind: discord, url: '${HOOK}'")
    (fault,) = channel_faults(read_config(path, SECRETS), channel.check)
    assert str(fault).endswith("channels[0].url: url: expected a webhook's, https://discord.com/api/webhooks/…/…")
    assert f"{path}:3:" in str(fault)


def test_a_test_message_reaches_the_chat_and_its_answer_is_shown(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        network = f"network: {{allow: ['127.0.0.0/8'], ports: [{server.port}]}}\n"
        path = written(tmp_path, "kind: slack, url: '${HOOK}'", more=network)
        environ = {"HOOK": server.url("/services/T1/B1/s3cr3tK3y")}
        server.script("/services/T1/B1/s3cr3tK3y", Answer(body=b"ok"), Answer(status=404, body=b"no_service"))
        nobody_yet = f"sqlite:///{tmp_path / 'none.db'}"
        asked = ("alerts", "test", "desk", "--config", path, "--database", nobody_yet)
        ran = [command.tipsheet(*asked, environ=environ) for _ in range(2)]
    assert (ran[0].code, ran[0].out) == (0, "delivered: 200 from 127.0.0.1: ok\n")
    assert (ran[1].code, ran[1].err) == (1, "not delivered: 127.0.0.1 answered 404: no_service\n")
