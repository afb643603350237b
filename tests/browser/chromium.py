"""Finds a Chromium that starts, or installs one: ``python -m tests.browser.chromium``.

Separate because `make test` must know before the tests whether there will be browser tests.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PLACES = (
    "/usr/lib/chromium/chromium",
    "/snap/bin/chromium",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
MISSING = (
    "NO BROWSER TESTS: no Chromium was found and none could be installed; "
    "install Chromium, or name one in the variable CHROME."
)


def find() -> str | None:
    """Return the path of a Chromium that starts, or None. Cost: under a second."""
    return next((path for path in _candidates() if _starts(path)), None)


def install() -> str | None:
    """Install a Chromium by whatever this machine allows; return its path, or None."""
    administrator = [] if os.geteuid() == 0 else ["sudo", "-n"]
    ways = [[[sys.executable, "-m", "playwright", "install", "chromium"]]]
    if shutil.which("apt-get") and (not administrator or shutil.which("sudo")):
        apt = [*administrator, "apt-get", "-qq"]
        ways.append([[*apt, "update"], [*apt, "install", "-y", "--no-install-recommends", "chromium"]])
    for commands in ways:
        for command in commands:
            print("Installing Chromium:", *command, file=sys.stderr)
            if subprocess.run(command, stdout=sys.stderr, check=False).returncode:
                break
        if path := find():
            return path
    return None


def _candidates() -> Iterator[str]:
    if named := os.environ.get("CHROME"):
        yield named
    yield from filter(None, map(shutil.which, NAMES))
    yield from PLACES
    yield from map(str, _playwright_downloads())


def _playwright_downloads() -> Iterator[Path]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield Path(playwright.chromium.executable_path)


def _starts(path: str) -> bool:
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def main() -> int:
    """Make sure there is a Chromium; without one, fail in continuous integration and warn elsewhere."""
    if find() or install():
        return 0
    print(MISSING, file=sys.stderr)
    return 1 if "CI" in os.environ else 0


if __name__ == "__main__":
    sys.exit(main())
