"""A model that encodes frames only when a test lets it, so that a film stays half read for as long as need be.

Separate because the tests of the events and those in a browser both need one.
"""

from __future__ import annotations

import threading
from dataclasses import replace

from workbench.analyses.chunks import CHUNK_FRAMES
from workbench.analyses.services import Services
from workbench.models.adapter_template import ENTRY, ColourHistogram
from workbench.models.entry import Family, ModelEntry
from workbench.models.protocol import Placement
from workbench.settings import Settings
from workbench.types import FrameBatch, VideoFeatures

PATIENCE_S = 60.0


class Gate:
    """Lets a chunk of frames through each time ``open`` is called."""

    def __init__(self) -> None:
        self._let_through = threading.Semaphore(0)

    def open(self, n_chunks: int = 1) -> None:
        """Let that many chunks through."""
        self._let_through.release(n_chunks)

    def wait(self) -> None:
        """Wait until a chunk is let through."""
        assert self._let_through.acquire(timeout=PATIENCE_S), "the test never opened the gate"


def register_gated_model(services: Services, model_id: str = "gated") -> Gate:
    """Put the model that knows colour words on the list, behind the gate that is returned."""
    gate = Gate()

    class Gated(ColourHistogram):
        @property
        def placement(self) -> Placement:
            return Placement(device="cpu", n_bytes=605_000_000, rows_at_once=CHUNK_FRAMES)

        def encode_frames(self, frames: FrameBatch) -> VideoFeatures:
            gate.wait()
            return super().encode_frames(frames)

    def load(entry: ModelEntry, settings: Settings) -> Gated:
        return Gated(entry, settings)

    services.models.register_family(Family(name=model_id, load=load))
    services.models.register(replace(ENTRY, id=model_id, title="Gated histogram", family=model_id))
    return gate
