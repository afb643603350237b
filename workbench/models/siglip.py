"""SigLIP and SigLIP 2: trained on texts filled up to their full length, which must be fed to them so.

Separate because every family's text encoder is fed in its own way; all else is ``transformers_dual``. A
picture may keep its proportions (the NaFlex checkpoints of SigLIP 2): its image processor sees to that.
Source: Zhai et al., Sigmoid Loss for Language Image Pre-Training, ICCV 2023; Tschannen et al., SigLIP 2, 2025.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from jaxtyping import UInt8

from workbench.models.transformers_dual import TransformersDualEncoder
from workbench.models.vision import EncoderShape, Layout


class Siglip(TransformersDualEncoder):
    """``SiglipModel`` and ``Siglip2Model`` of the transformers library.

    Their logits add a learned offset to the scaled cosine; it moves no ranking and no contrast.
    """

    fills_context: ClassVar[bool] = True
    seeing = replace(TransformersDualEncoder.seeing, pooling="vision_model.head.attention")

    def layout(self, pixels: UInt8[np.ndarray, "time height width 3"]) -> Layout:
        """Return where the patches of such frames lie; one that keeps its proportions is seen whole."""
        if (grid := _grid(self.prepare(pixels))) is None:
            return super().layout(pixels)
        return Layout(grid, (0.0, 0.0, 1.0, 1.0))

    @property
    def shape(self) -> EncoderShape:
        """Return what the attention is made of: patches and nothing else."""
        return replace(super().shape, n_prefix=0)

    def look_closely(self, prepared: Any) -> Any:
        """Return what the pooling head makes of each patch of the last layer as if it were all there is.

        No training saw to it that this means what the patch shows.
        """
        tokens = self._model.vision_model(**prepared).last_hidden_state[:, : _n_patches(prepared)]
        alone = self._model.vision_model.head(tokens.flatten(0, 1)[:, None])
        return alone.unflatten(0, tokens.shape[:2])

    def by_patch(self, pixels: Any, layout: Layout) -> Any:
        """Return the sum over every patch; a picture that keeps its proportions is prepared as a row of patches."""
        if pixels.dim() == 3:
            return pixels[:, : layout.n_patches].sum(dim=2)
        return super().by_patch(pixels, layout)

    def attend(self, prepared: Any) -> Any:
        """Return the attention weights of all layers among patches; nobody attends to what fills them up."""
        patches = slice(_n_patches(prepared))
        return super().attend(prepared)[..., patches, patches]


def _grid(prepared: Any) -> tuple[int, int] | None:
    """Return rows and columns of the patches where a picture keeps its proportions."""
    if "spatial_shapes" not in prepared:
        return None
    rows, columns = prepared["spatial_shapes"][0].tolist()
    return rows, columns


def _n_patches(prepared: Any) -> int | None:
    grid = _grid(prepared)
    return grid and grid[0] * grid[1]
