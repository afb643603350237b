"""What vision transformers show beside their feature: what each patch says, and what attends to what.

Separate because it is asked of a few frames, on demand, and of encoders that are made of patches alone. A
subclass says where patches lie and what its network makes of them; ``transformers_vision`` and
``openclip_vision`` say it for two libraries.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float32, UInt8

from workbench.errors import InputError
from workbench.models.dual import DualEncoder
from workbench.models.opened import Inside, Opened
from workbench.models.protocol import MAX_ATTENTION_BYTES, Capability
from workbench.models.rows import unit_rows
from workbench.types.features import AttentionMaps, PatchMaps
from workbench.types.video import FrameBatch

_OPENING = threading.Lock()


@dataclass(frozen=True)
class Layout:
    """Where the patches of a frame lie: how many (rows, columns), and what they cover; see ``PatchMaps``."""

    grid: tuple[int, int]
    seen: tuple[float, float, float, float]

    @property
    def n_patches(self) -> int:
        """The patches of a frame."""
        return self.grid[0] * self.grid[1]


@dataclass(frozen=True)
class EncoderShape:
    """The layers and heads of a vision encoder, and its tokens that stand before and after the patches."""

    n_layers: int
    n_heads: int
    n_prefix: int = 1
    n_suffix: int = 0


class AttendingEncoder(DualEncoder):
    """A dual encoder whose attention can be looked at; a subclass gives ``layout``, ``shape`` and ``seeing``."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset({"attention"})
    unhooked: AbstractContextManager[Any] = nullcontext()
    """Held while the network is copied, so that no hook of another thread is copied with it."""
    _opened: Opened | None = None

    def layout(self, pixels: UInt8[np.ndarray, "time height width 3"]) -> Layout:
        """Return where the patches of such frames lie; they are of one size."""
        raise NotImplementedError

    @property
    def shape(self) -> EncoderShape:
        """Return what the attention of the vision encoder is made of."""
        raise NotImplementedError

    @property
    def seeing(self) -> Inside:
        """Return where the vision encoder keeps its parts."""
        raise NotImplementedError

    @property
    def opened(self) -> Opened:
        """The network, opened: on the same weights, and with attention that can be watched."""
        with _OPENING:
            if self._opened is None:
                self._opened = Opened(self)
            return self._opened

    def attend(self, prepared: Any) -> Any:
        """Return attention weights ``[time layer head query key]``, on the device, of what ``prepare`` made."""
        layers = getattr(self.opened.part(self.seeing.encoder), self.seeing.layers)
        attentions = [attrgetter(self.seeing.attention)(layer) for layer in layers]
        weights = self.opened.weights(attentions, lambda adapter: adapter.look(prepared))
        return self._torch.stack(weights, dim=1)

    def attention(self, frames: FrameBatch) -> AttentionMaps:
        """Return attention weights in float32 products, so that keys sum to 1, one row per frame.

        Cost: one forward pass per frame that writes all weights out; 1 to 100 MB a frame.
        Raises ``InputError`` where they would take more than ``MAX_ATTENTION_BYTES``.
        """
        layout, shape = self.layout(frames.pixels[:1]), self.shape
        n_tokens = shape.n_prefix + layout.n_patches + shape.n_suffix
        n_bytes = 4 * len(frames.pixels) * shape.n_layers * shape.n_heads * n_tokens**2
        if n_bytes > MAX_ATTENTION_BYTES:
            raise InputError(
                f"The attention of “{self.spec.id}” in {len(frames.pixels)} frames takes {n_bytes / 1e9:.1f} GB, and "
                f"{MAX_ATTENTION_BYTES / 1e9:.1f} GB may be asked for at once; ask for fewer frames."
            )

        return AttentionMaps(
            video_id=frames.video_id,
            model_id=self.spec.id,
            times_s=frames.times_s,
            weights=self._exactly(frames, self.attend),
            n_prefix=shape.n_prefix,
            n_suffix=shape.n_suffix,
            grid=layout.grid,
            seen=layout.seen,
        )

    def _exactly(self, frames: FrameBatch, attend: Callable[[Any], Any]) -> Float32[np.ndarray, "row ..."]:
        """Return ``attend`` of frames that are prepared, in float32 products."""

        def exactly(prepared: Any) -> Any:
            with self._torch.autocast(self._device.split(":")[0], enabled=False):
                return attend(prepared)

        return self._by_window(frames, exactly, "attention")


class PatchEncoder(AttendingEncoder):
    """One whose patches can be read as well; a subclass gives ``look_closely``."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset({"attention", "patches"})

    def look_closely(self, prepared: Any) -> Any:
        """Return raw features ``[time patch dim]``, on the device, of what ``prepare`` made."""
        raise NotImplementedError

    def encode_patches(self, frames: FrameBatch) -> PatchMaps:
        """Return unit features, float32, of every patch, one row per frame. Cost: one forward pass per frame."""
        layout = self.layout(frames.pixels[:1])
        raw = self._by_window(frames, self.look_closely, "patches")
        return PatchMaps(
            video_id=frames.video_id,
            model_id=self.spec.id,
            times_s=frames.times_s,
            patches=unit_rows(raw.reshape(-1, raw.shape[-1])).reshape(raw.shape),
            grid=layout.grid,
            seen=layout.seen,
        )


def covered(
    resized_px: tuple[int, int], start_px: tuple[int, int], patch_px: tuple[int, int], grid: tuple[int, int]
) -> tuple[float, float, float, float]:
    """Return what patches cover, in sides of the frame: of the frame ``resized``, from ``start``, which may be below 0.

    What is left over beside the last whole patch is seen by none.
    """
    (height, width), (top, left) = resized_px, start_px
    bottom, right = top + grid[0] * patch_px[0], left + grid[1] * patch_px[1]
    return top / height, left / width, bottom / height, right / width
