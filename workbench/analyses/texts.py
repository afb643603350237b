"""Sentences to embeddings, once: what a model made of a sentence is kept like what it made of a video."""

from __future__ import annotations

import json

import numpy as np

from workbench.analyses.services import Services
from workbench.models.protocol import VideoTextModel
from workbench.store.keys import cache_key
from workbench.types.features import TextFeatures

_VERSION = 3
"""Raised whenever an adapter makes something else of the same texts than before."""


def encode_texts(services: Services, model: VideoTextModel, texts: tuple[str, ...]) -> TextFeatures:
    """Return the features of ``texts``; asks the model only for a list it has not seen before."""
    spec = model.spec
    key = cache_key(
        kind="text-features",
        version=_VERSION,
        family=spec.family,
        revision=spec.revision,
        dtype=spec.precision,
        texts=texts,
    )

    def compute() -> dict[str, np.ndarray]:
        features = model.encode_texts(texts)
        words = [features.tokens, features.unknown_words, features.is_truncated, features.spans]
        said = np.frombuffer(json.dumps(words).encode(), np.uint8)
        return {"embeddings": features.embeddings, "words": said}

    stored = services.store.get_or_compute(key, compute)
    tokens, unknown, is_truncated, spans = json.loads(stored["words"].tobytes())
    return TextFeatures(
        model_id=spec.id,
        texts=texts,
        embeddings=stored["embeddings"],
        tokens=tuple(map(tuple, tokens)),
        unknown_words=tuple(map(tuple, unknown)),
        is_truncated=tuple(is_truncated),
        spans=tuple(tuple((start, stop) for start, stop in own) for own in spans),
    )
