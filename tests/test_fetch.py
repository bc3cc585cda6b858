"""One client against a real server: what it asks, what it believes, what it bears, how it says that it gave up."""

from __future__ import annotations

import ast
import gzip
import hashlib
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from monitor.errors import FetchError
from monitor.model import Fetched, Validators
from monitor.net.fetch import Client
from tests.scripted_server import USER_AGENT, Answer, ScriptedServer

gzipped = partial(gzip.compress, mtime=0)  # the same bytes at each run, and the same names of tests

FEED = b"<rss><channel><title>News</title></channel></rss>"
ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def running() -> Iterator[ScriptedServer]:
    with ScriptedServer() as one:
        yield one


@pytest.fixture
def server(running: ScriptedServer) -> ScriptedServer:
    running.forget()
    running.script("/feed", Answer(body=FEED))
    return running


@pytest.fixture(scope="module")
def client(running: ScriptedServer) -> Iterator[Client]:
    with Client(running.settings(total_timeout=2.0, max_bytes=100_000)) as asking:
        yield asking


@pytest.fixture(scope="module")
def hasty(running: ScriptedServer) -> Iterator[Client]:
    with Client(running.settings(total_timeout=0.3, max_bytes=100_000)) as asking:
        yield asking


def failure(client: Client, url: str) -> FetchError:
    with pytest.raises(FetchError) as caught:
        client.get(url)
    return caught.value


# ---- the request -----------------------------------------------------------------------------------------------------


def test_a_request_says_who_asks_and_nothing_else(server: ScriptedServer, client: Client) -> None:
    client.get(server.url("/feed"))
    headers = dict(server.requests[0].headers)
    assert headers.pop("accept").startswith("application/rss+xml, application/atom+xml")
    assert headers == {
        "host": f"127.0.0.1:{server.port}",
        "user-agent": USER_AGENT,
        "accept-encoding": "gzip",
    }


def test_what_comes_back(server: ScriptedServer, client: Client) -> None:
    server.script("/feed", Answer(body=FEED, headers={"Content-Type": "text/xml", "ETag": '"1"'}))
    assert client.get(server.url("/feed")) == Fetched(
        url=server.url("/feed"),
        final_url=server.url("/feed"),
        permanent_url=None,
        status=200,
        headers={"content-type": "text/xml", "etag": '"1"', "content-length": str(len(FEED))},
        body=FEED,
        body_hash=hashlib.sha256(FEED).hexdigest(),
    )


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("/Feed/", "/Feed/"),
        ("/a//b/../c/./d", "/a//b/../c/./d"),
        ("/a b?c d", "/a%20b?c%20d"),
        ("/a%20b%2f?q=%C3%B1", "/a%20b%2f?q=%C3%B1"),
        ("/año", "/a%C3%B1o"),
        ("/feed?", "/feed?"),
        ("/feed?a[]={b}|'c'", "/feed?a[]={b}|'c'"),
        ("/feed#secret", "/feed"),
        ("", "/"),
    ],
)
def test_the_url_goes_out_as_it_was_written(written: str, asked: str, server: ScriptedServer, client: Client) -> None:
    server.script(asked.partition("?")[0], Answer(body=FEED))
    client.get(server.url(written))
    assert server.requests[0].target == asked


def test_a_scheme_in_capitals_is_the_same_scheme(server: ScriptedServer, client: Client) -> None:
    assert client.get(server.url("/feed").replace("http", "HTTP")).body == FEED


def test_cookies_are_not_kept_and_no_referer_is_sent(server: ScriptedServer, client: Client) -> None:
    cookie = {"Set-Cookie": "reader=42; Path=/"}
    server.script("/feed", Answer(body=FEED, headers=cookie))
    server.script("/moved", Answer(status=302, headers={**cookie, "Location": "/feed"}))
    client.get(server.url("/moved"))
    client.get(server.url("/feed"))
    assert len(server.requests) == 3
    assert not any({"cookie", "referer"} & set(request.headers) for request in server.requests)


