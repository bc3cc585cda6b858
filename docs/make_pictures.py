"""`./dev picture`: the pictures in README and docs, made from the demo's own mail by headless Chromium.

Writes into docs/pictures: alert.png (the alert as a mail client shows it), digest.png, and of the review desk day.png,
day-on-a-phone.png (by night) and story.png.
"""

from __future__ import annotations

import email
import email.policy
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PICTURES = Path(__file__).parent / "pictures"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
# No account, no update, no phone call: the page is a file on this machine.
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--force-device-scale-factor=2",
)  # fmt: skip


def main() -> int:
    browser = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    if browser is None:
        print("picture: no Chromium was found (Debian: apt-get install chromium).", file=sys.stderr)
        return 1
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
    print(picture.relative_to(Path.cwd()) if picture.is_relative_to(Path.cwd()) else picture)


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
    sys.exit(main())
