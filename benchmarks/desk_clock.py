"""How long an address of the desk takes: inside the server, at the client, and as bytes that a server only holds.

What lives here: servers on loopback, and asking them in turn. What must not: what is asked for.

Inside the server it is from the moment when the request has been read to the moment when the last byte of the answer
was given to the system, by a wrapper around the whole application. The client's time has the way there and back, and
the reading of the answer. The floor is the very bytes of the answer from a server that does nothing else.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Thread

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from monitor.cli import COLLECT_AFTER
from monitor.desk.app import make_app
from monitor.desk.place import Desk
from monitor.desk.server import furnish
from monitor.run import open_client
from monitor.settings.config import DeskPlace
from storage.database import Database
from tests.browser import free_port


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """Medians in milliseconds, and the size of the answer."""

    client: float
    server: float
    cpu: float  # of client and server together, which are one process
    floor: float  # at the client
    kilobytes: float

    @property
    def ratio(self) -> float:
        return self.client / self.floor


@dataclass(slots=True)
class Clocked:
    """An application, and how long each answer took it, in seconds."""

    app: ASGIApp
    took: list[float] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        await self.app(scope, receive, send)
        self.took.append(time.perf_counter() - began)


@contextmanager
def opened(database: Database, file: Path, clock: Callable[[], datetime]) -> Iterator[tuple[Desk, Clocked]]:
    """A desk that answers, and its clock."""
    with free_port() as port:
        place = DeskPlace(host="127.0.0.1", port=port, address="", trusted_proxies=())
    desk = furnish(place, path=file, database=database, clock=clock, open_client=open_client)
    clocked = Clocked(make_app(desk))
    gc.set_threshold(*COLLECT_AFTER)  # this and the next as the program does
    gc.collect()
    gc.freeze()
    with _serving(clocked, port):
        yield desk, clocked


def ask(home: str, path: str, clocked: Clocked, *, rounds: int) -> Took:
    """Ask for it again and again, in turn with the floor. The first rounds warm the caches of both."""
    page, cpu, held = list[float](), list[float](), list[float]()
    with httpx.Client(timeout=120, headers={"Accept": "text/html"}) as client:
        body = client.get(home + path).raise_for_status().content
        with _holding(body) as floor:
            for number in range(rounds + 1):
                began, worked = time.perf_counter(), time.process_time()
                client.get(home + path).raise_for_status()
                page.append(time.perf_counter() - began)
                cpu.append(time.process_time() - worked)
                began = time.perf_counter()
                client.get(floor).raise_for_status()
                held.append(time.perf_counter() - began)
                if not number:
                    for warming in (page, cpu, held, clocked.took):
                        warming.clear()
    return Took(
        client=_median(page), server=_median(clocked.took), cpu=_median(cpu), floor=_median(held),
        kilobytes=len(body) / 1_000,
    )  # fmt: skip


def _median(seconds: list[float]) -> float:
    return statistics.median(seconds) * 1_000


@contextmanager
def _holding(body: bytes) -> Iterator[str]:
    """The address of a server that holds these bytes and does nothing else."""

    async def give(request: Request) -> Response:
        return Response(body, media_type="text/html")

    with free_port() as port:
        pass
    with _serving(Starlette(routes=[Route("/", give)]), port):
        yield f"http://127.0.0.1:{port}/"


@contextmanager
def _serving(app: ASGIApp, port: int) -> Iterator[None]:
    settings = uvicorn.Config(app, port=port, log_config=None, access_log=False, lifespan="off")
    server = uvicorn.Server(settings)
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield
    server.should_exit = True
    thread.join()
