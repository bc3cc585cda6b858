"""The programs that `peers` sets side by side, each as its own documentation says that it is run without a screen.

What lives here: for each program how feeds are told to it, its command, and how its own store is read. What must not:
when it is run, or what is expected of it.

A program leaves everything in the directory that it is given.
"""

from __future__ import annotations

import mailbox
import os
import sqlite3
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from shlex import quote
from xml.sax.saxutils import quoteattr

from benchmarks.peers_feeds import MARK
from benchmarks.peers_install import environment, system_command, system_version, version

AT_ONCE = 8  # for those who ask several servers at once and let us say how many
_INHERITED = ("PATH",)


class Program(ABC):
    """One program. `install` comes first; then any number of directories."""

    name: str
    how: str  # how it is run here, and what it leaves out
    share = 1  # it is given one feed in so many: the slow ones would take an hour, and no less for each feed

    @abstractmethod
    def install(self, cache: Path) -> str:
        """Make it ready; gives its version. Raises NotInstalledError."""

    @abstractmethod
    def subscribe(self, directory: Path, urls: Sequence[str]) -> None:
        """Tell it its feeds. Not measured."""

    @abstractmethod
    def command(self, directory: Path) -> list[str]:
        """The command that polls every feed once, and ends."""

    @abstractmethod
    def records(self, directory: Path) -> Iterator[str]:
        """The visible text of each item in its store."""

    def idle(self, directory: Path) -> list[str] | None:
        """The same command when no feed is due: what is left is its start. None: it always asks for all."""
        return None

    def staying(self, directory: Path) -> list[str] | None:
        """A process that stays, as `peers_staying` wants it; None: it is none of those that stay, or tells no cost."""
        return None

    def make_due(self, directory: Path) -> None:
        """Let a second poll be due at once. Most programs poll when they are told to."""
        return

    def environment(self, directory: Path) -> Mapping[str, str]:
        """No variable of ours reaches it but the search path: the directory is its home."""
        ours = {name: value for name, value in os.environ.items() if name in _INHERITED}
        return {
            **ours,
            "HOME": str(directory),
            "TMPDIR": str(directory),
            "LANG": "C.UTF-8",
            "TERM": "dumb",
        }


# ---- reader ----------------------------------------------------------------------------------------------------------

_ADD = "import sys, reader\nwith reader.make_reader('reader.db') as r:\n    for url in sys.argv[1:]: r.add_feed(url)"
_UPDATE = (
    f"import reader\nwith reader.make_reader('reader.db') as r:\n    r.update_feeds(scheduled=False, workers={AT_ONCE})"
)
_IDLE = _UPDATE.replace("scheduled=False", "scheduled=True")
_STAY = f"""
import sys, time, reader
with reader.make_reader('reader.db') as r:
    for _ in sys.stdin:
        began = time.process_time()
        r.update_feeds(scheduled=False, workers={AT_ONCE})
        print(time.process_time() - began, flush=True)
"""


class Reader(Program):
    name = "reader"
    how = f"update_feeds(scheduled=False, workers={AT_ONCE}); SQLite"

    def install(self, cache: Path) -> str:
        # Its own copy of feedparser wants sgmllib, which nothing that it names brings along any more.
        self._commands = environment(cache, "reader", "sgmllib3k")
        return version(self._commands, "reader")

    def subscribe(self, directory: Path, urls: Sequence[str]) -> None:
        subprocess.run([self._python, "-c", _ADD, *urls], cwd=directory, check=True, env=self.environment(directory))

    def command(self, directory: Path) -> list[str]:
        return [self._python, "-c", _UPDATE]

    def idle(self, directory: Path) -> list[str]:
        """It has polled a moment ago, and its feeds are scheduled for later."""
        return [self._python, "-c", _IDLE]

    def staying(self, directory: Path) -> list[str]:
        return [self._python, "-c", _STAY]

    def records(self, directory: Path) -> Iterator[str]:
        return rows(directory / "reader.db", "SELECT title, summary, content FROM entries")

    @property
    def _python(self) -> str:
        return str(self._commands / "python")


# ---- rss2email -------------------------------------------------------------------------------------------------------

_R2E = """\
[DEFAULT]
from = feeds@peers.example
to = reader@peers.example
email-protocol = maildir
maildir-path = {directory}/Maildir
verbose = error
"""


class Rss2email(Program):
    name = "rss2email"
    share = 10
    how = "r2e run, into a maildir: one mail an item; SMTP would cost more"

    def install(self, cache: Path) -> str:
        self._commands = environment(cache, "rss2email")
        return version(self._commands, "rss2email")

    def subscribe(self, directory: Path, urls: Sequence[str]) -> None:
        (directory / "r2e.cfg").write_text(_R2E.format(directory=directory))
        (directory / "Maildir").mkdir()
        outlines = "".join(f"<outline type='rss' text='f{n}' xmlUrl={quoteattr(url)}/>" for n, url in enumerate(urls))
        (directory / "feeds.opml").write_text(f"<opml version='2.0'><body>{outlines}</body></opml>")
        imports = [*self._r2e, "opmlimport", "feeds.opml"]
        subprocess.run(imports, cwd=directory, check=True, env=self.environment(directory), capture_output=True)

    def command(self, directory: Path) -> list[str]:
        return [*self._r2e, "run"]

    def records(self, directory: Path) -> Iterator[str]:
        return mails(directory / "Maildir" / "INBOX")

    @property
    def _r2e(self) -> list[str]:
        return [str(self._commands / "r2e"), "--config", "r2e.cfg", "--data", "r2e.json"]


# ---- feed2exec -------------------------------------------------------------------------------------------------------


