"""Films and tiny models, held against the definition of a Banzhaf value, for the tests of who made a score.

Separate because every kind of player has a file of tests, and all of them play their games out on the same films.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from tests.films import RED, write_film
from tests.tiny_checkpoints import save_tiny_clip, save_tiny_xclip
from workbench.analyses.attribute import Attribute, AttributeParams
from workbench.analyses.services import Services
from workbench.settings import Settings
from workbench.types.attribution import Attribution
from workbench.types.video import FrameBatch, SamplingSpec
from workbench.validation.slow_banzhaf import by_definition, subsets

QUERY = "a red circle and the dog"
LONG = "the red cat and the blue dog on a green square with a"  # 13 words
N_SCENES = 16


class World:
    """Services, films and tiny models, made once, and what is asked of them."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(home=folder / "home", offline=True, device="cpu")
        self.services = Services.create(self.settings)
        rng = np.random.default_rng(0)
        colours = [tuple(map(int, rng.integers(0, 256, 3))) for _ in range(N_SCENES)]
        self.film = self.services.library.open_path(write_film(folder / "film.mp4", [(0.5, c) for c in colours]).path)
        self.short = self.services.library.open_path(write_film(folder / "short.mp4", [(0.1, RED)]).path)
        self.toy = next(v for v in self.services.library.examples() if v.duration_s < 26 and v.width_px == 256)
        self.clip = str(save_tiny_clip(folder / "clip"))
        self.xclip = str(save_tiny_xclip(folder / "xclip"))
        self.folder = folder

    def ask(self, players: str, model: str = "", query: str = QUERY, services=None, video=None, **more):
        """Return the outcome of one question about the film, or ``video``."""
        report = more.pop("report", lambda progress: None)
        params = AttributeParams((video or self.film).id, (query,), model or self.clip, players=players, **more)
        return Attribute().run(services or self.services, params, report)

    def pixels(self, video=None, fps: float = 2.0) -> np.ndarray:
        video = video or self.film
        return np.concatenate([batch.pixels for batch in self.services.library.frames(video.id, SamplingSpec(fps))])

    def encode(self, model: str, pixels: np.ndarray):
        """Return what the model makes of pictures that are all of other times."""
        batch = FrameBatch("f" * 64, SamplingSpec(), pixels, np.arange(len(pixels), dtype=float))
        return self.services.models.load(model).encode_frames(batch)

    def said(self, name: str, query: str, absent_words: list[set[int]]):
        """Return the sentence without each set of its words; every word is one token of a tiny model."""
        model = self.services.models.load(name)
        by_prompt = []
        for prompt in model.spec.prompts:
            text, n_before = prompt.replace("{}", query), len(prompt[: prompt.index("{}")].split())
            n_tokens = len(model.encode_texts([text]).tokens[0])
            absent = np.zeros((len(absent_words), n_tokens), bool)
            for row, words in enumerate(absent_words):
                absent[row, [n_before + word for word in words]] = True
            by_prompt.append(model.encode_texts([text] * len(absent_words), absent))
        return by_prompt

    def cosines(self, name: str, features, query: str, absent_words: list[set[int]]) -> np.ndarray:
        """Return the cosine of the sentence without each set of its words with every row of ``features``."""
        model, by_prompt = self.services.models.load(name), self.said(name, query, absent_words)
        if model.spec.separable:
            return ensemble(by_prompt) @ features.frames.T.astype(float)
        return np.mean([model.similarity(features, said) for said in by_prompt], axis=0)


def ensemble(by_prompt) -> np.ndarray:
    mean = np.mean([said.embeddings.astype(float) for said in by_prompt], axis=0)
    return mean / np.linalg.norm(mean, axis=1, keepdims=True)


def lacking(n: int) -> list[set[int]]:
    """Return the players who are absent from each of ``subsets(n)``."""
    return [set(range(n)) - coalition for coalition in subsets(n)]


def assert_is(found: Attribution, worth: dict[frozenset[int], float], atol: float) -> None:
    """Hold an exact answer against the game that it is of."""
    n = len(found.players)
    values, pairs = by_definition(n, worth)
    assert np.abs(values).max() > 20 * atol, "a game that tells nothing"
    np.testing.assert_allclose(found.values, values, atol=atol)
    np.testing.assert_allclose(found.pairs, pairs, atol=atol)
    everybody = frozenset(range(n))
    assert (found.empty_value, found.full_value) == pytest.approx((worth[frozenset()], worth[everybody]), abs=atol)
    assert found.gap == pytest.approx(values.sum() - worth[everybody] + worth[frozenset()], abs=n * atol)
    assert (found.is_exact, found.n_evaluations) == (True, 2**n)
    assert found.value_errors is found.pair_errors is found.seed is None
    leaders = leaders_of([player.kind for player in found.players], values)
    assert list(found.leaders) == leaders
    assert found.without_leaders == pytest.approx(worth[everybody - set(leaders)], abs=atol)


def leaders_of(kinds: list[str], values: np.ndarray) -> list[int]:
    """Return who adds most, with the frames in a row about it that add at least half as much."""
    best = int(values.argmax())
    is_strong = [
        kind in ("frame", "segment") and value >= values[best] / 2 > 0
        for kind, value in zip(kinds, values, strict=True)
    ]
    before = next((at for at in range(best - 1, -1, -1) if not is_strong[at]), -1) if is_strong[best] else best - 1
    after = next((at for at in range(best + 1, len(values)) if not is_strong[at]), len(values))
    return list(range(before + 1, after if is_strong[best] else best + 1))


def assert_tiles(found: Attribution, end_s: float, start_s: float = 0.0) -> None:
    spans = [player.span for player in found.players if player.kind in ("frame", "segment")]
    assert spans[0][0] == pytest.approx(start_s, abs=1e-6)
    assert spans[-1][1] == pytest.approx(end_s, abs=1e-6)
    assert all(one[1] == other[0] for one, other in itertools.pairwise(spans))
    assert all(start < stop for start, stop in spans)


def refuse(*args, **more):
    raise AssertionError("encoded, read or decoded again")
