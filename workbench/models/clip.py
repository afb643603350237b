"""CLIP: a text is read at its end token, and what fills it up is never looked at.

Separate because every family's text encoder is fed in its own way; all else is ``transformers_dual``.
Source: Radford et al., Learning Transferable Visual Models From Natural Language Supervision, ICML 2021.
"""

from __future__ import annotations

from typing import Any

from workbench.models.transformers_dual import TransformersDualEncoder


class Clip(TransformersDualEncoder):
    """``CLIPModel`` of the transformers library: OpenAI's, LAION's and anybody's fine-tuned checkpoints."""

    @staticmethod
    def end_token(config: Any, n_vocabulary: int) -> int | None:
        """Return the end token; the oldest configs say 2 and mean the largest id."""
        return config.eos_token_id if config.eos_token_id != 2 else n_vocabulary - 1
