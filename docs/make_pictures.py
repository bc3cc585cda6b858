"""`./dev picture`: the pictures in README and docs, made from the demo's own mail by headless Chromium.

Writes docs/pictures/alert.png (the alert as a mail client shows it) and docs/pictures/digest.png.
"""

from __future__ import annotations

import email
import email.policy
import shutil
import subprocess
import sys
import tempfile
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
    return 0


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
