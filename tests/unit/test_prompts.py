"""Sentences in prompts: an ensemble of embeddings, or of curves where sentences are read against the video."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from tests.tiny_checkpoints import save_tiny_clip, save_tiny_xclip
from workbench import Workbench
from workbench.analyses import prompts
from workbench.analyses.analysis import silent
from workbench.analyses.ground import Ground
from workbench.analyses.prompts import ask, curves_of
from workbench.errors import Cancelled
from workbench.types.video import FrameBatch, SamplingSpec

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


def test_a_curve_that_had_to_be_read_against_the_film_is_kept_and_another_sentence_is_read_alone(
    settings, tmp_path, monkeypatch
):
    services = Workbench(replace(settings, device="cpu")).services
    model = services.models.load(str(save_tiny_xclip(tmp_path / "xclip")))
    features, chunks, n_asked = features_of(model), ["0" * 64], []
    compare = type(model).similarity

    def counted(self, video, text):
        n_asked.append(len(text.texts))
        return compare(self, video, text)

    monkeypatch.setattr(type(model), "similarity", counted)
    first = curves_of(services, model, ask(services, model, QUERIES), features, chunks)
    again = curves_of(services, model, ask(services, model, QUERIES[::-1]), features, chunks)
    np.testing.assert_array_equal(again, first[::-1])
    more = curves_of(services, model, ask(services, model, ("a cat", *QUERIES)), features, chunks)
    np.testing.assert_array_equal(more[1:], first)
    n_prompts = len(model.spec.prompts)
    assert n_asked == [2 * n_prompts, n_prompts]
    np.testing.assert_allclose(more, ask(services, model, ("a cat", *QUERIES)).curves(model, features), atol=1e-6)


def test_how_far_sentences_are_read_against_a_film_is_told_and_can_be_stopped(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(prompts, "_WINDOWS_AT_ONCE", 2)
    services = Workbench(replace(settings, device="cpu")).services
    model = services.models.load(str(save_tiny_xclip(tmp_path / "xclip")))
    features, told = features_of(model), []
    asked = ask(services, model, QUERIES)

    def stop_after(n_parts):
        def report(progress):
            told.append((progress.done, progress.total, progress.unit))
            if len(told) > n_parts:
                raise Cancelled("Stopped.")

        return report

    found = asked.curves(model, features, stop_after(3))
    assert told == [(0, 3, "window"), (2, 3, "window"), (3, 3, "window")]
    np.testing.assert_allclose(found[0], model.similarity(features, asked.said)[: len(model.spec.prompts)].mean(0))
    told.clear()
    with pytest.raises(Cancelled):
        asked.curves(model, features, stop_after(1))


def test_whoever_looked_on_while_a_film_was_read_has_its_sentences_read_once(settings, monkeypatch):
    bench = Workbench(replace(settings, device="cpu"))
    kind = type(bench.services.models.load("toyworld-video"))
    rows_read, compare = {}, kind.similarity

    def counted(self, video, text):
        rows_read[text.texts] = rows_read.get(text.texts, 0) + len(video.times_s)
        return compare(self, video, text)

    monkeypatch.setattr(kind, "similarity", counted)
    found = bench.ground("toy-test-72-000", QUERIES[:1], model="toyworld-video").result
    assert rows_read[QUERIES[:1]] == len(found.times_s)
    monkeypatch.undo()
    again = Workbench(replace(settings, device="cpu", home=settings.home / "fresh"))
    monkeypatch.setattr("workbench.analyses.looks.Looks.whole", lambda self, times_s: None)
    apart = again.ground("toy-test-72-000", QUERIES[:1], model="toyworld-video").result
    np.testing.assert_allclose(found.similarity, apart.similarity, atol=1e-5)


def test_who_waits_for_distractors_that_somebody_else_reads_can_stop(settings, monkeypatch):
    monkeypatch.setattr("workbench.store.tensors.WAITING_S", 0.02)
    bench = Workbench(replace(settings, device="cpu"))
    compare, is_reading, may_go_on = prompts.Asked.curves, threading.Event(), threading.Event()

    def held(self, model, video, report=silent):
        if len(self.texts) > 8:  # the distractors
            is_reading.set()
            assert may_go_on.wait(60)
        return compare(self, model, video, report)

    def stop(progress):
        if "Waiting for distractors" in progress.what:
            raise Cancelled("Stopped.")

    monkeypatch.setattr(prompts.Asked, "curves", held)
    services = bench.services
    params = Ground.Params(services.library.list()[0].id, ("a red circle",), "toyworld-frame")
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(Ground().run, services, params)
        assert is_reading.wait(60)
        try:
            with pytest.raises(Cancelled):
                Ground().run(services, params, stop)
        finally:
            may_go_on.set()
        assert first.result().result.queries == ("a red circle",)


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
