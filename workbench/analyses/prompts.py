"""Sentences in the prompts of a model, and what a video makes of them over time.

Separate because what a prompt ensemble is depends on the model: where sentences stand for themselves it is one
embedding, the mean of the prompts'; where they are read against the video, it is the mean of the prompts' curves.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64

from workbench.analyses.analysis import Report, silent
from workbench.analyses.services import Services
from workbench.analyses.texts import encode_texts
from workbench.core import grounding
from workbench.errors import StoreError
from workbench.models.protocol import VideoTextModel
from workbench.store.keys import cache_key
from workbench.types.features import TextFeatures, VideoFeatures
from workbench.types.outcome import Progress

_WINDOWS_AT_ONCE = 64
CURVES_VERSION = 1
"""Raised whenever the same features give other curves than before."""


@dataclass(frozen=True)
class Asked:
    """Sentences as a person typed them, and ``said``: what a model compares, as many rows a sentence as another."""

    texts: tuple[str, ...]
    unknown_words: tuple[tuple[str, ...], ...]
    is_truncated: tuple[bool, ...]
    said: TextFeatures

    def curves(
        self, model: VideoTextModel, video: VideoFeatures, report: Report = silent
    ) -> Float32[np.ndarray, "query time"]:
        """Return the cosine of every sentence over time; raises whatever ``report`` raises to cancel.

        Cost: one matrix product. Where sentences are read against the video, milliseconds a window, and ``report``
        is told how far it is.
        """
        curves = np.empty((len(self.texts), len(video.times_s)), np.float32)
        at = 0
        for part in _parts(model, video, report):
            rows = model.similarity(part, self.said)
            past = at + rows.shape[1]
            curves[:, at:past] = rows.reshape(len(self.texts), -1, rows.shape[1]).mean(axis=1)
            at = past
        return curves

    def weighted(
        self,
        model: VideoTextModel,
        video: VideoFeatures,
        weights: Float64[np.ndarray, "time"],
        report: Report = silent,
    ) -> Float64[np.ndarray, "query"]:
        """Return the sum of every sentence's cosines over time, weighted: the curves themselves are never kept.

        Raises whatever ``report`` raises to cancel. Cost: that of ``curves``; where sentences stand for themselves,
        one scalar product a sentence.
        """
        if model.spec.separable:
            return self.said.embeddings.astype(np.float64) @ (weights @ video.frames.astype(np.float64))
        total, at = np.zeros(len(self.texts)), 0
        for part in _parts(model, video, report):
            rows = model.similarity(part, self.said)
            total += rows.reshape(len(self.texts), -1, rows.shape[1]).mean(axis=1) @ weights[at : at + rows.shape[1]]
            at += rows.shape[1]
        return total


def _parts(model: VideoTextModel, video: VideoFeatures, report: Report) -> Iterator[VideoFeatures]:
    """Yield the video, a part at a time where sentences are read against it."""
    if model.spec.separable:
        yield video
        return
    what, n_windows = f"Reading sentences against the video with {model.spec.title}", len(video.times_s)
    for at in range(0, n_windows, _WINDOWS_AT_ONCE):
        report(Progress(at, n_windows, what, unit="window"))
        rows = slice(at, at + _WINDOWS_AT_ONCE)
        assert video.context is not None
        yield replace(video, times_s=video.times_s[rows], frames=video.frames[rows], context=video.context[rows])
    report(Progress(n_windows, n_windows, what, unit="window"))


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


def curves_of(
    services: Services,
    model: VideoTextModel,
    asked: Asked,
    video: VideoFeatures,
    chunks: list[str],
    report: Report = silent,
    seen: Float32[np.ndarray, "query time"] | None = None,
) -> Float32[np.ndarray, "query time"]:
    """Return the cosine of every sentence over the film whose features are kept under ``chunks``.

    Where a sentence must be read against the film, its curve is kept: the next look at it costs a file. ``seen``
    are the curves of who looked on while the film was read: nothing is read again.
    Raises whatever ``report`` raises to cancel.
    """
    if model.spec.separable:
        return asked.curves(model, video)
    common = {"kind": "curve", "version": CURVES_VERSION, "chunks": chunks, "prompts": model.spec.prompts}
    keys = [cache_key(text=text, **common) for text in asked.texts]
    found: list[Any] = [services.store.get(key) for key in keys]
    if missing := [at for at, kept in enumerate(found) if kept is None]:
        if seen is None:
            curves = ask(services, model, tuple(asked.texts[at] for at in missing)).curves(model, video, report)
        else:
            curves = seen[missing]
        for at, curve in zip(missing, curves, strict=True):
            found[at] = {"curve": curve}
            with suppress(StoreError):
                services.store.put(keys[at], found[at])
    return np.stack([kept["curve"] for kept in found])
