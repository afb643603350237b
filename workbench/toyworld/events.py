"""The scaffold of the third lesson of ``toyworld-video``: what a named object does, asked without words.

Separate because its heads are thrown away. As long as windows say nothing of what happens, words for it are of
no use, and as long as words say nothing, windows need not either: asking each side alone gets both going.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Int64
from torch import nn
from torch.nn import functional

from workbench.toyworld.grammar import Sentence
from workbench.toyworld.vocabulary import COLOURS, MANNERS, SHAPES, VERBS

_CODE = 16
_IS_THERE = len(VERBS)
_N_NOUNS = (len(COLOURS) + 1) * (len(SHAPES) + 1)
_N_DEEDS = (len(VERBS) + 1) * (len(MANNERS) + 1)


def coded(sentence: Sentence) -> Int64[np.ndarray, "2"]:
    """Return the noun of a sentence and what it does, as numbers; whatever else it says is left out."""
    if sentence.clauses:
        clause = sentence.clauses[0]
        noun, verb, manner = clause.noun, list(VERBS).index(clause.verb), clause.manner
    else:
        noun, verb, manner = sentence.nouns[0], _IS_THERE, None
    colour = 0 if noun.colour is None else 1 + list(COLOURS).index(noun.colour)
    shape = 0 if noun.shape is None else 1 + SHAPES.index(noun.shape)
    how = 0 if manner is None else 1 + MANNERS.index(manner)
    return np.array([colour * (len(SHAPES) + 1) + shape, verb * (len(MANNERS) + 1) + how])


class EventHeads(nn.Module):
    """Asks windows what a named object does, and sentences whom they name doing what; returns the loss."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self._width = width
        self.read = nn.Embedding(_N_NOUNS, width * _CODE)
        self.deed = nn.Linear(_CODE, _N_DEEDS)
        nn.init.normal_(self.read.weight, std=0.05)
        self.said = nn.Linear(width, _N_NOUNS + _N_DEEDS)

    def forward(
        self, windows: torch.Tensor, said: torch.Tensor, codes: torch.Tensor, truth: torch.Tensor
    ) -> torch.Tensor:
        """Return the loss for ``windows [window dim]``, ``said [window sentence dim]`` and their codes and truth."""
        read = self.read(codes[..., 0]).unflatten(-1, (self._width, _CODE))
        answers = self.deed(torch.einsum("wd,wsdc->wsc", windows, read))
        answer = answers.gather(-1, codes[..., 1:]).squeeze(-1)
        happens = functional.binary_cross_entropy_with_logits(answer, (truth == 1).float(), reduction="none")
        nouns, deeds = self.said(said).split([_N_NOUNS, _N_DEEDS], -1)
        named = functional.cross_entropy(nouns.flatten(0, -2), codes[..., 0].flatten())
        told = functional.cross_entropy(deeds.flatten(0, -2), codes[..., 1].flatten())
        return 4 * happens[truth >= 0].mean() + 0.2 * (named + told)
