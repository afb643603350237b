"""MetaCLIP 2: CLIP for all languages, read at the end token that its config names, whatever its number.

Separate because every family's text encoder is fed in its own way; all else is ``transformers_dual``.
Source: Chuang et al., Meta CLIP 2: A Worldwide Scaling Recipe, 2025.
"""

from __future__ import annotations

from typing import Any

from workbench.models.transformers_dual import TransformersDualEncoder


class MetaClip2(TransformersDualEncoder):
    """``MetaClip2Model`` of the transformers library."""

    @staticmethod
    def end_token(config: Any, n_vocabulary: int) -> int | None:
        """Return the end token as the config names it."""
        return config.eos_token_id
