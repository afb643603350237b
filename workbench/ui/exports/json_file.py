"""An answer in plain JSON types: what ``--json`` writes and the page hands out; its keys are a contract.

Separate from what each analysis says of its own result: here several of them become one answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from workbench.analyses.attribute import Attribute
from workbench.analyses.compare import Compare
from workbench.analyses.embed import Embed
from workbench.analyses.examine import Examine
from workbench.analyses.ground import Ground
from workbench.analyses.probe import Probe
from workbench.types.maps import Agreement
from workbench.types.outcome import Outcome

_AS_JSON: dict[str, Callable[[Outcome[Any]], dict[str, Any]]] = {
    analysis.id: analysis.as_json for analysis in (Ground(), Attribute(), Embed(), Compare(), Examine(), Probe())
}
_MANY = {Examine.id: "examinations", Probe.id: "probes"}


def answer_json(outcomes: Sequence[Outcome[Any]]) -> dict[str, Any] | list[dict[str, Any]]:
    """Return outcomes as one answer: one as it is, several games as a list, and what else was asked beside the first.

    Examinations and probes, of which every model makes one, are lists also where there is one.
    """
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for outcome in outcomes:
        made = outcome.provenance.analysis
        name = "agreement" if isinstance(outcome.result, Agreement) else _MANY.get(made, made)
        by_kind.setdefault(name, []).append(_AS_JSON[made](outcome))
    (first, own), *others = by_kind.items()
    if first in _MANY.values():
        return {first: own}
    if len(own) > 1:
        return own
    return own[0] | {name: said if name in _MANY.values() else said[0] for name, said in others}