def test_proxies_of_the_environment_are_ignored(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with Client(server.settings()) as client:
        assert client.get(server.url("/feed")).body == FEED


def test_connections_are_kept_alive_over_200_and_304(server: ScriptedServer, client: Client) -> None:
    server.script("/feed", Answer(body=FEED, headers={"ETag": '"1"'}), Answer(status=304))
    client.get(server.url("/feed"))
    for _ in range(3):
        client.get(server.url("/feed"), Validators(etag='"1"'))
    assert len({request.connection for request in server.requests}) == 1


def test_a_connection_that_the_server_closed_meanwhile_is_replaced(server: ScriptedServer, client: Client) -> None:
    server.script("/feed", Answer(body=FEED, headers={"Connection": "close"}), Answer(body=FEED))
    assert [client.get(server.url("/feed")).body for _ in range(3)] == [FEED] * 3


def test_many_threads_share_a_client(server: ScriptedServer, client: Client) -> None:
    for number in range(40):
        server.script(f"/{number}", Answer(body=b"%d" % number))
    with ThreadPoolExecutor(8) as threads:
        bodies = list(threads.map(lambda number: client.get(server.url(f"/{number}")).body, range(40)))
    assert bodies == [b"%d" % number for number in range(40)]


# ---- validators ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "etag", ['"abc"', 'W/"abc"', "abc", '"abc-gzip"', '"a b  c"', 'w/"abc"', '"a,b"', '"caf\u00e9"', '"', "*", "0"]
)
def test_an_etag_goes_back_byte_for_byte(etag: str, server: ScriptedServer, client: Client) -> None:
    server.script("/feed", Answer(body=FEED, headers={"ETag": etag}), Answer(status=304))
    first = client.get(server.url("/feed"))
    again = client.get(server.url("/feed"), Validators(etag=first.headers["etag"]))
    assert (again.status, again.body, again.body_hash) == (304, b"", "")
    assert server.requests[1].headers["if-none-match"] == etag
    assert "if-modified-since" not in server.requests[1].headers


@pytest.mark.parametrize(
    "date",
    [
        "Tue, 10 Mar 2026 12:00:00 GMT",
        "Tue, 10 Mar 2026 13:00:00 +0100",
        "2026-03-10T12:00:00Z",
        "yesterday",
        "0",
        "-1",
    ],
)
def test_a_last_modified_goes_back_byte_for_byte(date: str, server: ScriptedServer, client: Client) -> None:
    server.script("/feed", Answer(body=FEED, headers={"Last-Modified": date}), Answer(status=304))
    first = client.get(server.url("/feed"))
    client.get(server.url("/feed"), Validators(last_modified=first.headers["last-modified"]))
    assert server.requests[1].headers["if-modified-since"] == date
    assert "if-none-match" not in server.requests[1].headers


def test_both_validators_are_sent_where_both_are_known(server: ScriptedServer, client: Client) -> None:
    server.script("/feed", Answer(status=304))
    client.get(server.url("/feed"), Validators(etag='"1"', last_modified="then"))
    headers = server.requests[0].headers
    assert (headers["if-none-match"], headers["if-modified-since"]) == ('"1"', "then")


@pytest.mark.parametrize("nothing", [Validators(), Validators(etag="", last_modified="")])
def test_without_a_validator_none_is_made_up(nothing: Validators, server: ScriptedServer, client: Client) -> None:
    client.get(server.url("/feed"), nothing)
    assert not {"if-none-match", "if-modified-since"} & set(server.requests[0].headers)


def test_of_two_etags_the_first_is_the_one(server: ScriptedServer, client: Client) -> None:
    doubled = (("ETag", '"1"'), ("ETag", '"2"'), ("Cache-Control", "public"), ("Cache-Control", "max-age=60"))
    server.script("/feed", Answer(body=FEED, headers=doubled))
    headers = client.get(server.url("/feed")).headers
    assert (headers["etag"], headers["cache-control"]) == ('"1"', "public, max-age=60")


