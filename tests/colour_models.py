"""The model that knows colour words, in other forms: under a second name, and with sentences read against films.

Separate because tests of several questions hold two models against each other, or need one that is not separable.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from workbench.models import builtin
from workbench.models.adapter_template import ENTRY, FAMILY, ColourHistogram
from workbench.models.rows import cosine

SECOND = replace(ENTRY, id="colour-again", title="Colour again")


def offer_both(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """Offer the colour model on the list under two names, with an empty cache."""
    monkeypatch.setenv("WORKBENCH_HOME", str(home))
    monkeypatch.setenv("WORKBENCH_OFFLINE", "1")
    entries = builtin.entries
    monkeypatch.setattr(builtin, "FAMILIES", (*builtin.FAMILIES, FAMILY))
    monkeypatch.setattr(builtin, "entries", lambda folder: (*entries(folder), ENTRY, SECOND))


class ReadAgainst(ColourHistogram):
    """Says that its sentences are read against the video, and answers from what belongs to the film alone."""

    def __init__(self, entry, settings):
        super().__init__(entry, settings)
        self.spec = replace(self.spec, separable=False)

    def encode_frames(self, frames):
        """Return the histograms with themselves as context."""
        found = super().encode_frames(frames)
        return replace(found, context=found.frames[:, None])

    def similarity(self, video, text):
        """Return the cosine with the context."""
        return cosine(replace(video, frames=np.ascontiguousarray(video.context[:, 0])), text)
