"""The one list of analyses: controls, verbs and endpoints are made from it."""

from __future__ import annotations

from workbench.analyses.analysis import Analysis
from workbench.analyses.attribute import Attribute
from workbench.analyses.ground import Ground

ANALYSES: dict[str, Analysis] = {analysis.id: analysis for analysis in (Ground(), Attribute())}
