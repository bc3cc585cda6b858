"""feeds.yaml: what is valid, and that each fault is named with its line, its place and what was expected."""

from __future__ import annotations

from datetime import time, timedelta
from pathlib import Path

import pytest

from monitor.errors import ConfigError
from monitor.settings.config import example_faults, read_config

ROOT = Path(__file__).parents[1]
GOOD = """\
contact: https://example.org/about
channels:
  - name: mail
    kind: email
    host: localhost
    security: none
    port: 25
    from: tipsheet@example.org
recipients:
  - name: desk
    channel: mail
    address: desk@example.org
    digest_at: "07:30"
    zone: Europe/Madrid
watches:
  - name: ankle monitors
    query: '"ankle monitor*" AND ICE'
    must_match: [ICE orders ankle monitors]
feeds:
  - name: Example
    url: https://example.org/feed.xml
    language: en
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "feeds.yaml"


def faults(file: Path, text: str, environ: dict[str, str] | None = None) -> list[str]:
    """Each fault without the name of the directory: `feeds.yaml:3: path: message`."""
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_config(file, environ or {})
    return [str(fault).removeprefix(f"{file.parent}/") for fault in caught.value.faults]


def test_a_feed_may_have_an_interval_and_a_longest_delay_of_its_own(file: Path) -> None:
    file.write_text(GOOD.replace("/feed.xml", "/feed.xml\n    every: 2m\n    max_delay: 20m\n    conditional: no", 1))
    feed = read_config(file, {}).feeds["https://example.org/feed.xml"]
    assert (feed.every, feed.max_delay, feed.conditional) == (timedelta(minutes=2), timedelta(minutes=20), False)


def test_a_good_file_is_read_whole(file: Path) -> None:
    file.write_text(GOOD)
    config = read_config(file, {})
    assert config.every == timedelta(hours=1)
    assert config.recipients["desk"].digest_at == time(7, 30)
    assert config.feeds["https://example.org/feed.xml"].outlet == "example.org"
    assert [item.watch.name for item in config.compiled] == ["ankle monitors"]
    assert example_faults(config) == ()


def test_the_shipped_file_is_valid_and_its_examples_hold() -> None:
    config = read_config(ROOT / "feeds.yaml", {})
    assert len(config.feeds) == 284
    assert sum(feed.enabled for feed in config.feeds.values()) == 185
    assert example_faults(config) == ()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("language: en", "langauge: en", "feeds.yaml:22: feeds[0].langauge: unknown key; did you mean `language`?"),
        ("https://example.org/feed.xml", "ftp://example.org/feed.xml", "feeds.yaml:21: feeds[0].url: expected a URL that starts with http:// or https:// and names a host, got 'ftp://example.org/feed.xml'"),
        ("https://example.org/feed.xml", "https://exa mple.org/", "feeds.yaml:21: feeds[0].url: expected a URL without spaces, backslashes or control characters, got 'https://exa mple.org/'"),
        ("channel: mail", "channel: mial", "feeds.yaml:11: recipients[0].channel: no channel is called 'mial'; expected one of mail"),
        ("zone: Europe/Madrid", "zone: Madrid", "feeds.yaml:14: recipients[0].zone: expected a time zone such as America/New_York or Europe/Madrid, got 'Madrid'"),
        ('digest_at: "07:30"', "digest_at: 25:00", "feeds.yaml:13: recipients[0].digest_at: expected an hour such as \"07:00\", got '25:00'"),
        ("port: 25", "port: many", "feeds.yaml:7: channels[0].port: expected a whole number, got 'many'"),
        ("security: none", "security: some", "feeds.yaml:6: channels[0].security: expected 'starttls', 'tls' or 'none', got 'some'"),
        ("kind: email", "kind: pigeon", "feeds.yaml:4: channels[0].kind: unknown kind; expected one of 'email', 'webhook'"),
        ("    address: desk@example.org\n", "", "feeds.yaml:10: recipients[0]: an email recipient needs an address: such as desk@example.org"),
        ("contact: https://example.org/about\n", "", "feeds.yaml:1: contact: is missing"),
        ("    host: localhost\n", "    host: localhost\n    password: hunter2\n", "feeds.yaml:6: channels[0].password: a secret does not belong in this file; expected the name of its variable, such as ${SMTP_PASSWORD}"),
        ("    host: localhost\n", "    host: localhost\n    password: ${SMTP_PASSWORD}\n", "feeds.yaml:6: channels[0].password: the secret is missing; expected the environment variable SMTP_PASSWORD or SMTP_PASSWORD_FILE"),
        ("    language: en\n", "    language: en\n  - name: Twin\n    url: http://example.org/feed.xml/\n", "feeds.yaml:24: feeds[1].url: the same feed as feeds[0]; expected each feed once"),
        ("    language: en\n", "    language: en\n  - name: Example\n    url: http://example.org/other.xml\n", "feeds.yaml:23: feeds[1].name: the same name as feeds[0] in line 20; expected each name once"),
        ("    query: '\"ankle monitor*\" AND ICE'\n", "", "feeds.yaml:16: watches[0]: expected either query: or pack:"),
        ("contact:", "contact: [\ncontact:", "feeds.yaml:3: is not valid YAML: "),
        ("contact: https://example.org/about\n", "contact: https://example.org/about\ncontact: https://example.org/\n", "feeds.yaml:2: contact: stands in line 1 and again in line 2; expected each key once"),
        ("channels:", "chanels:", "feeds.yaml:2: chanels: unknown key; did you mean `channels`?"),
        ("    host: localhost\n", "    Host: localhost\n", "feeds.yaml:5: channels[0].Host: unknown key; did you mean `host`?"),
        ("    language: en\n", "\tlanguage: en\n", "feeds.yaml:22: is not valid YAML: "),
        ("  - name: Example\n", "  - name: Example\n    colour: red\n", "feeds.yaml:21: feeds[0].colour: unknown key"),
    ],
)  # fmt: skip
def test_each_fault_says_where_it_is_and_what_was_expected(file: Path, old: str, new: str, expected: str) -> None:
    assert old in GOOD
    found = faults(file, GOOD.replace(old, new, 1))
    assert any(fault.startswith(expected) for fault in found), found


def test_a_name_that_is_there_twice_is_said_together_with_what_has_no_shape(file: Path) -> None:
    twice = "  - {name: Example, url: https://example.org/2, langauge: en}\n"
    assert faults(file, GOOD + twice) == [
        "feeds.yaml:23: feeds[1].name: the same name as feeds[0] in line 20; expected each name once",
        "feeds.yaml:23: feeds[1].langauge: unknown key; did you mean `language`?",
    ]


def test_a_file_that_is_not_utf_8_names_the_byte_and_its_line(file: Path) -> None:
    file.write_bytes(GOOD.replace("name: Example", "name: El Pa\u00eds, edici\u00f3n").encode("latin-1"))
    with pytest.raises(ConfigError) as caught:
        read_config(file, {})
    assert str(caught.value) == f"{file}:20: is not UTF-8 (byte 0xED in line 20); save it as UTF-8"


def test_what_yaml_readers_disagree_about_is_text(file: Path) -> None:
    """An hour without quotes, a name that is a number or a Norwegian, a switch in words."""
    text = (
        GOOD.replace('"07:30"', "07:30").replace("name: Example", "name: 404").replace("language: en", "language: no")
    )
    file.write_text(text.replace("    url:", "    enabled: yes\n    tags: [2024, off]\n    every:\n    url:"))
    config = read_config(file, {})
    (feed,) = config.feeds.values()
    assert (feed.name, feed.language, feed.tags, feed.enabled, feed.every) == ("404", "no", ("2024", "off"), True, None)
    assert config.recipients["desk"].digest_at == time(7, 30)


def test_anchors_and_merged_blocks_are_read_and_a_circle_is_a_fault(file: Path) -> None:
    merged = GOOD.replace("  - name: Example", "  - &first\n    name: Example") + (
        "  - <<: *first\n    name: Second\n    url: https://example.org/second\n"
    )
    file.write_text(merged)
    assert [feed.language for feed in read_config(file, {}).feeds.values()] == ["en", "en"]
    assert faults(file, GOOD.replace("sets:", "") + "sets: &all {vendors: [*all]}\n")
    assert faults(file, "[" * 100_000) == ["feeds.yaml:1: holds more than 50 blocks in each other"]
    assert faults(file, "a: *b") == ["feeds.yaml:1: there is no &b above for *b"]


def test_a_bad_query_is_shown_with_a_caret_and_the_other_faults_beside_it(file: Path) -> None:
    found = faults(file, GOOD.replace("AND ICE", "AND OR ICE").replace("channel: mail", "channel: nail"))
    assert len(found) == 2
    assert found[0].startswith("feeds.yaml:11: recipients[0].channel: no channel is called 'nail'")
    first, source, caret = found[1].splitlines()
    assert first.startswith("feeds.yaml:17: watches[0].query: ")
    assert source.strip() == '"ankle monitor*" AND OR ICE'
    assert source[caret.index("^") :].startswith("OR")


def test_an_example_that_fails_is_a_fault_that_says_why(file: Path) -> None:
    file.write_text(GOOD.replace("[ICE orders ankle monitors]", "[Ice hockey, Rink opens]"))
    found = [str(fault).removeprefix(f"{file.parent}/") for fault in example_faults(read_config(file, {}))]
    assert found[0].startswith("feeds.yaml:18: watches[0].must_match[0]: 'Ice hockey' must match and does not: ")
    assert len(found) == 2


def test_secrets_come_from_the_environment_or_from_a_file(file: Path, tmp_path: Path) -> None:
    file.write_text(GOOD.replace("    host: localhost\n", "    host: localhost\n    password: ${SMTP_PASSWORD}\n"))
    kept = tmp_path / "password"
    kept.write_text("from a file\n")
    assert read_config(file, {"SMTP_PASSWORD": "direct"}).channels["mail"].settings["password"] == "direct"
    channel = read_config(file, {"SMTP_PASSWORD_FILE": str(kept)}).channels["mail"]
    assert channel.settings["password"] == "from a file"
    assert "from a file" not in repr(channel)
    with pytest.raises(ConfigError, match="SMTP_PASSWORD_FILE names"):
        read_config(file, {"SMTP_PASSWORD_FILE": str(tmp_path / "nowhere")})
    assert read_config(file, {}, with_secrets=False).channels == {}


def test_what_is_secret_is_never_repeated(file: Path) -> None:
    hook = "  - {name: hook, kind: webhook, url: 'https://u:CANARY@x.example/', secret: whsec_CANARY}\nrecipients:"
    texts = (
        GOOD.replace("    host: localhost\n", "    host: localhost\n    password: CANARY\n    username: CANARY@x\n"),
        GOOD.replace("recipients:", hook, 1),
        GOOD.replace("https://example.org/feed.xml", "https://user:CANARY@example.org/feed.xml"),
        GOOD.replace("https://example.org/feed.xml", "ftp://example.org/feed.xml?token=CANARY"),
    )
    for text in texts:
        found = faults(file, text)
        assert found
        assert not any("CANARY" in fault for fault in found), found


def test_a_mail_servers_port_follows_from_its_security(file: Path) -> None:
    for security, port in (("starttls", 587), ("tls", 465), ("none", 25)):
        file.write_text(GOOD.replace("    port: 25\n", "").replace("security: none", f"security: {security}"))
        assert read_config(file, {}).channels["mail"].settings["port"] == port


def test_a_webhook_goes_to_its_own_url_and_to_no_address(file: Path) -> None:
    hook = "  - {name: hook, kind: webhook, url: https://x.example/, secret: '${HOOK}'}\nrecipients:"
    text = GOOD.replace("recipients:", hook, 1).replace("channel: mail", "channel: hook")
    found = faults(file, text, {"HOOK": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"})
    assert found == [
        "feeds.yaml:13: recipients[0].address: only email needs one: a webhook channel says by itself where it goes; expected no address"
    ]


def test_a_file_that_is_missing_too_large_or_no_mapping_is_said(file: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read_config(file, {})
    assert faults(file, "# " + "x" * 10_000_001) == ["feeds.yaml: has 10,000,003 bytes; expected at most 10,000,000"]
    assert faults(file, "- a list") == ["feeds.yaml:1: expected keys such as feeds: and watches:"]


def test_a_term_of_a_set_in_braces_is_exactly_as_written(file: Path) -> None:
    query = "'@vendors AND sheriff'"
    file.write_text(
        GOOD.replace("channels:", 'sets:\n  vendors: ["{Ring}", Flock Safety]\nchannels:', 1).replace(
            "'\"ankle monitor*\" AND ICE'\n    must_match: [ICE orders ankle monitors]",
            f"{query}\n    must_match: [Ring asks the sheriff]\n    must_not_match: [A ring of thieves fools the sheriff]",
        )
    )
    assert example_faults(read_config(file, {})) == ()
