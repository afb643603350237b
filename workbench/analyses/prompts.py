"""Sentences in the prompts of a model, and what a video makes of them over time.

Separate because what a prompt ensemble is depends on the model: where sentences stand for themselves it is one
embedding, the mean of the prompts'; where they are read against the video, it is the mean of the prompts' curves.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float32

from workbench.analyses.services import Services
from workbench.analyses.texts import encode_texts
from workbench.core import grounding
from workbench.models.protocol import VideoTextModel
from workbench.types import TextFeatures, VideoFeatures


@dataclass(frozen=True)
class Asked:
    """Sentences as a person typed them, and ``said``: what a model compares, as many rows a sentence as another."""

    texts: tuple[str, ...]
    unknown_words: tuple[tuple[str, ...], ...]
    is_truncated: tuple[bool, ...]
    said: TextFeatures

    def curves(self, model: VideoTextModel, video: VideoFeatures) -> Float32[np.ndarray, "query time"]:
        """Return the cosine of every sentence over time. Cost: one matrix product, or what the model needs for one."""
        rows = model.similarity(video, self.said)
        return rows.reshape(len(self.texts), -1, rows.shape[1]).mean(axis=1)


def ask(services: Services, model: VideoTextModel, queries: tuple[str, ...]) -> Asked:
    """Return the sentences in the model's prompts; unknown words are those of the bare sentence."""
    prompts = model.spec.prompts
    said = encode_texts(services, model, tuple(p.replace("{}", query) for query in queries for p in prompts))
    bare = range(0, len(said.texts), len(prompts))
    if model.spec.separable:
        by_query = said.embeddings.reshape(len(queries), len(prompts), -1)
        embeddings, texts = grounding.prompt_ensemble(by_query), queries
    else:
        embeddings, texts = said.embeddings, said.texts
    return Asked(
        texts=queries,
        unknown_words=tuple(said.unknown_words[at] for at in bare) if said.unknown_words else ((),) * len(queries),
        is_truncated=tuple(any(said.is_truncated[at : at + len(prompts)]) for at in bare),
        said=replace(said, texts=texts, embeddings=embeddings, tokens=(), unknown_words=(), is_truncated=()),
    )
