"""Where the model looked: the maps that are asked for, with the words and the evidence, or all methods side by side.

Separate from how each map is made; here they become one answer to a question.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from workbench.analyses.evidence import evidence_for
from workbench.analyses.hidden_cells import hidden_patches
from workbench.analyses.map_methods import METHODS
from workbench.analyses.map_texts import about_agreement, about_maps, title_of
from workbench.analyses.maps import Asking, heat_maps, rows_to_map, why_not
from workbench.analyses.patches import between_frames
from workbench.analyses.question import Question
from workbench.analyses.window_games import explain_patches
from workbench.analyses.word_maps import word_map
from workbench.core.faithfulness import rank_correlations
from workbench.core.grids import regridded
from workbench.models.protocol import FrameAttention
from workbench.types.maps import Agreement, HeatMaps

BANZHAF = "banzhaf"


@dataclass(frozen=True)
class Wanted:
    """What is wanted of maps: of how many pictures, from which layer on, and with evidence against which sentence."""

    n_pictures: int
    start_layer: int | None
    has_evidence: bool
    contrast: str


def mapped(question: Question, method: str, wanted: Wanted) -> HeatMaps:
    """Return the maps of pictures by one method, with that of the sentence, and the evidence where it is wanted.

    Words are those of the picture that the sentence fits best.
    """
    asking, rows = Asking(question, method, wanted.start_layer), rows_to_map(question, wanted.n_pictures)
    found = heat_maps(asking, rows)
    said = word_map(asking, _best(question, rows))
    found = _with_frames(replace(found, words=said.words, word_values=said.values), question, rows[0])
    if said.why_not:
        found = replace(found, warnings=(*found.warnings, said.why_not))
    if wanted.has_evidence:
        found = replace(found, evidence=evidence_for(asking, found, rows, wanted.contrast))
    return replace(found, conclusion=about_maps(found))


def agreed(question: Question, wanted: Wanted) -> Agreement:
    """Return the maps of one picture by all methods that the model has, Banzhaf among them, and how they agree.

    They are compared on the cells that are hidden. Cost: that of a game of patches beside that of every map.
    """
    row = _best(question, rows_to_map(question, wanted.n_pictures))
    at_row = replace(question, at_s=float(question.features.times_s[row]), span_s=None)
    names = [name for name in METHODS if not why_not(question.model, name)]
    maps = [heat_maps(Asking(question, name, wanted.start_layer), [row]) for name in names]
    place = hidden_patches(question, row).place
    assert place is not None
    on_cells = [regridded(found.values.mean(axis=0), found.grid, place.grid) for found in maps]
    game = explain_patches(at_row, with_words=False)
    values = np.zeros(place.grid[0] * place.grid[1])
    values[list(place.numbers)] = game.values
    n_frames = len(maps[0].times_s)
    maps.append(
        replace(
            maps[0],
            method=BANZHAF,
            values=np.tile(values, (n_frames, 1)),
            grid=place.grid,
            seen=place.seen,
            is_signed=True,
            is_about_sentence=True,
            by_head=None,
            warnings=game.warnings,
        )
    )
    on_cells.append(values)
    warnings = [f"{title_of(found.method)}: {warning}" for found in maps for warning in found.warnings]
    found = Agreement(
        methods=(*names, BANZHAF),
        maps=tuple(maps),
        correlations=rank_correlations(np.stack(on_cells)[:, list(place.numbers)]),
        warnings=tuple(dict.fromkeys(warnings)),
        missing=tuple((name, why) for name in METHODS if (why := why_not(question.model, name))),
    )
    return replace(found, conclusion=about_agreement(found))


def _best(question: Question, rows: Sequence[int]) -> int:
    return int(rows[int(question.curve[list(rows)].argmax())])


def _with_frames(maps: HeatMaps, question: Question, row: int) -> HeatMaps:
    """Return maps with how frames of the window look at each other, where the model lets them and shows it."""
    if not isinstance(question.model, FrameAttention):
        return maps
    looks, times_s = between_frames(question.services, question.video, question.model, question.sampling, row)
    return replace(maps, between_frames=looks, frame_times_s=times_s)
