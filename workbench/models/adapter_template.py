"""A whole model family in one file, to copy when adding another: the colour histogram.

Separate because it is the worked example of the contract, small enough to read in one sitting and
real enough to run: it passes the same contract test as every other family. It knows the basic colour
words and nothing else, needs numpy only, and so also stands in for a model wherever a test needs one.

To add a family: copy this file, replace the two ``encode_`` methods, describe the model truthfully in
``ModelSpec``, and register ``FAMILY`` and one ``ModelEntry`` per checkpoint (``builtin.py`` shows how).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float32

from workbench.models.entry import Family, ModelEntry
from workbench.models.protocol import ModelSpec, Placement
from workbench.models.rows import cosine, mean_pooled_score, unit_rows
from workbench.models.tokenization import spans_in
from workbench.settings import Settings
from workbench.types.features import TextFeatures, VideoFeatures
from workbench.types.video import FrameBatch

PALETTE = {
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "gray": (128, 128, 128),
    "red": (220, 30, 30),
    "orange": (245, 140, 20),
    "yellow": (245, 225, 40),
    "green": (40, 160, 60),
    "cyan": (40, 200, 210),
    "blue": (40, 70, 210),
    "purple": (130, 50, 170),
    "pink": (240, 130, 180),
    "brown": (120, 75, 40),
}
COLOURS = tuple(PALETTE)
# One dimension a colour, and a last one that only texts without a colour word use: such a text is
# then at right angles to every frame instead of having no direction at all.
DIM = len(COLOURS) + 1


class ColourHistogram:
    """How much of a frame has which colour, against the colour words of a sentence."""

    def __init__(self, entry: ModelEntry, settings: Settings) -> None:
        # Load weights here, once. Raise ModelError, in one sentence with what to do, if they are unusable.
        self.spec = ModelSpec(
            id=entry.id,
            title=entry.title,
            family=entry.family,
            revision="1",  # the hub's commit, or a digest of the weights: another revision, another cache key
            dim=DIM,
            image_px=1,  # the side of the square the network sees
            logit_scale=10.0,  # what cosines are multiplied by before a softmax
            licence=entry.licence,
            n_parameters=3 * len(COLOURS),
            preprocessing="nearest-of-12-colours",  # a digest of all that is done to pixels
            capabilities=frozenset(),  # name only what the class has: the contract test looks
            frame_independent=True,  # False if a frame's feature depends on its neighbours
            separable=True,  # False if a text's embedding depends on the video
            prompts=("{}", "something {}"),
            distractors=tuple(f"something {colour}" for colour in COLOURS),
            note="Knows colour words only; made for tests and as an example.",
        )

    @property
    def placement(self) -> Placement:
        """Return where the model is and what it costs."""
        return Placement(device="cpu", n_bytes=3 * len(COLOURS), rows_at_once=32)

    def encode_frames(self, frames: FrameBatch) -> VideoFeatures:
        """Return the square root of each frame's colour histogram, which has unit length by itself."""
        palette = np.array(list(PALETTE.values()), dtype=np.float32)
        histograms = np.zeros((len(frames.pixels), DIM), dtype=np.float32)
        for row, pixels in zip(histograms, frames.pixels, strict=True):
            flat = pixels.reshape(-1, 3).astype(np.float32)
            # |pixel - colour|^2 without |pixel|^2, which is the same for all colours
            distance = (palette**2).sum(axis=1) - 2 * flat @ palette.T
            row[: len(COLOURS)] = np.bincount(distance.argmin(axis=1), minlength=len(COLOURS)) / len(flat)
        return VideoFeatures(frames.video_id, self.spec.id, frames.times_s, unit_rows(np.sqrt(histograms)))

    def encode_texts(self, texts: Sequence[str], absent: Bool[np.ndarray, "query token"] | None = None) -> TextFeatures:
        """Return the sum of the colours named by the words that are not ``absent``."""
        tokens = tuple(tuple(re.findall(r"\w+", text.lower())) for text in texts)
        embeddings = np.zeros((len(texts), DIM), dtype=np.float32)
        for query, words in enumerate(tokens):
            for position, word in enumerate(words):
                if word in PALETTE and not (absent is not None and absent[query, position]):
                    embeddings[query, COLOURS.index(word)] += 1
            if not embeddings[query].any():
                embeddings[query, -1] = 1
        return TextFeatures(
            model_id=self.spec.id,
            texts=tuple(texts),
            embeddings=unit_rows(embeddings),
            tokens=tokens,
            unknown_words=tuple(tuple(word for word in words if word not in PALETTE) for words in tokens),
            is_truncated=(False,) * len(texts),
            spans=tuple(map(spans_in, texts, tokens)),
        )

    def similarity(self, video: VideoFeatures, text: TextFeatures) -> Float32[np.ndarray, "query time"]:
        """Return the cosine of every text with every frame."""
        return cosine(video, text)

    def score(self, video: VideoFeatures, text: TextFeatures) -> Float32[np.ndarray, "query"]:
        """Return the cosine between the mean histogram and each text."""
        return mean_pooled_score(video, text)


FAMILY = Family(name="colour-histogram", load=ColourHistogram)
ENTRY = ModelEntry(
    id="colour-histogram",
    title="Colour histogram",
    family="colour-histogram",
    where="workbench.models.adapter_template",
    licence="Apache-2.0",
    description="Finds frames by the share of basic colours in them; knows colour words only.",
)
