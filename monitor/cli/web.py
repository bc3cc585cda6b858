"""`tipsheet web`: the review desk alone. What must not live here: the desk (`monitor.desk`)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from monitor.cli.options import config_option, database_option, find_config, load_config, open_database
from monitor.cli.paint import err, plain
from monitor.desk.server import furnish, serve
from monitor.run import open_client, utc_now
from monitor.settings.config import DeskPlace

_HERE = DeskPlace(host="127.0.0.1", port=8090, address="", trusted_proxies=())


@click.command()
@config_option
@database_option
@click.option("--host", metavar="H", help="Listen there instead of where feeds.yaml says [default: 127.0.0.1].")
@click.option("--port", type=click.IntRange(min=0, max=65535), metavar="P", help="And on this port [default: 8090].")
def web(config_path: Path | None, database_url: str | None, host: str | None, port: int | None) -> None:
    """Open the review desk: a page to read, judge and search what was found.

    It may run beside `tipsheet run`, or without it. Bound to this machine it asks nobody for a password until there are
    accounts (`tipsheet users add`); bound to anything else it needs them.
    """
    place = load_config(config_path, with_secrets=False, lenient=True).desk or _HERE
    place = replace(place, host=host or place.host, port=place.port if port is None else port)
    with open_database(database_url) as database:
        desk = furnish(place, path=find_config(config_path), database=database, clock=utc_now, open_client=open_client)
        serve(desk, place, ready=lambda: err.print(f"The desk is open: {plain(desk.home)}"))
