"""A model that encodes frames only when a test lets it, so that a film stays half read for as long as need be.

Separate because the tests of the events and those in a browser both need one. As a program it is the page with
that model, since a server that types are checked in (``--jaxtyping-packages``) does not see what a generator is:
``python -m tests.gated GATE``.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path

from workbench.analyses.chunks import CHUNK_FRAMES
from workbench.analyses.services import Services
from workbench.models.adapter_template import ENTRY, ColourHistogram
from workbench.models.entry import Family, ModelEntry
from workbench.models.protocol import Placement
from workbench.settings import Settings
from workbench.types.features import VideoFeatures
from workbench.types.video import FrameBatch

PATIENCE_S = 60.0
MODEL_ID = "gated"


class Gate:
    """Lets chunks of frames through, as many as the file has bytes: any process may open it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._n_through = 0
        path.touch()

    def open(self, n_chunks: int = 1) -> None:
        """Let that many chunks more through."""
        with self._path.open("ab") as file:
            file.write(b"." * n_chunks)

    def pass_through(self) -> None:
        """Wait until one more chunk is let through."""
        deadline = time.monotonic() + PATIENCE_S
        while self._path.stat().st_size <= self._n_through:
            assert time.monotonic() < deadline, "the test never opened the gate"
            time.sleep(0.02)
        self._n_through += 1


def register_gated_model(services: Services, gate: Gate) -> None:
    """Put the model that knows colour words on the list once more, behind the gate."""

    class Gated(ColourHistogram):
        @property
        def placement(self) -> Placement:
            return Placement("cpu", 605_000_000, CHUNK_FRAMES, "Memory ran out with 128 at once.")

        def encode_frames(self, frames: FrameBatch) -> VideoFeatures:
            gate.pass_through()
            return super().encode_frames(frames)

    def load(entry: ModelEntry, settings: Settings) -> Gated:
        return Gated(entry, settings)

    services.models.register_family(Family(name=MODEL_ID, load=load))
    services.models.register(replace(ENTRY, id=MODEL_ID, title="Gated histogram", family=MODEL_ID))


def main() -> None:
    """Serve the page until stopped."""
    from workbench.ui.gradio.page import build, launch_options, services_for_visitors

    services = services_for_visitors(Settings.from_environment())
    register_gated_model(services, Gate(Path(sys.argv[1])))
    build(services).launch(**launch_options(services))


if __name__ == "__main__":
    main()