def test_a_304_hands_over_its_own_headers(server: ScriptedServer, client: Client) -> None:
    server.script("/feed", Answer(status=304, headers={"ETag": '"2"', "Cache-Control": "max-age=900"}))
    found = client.get(server.url("/feed"), Validators(etag='"1"'))
    assert (found.headers["etag"], found.headers["cache-control"]) == ('"2"', "max-age=900")


def test_a_304_that_nobody_asked_for_is_an_error(server: ScriptedServer, client: Client) -> None:
    server.script("/feed", Answer(status=304))
    error = failure(client, server.url("/feed"))
    assert (error.kind, error.status) == ("http", 304)


def test_validators_do_not_travel_to_a_redirects_target(server: ScriptedServer, client: Client) -> None:
    server.script("/moved", Answer(status=301, headers={"Location": "/feed"}))
    client.get(server.url("/moved"), Validators(etag='"1"', last_modified="then"))
    assert "if-none-match" in server.asked("/moved")[0].headers
    assert not {"if-none-match", "if-modified-since"} & set(server.asked("/feed")[0].headers)


# ---- redirects -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statuses", "permanent"),
    [
        ([301], "/feed"),
        ([308], "/feed"),
        ([301, 308], "/feed"),
        ([302], None),
        ([303], None),
        ([307], None),
        ([302, 301], None),
        ([301, 302], "/hop1"),  # the first move is for good, the second is not
        ([301, 302, 301], "/hop1"),
        ([301] * 5, "/feed"),
    ],
)
def test_an_unbroken_chain_of_permanent_redirects_is_remembered(
    statuses: list[int], permanent: str | None, server: ScriptedServer, client: Client
) -> None:
    stops = [*(f"/hop{number}" for number in range(len(statuses))), "/feed"]
    for here, there, status in zip(stops, stops[1:], statuses, strict=False):
        server.script(here, Answer(status=status, headers={"Location": there}))
    found = client.get(server.url("/hop0"))
    assert (found.url, found.final_url, found.body) == (server.url("/hop0"), server.url("/feed"), FEED)
    assert found.permanent_url == (server.url(permanent) if permanent else None)
    assert [request.path for request in server.requests] == stops


@pytest.mark.parametrize(
    ("location", "asked"),
    [
        ("feed", "/dir/feed"),
        ("../feed", "/feed"),
        ("?page=2", "/dir/from?page=2"),
        ("/a b", "/a%20b"),
        ("/feed#part", "/feed"),
        ("/a\u00c3\u00b1o", "/a%C3%B1o"),  # UTF-8, as it looks on the wire
        ("/a\u00f1o", "/a%C3%B1o"),  # Latin-1
    ],
)
def test_a_location_is_read_as_it_was_meant(location: str, asked: str, server: ScriptedServer, client: Client) -> None:
    server.script("/dir/from", Answer(status=302, headers={"Location": location}), Answer(body=FEED))
    for path in ("/dir/feed", "/a%20b", "/a%C3%B1o"):
        server.script(path, Answer(body=FEED))
    client.get(server.url("/dir/from"))
    assert server.requests[-1].target == asked


@pytest.mark.parametrize(
    ("location", "kind", "words"),
    [
        ("", "redirect", "to nowhere"),
        ("http://[bad", "redirect", "to nowhere"),
        ("/from", "redirect", "in a circle"),
        ("#top", "redirect", "in a circle"),
        ("http://10.0.0.1:{port}/", "refused-address", "10.0.0.1"),
        ("http://[::ffff:127.0.0.1]:{port}/", "refused-address", "::ffff"),
        ("http://127.0.0.1:22/", "refused-address", "port 22"),
        ("http://user:hunter2@127.0.0.1:{port}/feed", "refused-address", "user name"),
        ("http://127.0.0.1\\@127.0.0.1:{port}/feed", "refused-address", "backslash"),
        ("file:///etc/passwd", "refused-address", "http"),
        ("data:text/xml,hunter2", "refused-address", "http"),
        ("javascript:hunter2", "refused-address", "http"),
        ("http://" + "a" * 300 + ":{port}/", "dns", "cannot be resolved"),
    ],
)
def test_a_redirect_that_is_not_followed(
    location: str, kind: str, words: str, server: ScriptedServer, client: Client
) -> None:
    server.script("/from", Answer(status=301, headers={"Location": location.format(port=server.port)}))
    error = failure(client, server.url("/from"))
    assert error.kind == kind
    assert words in str(error)
    assert "hunter2" not in str(error)
    assert [request.path for request in server.requests] == ["/from"]


