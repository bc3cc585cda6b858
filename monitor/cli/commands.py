"""The commands of a group by name, each imported when it is asked for: `--version` needs no database.

What must not live here: which commands there are.
"""

from __future__ import annotations

from collections import UserDict
from importlib import import_module
from typing import Any

import click


class Commands(UserDict[str, Any]):
    """Name → command. It is given by its room, `stories`, or as `watches.explain_command` where names differ."""

    def __getitem__(self, name: str) -> click.Command:
        command = self.data[name]
        if isinstance(command, str):
            room, _, called = command.partition(".")
            command = self.data[name] = getattr(import_module(f"monitor.cli.{room}"), called or room)
        return command  # type: ignore[no-any-return] # what is no place is a command
