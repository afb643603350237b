"""Players with the largest values against planted truth, on films of the toy world.

Separate from what is claimed of it, since the benchmark asks more of the same of more films.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from workbench.analyses.analysis import silent
from workbench.analyses.attribute import Attribute
from workbench.analyses.extraction import extract
from workbench.analyses.ground import Ground
from workbench.analyses.services import Services
from workbench.analyses.word_coalitions import ask_coalitions, phrases_of, words_in
from workbench.analyses.word_games import product_indices
from workbench.core.coalitions import coalition_table
from workbench.core.crossing import with_word
from workbench.toyworld.grammar import Noun
from workbench.toyworld.story import Story
from workbench.toyworld.truth import matches
from workbench.toyworld.vocabulary import COLOURS, SHAPES
from workbench.types.attribution import Attribution, Player
from workbench.types.video import SamplingSpec, VideoInfo
from workbench.validation.toy_films import ToyFilm

MODEL, FPS = "toyworld-frame", 2.0
Tally = defaultdict[str, list[float]]

TELLING = "words: the first is telling, in the best moment"
INSIDE = "frames: area under the ROC curve, mean"
BY_INTERACTION = "cells: right frame and word, by the largest interaction"
WITH_THE_WORD = "cells: the same, by what the frame adds with the word"
CHANCE = "cells: the same, any cell: chance"
_EVERY_WINDOW = "words: the same, of every planted window"
_ONE_PHRASE = "cells: the same, the largest interaction where the noun is one phrase"
BARS: dict[str, float | None] = {
    TELLING: 0.90,
    "words: the same, of sentences with one telling word": None,
    _EVERY_WINDOW: None,
    "words: the same, with one telling word": None,
    INSIDE: 0.95,
    "frames: area above 0.95": None,
    BY_INTERACTION: 0.85,
    WITH_THE_WORD: 0.85,
    "cells: the same, of sentences with one telling word": None,
    _ONE_PHRASE: None,
    CHANCE: None,
    "cells: the word is true of the frame, by the largest interaction": None,
    "cells: the word is true of it, by what the frame adds with the word": None,
    "cells: the frame shows no object, by the largest interaction": None,
    "cells: it shows no object, by what the frame adds with the word": None,
}
"""What is counted, in the order of the table, with the bars."""


@dataclass(frozen=True)
class Case:
    """One sentence that is true of some frames of a film and not of others."""

    services: Services
    video: VideoInfo
    story: Story
    row: dict[str, Any]
    times_s: np.ndarray

    def explained(self, players: str, span_s: tuple[float | None, float | None] = (None, None)) -> Attribution:
        """Return the answer of the analysis."""
        start_s, end_s = span_s
        asked = (self.row["query"],)
        params = Attribute.Params(
            video=self.video.id, queries=asked, model=MODEL, players=players, fps=FPS, start_s=start_s, end_s=end_s
        )
        found = Attribute().run(self.services, params).result
        assert isinstance(found, Attribution)
        return found

    @cached_property
    def telling(self) -> list[str]:
        """The words that tell what is asked for from the rest of the film."""
        return self.row["discriminating_words"]

    def is_inside(self, player: Player) -> bool:
        """Return whether most of what a player stands for lies in the windows."""
        start_s, end_s = player.span
        shared_s = [max(0.0, min(end_s, b) - max(start_s, a)) for a, b in self.row["relevant_windows"]]
        return bool(sum(shared_s) > (end_s - start_s) / 2)

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


def cases(services: Services, films: Sequence[ToyFilm]) -> Iterator[Case]:
    """Yield every sentence that is true of some sampled frames of a film, but not of all."""
    for film in films:
        rows = [row for row in film.queries if row["relevant_windows"]]
        if not rows:
            continue
        queries = tuple(row["query"] for row in rows)
        times_s = Ground().run(services, Ground.Params(film.video.id, queries, MODEL, fps=FPS)).result.times_s
        for row in rows:
            inside = np.any([(times_s >= a) & (times_s < b) for a, b in row["relevant_windows"]], axis=0)
            if inside.any() and not inside.all():
                yield Case(services, film.video, film.story, row, times_s)


def add_words(found: Tally, case: Case) -> None:
    """Ask which words made the score of the best moment, and count whether the first is a telling one."""
    _add_words(found, case, case.explained("words"), TELLING, "words: the same, of sentences with one telling word")


def add_words_of_windows(found: Tally, case: Case) -> None:
    """Ask the same of every planted window."""
    for start_s, end_s in case.row["relevant_windows"]:
        answer = case.explained("words", (start_s, end_s))
        _add_words(found, case, answer, _EVERY_WINDOW, "words: the same, with one telling word")


def _add_words(found: Tally, case: Case, answer: Attribution, every: str, single: str) -> None:
    is_right = answer.players[int(answer.values.argmax())].label in case.telling
    found[every].append(float(is_right))
    if len(case.telling) == 1:
        found[single].append(float(is_right))


def add_frames(found: Tally, case: Case) -> None:
    """Ask which frames made the score, and count how well their values tell those inside the windows."""
    from sklearn.metrics import roc_auc_score

    answer = case.explained("frames")
    inside = np.array([case.is_inside(player) for player in answer.players])
    if inside.any() and not inside.all():  # a short window can be less than half of every segment
        area = roc_auc_score(inside, answer.values)
        found[INSIDE].append(float(area))
        found["frames: area above 0.95"].append(float(area > 0.95))


def add_cells(found: Tally, case: Case) -> None:
    """Ask what frames and words made together, and count whether the first cell is a right one."""
    answer = case.explained("frames+words")
    assert answer.pairs is not None
    n_frames = sum(player.kind in ("frame", "segment") for player in answer.players)
    frames, words = answer.players[:n_frames], answer.players[n_frames:]
    inside = np.array([case.is_inside(frame) for frame in frames])
    telling = np.array([word.label in case.telling for word in words])
    right = inside[:, None] & telling
    true = np.array([[case.is_true(word.label, frame) for word in words] for frame in frames])
    empty = np.broadcast_to(np.array([case.is_empty(frame) for frame in frames])[:, None], right.shape)
    by_interaction, with_the_word = int(answer.pairs[:n_frames, n_frames:].argmax()), int(with_word(answer).argmax())
    found[BY_INTERACTION].append(float(right.flat[by_interaction]))
    found[WITH_THE_WORD].append(float(right.flat[with_the_word]))
    if len(case.telling) == 1:
        found["cells: the same, of sentences with one telling word"].append(float(right.flat[with_the_word]))
    found[CHANCE].append(float(right.mean()))
    found["cells: the word is true of the frame, by the largest interaction"].append(float(true.flat[by_interaction]))
    found["cells: the word is true of it, by what the frame adds with the word"].append(float(true.flat[with_the_word]))
    found["cells: the frame shows no object, by the largest interaction"].append(float(empty.flat[by_interaction]))
    found["cells: it shows no object, by what the frame adds with the word"].append(float(empty.flat[with_the_word]))


def add_phrase(found: Tally, case: Case) -> None:
    """Play the game of frames and words with colour and shape as one player."""
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
    all_pairs = product_indices(sums, said.astype(np.float64)).pairs
    assert all_pairs is not None
    pairs = all_pairs[: len(frames), len(frames) :]
    frame, phrase = np.unravel_index(int(pairs.argmax()), pairs.shape)
    found[_ONE_PHRASE].append(float(phrase == noun and case.is_inside(frames[frame])))
