"""What every analysis returns, and what it tells while it works."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

import numpy as np
from jaxtyping import Float32, Float64

from workbench.types.video import SamplingSpec

R = TypeVar("R")


@dataclass(frozen=True)
class Provenance:
    """Everything that is needed to make the same result again; ``command`` is the command line, once it is known."""

    analysis: str
    video_id: str
    video_title: str
    model_id: str
    model_revision: str
    parameters: Mapping[str, object]
    sampling: SamplingSpec
    versions: Mapping[str, str]
    elapsed_s: float
    from_cache: bool
    seed: int | None = None
    command: str = ""


@dataclass(frozen=True)
class Outcome(Generic[R]):
    """A result with its provenance: what every analysis returns."""

    result: R
    provenance: Provenance


@dataclass(frozen=True)
class Glimpse:
    """What is known of a video while it is still being read: the raw cosines of the parts that were read.

    ``step_s`` is how far apart two values are where nothing lacks between them.
    """

    queries: tuple[str, ...]
    times_s: Float64[np.ndarray, "time"]
    similarity: Float32[np.ndarray, "query time"]
    step_s: float


@dataclass(frozen=True)
class Progress:
    """One step of long work: ``done`` of ``total`` units, what is being done, for people, and what is known.

    ``is_waiting``: nothing is done but waiting for somebody else who does the very same.
    """

    done: int
    total: int
    what: str = field(default="")
    glimpse: Glimpse | None = None
    unit: Literal["frame", "window", "sentence", "picture", "point", "epoch", "video", "label"] = "frame"
    is_waiting: bool = False
