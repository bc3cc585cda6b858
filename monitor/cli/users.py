"""`tipsheet users …`: who may enter the review desk, by what, and what was done there.

What must not live here: the rules for accounts (`desk.people`, `desk.passwords`). No password is ever an argument: all
processes of the machine could read it.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import get_args

import click
import segno
from rich.text import Text

from monitor.cli.options import database_option, json_option, open_database, typist
from monitor.cli.paint import json_line, json_lines, local, out, plain, plain_lines, table
from monitor.clock import utc_now
from monitor.desk.door.people import People, account_called, new_secret
from monitor.desk.door.second_factor import app_address
from monitor.model import Account, DeskRole
from storage import access_keys, accounts, audit

_ROLES = click.Choice(get_args(DeskRole))

_password_option = click.option(
    "--password-stdin", is_flag=True, help="Take the password from the first line of standard input."
)
_feed_option = click.option("--feed", is_flag=True, help="The key of an address for feed readers, not of a program.")


@contextmanager
def _people(database_url: str | None, *, to_read: bool = True) -> Iterator[People]:
    with open_database(database_url, to_read=to_read) as database:
        yield People(database=database, by=typist(), now=utc_now())


@click.group(invoke_without_command=True)
@database_option
@json_option
@click.pass_context
def users(context: click.Context, database_url: str | None, as_json: bool) -> None:
    """Who may enter the review desk."""
    if context.invoked_subcommand is not None:
        return
    with open_database(database_url, to_read=True) as database, database.read() as connection:
        found = accounts.listing(connection)
    if as_json:
        json_lines(found)
        return
    shown = [
        (one.name, one.role, "disabled" if one.disabled else "", "code" if one.second_factor else "", one.zone,
         local(one.created_at))
        for one in found
    ]  # fmt: skip
    nobody = "There is no account: the desk opens on this machine only. `tipsheet users add NAME --role admin` begins."
    table("Accounts", ("name", "role", "state", "second factor", "zone", "since"), shown, empty=nobody)


@users.command("add")
@database_option
@click.option("--role", type=_ROLES, default="reader", show_default=True, help="What the account may.")
@click.option("--zone", default="UTC", show_default=True, metavar="ZONE", help="Its time zone, as Europe/Madrid.")
@_password_option
@click.argument("name")
def users_add(database_url: str | None, role: DeskRole, zone: str, password_stdin: bool, name: str) -> None:
    """Make an account. A terminal asks for its password."""
    password = _password(password_stdin)
    with _people(database_url, to_read=False) as people:
        account = people.add(name, password, role, zone=zone)
    out.print(plain(f"{account.name} may enter as {account.role}."))


@users.command("password")
@database_option
@_password_option
@click.argument("name")
def users_password(database_url: str | None, password_stdin: bool, name: str) -> None:
    """Give an account another password; whoever is in by the old one is out."""
    _known(database_url, name)
    password = _password(password_stdin)
    with _people(database_url) as people:
        people.set_password(name, password)
    out.print("The password is changed, and every session of the account ended.")


@users.command("role")
@database_option
@click.argument("name")
@click.argument("role", type=_ROLES)
def users_role(database_url: str | None, name: str, role: DeskRole) -> None:
    """Say what an account may: reader, reviewer or admin."""
    with _people(database_url) as people:
        people.set_role(name, role)
    out.print(plain(f"{name} is {role} now."))


@users.command("zone")
@database_option
@click.argument("name")
@click.argument("zone")
def users_zone(database_url: str | None, name: str, zone: str) -> None:
    """Say in which time zone an account reads the day."""
    with _people(database_url) as people:
        people.set_zone(name, zone)
    out.print(plain(f"{name} reads the day in {zone} now."))


@users.command("disable")
@database_option
@click.argument("name")
def users_disable(database_url: str | None, name: str) -> None:
    """Put an account out at once; its keys open nothing until it is enabled."""
    with _people(database_url) as people:
        people.disable(name)
    out.print(plain(f"{name} is out, and stays so until `tipsheet users enable {name}`."))


@users.command("enable")
@database_option
@click.argument("name")
def users_enable(database_url: str | None, name: str) -> None:
    """Let a disabled account in again."""
    with _people(database_url) as people:
        people.enable(name)
    out.print(plain(f"{name} may enter again."))


@users.command("remove")
@database_option
@click.argument("name")
def users_remove(database_url: str | None, name: str) -> None:
    """Delete an account with its password, sessions, keys and codes."""
    with _people(database_url) as people:
        people.remove(name)
    out.print(plain(f"{name} is gone. What was done under this name stays in the audit log until that is pruned."))


@users.command("totp")
@database_option
@click.option("--off", is_flag=True, help="Ask for no code any more.")
@click.argument("name")
def users_totp(database_url: str | None, off: bool, name: str) -> None:
    """Ask an account for a code beside the password, from an app on the phone.

    Shows the secret for the app, asks for the code that it gives, and shows ten codes for the day on which the phone is
    gone. Each of them counts once.
    """
    account = _known(database_url, name)
    if off:
        with _people(database_url) as people:
            people.ask_for_no_code(name)
        out.print(plain(f"{account.name} enters with the password alone."))
        return
    secret = new_secret()
    address = app_address(secret, account.name)
    out.print(f"Put this secret into an app for one-time codes:\n\n    {secret}\n")
    out.print(plain_lines(f"or open this address with it:\n\n    {address}\n"))
    if out.is_terminal:
        out.print(_dots(address))
    code = click.prompt("The code that it shows now", err=True)
    with _people(database_url) as people:
        codes = people.ask_for_code(name, secret, code)
    out.print("A code is asked for from now on. If the phone is gone, each of these counts once:\n")
    out.print("\n".join(f"    {one}" for one in codes))


@users.command("log")
@database_option
@json_option
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="So many lines.")
@click.option("--before", type=int, metavar="ID", help="Only lines older than this one.")
def users_log(database_url: str | None, as_json: bool, limit: int, before: int | None) -> None:
    """What was done at the desk and to its accounts: who, what, when; newest first."""
    with open_database(database_url, to_read=True) as database, database.read() as connection:
        lines = audit.listing(connection, before=before, limit=limit)
    if as_json:
        json_lines(lines)
        return
    shown = [(one.id, local(one.at), one.who or "-", one.action, one.subject, one.detail) for one in lines]
    table("Audit log", ("id", "when", "who", "did", "to", "more"), shown, empty="Nothing was done yet.")


# ---- keys ------------------------------------------------------------------------------------------------------------


@users.group("tokens")
def tokens() -> None:
    """Keys with which programs and feed readers enter in the name of an account."""


@tokens.command("add")
@database_option
@json_option
@click.option("--role", type=_ROLES, default="reader", show_default=True, help="What the key may; not above its owner.")
@_feed_option
@click.argument("name")
@click.argument("label")
def tokens_add(database_url: str | None, as_json: bool, role: DeskRole, feed: bool, name: str, label: str) -> None:
    """Give an account a key, and show it once. LABEL says what it is for."""
    with _people(database_url) as people:
        key = people.add_key(name, label, "feed" if feed else "api", role=role)
    if as_json:
        json_line({"account": name, "name": label, "key": key})
    else:
        out.print(f"This is shown once:\n\n    {key}")


@tokens.command("list")
@database_option
@json_option
@click.argument("name", required=False)
def tokens_list(database_url: str | None, as_json: bool, name: str | None) -> None:
    """The keys of an account, or of all."""
    with open_database(database_url, to_read=True) as database, database.read() as connection:
        owner = account_called(connection, name).id if name else None
        found = access_keys.listing(connection, owner)
    if as_json:
        json_lines(found)
        return
    shown = [
        (one.account, one.kind, one.name, one.role, local(one.created_at), one.used_on or "never") for one in found
    ]
    table("Keys", ("account", "kind", "name", "role", "since", "last used"), shown, empty="There is no key.")


@tokens.command("revoke")
@database_option
@_feed_option
@click.argument("name")
@click.argument("label")
def tokens_revoke(database_url: str | None, feed: bool, name: str, label: str) -> None:
    """Take a key back: it opens nothing any more."""
    with _people(database_url) as people:
        people.revoke_key(name, label, "feed" if feed else "api")
    out.print(plain(f"{label} opens nothing any more."))


# ---- what they share -------------------------------------------------------------------------------------------------


def _known(database_url: str | None, name: str) -> Account:
    """The account, before anything is asked of a person."""
    with open_database(database_url, to_read=True) as database, database.read() as connection:
        return account_called(connection, name)


def _dots(address: str) -> Text:
    """The address as a square for the camera of a phone, in its own colours: a light terminal would turn them round."""
    square = io.StringIO()
    segno.make_qr(address, error="l").terminal(square, compact=True, border=2)
    return Text(square.getvalue(), style="bright_white on black")


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise click.UsageError("nobody is here to type a password; expected a terminal, or --password-stdin")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
