"""Who is asking, and what each address asks of whoever comes.

What lives here: a request → a `Visit`, or a refusal. What must not: rules (`entrance`), and what is answered to whom.

Every address takes one of `Anybody`, `Keyed`, `Reader`, `Reviewer`, `Admin` as its `visit`; `app` refuses to start with
one that does not. Whatever changes something (any method but GET and HEAD) must come from a page of ours and carry its
token, or a key that only a program has.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import Annotated, NamedTuple
from urllib.parse import quote, unquote, urlsplit
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from markupsafe import Markup
from starlette.exceptions import HTTPException

from monitor.desk.door import entrance
from monitor.desk.place import Desk
from monitor.model import Account, DeskRole, KeyKind
from storage import access_keys, sessions

SAID = "tipsheet-said"  # the cookie that carries a sentence to the next page
_SAFE = ("GET", "HEAD")


class Place(NamedTuple):
    """One room of the desk, as the head of each page lists it."""

    name: str
    address: str
    here: bool


_PLACES = (
    ("Day", "/"), ("Search", "/search"), ("Watches", "/watches"), ("Feeds", "/feeds"), ("Deliveries", "/deliveries"),
    ("Companies", "/companies"), ("Pictures", "/pictures"),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One request of one person. What a page asks for at each story is worked out once."""

    desk: Desk
    request: Request
    person: Account | None  # None: nobody who is known
    now: datetime
    token: str = ""  # of the session
    by_key: bool = False  # a program, with a key

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.person.zone if self.person else "UTC")

    @cached_property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    @property
    def name(self) -> str:
        return self.person.name if self.person else ""

    @property
    def client(self) -> str:
        """From where they ask, for counting tries; it is written nowhere."""
        peer = self.request.client.host if self.request.client else ""
        return entrance.client_of(peer, self.request.headers.getlist("x-forwarded-for"), self.desk.trusted_proxies)

    @property
    def wants_page(self) -> bool:
        """A browser that opens or sends a page, and no script or program."""
        return "text/html" in self.request.headers.get("accept", "")

    @property
    def comes_from_here(self) -> bool:
        """Whether a browser says that a page of ours made it ask."""
        headers = self.request.headers
        home = f"{'https' if self.desk.secure else 'http'}://{headers.get('host', '')}"
        return entrance.comes_from_here(
            home=home, origin=headers.get("origin"), fetch_site=headers.get("sec-fetch-site")
        )

    def may(self, need: DeskRole) -> bool:
        return self.person is not None and entrance.may(self.person.role, need)

    @cached_property
    def csrf(self) -> str:
        """What a form of this page carries."""
        return entrance.csrf_token(self.token)

    @cached_property
    def csrf_field(self) -> Markup:
        return Markup('<input type="hidden" name="csrf" value="{}">').format(self.csrf)

    def places(self) -> Iterable[Place]:
        path = self.request.url.path
        for name, address in (*_PLACES, *((("People", "/people"),) if self._has_people() else ())):
            here = path.startswith(address) if address != "/" else path == "/" or path.startswith("/day")
            yield Place(name, address, here)

    def _has_people(self) -> bool:
        return self.may("admin") and not self.desk.open_to_all

    def said(self) -> tuple[str, ...]:
        """What the page before this one wants to have said."""
        sentence = unquote(self.request.cookies.get(SAID, ""))
        return (sentence,) if sentence else ()


class NotIn(Exception):  # noqa: N818 - it is no error to come without being in
    """Somebody who is not known wants what only those who are known may have."""


class Need:
    """The one way into every address: who comes at least as `role`; None: anybody.

    `proven`: the address itself is the proof, as a link in a mail is; whoever sends it needs no page of ours.
    """

    def __init__(self, role: DeskRole | None, *, proven: bool = False) -> None:
        self.role = role
        self.proven = proven

    async def __call__(self, request: Request) -> Visit:
        visit = await run_in_threadpool(recognise, request)
        request.state.visit = visit
        if self.role is not None:
            if visit.person is None:
                raise NotIn
            if not visit.may(self.role):
                raise HTTPException(403, f"this needs the role “{self.role}”; yours is “{visit.person.role}”")
        if request.method not in _SAFE and not (visit.by_key or self.proven):
            await _must_come_from_here(visit)
        return visit


