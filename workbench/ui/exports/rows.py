"""A result as rows of one long table: a row for every number that a figure shows.

Separate from the file that they are written to. ``table`` says what a row is of; other columns are empty where a row
has nothing to say there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from workbench.types.attribution import Attribution, Player
from workbench.types.comparison import Examination, SpaceComparison
from workbench.types.embedding import EmbeddingMap
from workbench.types.grounding import Grounding
from workbench.types.maps import Agreement, HeatMaps
from workbench.types.probe import ProbeReport
from workbench.ui.exports.probe_table import probe_rows
from workbench.ui.exports.space_table import comparison_rows, examination_rows, map_rows

Row = dict[str, Any]
_SPANS = {
    "frame": ("start_s", "end_s"),
    "segment": ("start_s", "end_s"),
    "word": ("start_letter", "end_letter"),
    "phrase": ("start_letter", "end_letter"),
    "patch": ("top", "left", "bottom", "right"),
}
"""What the numbers of a player's span are: seconds, letters of the sentence, or sides of the frame."""


def rows_of(result: Any) -> Iterator[Row]:
    """Yield the rows of a result, whatever it is of."""
    if isinstance(result, Grounding):
        yield from _grounding_rows(result)
    elif isinstance(result, Attribution):
        yield from _attribution_rows(result)
    elif isinstance(result, HeatMaps):
        yield from _heat_rows(result)
    elif isinstance(result, Agreement):
        yield from _agreement_rows(result)
    elif isinstance(result, EmbeddingMap):
        yield from map_rows(result)
    elif isinstance(result, SpaceComparison):
        yield from comparison_rows(result)
    elif isinstance(result, Examination):
        yield from examination_rows(result)
    elif isinstance(result, ProbeReport):
        yield from probe_rows(result)


def _grounding_rows(found: Grounding) -> Iterator[Row]:
    for at, query in enumerate(found.queries):
        yield {
            "table": "verdict",
            "query": query,
            "peak": found.peaks[at],
            "p_absent": found.p_absent[at],
            "is_in_video": None if np.isnan(found.p_absent[at]) else bool(found.is_in_video[at]),
            "error_rate": found.error_rate,
        }
        for rank, moment in enumerate(found.moments[at], 1):
            span = {"start_s": moment.start_s, "end_s": moment.end_s}
            yield {"table": "moment", "query": query, "rank": rank, **span, "score": moment.score}
    for query, cosines, saliency in zip(found.queries, found.similarity, found.saliency, strict=True):
        for time_s, cosine, value in zip(found.times_s, cosines, saliency, strict=True):
            yield {"table": "saliency", "query": query, "time_s": time_s, "cosine": cosine, "saliency": value}


def _player(player: Player) -> Row:
    return {"kind": player.kind, "player": player.label, **dict(zip(_SPANS[player.kind], player.span, strict=True))}


def _attribution_rows(found: Attribution) -> Iterator[Row]:
    yield {
        "table": "score",
        "query": found.query,
        "at_s": found.at_s,
        "empty_value": found.empty_value,
        "full_value": found.full_value,
        "gap": found.gap,
        "n_evaluations": found.n_evaluations,
        "is_exact": found.is_exact,
    }
    for at, player in enumerate(found.players):
        error = None if found.value_errors is None else found.value_errors[at]
        yield {"table": "value", "query": found.query, **_player(player), "value": found.values[at], "error": error}
    if found.pairs is None:
        return
    for first, second in np.argwhere(np.triu(~np.isnan(found.pairs), 1)):
        error = None if found.pair_errors is None else found.pair_errors[first, second]
        pair = {"value": found.pairs[first, second], "error": error, "with": found.players[second].label}
        yield {"table": "pair", "query": found.query, **_player(found.players[first]), **pair}


def _heat_rows(maps: HeatMaps) -> Iterator[Row]:
    own = {"method": maps.method, "query": maps.query}
    for time_s, cosine in zip(maps.times_s, maps.scores, strict=True):
        yield {"table": "picture", **own, "time_s": time_s, "cosine": cosine}
    if maps.word_values is not None:
        for word, value in zip(maps.words, maps.word_values, strict=True):
            yield {"table": "word", **own, **_player(word), "value": value}
    if (evidence := maps.evidence) is not None:
        of_one = len(evidence.p_random) == len(maps.times_s)  # else one row is of a whole window
        for row, p_random in enumerate(evidence.p_random):
            yield {
                "table": "evidence",
                **own,
                "time_s": maps.times_s[row] if of_one else None,
                "p_random": p_random,
                "insertion_area": evidence.insertion_areas[row],
                "reversed_area": evidence.reversed_areas[row],
                "random_area": evidence.random_areas[row].mean(),
                "rank_correlation": evidence.rank_correlations[row],
                "contrast": evidence.contrast,
                "contrast_correlation": evidence.contrast_correlations[row],
                "standing": evidence.standing[row],
            }
    for time_s, values in zip(maps.times_s, maps.values, strict=True):
        for cell, value in enumerate(values):
            place = {"row": cell // maps.grid[1] + 1, "column": cell % maps.grid[1] + 1}
            yield {"table": "map", **own, "time_s": time_s, **place, "value": value}


def _agreement_rows(found: Agreement) -> Iterator[Row]:
    for first, method in enumerate(found.methods):
        for second, other in enumerate(found.methods[first + 1 :], first + 1):
            yield {"table": "agreement", "method": method, "with": other, "value": found.correlations[first, second]}
    for maps in found.maps:
        yield from _heat_rows(maps)
