"""What the outcomes of one answer are called, to be told apart in one file.

Separate because all formats that hold several outcomes name them alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from workbench.types.attribution import Attribution
from workbench.types.comparison import SpaceComparison
from workbench.types.embedding import EmbeddingMap
from workbench.types.grounding import Grounding
from workbench.types.maps import Agreement, HeatMaps
from workbench.types.outcome import Outcome
from workbench.types.probe import ProbeReport


def labels(outcomes: Sequence[Outcome[Any]]) -> list[str]:
    """Return a name for each outcome: who plays, by what method, or what is asked of which model; no two are alike."""
    named, counts = [_label(outcome) for outcome in outcomes], Counter[str]()
    for at, name in enumerate(named):
        counts[name] += 1
        named[at] = name if counts[name] == 1 else f"{name} {counts[name]}"
    return named


def _label(outcome: Outcome[Any]) -> str:
    found, made = outcome.result, outcome.provenance
    if isinstance(found, Attribution):
        return f"{made.parameters['players']} {made.parameters['opened']}".rstrip()
    if isinstance(found, HeatMaps):
        return found.method
    for kind, name in ((Grounding, "moments"), (Agreement, "methods"), (EmbeddingMap, "map")):
        if isinstance(found, kind):
            return name
    if isinstance(found, SpaceComparison):
        return "comparison"
    asked = "examination" if not isinstance(found, ProbeReport) else "probe" if found.n_cases == 1 else "probes"
    return f"{asked} {made.model_id}"
