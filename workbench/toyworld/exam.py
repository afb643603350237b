"""Examines a frame model on frames it has never seen: which edits of a caption it tells from the truth.

Separate from training so that the figures of the model card can be made again from the shipped weights.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from transformers import CLIPModel

from workbench.toyworld import grammar, stills
from workbench.toyworld.seeds import generator
from workbench.toyworld.tokens import OF_FRAMES
from workbench.toyworld.training import IMAGE_PX, cosine_of, to_network

_FRAMES = 64


@dataclass(frozen=True)
class Mark:
    """How many edited captions of one kind the model scored strictly below the true one."""

    kind: str
    n_right: int
    n_asked: int

    @property
    def share(self) -> float:
        """The share of right answers, in [0, 1]; a tie is wrong."""
        return self.n_right / self.n_asked


@torch.inference_mode()
def examine(model: CLIPModel, n_frames: int = 512, seed: int = 0) -> dict[str, Mark]:
    """Return one mark per kind of edit, over ``n_frames`` frames of the test split."""
    right: dict[str, list[bool]] = {}
    for index in range(n_frames // _FRAMES):
        rng = generator("test", seed, index)
        scene = stills.random_stills(rng, _FRAMES)
        pixels = stills.draw_stills(scene, IMAGE_PX, rng)
        true = stills.captions(scene, rng, n_edits=0)
        edited = [(at, edit) for at, sentence in enumerate(true) for edit in grammar.edits(sentence, rng)]
        false = ~stills.truth_table(scene, [edit.sentence for _, edit in edited])
        ids, mask = OF_FRAMES.encode([sentence.text for sentence in true] + [edit.text for _, edit in edited])
        cosine = cosine_of(model, to_network(pixels), torch.from_numpy(ids), torch.from_numpy(mask)).numpy()
        for column, (at, edit) in enumerate(edited):
            if false[at, column]:
                right.setdefault(edit.kind, []).append(bool(cosine[at, at] > cosine[at, _FRAMES + column]))
    return {kind: Mark(kind, int(np.sum(marks)), len(marks)) for kind, marks in sorted(right.items())}
