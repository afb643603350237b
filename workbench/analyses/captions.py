"""How the captions of clips and the clips find each other in the space of a model.

Separate from labels: a caption is a sentence, so that it is compared with a clip and not learnt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace

import numpy as np
from jaxtyping import Bool, Float32

from workbench.analyses.analysis import Report
from workbench.analyses.clip_features import ClipFeatures
from workbench.analyses.clips import Clip
from workbench.analyses.prompts import ask
from workbench.analyses.services import Services
from workbench.core.probing import alignment, retrieval
from workbench.models.protocol import VideoTextModel
from workbench.types.comparison import Captions, Ranks
from workbench.types.outcome import Progress

_AT_ONCE = 128
"""Captions that are read against a clip together, where they must be."""


def captions_of(
    services: Services, clips: Sequence[Clip], model: VideoTextModel, seen: ClipFeatures, report: Report
) -> tuple[Captions | None, tuple[str, ...]]:
    """Return how captions and the clips that have one find each other, and what is to be said of that.

    None where there are no two different captions. Raises whatever ``report`` raises to cancel.
    """
    rows = [at for at, clip in enumerate(clips) if clip.caption]
    texts = tuple(dict.fromkeys(clips[at].caption for at in rows))
    if len(texts) < 2:
        return None, ("All captions are the same, so that none can be looked for.",) if texts else ()
    own = np.array([texts.index(clips[at].caption) for at in rows])
    truth: Bool[np.ndarray, "caption clip"] = own == np.arange(len(texts))[:, None]
    said = []
    if model.spec.separable:
        embeddings = ask(services, model, texts).said.embeddings
        cosines = embeddings @ seen.rows[rows].T
        aligned = alignment(seen.rows[rows], embeddings[own])
    else:
        cosines, aligned = _read_against(services, texts, [clips[at] for at in rows], rows, model, seen, report), np.nan
        said.append(
            f"{model.spec.title} reads a caption against the video, so that a caption is no point of its space, and "
            "there is no alignment."
        )
    if len(rows) < len(clips):
        said.append(f"{len(clips) - len(rows):,} clips have no caption, and are not looked for.")
    return Captions(len(texts), len(rows), _ranks(cosines, truth), _ranks(cosines.T, truth.T), aligned), tuple(said)


def _ranks(cosines: Float32[np.ndarray, "query item"], truth: Bool[np.ndarray, "query item"]) -> Ranks:
    return Ranks(**asdict(retrieval(cosines, truth)))


def _read_against(
    services: Services,
    texts: tuple[str, ...],
    clips: Sequence[Clip],
    rows: Sequence[int],
    model: VideoTextModel,
    seen: ClipFeatures,
    report: Report,
) -> Float32[np.ndarray, "caption clip"]:
    """Return the mean over each clip of the cosine of every caption as it is read there."""
    cosines = np.empty((len(texts), len(clips)), np.float32)
    parts = [slice(at, at + _AT_ONCE) for at in range(0, len(texts), _AT_ONCE)]
    asked, what = [ask(services, model, texts[part]) for part in parts], f"Reading captions with {model.spec.title}"
    for number, (clip, row) in enumerate(zip(clips, rows, strict=True)):
        report(Progress(number * len(texts), len(clips) * len(texts), what, unit="sentence"))
        film, within = seen.films[clip.video], slice(*seen.bounds[row].tolist())
        assert film.context is not None
        part_of_film = replace(
            film, times_s=film.times_s[within], frames=film.frames[within], context=film.context[within]
        )
        for part, sentences in zip(parts, asked, strict=True):
            cosines[part, number] = sentences.curves(model, part_of_film).mean(axis=1)
    return cosines
