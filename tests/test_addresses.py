"""The address policy as tables: each row is a way somebody has tried to reach what is not public."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.net.addresses import address_fault, is_opened, read_networks, shown, url_fault, wire_target, wire_url

PORTS = (80, 443, 8000, 8080, 8443)

NOT_PUBLIC = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",  # metadata of one cloud
    "100.127.255.255",
    "127.0.0.1",
    "127.1.2.3",
    "127.255.255.254",
    "168.63.129.16",  # platform address of another
    "169.254.0.1",
    "169.254.169.254",  # metadata of most
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.192",  # metadata of a third
    "192.0.2.1",
    "192.31.196.1",
    "192.52.193.1",
    "192.88.99.1",
    "192.168.0.1",
    "192.168.255.255",
    "192.175.48.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::a00:1",
    "100::1",
    "2001::1",  # Teredo
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::1",  # 6to4 of loopback
    "2002:808:808::1",
    "2620:4f:8000::1",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",  # metadata over IPv6
    "fe80::1",
    "fe80::1%eth0",
    "2606:4700::1%eth0",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]
PUBLIC = ["1.1.1.1", "8.8.8.8", "93.184.216.34", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.1",
    "168.63.129.15", "172.15.255.255", "172.32.0.1", "192.0.1.1", "198.17.255.255", "198.20.0.1", "223.255.255.255",
    "2001:200::1", "2606:4700::1111", "2a00:1450:4001::8a", "3ffe::1"]  # fmt: skip


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_what_is_not_public_is_refused_with_a_reason(address: str) -> None:
    assert address_fault(address).startswith("is not public (")


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public_passes(address: str) -> None:
    assert address_fault(address) == ""


@pytest.mark.parametrize("text", ["", "localhost", "2130706433", "0x7f.1", "127.0.0.1:80", "[::1]"])
def test_only_numeric_addresses_are_judged(text: str) -> None:
    assert address_fault(text) == "is not an IP address"


@given(st.one_of(st.integers(0, 2**32 - 1).map(IPv4Address), st.integers(0, 2**128 - 1).map(IPv6Address)))
def test_nothing_passes_that_the_registry_calls_not_global(address: IPv4Address | IPv6Address) -> None:
    if not ip_address(str(address)).is_global:
        assert address_fault(str(address))


def test_an_opened_network_is_open_and_opens_nothing_else() -> None:
    allowed = read_networks(("127.0.0.0/8", "fd12::/16"))
    assert is_opened("127.0.0.1", allowed)
    assert is_opened("fd12::5", allowed)
    assert not is_opened("::ffff:127.0.0.1", allowed)
    assert not is_opened("10.0.0.1", allowed)
    assert not is_opened("localhost", allowed)


def test_a_network_that_cannot_be_read_is_named() -> None:
    with pytest.raises(ValueError, match=r"10\.0\.0\.0/99"):
        read_networks(("10.0.0.0/99",))


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("https://news.example/feed", ""),
        ("HTTPS://News.Example/Feed", ""),
        ("http://news.example:8080/feed?a=b#c", ""),
        (" https://news.example/feed\n", ""),
        ("https://[2606:4700::1111]/feed", ""),
        ("file:///etc/passwd", "begin with http"),
        ("gopher://news.example/", "begin with http"),
        ("data:text/xml,<rss/>", "begin with http"),
        ("news.example/feed", "begin with http"),
        ("//news.example/feed", "begin with http"),
        ("", "begin with http"),
        ("http://", "no host"),
        ("http:///feed", "no host"),
        ("http://:80/feed", "no host"),
        ("http://news.example\\@127.0.0.1/", "backslash"),
        ("http://news.example/\r\nHost: other", "control"),
        ("http://news.example/\x00", "control"),
        ("http://user:pw@news.example/", "user name"),
        ("http://user@news.example/", "user name"),
        ("http://@news.example/", "user name"),
        ("http://news.example:22/", "port 22"),
        ("http://news.example:6379/", "port 6379"),
        ("http://news.example:0/", "port 0"),
        ("http://news.example:99999/", "cannot be read"),
        ("http://news.example:port/", "cannot be read"),
        ("http://[::1/", "cannot be read"),
    ],
)
def test_urls(url: str, fault: str) -> None:
    found = url_fault(url, PORTS)
    assert fault in found
    assert bool(found) == bool(fault)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://news.example", b"/"),
        ("https://news.example/Feed/", b"/Feed/"),
        ("https://news.example//a/../b", b"//a/../b"),
        ("https://news.example/a b?c d", b"/a%20b?c%20d"),
        ("https://news.example/a%20b%2F?q=%C3%B1", b"/a%20b%2F?q=%C3%B1"),
        ("https://news.example/año", b"/a%C3%B1o"),
        ("https://news.example/a?b=c&d[]={e}|f'~(g)", b"/a?b=c&d[]={e}|f'~(g)"),
        ("https://news.example/100%?x", b"/100%?x"),
        ("https://news.example/feed#part", b"/feed"),
        ("https://news.example/feed?", b"/feed?"),
        ("https://news.example?a", b"/?a"),
    ],
)
def test_the_url_is_asked_exactly_as_written_where_the_wire_can_carry_it(url: str, target: bytes) -> None:
    assert wire_target(wire_url(url)) == target
    assert wire_url(wire_url(url)) == wire_url(url)


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("https://key:hunter2@news.example:8443/feed", "https://news.example:8443"),
        ("https://news.example/hunter2?token=hunter2#hunter2", "https://news.example"),
        ("data:hunter2", "(an address without a host)"),
        ("user:hunter2@news.example/feed", "(an address without a host)"),
        ("http://[hunter2", "(an address that cannot be read)"),
    ],
)
def test_what_a_message_shows_holds_no_secret(url: str, seen: str) -> None:
    assert shown(url) == seen
