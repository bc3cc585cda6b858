"""One log line per unit of work: `refresh feed="Example Daily" result=read new=3`.

A line can never become two: control characters and bidirectional overrides of a feed's texts are escaped.
"""

from __future__ import annotations

import json
import logging

log = logging.getLogger("tipsheet")


def note(event: str, *, level: int = logging.INFO, **fields: object) -> None:
    """Log one unit of work. The fields are kept as values too, for a formatter that writes JSON."""
    text = " ".join([event, *(f"{name}={_shown(value)}" for name, value in fields.items() if value not in (None, ""))])
    log.log(level, "%s", text, extra={"event": event, "fields": fields})


def _shown(value: object) -> str:
    if isinstance(value, (int, float)):
        return str(value)
    text = str(value)
    quoted = json.dumps(text, ensure_ascii=False)
    harmless = "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in quoted)
    return harmless if " " in text or harmless != f'"{text}"' or "=" in text else text
