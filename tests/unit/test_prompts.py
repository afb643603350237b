"""Sentences in prompts: an ensemble of embeddings, or of curves where sentences are read against the video."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.tiny_checkpoints import save_tiny_clip, save_tiny_xclip
from workbench import Workbench
from workbench.analyses.prompts import ask
from workbench.types import FrameBatch, SamplingSpec

QUERIES = ("a red circle", "dog")


def features_of(model):
    n_frames = 3 * model.spec.window_frames
    pixels = np.random.default_rng(0).integers(0, 256, (n_frames, 40, 60, 3), np.uint8)
    return model.encode_frames(FrameBatch("film", SamplingSpec(2.0), pixels, np.arange(n_frames) / 2))


def test_where_sentences_are_read_against_the_video_curves_are_averaged_and_not_embeddings(settings, tmp_path):
    services = Workbench(replace(settings, device="cpu")).services
    model = services.models.load(str(save_tiny_xclip(tmp_path / "xclip")))
    assert len(model.spec.prompts) > 1
    features = features_of(model)
    found = ask(services, model, QUERIES).curves(model, features)
    for query, curve in zip(QUERIES, found, strict=True):
        prompted = model.encode_texts([prompt.replace("{}", query) for prompt in model.spec.prompts])
        np.testing.assert_allclose(curve, model.similarity(features, prompted).mean(axis=0), atol=1e-6)


def test_where_sentences_stand_for_themselves_the_mean_of_unit_embeddings_is_compared(settings, tmp_path):
    services = Workbench(replace(settings, device="cpu")).services
    model = services.models.load(str(save_tiny_clip(tmp_path / "clip")))
    features = features_of(model)
    found = ask(services, model, QUERIES).curves(model, features)
    for query, curve in zip(QUERIES, found, strict=True):
        mean = model.encode_texts([prompt.replace("{}", query) for prompt in model.spec.prompts]).embeddings.mean(
            axis=0
        )
        np.testing.assert_allclose(curve, features.frames @ (mean / np.linalg.norm(mean)), atol=1e-6)
