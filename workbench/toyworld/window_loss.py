"""How badly windows and sentences fit: the loss of the lessons in which words are learned.

Separate because it knows cosines and truth, and neither networks nor pictures.
"""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional

from workbench.toyworld.window_batches import UNCLEAR


class WindowLoss(nn.Module):
    """The loss of windows and sentences; holds the two numbers of its sigmoid, which the model leaves behind.

    Each true sentence against all that are false of its window, each window against those of which its first
    sentence is false, and a sigmoid on every pair, which puts all sentences on one scale. What is not clear
    counts nowhere.
    """

    def __init__(self, pair_weight: float) -> None:
        super().__init__()
        self.pair_weight = pair_weight
        self.slope = nn.Parameter(torch.tensor(math.log(10.0)))
        self.offset = nn.Parameter(torch.tensor(-5.0))

    def forward(self, cosine: torch.Tensor, scale: torch.Tensor, truth: torch.Tensor, n_own: int) -> torch.Tensor:
        """Return the loss for ``cosine [window sentence]``, of which the first ``n_own`` are the window's own."""
        pairs = functional.binary_cross_entropy_with_logits(
            self.slope.exp() * cosine + self.offset, (truth == 1).float(), reduction="none"
        )
        logits = scale * cosine
        return (
            _against_false(logits, truth)
            + 0.5 * _against_false(logits[:, n_own:].T, truth[:, n_own:].T)
            + self.pair_weight * pairs[truth != UNCLEAR].mean()
        )


def _against_false(logits: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Return the mean loss of every true entry against all false ones of its row; 0 where none is true."""
    false = logits.masked_fill(truth != 0, -1e4).logsumexp(1, keepdim=True)
    losses = functional.softplus(false - logits)[truth == 1]
    return losses.sum() / max(1, len(losses))
