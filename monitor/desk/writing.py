"""feeds.yaml, written from the desk: for whoever has seen what it says, and only if `tipsheet check` would take it.

What lives here: the mark of what somebody saw, the check, the one step in which the file is replaced, the line in the
audit log. What must not: which words are changed (`splice`), and forms.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from monitor.desk.visit import Visit
from monitor.errors import ConfigError, Fault, FileChangedError, TipsheetError
from monitor.model import AuditAction
from monitor.pipeline.arming import judge, sentence_of, untried
from monitor.settings.config import Config, channel_faults, example_faults, fault_of, heartbeat_faults, read_config
from monitor.settings.feeds_file import draft_of
from monitor.settings.yaml_file import load_text
from storage import audit

WRITTEN = "Written to feeds.yaml. A Tipsheet at work takes it up when it is started again."
_ONE_AT_A_TIME = Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileText:
    """What the file said when somebody looked."""

    path: Path  # no link
    text: str
    mark: str  # the same for the same text: what a form carries, to be told of what others did meanwhile


def look(visit: Visit) -> FileText:
    """The file as it stands. ConfigError where it cannot be read."""
    path = visit.desk.settings.path.resolve()
    text = load_text(path)
    return FileText(path=path, text=text, mark=hashlib.sha256(text.encode()).hexdigest()[:32])


def write(visit: Visit, text: str, *, mark: str, action: AuditAction, subject: str = "", detail: str = "") -> None:
    """Put `text` in the file's place. `mark` is that of the file that it was made from.

    FileChangedError where somebody else wrote meanwhile, ConfigError with all that `tipsheet check` has against the
    text: then the file is as it was.
    """
    with _ONE_AT_A_TIME:
        seen = must_be(visit, mark)
        try:
            with draft_of(seen.path, text) as draft:
                _must_be_sound(visit, draft, seen.path)
                with visit.desk.database.write() as connection:
                    audit.append(connection, visit.name, action, subject=subject, detail=detail, now=visit.now)
                    must_be(visit, mark)
                    draft.replace(seen.path)
        except OSError as error:
            raise TipsheetError(f"{seen.path} cannot be written by the desk: {error.strerror or error}") from error


def must_be(visit: Visit, mark: str) -> FileText:
    """The file, if it is still the one with that mark; else FileChangedError."""
    seen = look(visit)
    if seen.mark != mark:
        at = datetime.fromtimestamp(seen.path.stat().st_mtime, UTC).astimezone(visit.zone)
        message = f"feeds.yaml was changed at {at:%H:%M:%S on %d %B}, after you opened this; nothing was written"
        raise FileChangedError(message, now=seen.text)
    return seen


def by_field(faults: Iterable[Fault], block: str, index: int) -> Mapping[str, str]:
    """What is wrong, by the field of a form for one item of a list; under "" what is wrong elsewhere in the file."""
    found: dict[str, str] = {}
    for fault in faults:
        of_item = re.match(rf"{block}\[{index}\]\.?(\w*)", fault.path)
        field = of_item[1] if of_item else ""
        place = "" if of_item or not fault.path else f"{fault.path}: "
        line = f"Line {fault.line}: " if fault.line else ""
        found[field] = "\n".join(filter(None, (found.get(field), f"{line}{place}{fault.message}")))
    return found


# ---- what `tipsheet check` says --------------------------------------------------------------------------------------


def _must_be_sound(visit: Visit, draft: Path, path: Path) -> None:
    faults = _faults(visit, draft, path)
    if faults:
        raise ConfigError(tuple(_of_the_file(fault, draft, path) for fault in faults))


def _faults(visit: Visit, draft: Path, path: Path) -> tuple[Fault, ...]:
    """As `tipsheet check` finds them. The desk may run with fewer secrets than the alerts: one that is missing here,
    and was before, is no fault of an edit."""
    try:
        config = read_config(draft, os.environ, with_secrets=False)
    except ConfigError as error:
        return error.faults
    before = {fault.message for fault in _outside_faults(path)}
    new = (fault for fault in _outside_faults(draft) if fault.message not in before)
    return (*example_faults(config), *new) or _busy_faults(visit, config)


def _outside_faults(path: Path) -> tuple[Fault, ...]:
    """What is wrong with channels and secrets, which are not in the file alone."""
    from alerts import channel as channels  # every way out, which most days at the desk do without

    try:
        config = read_config(path, os.environ)
    except ConfigError as error:
        return error.faults
    return (*channel_faults(config, channels.check), *heartbeat_faults(config))


def _busy_faults(visit: Visit, config: Config) -> tuple[Fault, ...]:
    """New wordings that would send more than people read, as far as the entries of the last days can tell."""
    database = visit.desk.database
    found = judge(database, config, untried(database, config.compiled), now=visit.now)
    held = {name: reason for name, (_, reason) in found.items() if reason}
    return tuple(fault_of(config, name, sentence_of(name, reason)) for name, reason in held.items())


def _of_the_file(fault: Fault, draft: Path, path: Path) -> Fault:
    file = str(path) if fault.file == str(draft) else fault.file
    return Fault(file=file, line=fault.line, path=fault.path, message=fault.message.replace(str(draft), str(path)))
