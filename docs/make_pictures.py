"""`./dev picture`: the pictures in README and docs, made from the demo's own mail by headless Chromium.

Writes into docs/pictures: alert.png (the alert as a mail client shows it), digest.png, and of the review desk day.png,
day-on-a-phone.png (by night) and story.png.

`./dev picture looks DIRECTORY` writes none of these, but the desk to be looked at before it is shipped: the day with no
story, with 3 and with 500, headlines that fit nowhere, and a day on which everything went wrong; each on a desk
and a phone, by day and by night.
"""

from __future__ import annotations

import email
import email.policy
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from storage.database import Database

PICTURES = Path(__file__).parent / "pictures"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
# No account, no update, no phone call: the page is a file on this machine.
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--force-device-scale-factor=2",
)  # fmt: skip


def main(arguments: Sequence[str]) -> int:
    browser = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    if browser is None:
        print("picture: no Chromium was found (Debian: apt-get install chromium).", file=sys.stderr)
        return 1
    if arguments[:1] == ["looks"]:
        return _look(browser, Path(arguments[1] if arguments[1:] else "looks"))
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        subprocess.run(
            [sys.executable, "-m", "monitor", "demo", "--directory", str(place)], check=True, stdout=subprocess.DEVNULL
        )
        alert = place / "alert.html"
        alert.write_text(_html_of(min((place / "mail").glob("*.eml"))), encoding="utf-8")
        _shoot(browser, alert, PICTURES / "alert.png", width=700, height=720, profile=place / "profile")
        _shoot(
            browser, place / "digest.html", PICTURES / "digest.png", width=820, height=1000, profile=place / "profile"
        )
        with _open_desk(place) as home:
            _shoot_page(browser, home, PICTURES / "day.png", width=1100, height=640)
            _shoot_page(browser, home, PICTURES / "day-on-a-phone.png", width=390, height=780, night=True)
            _shoot_page(browser, f"{home}/stories/2", PICTURES / "story.png", width=1200, height=1120)
    return 0


@contextmanager
def _open_desk(place: Path) -> Iterator[str]:
    """The address of a desk that shows the demo's database."""
    with socket.create_server(("127.0.0.1", 0)) as line:
        port = line.getsockname()[1]
    files = ["--config", str(place / "feeds.yaml"), "--database", f"sqlite:///{place / 'tipsheet.db'}"]
    command = [sys.executable, "-m", "monitor", "web", *files, "--port", str(port)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as desk:
        assert desk.stderr is not None
        desk.stderr.readline()  # "The desk is open: …"
        yield f"http://127.0.0.1:{port}"
        desk.terminate()


def _shoot_page(browser: str, address: str, picture: Path, *, width: int, height: int, night: bool = False) -> None:
    """A page at a true width, which a bare `--screenshot` gives to no phone."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=browser, args=list(FLAGS[1:-1]))
        page = opened.new_page(
            viewport={"width": width, "height": height},
            color_scheme="dark" if night else "light",
            device_scale_factor=2,
        )
        page.goto(address)
        page.screenshot(path=picture)
        opened.close()
    _make_small(picture)
    print(picture.relative_to(Path.cwd()) if picture.is_relative_to(Path.cwd()) else picture)


def _make_small(picture: Path) -> None:
    """The same with 128 colours, which is enough for words: a third of the bytes."""
    from PIL import Image

    with Image.open(picture) as image:
        small = image.convert("RGB").quantize(128, dither=Image.Dither.NONE)
    small.save(picture, optimize=True)


# ---- to be looked at -------------------------------------------------------------------------------------------------


def _look(browser: str, place: Path) -> int:
    from benchmarks.desk import furnished

    place.mkdir(parents=True, exist_ok=True)
    for stories in (0, 3, 500):
        with furnished(stories, 3) as (desk, _):
            _shoot_looks(browser, desk.home, place / f"day-of-{stories}")
    with furnished(300, 3) as (desk, _):
        _misshape(desk.database)
        for page in ("", "search?q=ferry", "stories/1", "stories/2", "stories/3"):
            _shoot_looks(browser, f"{desk.home}/{page}", place / f"misshapen-{_name(page)}")
    with tempfile.TemporaryDirectory() as name:
        worst = Path(name)
        subprocess.run(
            [sys.executable, "-m", "monitor", "demo", "--directory", name], check=True, stdout=subprocess.DEVNULL
        )
        _spoil(worst / "tipsheet.db")
        with _open_desk(worst) as home:
            for page in ("", "feeds", "deliveries", "watches"):
                _shoot_looks(browser, f"{home}/{page}", place / f"worst-{_name(page)}")
    return 0


def _name(page: str) -> str:
    return re.sub(r"\W+", "-", page) or "day"


def _shoot_looks(browser: str, address: str, stem: Path) -> None:
    for night in (False, True):
        for screen, width, height in (("desk", 1200, 900), ("phone", 390, 844)):
            picture = stem.with_name(f"{stem.name}-{screen}-{'night' if night else 'day'}.png")
            _shoot_page(browser, address, picture, width=width, height=height, night=night)


def _misshape(database: Database) -> None:
    """Headlines that have no end, no spaces, or are written from right to left."""
    from sqlalchemy import update

    from storage.schema import entries

    with database.write() as connection:
        for rest, title in enumerate((_ENDLESS, _UNBROKEN, _LEFTWARD)):
            connection.execute(update(entries).where(entries.c.id % 3 == rest).values(title=title))


_ENDLESS = "Ferry waits in the harbour while the fog lies on the water and nobody says when it will lift, " * 3
_UNBROKEN = f"Ferry{'harbourfog' * 29}"
_LEFTWARD = "المعدية تنتظر في الميناء بسبب الضباب · המעבורת ממתינה בנמל בגלל הערפל · Ferry 12 waits"


def _spoil(file: Path) -> None:
    """Everything at once: a storm paused the watch, a channel rests, a letter is dead, most feeds fail."""
    from sqlalchemy import update

    from monitor.model import ChannelState
    from storage import facts
    from storage.database import Database
    from storage.facts import Pause
    from storage.schema import feeds, outbox

    now, later = datetime.now(UTC), timedelta(hours=6)
    refused = "the server answered 503 (Service Unavailable)"
    with Database(f"sqlite:///{file}") as database, database.write() as connection:
        facts.keep_pause(connection, "tech and immigration enforcement", Pause(since=now, until=now + later))
        resting = ChannelState(since=now, open_until=now + later, trips=9, reason="the mail server refused the line")
        facts.keep_channel_state(connection, "mail", resting)
        connection.execute(update(outbox).values(state="failed", sent_at=None, reason="550 no such user here"))
        failing = {"failures": 9, "failing_since": now - later, "status": 503, "problem_kind": "http"}
        connection.execute(update(feeds).where(feeds.c.id % 3 > 0).values(problem=refused, **failing))


def _html_of(letter: Path) -> str:
    message = email.message_from_bytes(letter.read_bytes(), policy=email.policy.default)
    body = message.get_body(("html",))
    assert body is not None
    return str(body.get_content())


def _shoot(browser: str, page: Path, picture: Path, *, width: int, height: int, profile: Path) -> None:
    size = f"--window-size={width},{height}"
    subprocess.run(
        [browser, *FLAGS, f"--user-data-dir={profile}", size, f"--screenshot={picture}", page.as_uri()],
        check=True,
        stderr=subprocess.DEVNULL,
        timeout=120,
    )
    print(picture.relative_to(Path.cwd()) if picture.is_relative_to(Path.cwd()) else picture)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