def test_a_longer_circle_is_noticed_when_it_closes(server: ScriptedServer, client: Client) -> None:
    server.script("/a", Answer(status=302, headers={"Location": "/b"}))
    server.script("/b", Answer(status=302, headers={"Location": "/a"}))
    assert failure(client, server.url("/a")).kind == "redirect"
    assert len(server.requests) == 2


def test_the_sixth_redirect_is_one_too_many(server: ScriptedServer, client: Client) -> None:
    for number in range(20):
        server.script(f"/{number}", Answer(status=302, headers={"Location": f"/{number + 1}"}))
    error = failure(client, server.url("/0"))
    assert (error.kind, str(error)) == ("redirect", "127.0.0.1 redirects more than 5 times")
    assert len(server.requests) == 6


# ---- statuses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (201, "http"),
        (204, "http"),
        (206, "http"),
        (226, "http"),
        (300, "http"),
        (400, "http"),
        (401, "http"),
        (403, "http"),
        (404, "http"),
        (410, "gone"),
        (418, "http"),
        (429, "throttled"),
        (451, "http"),
        (500, "http"),
        (502, "http"),
        (503, "throttled"),
        (520, "http"),
        (999, "http"),
    ],
)
def test_any_other_status_is_an_error_whatever_its_body(
    status: int, kind: str, server: ScriptedServer, client: Client
) -> None:
    server.script("/feed", Answer(status=status, body=FEED if status != 204 else b""))
    error = failure(client, server.url("/feed"))
    assert (error.kind, error.status, error.retry_after) == (kind, status, None)
    assert str(status) in str(error)


@pytest.mark.parametrize(("status", "kind"), [(301, "gone"), (302, "http")])
def test_gone_at_the_end_of_a_temporary_redirect_is_not_the_feeds_own_end(
    status: int, kind: str, server: ScriptedServer, client: Client
) -> None:
    server.script("/from", Answer(status=status, headers={"Location": "/gone"}))
    server.script("/gone", Answer(status=410))
    assert failure(client, server.url("/from")).kind == kind


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "120"}, timedelta(seconds=120)),
        ({"Retry-After": "99999999"}, timedelta(days=31)),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "Sun, 06 Nov 1994 08:49:37 GMT"}, None),
        # a server whose clock stands in 1994 still means an hour
        (
            {"Retry-After": "Sun, 06 Nov 1994 09:49:37 GMT", "Date": "Sun, 06 Nov 1994 08:49:37 GMT"},
            timedelta(hours=1),
        ),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_what_a_throttling_server_asks_for(
    headers: dict[str, str], wait: timedelta | None, status: int, server: ScriptedServer, client: Client
) -> None:
    server.script("/feed", Answer(status=status, headers=headers))
    assert failure(client, server.url("/feed")).retry_after == wait


# ---- bodies and limits -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", [{}, {"Content-Encoding": "gzip"}, {"Content-Encoding": "X-GZIP"}])
@pytest.mark.parametrize("sent", [FEED, gzipped(FEED)])
def test_gzip_is_seen_from_the_bytes(
    header: dict[str, str], sent: bytes, server: ScriptedServer, client: Client
) -> None:
    server.script("/feed", Answer(body=sent, headers=header))
    found = client.get(server.url("/feed"))
    assert (found.body, found.body_hash) == (FEED, hashlib.sha256(sent).hexdigest())


