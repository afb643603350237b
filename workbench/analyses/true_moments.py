"""Clips that need no file of labels: the moments of films whose truth is known, each with its sentence.

Separate from the rows of files, as nothing here was written by anybody who could have erred.
"""

from __future__ import annotations

from collections.abc import Sequence

from workbench.analyses.clips import Clip
from workbench.analyses.services import Services


def true_moments(services: Services, videos: Sequence[str]) -> tuple[Clip, ...]:
    """Return the true moments of films, named by their ids; none of films of which none are known.

    Raises ``VideoError`` for a film that is not there.
    """
    return tuple(
        Clip(video, float(start_s), min(float(end_s), services.library.get(video).duration_s), caption=row["query"])
        for video in videos
        for row in services.library.truth_for(video)
        for start_s, end_s in row["windows"]
    )
