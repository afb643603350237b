"""A hub that goes away in the middle of the weights: one sentence and no half model, and later the whole."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.tiny_checkpoints import save_tiny_clip
from workbench.errors import ModelError
from workbench.models.protocol import VideoTextModel
from workbench.models.registry import ModelRegistry
from workbench.settings import Settings

REPOSITORY, COMMIT, WEIGHTS = "somebody/their-clip", "0123456789abcdef0123456789abcdef01234567", "model.safetensors"
PIECE_BYTES = 1000
"""What the client keeps of a file at a time, of itself ten megabytes."""


class Hub:
    """A hub with one model, which hangs up after half of the weights, and then does not answer ``n_silent`` requests.

    ``sent`` are the first and past the last byte of the weights, of each answer.
    """

    def __init__(self, folder: Path) -> None:
        self.files = {path.name: path.read_bytes() for path in folder.iterdir()}
        self.n_silent = 0
        self.sent: list[tuple[int, int]] = []

    @property
    def half(self) -> int:
        """The bytes of half of the weights."""
        return len(self.files[WEIGHTS]) // 2


@contextmanager
def served(hub: Hub) -> Iterator[str]:
    """Yield the hub's address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            if hub.sent and hub.n_silent:
                hub.n_silent -= 1
                self._hang_up()
            elif self.path.startswith(f"/api/models/{REPOSITORY}/tree/"):
                listed = [_listed(name, content) for name, content in hub.files.items()]
                self._send(json.dumps(listed).encode(), "")
            elif self.path.startswith("/api/models/"):
                self._send(json.dumps({"id": REPOSITORY, "sha": COMMIT}).encode(), "")
            elif (name := self.path.rsplit("/", 1)[1]) in hub.files:
                self._send(hub.files[name], name)
            else:
                self.send_response(404)
                self.send_header("X-Error-Code", "EntryNotFound")
                self.send_header("Content-Length", "0")
                self.end_headers()

        def _send(self, content: bytes, name: str) -> None:
            first = int(self.headers.get("Range", "bytes=0-")[6:].split("-")[0])
            self.send_response(206 if first else 200)
            if first:
                self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
            self.send_header("Content-Length", str(len(content) - first))
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.end_headers()
            if self.command == "HEAD":
                return
            last = len(content)
            if name == WEIGHTS:
                last = last if hub.sent else hub.half
                hub.sent.append((first, last))
            self.wfile.write(content[first:last])
            if last < len(content):
                self._hang_up()

        def _hang_up(self) -> None:
            self.close_connection = True
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _listed(name: str, content: bytes) -> dict[str, Any]:
    digest = hashlib.sha256(content).hexdigest()
    more = {"lfs": {"oid": digest, "size": len(content), "pointerSize": 100}} if name == WEIGHTS else {}
    return {"type": "file", "path": name, "size": len(content), "oid": digest[:40], **more}


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """Yield a hub with a tiny model, which is the one that is asked, without a pause after a failure."""
    hub = Hub(save_tiny_clip(tmp_path / "theirs"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", PIECE_BYTES)
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda _: None)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    with served(hub) as url:
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", url)
        template = url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)
        yield hub


def says_the_same(model: VideoTextModel, folder: Path) -> bool:
    """Return whether a model is that of a folder."""
    other = ModelRegistry(Settings(device="cpu")).load(str(folder))
    return np.array_equal(*(each.encode_texts(["a red circle"]).embeddings for each in (model, other)))


def test_a_hub_that_is_gone_for_a_moment_goes_on_where_it_broke_off(hub: Hub, tmp_path: Path) -> None:
    hub.n_silent = 1
    model = ModelRegistry(Settings(device="cpu")).load(REPOSITORY)
    (_, broken_off), (gone_on, end) = hub.sent
    assert broken_off - PIECE_BYTES < gone_on <= broken_off < end
    assert says_the_same(model, tmp_path / "theirs")


def test_a_hub_that_is_gone_for_good_is_one_sentence_and_no_half_model_and_another_try_has_it(
    hub: Hub, tmp_path: Path
) -> None:
    hub.n_silent = 1000
    registry = ModelRegistry(Settings(device="cpu", models=REPOSITORY))
    for _ in range(2):
        with pytest.raises(ModelError) as problem:
            registry.load(REPOSITORY)
        assert str(problem.value).startswith(
            f"The files of “{REPOSITORY}” are not all on this machine, and the Hugging Face hub could not be reached; "
            "connect to a network, or choose toyworld-frame"
        )
        [state] = [entry.state for entry in registry.list() if entry.id == REPOSITORY]
        assert state == "download"
        assert not list((tmp_path / "cache").rglob(WEIGHTS))
        assert not list((tmp_path / "cache").rglob("*.incomplete"))
    assert registry.load("toyworld-frame").encode_texts(["a red circle"]).embeddings.any()

    hub.n_silent = 0
    assert says_the_same(registry.load(REPOSITORY), tmp_path / "theirs")
    assert hub.sent[-1] == (0, len(hub.files[WEIGHTS]))
