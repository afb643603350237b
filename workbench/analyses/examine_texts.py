"""What is said of an examination: in a sentence, as a table with a column for each model, and in plain JSON types.

Separate from how a space is examined; every sentence is written from the numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from workbench.analyses.plain import plain
from workbench.types.comparison import Examination, Ranks, Reading
from workbench.types.outcome import Outcome

PROBES = {"neighbours": "neighbours", "linear": "linear map"}
_GAP = "  "


def about_examination(found: Examination) -> str:
    """Return what can be read from the space, and what cannot."""
    best = {reading.label: reading for reading in found.readings}  # the linear map's, where there is one
    said = [_about_reading(reading) for reading in best.values()]
    if found.captions:
        said.append(
            f"{found.captions.find_clips.r_at_1:.0%} of {found.captions.n_captions:,} captions find their clip first"
        )
    said = said or ["nothing but how evenly they are spread can be measured"]
    return f"{found.title}, {found.n_clips:,} clips of {found.n_videos:,} videos: {'; '.join(said)}."


def _about_reading(reading: Reading) -> str:
    by = "a linear map" if reading.probe == "linear" else "a vote of neighbours"
    if not reading.is_above_chance:
        return f"“{reading.label}” is not read beyond chance by {by}: {_share(reading)}"
    return (
        f"“{reading.label}” is read by {by} in {reading.accuracy:.0%} of clips, where chance gives {reading.chance:.0%}"
    )


def _share(reading: Reading) -> str:
    low, high = reading.interval
    return f"{reading.accuracy:.2f} ({low:.2f} to {high:.2f}), chance {reading.chance:.2f}"


def examinations_as_text(found: Sequence[Examination]) -> str:
    """Return examinations of the same clips as a table, a column for each model, below what is said of each."""
    columns = [dict(_cells(each)) for each in found]
    names = list(dict.fromkeys(name for column in columns for name in column))
    cells = [["", *(each.title for each in found)]]
    cells += [[name, *(column.get(name, "-") for column in columns)] for name in names]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [_GAP.join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    return "\n".join([*(each.conclusion for each in found), "", *lines])


def _cells(found: Examination) -> Iterator[tuple[str, str]]:
    for reading in found.readings:
        yield f"{reading.label}, {PROBES[reading.probe]}", _share(reading)
    if captions := found.captions:
        yield from _ranks("captions find clips", captions.find_clips)
        yield from _ranks("clips find captions", captions.are_found)
        yield "alignment", "-" if math.isnan(captions.alignment) else f"{captions.alignment:.2f}"
    yield "uniformity", f"{found.uniformity:.2f}"


def _ranks(name: str, ranks: Ranks) -> Iterator[tuple[str, str]]:
    shares = (ranks.r_at_1, ranks.r_at_5, ranks.r_at_10)
    yield f"{name}, R@1/5/10", " / ".join(f"{share:.2f}" for share in shares)
    yield f"{name}, median rank", f"{ranks.median_rank:g}"


def examination_as_json(outcome: Outcome[Examination]) -> dict[str, Any]:
    """Return an examination in plain JSON types; the keys are the command line's contract."""
    return {"provenance": plain(outcome.provenance), **plain(outcome.result)}
