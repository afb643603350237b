"""One running page for all tests of what is refused, with small limits and the tools for models of language."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.forging import PATIENCE_S, Site
from tests.serve import serve

MOST_VIDEO_BYTES, MOST_UPLOAD_BYTES = 300_000, 12_000_000


class Fortress(Site):
    """The page, and the folder in which it keeps what it has."""

    def __init__(self, url: str, home: Path) -> None:
        super().__init__(url)
        self.home = home
        self.http = httpx.Client(base_url=url, timeout=PATIENCE_S, limits=httpx.Limits(max_keepalive_connections=0))

    @property
    def example(self) -> str:
        """The id of a bundled film."""
        from workbench.media.manifest import read_manifest
        from workbench.settings import ASSETS

        return read_manifest(ASSETS / "examples")[0].info.id

    @property
    def received(self) -> list[Path]:
        """What lies where uploads arrive."""
        return [Path(folder, name) for folder, _, names in os.walk(self.home / "received") for name in names]

    def memory_mb(self) -> float:
        """Return what the largest of its processes holds of the memory."""
        held: list[float] = []
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if f"WORKBENCH_HOME={self.home}\0".encode() in (process / "environ").read_bytes():
                    pages = int((process / "statm").read_text().split()[1])
                    held.append(pages * os.sysconf("SC_PAGE_SIZE") / 2**20)
        return max(held)

    def log(self) -> str:
        """What the server has said so far."""
        return (self.home / "server.log").read_text(encoding="utf-8", errors="replace")


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fortress]:
    """Yield the page, started as a person starts it."""
    home = tmp_path_factory.mktemp("fortress")
    limits = {
        "WORKBENCH_MAX_VIDEO_BYTES": str(MOST_VIDEO_BYTES),
        "WORKBENCH_MAX_UPLOAD_BYTES": str(MOST_UPLOAD_BYTES),
        "WORKBENCH_MCP": "true",
        "WORKBENCH_OFFLINE": "true",
        "OMP_NUM_THREADS": "1",
    }
    with serve(home, **limits) as url:
        site = Fortress(url, home)
        with site.http:
            yield site
