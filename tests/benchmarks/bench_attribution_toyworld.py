"""Players with the largest values against planted truth, on unseen films of the toy world.

``python -m tests.benchmarks.bench_attribution_toyworld [SEED ...]``: films on disk, the library, ``Attribute``.
"""

from __future__ import annotations

import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

from workbench.analyses.analysis import silent
from workbench.analyses.attribute import Attribute
from workbench.analyses.extraction import extract
from workbench.analyses.ground import Ground
from workbench.analyses.services import Services
from workbench.analyses.word_coalitions import ask_coalitions, phrases_of, words_in
from workbench.analyses.word_games import product_indices
from workbench.core.coalitions import coalition_table
from workbench.core.crossing import with_word
from workbench.media.encode import write_video
from workbench.settings import Settings
from workbench.toyworld import dataset
from workbench.toyworld.grammar import Noun
from workbench.toyworld.seeds import generator
from workbench.toyworld.story import Story, random_story
from workbench.toyworld.truth import matches
from workbench.toyworld.vocabulary import COLOURS, SHAPES
from workbench.types.attribution import Attribution, Player
from workbench.types.video import SamplingSpec, VideoInfo

SEEDS, N_FILMS, MODEL, FPS = (101, 102), 20, "toyworld-frame", 2.0
Tally = defaultdict[str, list[float]]

BARS = {
    "words: the first is telling, in the best moment": "0.90",
    "words: the same, of sentences with one telling word": "",
    "words: the same, of every planted window": "",
    "words: the same, with one telling word": "",
    "frames: area under the ROC curve, mean": "0.95",
    "frames: area above 0.95": "",
    "cells: right frame and word, by the largest interaction": "0.85",
    "cells: the same, by what the frame adds with the word": "0.85",
    "cells: the same, of sentences with one telling word": "",
    "cells: the same, the largest interaction where the noun is one phrase": "",
    "cells: the same, any cell: chance": "",
    "cells: the word is true of the frame, by the largest interaction": "",
    "cells: the word is true of it, by what the frame adds with the word": "",
    "cells: the frame shows no object, by the largest interaction": "",
    "cells: it shows no object, by what the frame adds with the word": "",
}


@dataclass(frozen=True)
class Case:
    """One sentence that is true of some frames of a film and not of others."""

    services: Services
    video: VideoInfo
    story: Story
    row: dict[str, Any]
    times_s: np.ndarray

    def explained(self, players: str, span_s: Sequence[float] = (None, None)) -> Attribution:
        """Return the answer of the analysis."""
        start_s, end_s = span_s
        asked = (self.row["query"],)
        params = Attribute.Params(
            video=self.video.id, queries=asked, model=MODEL, players=players, fps=FPS, start_s=start_s, end_s=end_s
        )
        return Attribute().run(self.services, params).result

    @cached_property
    def telling(self) -> list[str]:
        """The words that tell what is asked for from the rest of the film."""
        return self.row["discriminating_words"]

    def is_inside(self, player: Player) -> bool:
        """Return whether most of what a player stands for lies in the windows."""
        start_s, end_s = player.span
        shared_s = [max(0.0, min(end_s, b) - max(start_s, a)) for a, b in self.row["relevant_windows"]]
        return sum(shared_s) > (end_s - start_s) / 2

    def shown(self, player: Player) -> np.ndarray:
        """Return the frames of the story that a player holds."""
        start_s, end_s = player.span
        held_s = self.times_s[(self.times_s >= start_s) & (self.times_s < end_s)]
        return np.minimum((held_s * self.story.fps + 1e-3).astype(int), self.story.n_frames - 1)

    def is_true(self, word: str, player: Player) -> bool:
        """Return whether a word is the colour or the shape of an object that is seen in a player's frames."""
        noun = Noun(colour=word) if word in COLOURS else Noun(shape=word)
        return word in {*COLOURS, *SHAPES} and self._is_seen(noun, player)

    def is_empty(self, player: Player) -> bool:
        """Return whether none of a player's frames shows an object."""
        return not self._is_seen(Noun(), player)

    def _is_seen(self, noun: Noun, player: Player) -> bool:
        at = self.shown(player)
        return any(matches(actor, noun)[at].any() for actor in self.story.actors)


def main(seeds: Sequence[int]) -> None:
    """Print what is found, with the bars."""
    found = Tally(list)
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            for case in cases(Path(folder), seed, N_FILMS):
                add(found, case)
    print(
        f"| toyworld-frame, {N_FILMS * len(seeds)} unseen films, seeds {', '.join(map(str, seeds))} | measured | bar |"
    )
    print("|---|---|---|")
    for name, bar in BARS.items():
        print(f"| {name} ({len(found[name])}) | {np.mean(found[name]):.3f} | {bar} |")


