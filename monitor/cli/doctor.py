"""`tipsheet doctor`: what is wrong with an installation, and what to do. What must not live here: finding out."""

from __future__ import annotations

import os
import sys
from collections import Counter
from functools import partial
from pathlib import Path
from typing import get_args

import click

from monitor.cli.options import config_option, database_option, default_database, find_config, json_option
from monitor.cli.paint import err, json_lines, many, out, plain, table
from monitor.clock import utc_now
from monitor.operating.checkup import Area, Check
from monitor.pipeline.checkup import Patient, look
from storage.database import Database


@click.command()
@config_option
@database_option
@json_option
@click.option("--only", type=click.Choice(get_args(Area)), multiple=True, metavar="AREA", help="Only this area.")
@click.option("--offline", is_flag=True, help="Do not ask your mail servers.")
def doctor(
    config_path: Path | None, database_url: str | None, as_json: bool, only: tuple[str, ...], offline: bool
) -> None:
    """Look at everything that an installation needs, and say what to do.

    Your own mail servers are asked whether they would take a letter; servers of others are not asked. Exit code 1 if
    anything is bad.
    """
    patient = Patient(
        path=find_config(config_path),
        environ=os.environ,
        open_database=partial(Database, database_url or default_database(), must_exist=True),
        clock=utc_now,
        asks=not offline and (not only or bool({"mail", "names"} & set(only))),
    )
    checks = [check for check in look(patient) if not only or check.area in only]
    if as_json:
        json_lines(checks)
    else:
        _show(checks)
    if any(check.level == "bad" for check in checks):
        sys.exit(1)


def _show(checks: list[Check]) -> None:
    rows = [(check.level, check.area, check.sentence, check.advice) for check in checks]
    table("Doctor", ("level", "area", "what was found", "what to do"), rows, empty="There was nothing to look at.")
    counts = Counter(check.level for check in checks)
    if out.is_terminal:
        err.print(plain(f"{many(len(checks), 'check')}: {counts['bad']} bad, {counts['warn']} doubtful."))
