"""How a result was made: everything that is needed to make it again, whatever the question was."""

from __future__ import annotations

import functools
import platform
import time
from dataclasses import fields
from importlib.metadata import version
from typing import Any

from workbench.models.protocol import VideoTextModel
from workbench.types.outcome import Provenance
from workbench.types.video import SamplingSpec, VideoInfo


def provenance_of(
    analysis: str,
    params: Any,
    video: VideoInfo,
    model: VideoTextModel,
    sampling: SamplingSpec,
    started: float,
    from_cache: bool,
    seed: int | None = None,
) -> Provenance:
    """Return the provenance of an answer to ``params``, work on which ``started`` then by ``time.monotonic``."""
    chosen = {item.name: getattr(params, item.name) for item in fields(params) if item.name not in ("video", "model")}
    return Provenance(
        analysis=analysis,
        video_id=video.id,
        video_title=video.title,
        model_id=model.spec.id,
        model_revision=model.spec.revision,
        parameters=chosen,
        sampling=sampling,
        versions=dict(_versions()),
        elapsed_s=time.monotonic() - started,
        from_cache=from_cache,
        seed=seed,
    )


def provenance_of_file(analysis: str, params: Any, title: str, digest: str, started: float) -> Provenance:
    """Return the provenance of an answer about features from a file called ``title``, whose content has a digest."""
    chosen = {item.name: getattr(params, item.name) for item in fields(params) if item.name not in ("videos", "model")}
    return Provenance(
        analysis=analysis,
        video_id="",
        video_title="",
        model_id=title,
        model_revision=digest,
        parameters=chosen,
        sampling=SamplingSpec(),
        versions=dict(_versions()),
        elapsed_s=time.monotonic() - started,
        from_cache=False,
        seed=params.seed,
    )


@functools.cache
def _versions() -> tuple[tuple[str, str], ...]:
    """Return what an answer was made with; read once, as it takes milliseconds."""
    libraries = ((name, version(name)) for name in ("numpy", "torch", "transformers"))
    return (("python", platform.python_version()), *libraries)
