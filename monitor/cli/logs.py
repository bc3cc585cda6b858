"""What is logged, and how a line of it looks: text for a person, or JSON for a program.

What lives here: the form of a line. What must not: what is worth one (`pipeline.journal` has the words).

A log is read by more people than a newsroom's addresses are for, and kept by services elsewhere. So whoever is named by
an address of mail, which servers repeat when they refuse one, is named by its domain, and no URL shows a login.
"""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime

from monitor.cli.paint import plain_json, plain_lines

_WHO = re.compile(r"[^\s@/:;,<>()\[\]\"'\\]+(?::[^\s@/\"'\\]*)?@(?=[\w-]+[.:/]|\[)")


def configure_logging(*, verbose: bool, as_json: bool = False, debug: bool = False) -> None:
    """Logs go to standard error: quiet by default, one line per unit of work when asked for."""
    handler = logging.StreamHandler()
    handler.setFormatter(_JsonLine() if as_json else _TextLine("%(asctime)s %(levelname)s %(message)s"))
    level = logging.DEBUG if debug else logging.INFO if verbose else logging.ERROR
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("tipsheet").setLevel(level)


class _TextLine(logging.Formatter):
    """One event, one line. What comes below it (a traceback) is set in: nothing in it can pass for an event."""

    def format(self, record: logging.LogRecord) -> str:
        return plain_lines(_discreet(super().format(record))).replace("\n", "\n    ")


class _JsonLine(logging.Formatter):
    """One JSON object: `time`, `level` and `event` in each, and the fields of the event as values."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, object] = {"time": moment.replace("+00:00", "Z"), "level": record.levelname.lower()}
        line |= {"event": getattr(record, "event", "library")} | getattr(record, "fields", {})
        if not hasattr(record, "event"):
            line |= {"library": record.name, "message": record.getMessage()}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return plain_json(_discreet(json.dumps(line, default=str, ensure_ascii=False)))


def _discreet(line: str) -> str:
    """The line without what stands before an @: whose mailbox it is, or a login of a URL."""
    return _WHO.sub("…@", line)
