"""A GPU that is lent call by call, as ZeroGPU of Hugging Face does: frames go there, features come back.

Separate because this process must never touch that GPU. Another one, forked from it, does, and nothing passes between
the two but arrays in the memory of the machine. Only films are read there, by models that are not small: all else
takes less time on the processor than such a call.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from dataclasses import replace

from workbench.errors import ModelError
from workbench.models.protocol import FrameEncoder, Placement, VideoTextModel
from workbench.models.registry import ModelRegistry
from workbench.settings import Settings
from workbench.types.features import VideoFeatures
from workbench.types.video import FrameBatch

FRAMES_A_CALL = 128
SMALL_BYTES = 50_000_000
"""Weights up to which a model reads films on the processor, as the bundled ones do."""

_LOADING_S, _FRAMES_A_SECOND, _LONGEST_S = 30, 20, 120

Encode = Callable[[Settings, str, FrameBatch], VideoFeatures]


def borrow(settings: Settings) -> Callable[[VideoTextModel], FrameEncoder]:
    """Return a function from a model to what reads films for it on the lent GPU.

    To be called before torch is imported, and before the page is launched: the platform looks for what it wraps then.
    Source: the package ``spaces``, which the platform installs.
    """
    encode = importlib.import_module("spaces").GPU(duration=_seconds)(_encode)

    def reader(model: VideoTextModel) -> FrameEncoder:
        return model if model.placement.n_bytes <= SMALL_BYTES else _OnLentGpu(model, settings, encode)

    return reader


class _OnLentGpu:
    """Reads films for ``model``, which itself stays on the processor."""

    def __init__(self, model: VideoTextModel, settings: Settings, encode: Encode) -> None:
        self.spec = model.spec
        self._model, self._settings, self._encode = model, settings, encode

    @property
    def placement(self) -> Placement:
        """Return where films are read, and how many rows go there at once."""
        return replace(
            self._model.placement,
            device=self._settings.device,
            rows_at_once=max(1, FRAMES_A_CALL // self.spec.window_frames),
        )

    def encode_frames(self, frames: FrameBatch) -> VideoFeatures:
        """Return what the model makes of frames, as on the processor. Raises ``ModelError`` where no GPU is lent."""
        try:
            return self._encode(self._settings, self.spec.id, frames)
        except Exception as error:  # the platform tells all that goes wrong, a full quota too, in errors of its own
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            raise ModelError(
                f"The GPU that is lent to this page did not read the film ({reason}); try again in a minute, or choose "
                "a model that comes with the workbench and a short film."
            ) from error


def _encode(settings: Settings, model_id: str, frames: FrameBatch) -> VideoFeatures:
    """Return features of frames; runs in the process that has the GPU."""
    return _models_there(settings).load(model_id).encode_frames(frames)


@functools.cache
def _models_there(settings: Settings) -> ModelRegistry:
    """Return the models of that process, which serves several calls.

    In float32, as features are named that the processor would make.
    """
    return ModelRegistry(replace(settings, device="cuda", precision="float32"))


def _seconds(settings: Settings, model_id: str, frames: FrameBatch) -> int:
    """Return for how long the GPU is asked for: loading the model, and reading slowly."""
    return min(_LONGEST_S, _LOADING_S + len(frames.times_s) // _FRAMES_A_SECOND)