@pytest.mark.parametrize("encoding", ["br", "zstd", "deflate", "compress", "gzip, gzip", "gzip,identity", "hunter2?"])
def test_an_encoding_that_was_not_asked_for_is_refused(encoding: str, server: ScriptedServer, client: Client) -> None:
    server.script("/feed", Answer(body=gzipped(FEED), headers={"Content-Encoding": encoding}))
    error = failure(client, server.url("/feed"))
    assert error.kind == "encoding"
    assert encoding in str(error)


def drip(piece: bytes) -> Callable[[], Iterator[bytes]]:
    def dripping() -> Iterator[bytes]:
        while True:
            yield piece
            time.sleep(0.02)

    return dripping


def flood(piece: bytes) -> Callable[[], Iterator[bytes]]:
    return lambda: iter(lambda: piece, None)


def head_then(pieces: Callable[[], Iterator[bytes]], head: bytes) -> Callable[[], Iterator[bytes]]:
    def following() -> Iterator[bytes]:
        yield head
        yield from pieces()

    return following


OK = b"HTTP/1.1 200 OK\r\n"
HARDSHIPS = {
    "a body byte by byte": (Answer(body=drip(b"a")), "timeout"),
    "gzip byte by byte": (Answer(body=head_then(drip(b"\0"), gzipped(FEED)[:10])), "timeout|encoding"),
    "headers byte by byte": (Answer(raw=True, body=head_then(drip(b"a"), OK)), "timeout"),
    "a status line byte by byte": (Answer(raw=True, body=head_then(drip(b"1"), b"HTTP/1.1 2")), "timeout|protocol"),
    "chunks byte by byte": (
        Answer(raw=True, body=head_then(drip(b"1\r\na\r\n"), OK + b"Transfer-Encoding: chunked\r\n\r\n")),
        "timeout",
    ),
    "interim answers for ever": (Answer(raw=True, body=drip(b"HTTP/1.1 103 Early Hints\r\n\r\n")), "timeout"),
    "silence": (Answer(delay=0.5), "timeout"),
    "a body without end": (Answer(body=flood(b"a" * 60_000)), "too-large"),
    "gzip without end": (Answer(body=head_then(flood(bytes(9)), gzipped(bytes(50_000_000)))), "too-large"),
    "one header without end": (Answer(raw=True, body=head_then(flood(b"a" * 60_000), OK + b"X: ")), "too-large"),
    "headers without end": (Answer(raw=True, body=head_then(flood(b"X: y\r\n" * 9_000), OK)), "too-large"),
    "70 kB of headers": (Answer(headers=tuple((f"X-{n}", "y" * 1_000) for n in range(70))), "too-large"),
    "a torn body": (Answer(headers={"Content-Length": "500", "Connection": "close"}, body=FEED), "protocol"),
    "a torn chunk": (
        Answer(raw=True, body=OK + b"Transfer-Encoding: chunked\r\n\r\n50\r\n<rss>"),
        "protocol",
    ),
    "no answer at all": (Answer(raw=True), "protocol"),
    "no HTTP": (Answer(raw=True, body=b"220 mail.example ESMTP ready\r\n"), "protocol"),
    "HTTP 0.9": (Answer(raw=True, body=FEED), "protocol"),
    "two lengths": (Answer(headers=(("Content-Length", "5"), ("Content-Length", "6")), body=b"abcde"), "protocol"),
}


@pytest.mark.parametrize("hardship", HARDSHIPS)
def test_no_server_holds_the_client_or_fills_its_memory(hardship: str, server: ScriptedServer, hasty: Client) -> None:
    answer, kinds = HARDSHIPS[hardship]
    server.script("/feed", answer)
    begun = time.monotonic()
    error = failure(hasty, server.url("/feed?token=hunter2"))
    assert time.monotonic() - begun < 1.0
    assert error.kind in kinds.split("|")
    assert "hunter2" not in str(error)
    assert len(server.requests) == 1  # and it is not tried again


def test_the_time_limit_counts_all_redirects_together(server: ScriptedServer, hasty: Client) -> None:
    for number in range(4):
        server.script(f"/{number}", Answer(status=302, delay=0.12, headers={"Location": f"/{number + 1}"}))
    assert failure(hasty, server.url("/0")).kind == "timeout"


