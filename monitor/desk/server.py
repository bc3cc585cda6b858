"""The HTTP server of the desk: where it listens, and who may come at all.

What must not live here: addresses and pages (`app`).
"""

from __future__ import annotations

import gc
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import uvicorn
from tzlocal import get_localzone_name

from monitor.desk.app import make_app
from monitor.desk.door.login import Door
from monitor.desk.place import Desk, Settings
from monitor.desk.teaching import Taught
from monitor.errors import TipsheetError
from monitor.model import Account
from monitor.net.fetch import Client
from monitor.settings.config import Config, DeskPlace
from monitor.story.outlets import shipped
from storage import accounts
from storage.database import Database

_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_GRACE = 5  # seconds that an answer under way has when the desk closes


def furnish(
    place: DeskPlace,
    *,
    path: Path,
    database: Database,
    clock: Callable[[], datetime],
    open_client: Callable[[Config], AbstractContextManager[Client]],
) -> Desk:
    """The desk at a place. TipsheetError where strangers could come in: it is open to others, and has no accounts."""
    with database.read() as connection:
        locked = accounts.count(connection) > 0
    home = place.address or f"http://{_in_brackets(place.host)}:{place.port}"
    inside = _is_loopback(place.host) and _is_loopback(urlsplit(home).hostname or "")
    if not locked and (not inside or place.trusted_proxies):  # a web server on this machine lets others in by loopback
        raise TipsheetError(
            f"the desk would be open to everybody who reaches {home}: make an account first (`tipsheet users add NAME "
            "--role admin`), or let it listen on 127.0.0.1, without desk.address and desk.trusted_proxies"
        )
    if not inside and not home.startswith("https://"):
        raise TipsheetError(
            f"passwords would cross the net in the clear at {home}: expected a desk.address that begins with https://, "
            "and a web server before the desk that speaks TLS"
        )
    names = {urlsplit(home).hostname or "", place.host}
    return Desk(
        database=database,
        settings=Settings(path),
        outlets=shipped(),
        clock=clock,
        open_client=open_client,
        home=home,
        door=Door(database, clock),
        taught=Taught(),
        hosts=frozenset(names | (_LOOPBACK_NAMES if _is_loopback(place.host) else frozenset())),
        secret=secrets.token_urlsafe(32),
        owner=None if locked else _whoever_runs_it(clock()),
        trusted_proxies=place.trusted_proxies,
    )


def serve(desk: Desk, place: DeskPlace, *, ready: Callable[[], None] = lambda: None) -> None:
    """Answer until SIGTERM or SIGINT. TipsheetError where nobody can listen there."""
    with _listening(place) as line:
        settings = _settings(desk)
        gc.freeze()  # what is loaded now stays: a collection in the midst of a page need not look at it
        ready()
        uvicorn.Server(settings).run([line])


@contextmanager
def open_beside(desk: Desk, place: DeskPlace) -> Iterator[None]:
    """Answer while the block lasts, beside what else this process does."""
    with _listening(place) as line:
        server = uvicorn.Server(_settings(desk))
        thread = Thread(target=server.run, args=([line],), name="desk", daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.should_exit = True
            thread.join(_GRACE * 2)


def _settings(desk: Desk) -> uvicorn.Config:
    return uvicorn.Config(
        make_app(desk),
        log_config=None,
        access_log=False,  # who reads what is nobody's business, on no disk
        proxy_headers=False,  # `entrance` reads them, and trusts whom the file names
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=_GRACE,
        h11_max_incomplete_event_size=64 * 1024,
    )


@contextmanager
def _listening(place: DeskPlace) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    # By its name, the protocol: asyncio lets small answers go at once only where it stands, else they wait 40 ms.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            line.bind((place.host, place.port))
            line.listen(128)
        except OSError as error:
            reason = error.strerror or error
            raise TipsheetError(f"desk.listen: nothing can listen on {place.host}:{place.port}: {reason}") from error
        yield line


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _in_brackets(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _whoever_runs_it(now: datetime) -> Account:
    """Who sits at this machine: nobody else reaches a desk that listens on loopback."""
    return Account(
        id=0, name="you", role="admin", zone=get_localzone_name() or "UTC", language="en", disabled=False,
        second_factor=False, created_at=now,
    )  # fmt: skip
