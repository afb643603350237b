"""The lines in which visitors wait: for what is kept, for what is computed, for films to be read, and for uploads.

Separate because the page and the verbs for programs share them. Who asks for what is kept waits for nobody's film.
Who finds that another does the very same gives the place away, and needs none for the rest: the other's work is kept.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass

from workbench.analyses.extraction import is_cached
from workbench.analyses.ground import MomentParams
from workbench.analyses.services import Services
from workbench.errors import WorkbenchError
from workbench.settings import Settings
from workbench.types.video import SamplingSpec
from workbench.ui.gradio.received import Received
from workbench.ui.gradio.shares import Shares
from workbench.ui.gradio.turns import Turns

FEWEST_AT_ONCE, MOST_AT_ONCE, MOST_RECEIVED = 2, 4, 4
LONG_S = 600.0
"""A film of which a model that reads sentences against it takes its time, though it was read."""


def n_at_once() -> int:
    """Return how many are served at once in each line: as many as there are processors, two to four."""
    return min(max(FEWEST_AT_ONCE, os.cpu_count() or 0), MOST_AT_ONCE)


@dataclass(frozen=True)
class Lines:
    """A line for each kind of work."""

    kept: Turns
    computed: Turns
    read: Turns
    received: Shares

    @classmethod
    def of(cls, settings: Settings) -> Lines:
        """Return empty lines."""
        kept, computed, read = (Turns(n_at_once(), settings.max_asked) for _ in range(3))
        receiving = Turns(n_at_once(), min(MOST_RECEIVED, settings.max_asked))
        received = Shares(receiving, settings.max_brought_bytes, Received.of(settings))
        return cls(kept, computed, read, received)

    def for_moments(self, services: Services, params: MomentParams) -> Turns:
        """Return where it waits to be said when sentences are true; what is wrong with that is told by the answer."""
        if (model := services.models.in_memory(params.model)) is not None:  # else it is loaded first, which takes long
            with suppress(WorkbenchError):
                video, spec = services.library.get(params.video), model.spec
                is_quick = spec.separable or video.duration_s <= LONG_S
                sampling = SamplingSpec(params.fps, params.max_frames)
                if is_quick and is_cached(services, video, spec, sampling, params.reuse_below):
                    return self.kept
        return self.read