@pytest.mark.parametrize(("length", "fits"), [(100_000, True), (100_001, False)])
@pytest.mark.parametrize("announced", [True, False])
def test_the_largest_body_that_is_read(
    length: int, fits: bool, announced: bool, server: ScriptedServer, client: Client
) -> None:
    body = b"a" * length
    server.script("/feed", Answer(body=body if announced else lambda: iter([body])))
    if fits:
        assert client.get(server.url("/feed")).body == body
    else:
        error = failure(client, server.url("/feed"))
        assert error.kind == "too-large"
        assert "larger than 0.1 MB" in str(error)


def test_a_body_that_announces_its_size_is_not_fetched_to_be_thrown_away(
    server: ScriptedServer, client: Client
) -> None:
    sent: list[bytes] = []

    def pieces() -> Iterator[bytes]:
        while len(sent) < 400:
            sent.append(bytes(60_000))
            yield sent[-1]

    server.script("/feed", Answer(body=pieces, headers={"Content-Length": "24000000"}))
    assert "announces" in str(failure(client, server.url("/feed")))
    assert len(sent) < 400


def test_a_failed_answer_does_not_spoil_the_next_one(server: ScriptedServer, client: Client) -> None:
    server.script("/feed", Answer(body=flood(b"a" * 60_000)), Answer(body=FEED))
    failure(client, server.url("/feed"))
    assert client.get(server.url("/feed")).body == FEED


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:{port}/nothing?token=hunter2", "http://user:hunter2@127.0.0.1:{port}/", "ftp://hunter2@a.example/",
     "http://127.0.0.1:1/?hunter2", "http://10.0.0.1:{port}/?hunter2", "http://nobody.invalid:{port}/#hunter2"],
)  # fmt: skip
def test_no_message_holds_a_secret_of_the_url(url: str, server: ScriptedServer, client: Client) -> None:
    assert "hunter2" not in str(failure(client, url.format(port=server.port)))


def test_no_url_is_logged(server: ScriptedServer, client: Client, caplog: pytest.LogCaptureFixture) -> None:
    server.script("/moved", Answer(status=302, headers={"Location": "/feed?token=hunter2"}))
    with caplog.at_level("DEBUG"):
        client.get(server.url("/moved?token=hunter2"))
    assert "hunter2" not in caplog.text


# ---- TLS -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for localhost that no authority has signed, with its key in the same file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs the openssl command")
    made = tmp_path / "localhost.pem"
    made_of = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    command = [openssl, *made_of.split(), "-addext", "subjectAltName=DNS:localhost", "-keyout", str(made)]
    signed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    made.write_text(made.read_text() + signed)
    return made


