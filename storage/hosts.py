"""Hosts that asked for rest: for all their feeds, those that fall due later and those that are added meanwhile."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from storage.schema import hosts


def rest(connection: Connection, host: str, *, now: datetime, until: datetime) -> None:
    """The host has asked for rest. Its last word counts."""
    connection.execute(delete(hosts).where((hosts.c.host == host) | (hosts.c.rest_until <= now)))
    connection.execute(insert(hosts).values(host=host, asked_at=now, rest_until=until))


def resting(connection: Connection, *, now: datetime) -> dict[str, datetime]:
    """Every host that may not be asked now, and until when."""
    rows = connection.execute(select(hosts.c.host, hosts.c.rest_until).where(hosts.c.rest_until > now))
    return {row.host: row.rest_until for row in rows}


def follow_clock_back(connection: Connection, *, now: datetime) -> None:
    """What a host asked for in what is now the future begins now."""
    for row in connection.execute(select(hosts).where(hosts.c.asked_at > now)).all():
        moved = {"asked_at": now, "rest_until": now + (row.rest_until - row.asked_at)}
        connection.execute(update(hosts).where(hosts.c.host == row.host).values(moved))
