"""Options that several commands share, and how they become a Config and a Database."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from platformdirs import user_config_path, user_data_path

from storage.database import Database

if TYPE_CHECKING:
    from monitor.settings.config import Config

_Command = TypeVar("_Command", bound=Callable[..., Any])


def config_option(command: _Command) -> _Command:
    return click.option(
        "--config",
        "config_path",
        type=click.Path(dir_okay=False, path_type=Path),
        envvar="TIPSHEET_CONFIG",
        help="The file to use instead of ./feeds.yaml (or feeds.yaml in your configuration directory).",
    )(command)


def database_option(command: _Command) -> _Command:
    return click.option(
        "--database",
        "database_url",
        envvar="TIPSHEET_DATABASE",
        metavar="URL",
        help="SQLAlchemy URL of the database [default: SQLite in your data directory].",
    )(command)


def json_option(command: _Command) -> _Command:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, one object a line.")(command)


def verbose_option(command: _Command) -> _Command:
    return click.option("-v", "--verbose", is_flag=True, help="Log each unit of work on standard error.")(command)


class Duration(click.ParamType[timedelta]):
    """A length of time as feeds.yaml writes it."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        from monitor.settings.values import duration

        try:
            return value if isinstance(value, timedelta) else duration(value)
        except ValueError as error:
            self.fail(f"{error}, got {value!r}", param, ctx)


def find_config(path: Path | None) -> Path:
    """The file that is meant when none is named."""
    if path is not None:
        return path
    here = Path("feeds.yaml")
    return here if here.exists() else user_config_path("tipsheet") / "feeds.yaml"


def load_config(path: Path | None, *, with_secrets: bool = True, lenient: bool = False) -> Config:
    from monitor.settings.config import read_config  # what shows the database's rows needs no file, nor what reads it

    return read_config(find_config(path), os.environ, with_secrets=with_secrets, lenient=lenient)


@contextmanager
def open_database(url: str | None, *, to_read: bool = False) -> Iterator[Database]:
    """The database that is meant. A command that only shows makes none: a mistyped name would look like silence."""
    with Database(url or default_database(), must_exist=to_read) as database:
        yield database


def typist() -> str:
    """Who types, as the audit log names them."""
    return f"{getpass.getuser()} (command line)"


def default_database() -> str:
    """The URL of the one that is meant when none is named."""
    return f"sqlite:///{user_data_path('tipsheet') / 'tipsheet.db'}"