@pytest.fixture
def secure_port(certificate: Path) -> Iterator[int]:
    """A server that answers every request over TLS with a redirect to plain HTTP."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = threading.Thread(target=_answer_over_tls, args=(listening, context), daemon=True)
        serving.start()
        yield int(listening.getsockname()[1])
        listening.shutdown(socket.SHUT_RDWR)
        serving.join()


def _answer_over_tls(listening: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        try:
            with connection, context.wrap_socket(connection, server_side=True) as secured:
                secured.recv(65_536)
                secured.sendall(b"HTTP/1.1 301 Moved\r\nLocation: HTTP://127.0.0.1/\r\nContent-Length: 0\r\n\r\n")
        except OSError:
            continue


def test_a_certificate_that_nobody_vouches_for_is_refused(server: ScriptedServer, secure_port: int) -> None:
    with Client(server.settings(allow_networks=("127.0.0.0/8", "::1/128"), allow_ports=(secure_port,))) as client:
        error = failure(client, f"https://localhost:{secure_port}/")
    assert error.kind == "tls"
    assert "self-signed certificate" in str(error).replace("self signed", "self-signed")


def test_a_certificate_for_another_name_is_refused(
    server: ScriptedServer, secure_port: int, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with Client(server.settings(allow_ports=(secure_port,))) as client:
        assert failure(client, f"https://127.0.0.1:{secure_port}/").kind == "tls"


def test_https_does_not_redirect_to_http(
    server: ScriptedServer, secure_port: int, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with Client(server.settings(allow_networks=("127.0.0.0/8", "::1/128"), allow_ports=(secure_port,))) as client:
        error = failure(client, f"https://localhost:{secure_port}/")
    assert (error.kind, str(error)) == ("redirect", "localhost redirects from https to http")


# ---- webhooks --------------------------------------------------------------------------------------------------------


def test_a_webhook_is_posted_as_it_is(server: ScriptedServer, client: Client) -> None:
    server.script("/hook", Answer(status=202, headers={"X-Id": "7"}, body=b"thanks"))
    posted = client.post(
        server.url("/hook?key=1"), headers={"Content-Type": "application/json"}, body=b'{"a":"\xc3\xb1"}'
    )
    assert (posted.status, posted.headers["x-id"], posted.body) == (202, "7", b"thanks")
    request = server.requests[0]
    assert (request.method, request.target, request.body) == ("POST", "/hook?key=1", b'{"a":"\xc3\xb1"}')
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"] == USER_AGENT


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 404, 410, 429, 500, 503])
def test_every_status_of_a_receiver_is_its_answer(status: int, server: ScriptedServer, client: Client) -> None:
    server.script("/hook", Answer(status=status, headers={"Location": "/feed", "Retry-After": "5"}))
    posted = client.post(server.url("/hook"), headers={}, body=b"{}")
    assert (posted.status, posted.headers["retry-after"]) == (status, "5")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (Answer(body=flood(b"a" * 60_000)), b"a" * 65_536),
        (Answer(body=b"short", headers={"Content-Length": "99", "Connection": "close"}), b"short"),
        (Answer(body=head_then(drip(b""), b"slow")), b"slow"),
    ],
)
def test_a_receivers_answer_counts_even_if_its_body_does_not_end(
    answer: Answer, body: bytes, server: ScriptedServer, hasty: Client
) -> None:
    server.script("/hook", answer)
    assert hasty.post(server.url("/hook"), headers={}, body=b"{}").body == body


def test_a_receiver_that_takes_the_message_and_says_nothing(server: ScriptedServer, hasty: Client) -> None:
    server.script("/hook", Answer(delay=0.5))
    with pytest.raises(FetchError) as caught:
        hasty.post(server.url("/hook?key=hunter2"), headers={}, body=b"{}")
    assert (caught.value.kind, len(server.requests)) == ("timeout", 1)
    assert "hunter2" not in str(caught.value)


# ---- the house -------------------------------------------------------------------------------------------------------

DOORS = {
    "h11": {"monitor/net/callback.py"},  # a server's side: what hubs ask of us
    "httptools": {"monitor/net/connections.py"},
    "httpx": {"monitor/net/transport.py", "monitor/net/fetch.py"},
    "httpcore": set(),
    "smtplib": {"alerts/smtp.py"},
    "requests": set(),
    "aiohttp": set(),
    "urllib.request": set(),
    "urllib3": set(),
    "http.client": set(),
    "ftplib": set(),
}


def imports(source: str) -> set[str]:
    """Every module that a source names in an import, with each prefix: `from a.b import c` → a, a.b, a.b.c."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {".".join(name.split(".")[:length]) for name in names for length in range(1, name.count(".") + 2)}


@pytest.mark.parametrize("library", DOORS)
def test_there_is_one_door_to_the_web(library: str) -> None:
    sources = [path for package in ("monitor", "storage", "alerts") for path in (ROOT / package).rglob("*.py")]
    found = {str(path.relative_to(ROOT)) for path in sources if library in imports(path.read_text(encoding="utf-8"))}
    assert found <= DOORS[library]


def test_the_door_test_sees_every_way_to_import() -> None:
    found = imports("import httpx\nfrom urllib import request\ndef f():\n    from aiohttp.client import x\n")
    assert {"httpx", "urllib.request", "aiohttp"} <= found
