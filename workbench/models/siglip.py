"""SigLIP and SigLIP 2: trained on texts filled up to their full length, which must be fed to them so.

Separate because every family's text encoder is fed in its own way; all else is ``transformers_dual``. A
picture may keep its proportions (the NaFlex checkpoints of SigLIP 2): its image processor sees to that.
Source: Zhai et al., Sigmoid Loss for Language Image Pre-Training, ICCV 2023; Tschannen et al., SigLIP 2, 2025.
"""

from __future__ import annotations

from typing import ClassVar

from workbench.models.transformers_dual import TransformersDualEncoder


class Siglip(TransformersDualEncoder):
    """``SiglipModel`` and ``Siglip2Model`` of the transformers library.

    Their logits add a learned offset to the scaled cosine; it moves no ranking and no contrast.
    """

    fills_context: ClassVar[bool] = True