class Feed2exec(Program):
    name = "feed2exec"
    share = 10
    how = "feed2exec fetch, into a maildir: one mail an item"

    def install(self, cache: Path) -> str:
        self._commands = environment(cache, "feed2exec")
        return version(self._commands, "feed2exec")

    def subscribe(self, directory: Path, urls: Sequence[str]) -> None:
        default = f"[DEFAULT]\noutput = feed2exec.plugins.maildir\nmailbox = {directory}/Maildir\nfolder = INBOX\n"
        feeds = "".join(f"[f{number}]\nurl = {url}\n" for number, url in enumerate(urls))
        (directory / "feed2exec.ini").write_text(default + feeds)

    def command(self, directory: Path) -> list[str]:
        return [str(self._commands / "feed2exec"), "--config", "feed2exec.ini", "--database", "feed2exec.db", "fetch"]

    def records(self, directory: Path) -> Iterator[str]:
        return mails(directory / "Maildir" / "INBOX")


# ---- newsboat --------------------------------------------------------------------------------------------------------


class Newsboat(Program):
    name = "newsboat"
    how = f"newsboat -x reload, reload-threads {AT_ONCE}; SQLite; C++; keeps validators from its second poll on"

    def install(self, cache: Path) -> str:
        self._newsboat = system_command("newsboat", "newsboat")
        return system_version("newsboat")

    def subscribe(self, directory: Path, urls: Sequence[str]) -> None:
        (directory / ".newsboat").mkdir()
        (directory / ".newsboat" / "urls").write_text("".join(f"{url}\n" for url in urls))
        (directory / ".newsboat" / "config").write_text(f"reload-threads {AT_ONCE}\n")

    def command(self, directory: Path) -> list[str]:
        return [self._newsboat, "-x", "reload"]

    def records(self, directory: Path) -> Iterator[str]:
        return rows(directory / ".newsboat" / "cache.db", "SELECT title, content FROM rss_item")


# ---- sfeed -----------------------------------------------------------------------------------------------------------


class Sfeed(Program):
    name = "sfeed"
    how = "sfeed_update with its defaults, which ask for everything each time; a text file a feed; C, shell and curl"

    def install(self, cache: Path) -> str:
        self._update = system_command("sfeed_update", "sfeed")
        system_command("curl", "curl")
        return system_version("sfeed")

    def subscribe(self, directory: Path, urls: Sequence[str]) -> None:
        feeds = "".join(f"\tfeed {quote(f'f{number}')} {quote(url)}\n" for number, url in enumerate(urls))
        (directory / "sfeedrc").write_text(f"sfeedpath={quote(str(directory / 'feeds'))}\nfeeds() {{\n{feeds}}}\n")

    def command(self, directory: Path) -> list[str]:
        return [self._update, "sfeedrc"]

    def records(self, directory: Path) -> Iterator[str]:
        for file in sorted((directory / "feeds").glob("*")):
            yield from file.read_text(encoding="utf-8", errors="replace").splitlines()


# ---- changedetection.io ----------------------------------------------------------------------------------------------

# A snapshot that a kill has cut off holds what can be unpacked of it.
_PRINT = """
import brotli, pathlib

def unpacked(packed):
    try:
        return brotli.Decompressor().process(packed).decode(errors="replace")
    except brotli.error:
        return ""

for watch in pathlib.Path("data").glob("*/history.txt"):
    texts = [unpacked(file.read_bytes()) for file in watch.parent.glob("*.txt.br")]
    print(" ".join(" ".join(texts).split()))
"""


class ChangeDetection(Program):
    """It watches pages, and keeps what each said whenever that changed: an item is found where a snapshot has it."""

    name = "changedetection.io"
    share = 10
    how = "batch mode without a browser: snapshots of each feed as a page; the first poll includes adding the feeds"

    def install(self, cache: Path) -> str:
        self._commands = environment(cache, "changedetection.io")
        return version(self._commands, "changedetection.io")

    def subscribe(self, directory: Path, urls: Sequence[str]) -> None:
        (directory / "urls").write_text("\n".join(urls))

    def command(self, directory: Path) -> list[str]:
        batch = [str(self._commands / "changedetection.io"), "-C", "-d", str(directory / "data"), "-l", "ERROR", "-b"]
        if (directory / "data").exists():
            return [*batch, "-r", "all"]
        return [*batch, *(word for url in (directory / "urls").read_text().split() for word in ("-u", url))]

    def records(self, directory: Path) -> Iterator[str]:
        printed = subprocess.run(
            [str(self._commands / "python"), "-c", _PRINT], cwd=directory, check=True, capture_output=True, text=True
        )
        yield from printed.stdout.splitlines()

    def environment(self, directory: Path) -> Mapping[str, str]:
        local = {"ALLOW_IANA_RESTRICTED_ADDRESSES": "true", "DISABLE_VERSION_CHECK": "true"}
        return {**super().environment(directory), **local, "LITELLM_LOCAL_MODEL_COST_MAP": "true"}


# ---- stores ----------------------------------------------------------------------------------------------------------


def rows(database: Path, query: str) -> Iterator[str]:
    """The text columns of each row, as one text. No database: nothing was stored."""
    if not database.exists():
        return
    with closing(sqlite3.connect(database)) as connection:
        for row in connection.execute(query):
            yield " ".join(map(str, row))


def mails(folder: Path) -> Iterator[str]:
    """The subject of each mail and, where no mark stands in it, the text."""
    if not folder.exists():
        return
    box = mailbox.Maildir(folder, create=False)
    for key in box.iterkeys():
        message = message_from_bytes(box.get_bytes(key), policy=default)
        subject = str(message["Subject"])
        yield subject if MARK.search(subject) else f"{subject} {_text(message)}"


def _text(message: EmailMessage) -> str:
    return " ".join(part.get_content() for part in message.walk() if part.get_content_maintype() == "text")
