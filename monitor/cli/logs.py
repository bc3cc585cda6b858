"""What is logged, and how a line of it looks: text for a person, or JSON for a program.

What lives here: the form of a line. What must not: what is worth one (`pipeline.journal` has the words).
"""

from __future__ import annotations

import json
import logging
from datetime import datetime

from monitor.cli.paint import plain_json, plain_lines


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
        return plain_lines(super().format(record)).replace("\n", "\n    ")


class _JsonLine(logging.Formatter):
    """The fields of a unit of work as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created).astimezone().isoformat()
        line: dict[str, object] = {"time": moment, "level": record.levelname.lower()}
        line |= {"event": getattr(record, "event", record.getMessage())} | getattr(record, "fields", {})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return plain_json(json.dumps(line, default=str, ensure_ascii=False))