class Key(Need):
    """The way into an address that carries a key: whoever knows it comes as its owner, to read. Else there is nothing.

    A desk that is open to whoever sits at it takes any word for the key.
    """

    def __init__(self) -> None:
        super().__init__(None)

    async def __call__(self, request: Request) -> Visit:
        visit = await run_in_threadpool(_by_address, request)
        if visit.person is None:
            raise HTTPException(404, "there is no such address, or it was revoked")
        return visit


Anybody = Annotated[Visit, Depends(Need(None))]
Proven = Annotated[Visit, Depends(Need(None, proven=True))]
Keyed = Annotated[Visit, Depends(Key())]
Reader = Annotated[Visit, Depends(Need("reader"))]
Reviewer = Annotated[Visit, Depends(Need("reviewer"))]
Admin = Annotated[Visit, Depends(Need("admin"))]


def recognise(request: Request) -> Visit:
    """Who asks, by a key, by a session, or by the desk being theirs alone."""
    desk: Desk = request.app.state.desk
    now = desk.clock()
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return Visit(desk=desk, request=request, person=_keeper_of(desk, key.strip(), "api", now), now=now, by_key=True)
    if desk.open_to_all and not entrance.was_passed_on(request.headers):
        return Visit(desk=desk, request=request, person=desk.owner, now=now, token=desk.secret)
    token = request.cookies.get(entrance.cookie_name(secure=desk.secure), "")
    return Visit(desk=desk, request=request, person=_member(desk, token, now), now=now, token=token or desk.secret)


def stranger(request: Request) -> Visit:
    """A visit for a page that is told when it is not sure who asks, or nothing can be looked up."""
    desk: Desk = request.app.state.desk
    return Visit(desk=desk, request=request, person=None, now=desk.clock(), token=desk.secret)


def visit_of(request: Request) -> Visit:
    """The visit that this request was found to be; a stranger's where it did not come so far."""
    found: Visit | None = getattr(request.state, "visit", None)
    return found or stranger(request)


def login_for(request: Request) -> str:
    """The address of the login that leads back to where somebody wanted to go."""
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return f"/login?next={quote(wanted if request.method in _SAFE else '/', safe='')}"


def host_of(request: Request) -> str:
    """The host that is asked for, without its port."""
    return (urlsplit(f"//{request.headers.get('host', '')}").hostname or "").lower()


def _member(desk: Desk, token: str, now: datetime) -> Account | None:
    if not token:
        return None
    with desk.database.read() as connection:
        session = sessions.find(connection, token)
    if session is None or session.account.disabled or not entrance.lasts(session, now):
        return None
    if now - session.seen_at >= entrance.TICK:
        with desk.database.write() as connection:
            sessions.touch(connection, token, now=now)
    return session.account


def _by_address(request: Request) -> Visit:
    """Who asks, by the key in the address that he asks for."""
    desk: Desk = request.app.state.desk
    now = desk.clock()
    if desk.open_to_all and not entrance.was_passed_on(request.headers):
        return Visit(desk=desk, request=request, person=desk.owner, now=now, by_key=True)
    keeper = _keeper_of(desk, request.path_params["key"], "feed", now)
    return Visit(desk=desk, request=request, person=keeper, now=now, by_key=True)


def _keeper_of(desk: Desk, key: str, kind: KeyKind, now: datetime) -> Account | None:
    """Whose key it is, with what both it and its owner may."""
    with desk.database.read() as connection:
        found = access_keys.find(connection, key, kind)
    if found is None or found[0].disabled:
        return None
    account, opener = found
    if opener.used_on != now.date():
        with desk.database.write() as connection:
            access_keys.use(connection, opener.id, now=now)
    return replace(account, role=entrance.lesser(account.role, opener.role))


async def _must_come_from_here(visit: Visit) -> None:
    if not visit.comes_from_here:
        raise HTTPException(403, "this did not come from a page of this desk")
    given = visit.request.headers.get("x-csrf-token") or str((await visit.request.form()).get("csrf", ""))
    if not entrance.csrf_fits(visit.token, given):
        raise HTTPException(403, "this page is from before you came in; load it again, and repeat what you did")
