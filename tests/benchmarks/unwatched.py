"""A browser that nothing is attached to, which says only at the end how long a page took.

Separate from what drives a browser in the tests: that has the page note where each thing it loads was asked for, for
which it reads plotly.js once more for every function it was asked in. A visitor's is half a second faster.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from websockets.sync.client import connect

from tests.browser import chromium

STARTED_S = 2.0
"""Until a new browser has nothing more to do of its own."""
_LOOK_MS = 10


@contextmanager
def new_browser(executable: str) -> Iterator[Browser]:
    """Yield a browser that has kept nothing, and has nothing more to do of its own; it ends with the block."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [
            executable,
            *chromium.FLAGS,
            "--remote-debugging-port=0",
            f"--user-data-dir={profile}",
            "about:blank",
        ]
        browser = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            address = _address(Path(profile))
            time.sleep(STARTED_S)
            yield Browser(address)
        finally:
            browser.terminate()
            browser.wait()


@dataclass(frozen=True)
class Browser:
    """A browser, by the ``address`` at which it is told what to do."""

    address: str

    def seconds_until(self, part: str, url: str) -> float:
        """Return the seconds from the first request of a new tab until ``part``, a CSS selector, stands there.

        Error: up to 10 ms, added.
        """
        script = f"""new Promise((done) => {{
            const look = () =>
                document.querySelector({json.dumps(part)}) ? done(performance.now()) : setTimeout(look, {_LOOK_MS});
            look();
        }})"""
        asked = {"expression": script, "awaitPromise": True, "returnByValue": True}
        opening = urllib.request.Request(f"{self.address}/json/new?{urllib.parse.quote(url)}", method="PUT")
        with urllib.request.urlopen(opening) as answer:
            tab = json.load(answer)
        with connect(tab["webSocketDebuggerUrl"]) as socket:
            while True:
                socket.send(json.dumps({"id": 1, "method": "Runtime.evaluate", "params": asked}))
                said = json.loads(socket.recv())
                if "result" in said:  # else it was asked of the empty page before
                    return said["result"]["result"]["value"] / 1000


def _address(profile: Path) -> str:
    said = profile / "DevToolsActivePort"
    while not said.exists() or not said.read_text():
        time.sleep(0.05)
    return f"http://127.0.0.1:{said.read_text().split()[0]}"