def add(found: Tally, case: Case) -> None:
    """Ask about words, frames and both, and count what is right."""
    _add_words(found, case)
    _add_frames(found, case)
    _add_cells(found, case)
    _add_phrase(found, case)


def cases(folder: Path, seed: int, n_films: int) -> Iterator[Case]:
    """Make the films of ``seed`` and yield every sentence that is true of some sampled frames, but not of all."""
    paths = dataset.make(folder, seed, n_films, write_video)
    services = Services.create(Settings(home=folder / "home", offline=True))
    for index, path in enumerate(paths):
        story, video = random_story(seed, index, "test"), services.library.open_path(path)
        rows = dataset.query_rows(story, generator("test", seed, 1_000_000 + index), first_qid=1)
        rows = [row for row in rows if row["relevant_windows"]]
        if not rows:
            continue
        queries = tuple(row["query"] for row in rows)
        grounded = Ground().run(services, Ground.Params(video.id, queries, MODEL, fps=FPS)).result
        times_s = grounded.times_s
        for row in rows:
            inside = np.any([(times_s >= a) & (times_s < b) for a, b in row["relevant_windows"]], axis=0)
            if inside.any() and not inside.all():
                yield Case(services, video, story, row, times_s)


def _add_words(found: Tally, case: Case) -> None:
    windows = case.row["relevant_windows"]
    best, *planted = [case.explained("words", span) for span in ((None, None), *windows)]
    names = [name for name in BARS if name.startswith("words")]
    for answers, every, single in (([best], *names[:2]), (planted, *names[2:])):
        for answer in answers:
            is_right = answer.players[int(answer.values.argmax())].label in case.telling
            found[every].append(is_right)
            if len(case.telling) == 1:
                found[single].append(is_right)


def _add_frames(found: Tally, case: Case) -> None:
    answer = case.explained("frames")
    inside = np.array([case.is_inside(player) for player in answer.players])
    if inside.any() and not inside.all():  # a short window can be less than half of every segment
        area = roc_auc_score(inside, answer.values)
        found["frames: area under the ROC curve, mean"].append(area)
        found["frames: area above 0.95"].append(area > 0.95)


def _add_cells(found: Tally, case: Case) -> None:
    answer = case.explained("frames+words")
    n_frames = sum(player.kind in ("frame", "segment") for player in answer.players)
    frames, words = answer.players[:n_frames], answer.players[n_frames:]
    inside = np.array([case.is_inside(frame) for frame in frames])
    telling = np.array([word.label in case.telling for word in words])
    right = inside[:, None] & telling
    true = np.array([[case.is_true(word.label, frame) for word in words] for frame in frames])
    empty = np.broadcast_to(np.array([case.is_empty(frame) for frame in frames])[:, None], right.shape)
    by_interaction, with_the_word = int(answer.pairs[:n_frames, n_frames:].argmax()), int(with_word(answer).argmax())
    names = [name for name in BARS if name.startswith("cells")]
    found[names[0]].append(right.flat[by_interaction])
    found[names[1]].append(right.flat[with_the_word])
    if len(case.telling) == 1:
        found[names[2]].append(right.flat[with_the_word])
    found[names[4]].append(right.mean())
    for at, holds in ((5, true), (7, empty)):
        found[names[at]].append(holds.flat[by_interaction])
        found[names[at + 1]].append(holds.flat[with_the_word])


def _add_phrase(found: Tally, case: Case) -> None:
    """Play the same game with colour and shape as one player."""
    query, answer = case.row["query"], case.explained("frames+words")
    words = words_in(query)
    noun = next(at for at, word in enumerate(words) if word.label in COLOURS)
    players = phrases_of(words, [at for at in range(len(words)) if at != noun + 1], query)
    model, sampling = case.services.models.load(MODEL), SamplingSpec(FPS)
    said = ask_coalitions(case.services, model, query, players, coalition_table(len(players)), silent).said.embeddings
    frames = [player for player in answer.players if player.kind in ("frame", "segment")]
    features = extract(case.services, case.video, model, sampling, silent).features.frames.astype(np.float64)
    spans_s = [player.span for player in frames]
    sums = np.stack([features[(case.times_s >= a) & (case.times_s < b)].sum(axis=0) for a, b in spans_s])
    pairs = product_indices(sums, said.astype(np.float64)).pairs[: len(frames), len(frames) :]
    frame, phrase = np.unravel_index(int(pairs.argmax()), pairs.shape)
    found["cells: the same, the largest interaction where the noun is one phrase"].append(
        phrase == noun and case.is_inside(frames[frame])
    )


if __name__ == "__main__":
    main([int(seed) for seed in sys.argv[1:]] or SEEDS)
