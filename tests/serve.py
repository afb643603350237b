"""The real server, started as a person starts it, on a free port.

Separate because the tests of the running app, the browser tests and the screenshots all need one.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import gradio_client

ROOT = Path(__file__).resolve().parent.parent
START_LIMIT_S = 180.0
ANSWER_LIMIT_S = 120.0
PID_FILE = "server.pid"


@contextmanager
def serve(home: Path, program: Sequence[str] = ("app.py",), root: Path = ROOT, **environment: str) -> Iterator[str]:
    """Yield the address of a server of its own, whose cache is ``home``, run in ``root``; it ends with the block.

    Raises ``RuntimeError`` with the server's log if it ends or does not answer.
    """
    home.mkdir(parents=True, exist_ok=True)
    log = home / "server.log"
    port = _free_port()
    url = f"http://127.0.0.1:{port}/"
    settings = {
        "GRADIO_ANALYTICS_ENABLED": "False",
        "GRADIO_SERVER_NAME": "127.0.0.1",
        "GRADIO_SERVER_PORT": str(port),
        "STREAMLIT_SERVER_ADDRESS": "127.0.0.1",
        "STREAMLIT_SERVER_PORT": str(port),
        "WORKBENCH_HOME": str(home),
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *program],
            cwd=root,
            env={**os.environ, **settings, **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    (home / PID_FILE).write_text(str(process.pid))
    try:
        _wait_until_answered(url, process, log)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def visit(url: str) -> gradio_client.Client:
    """Return a program's way to the server at ``url``, as patient as a machine with other work to do asks for."""
    # Where nothing is encrypted there is nothing to verify; else all certificates are read anew twice a request.
    return gradio_client.Client(url, verbose=False, ssl_verify=False, httpx_kwargs={"timeout": ANSWER_LIMIT_S})


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_until_answered(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"The server did not answer at {url}; its log:\n{log.read_text(errors='replace')}")
