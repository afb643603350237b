"""What an analysis is: one question, typed parameters that build its controls, one ``run``.

Separate so that a new instrument is one file beside this one and one line in the registry; the page,
the command line and the HTTP interface are made from what is declared here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Protocol, TypeVar, runtime_checkable

from workbench.analyses.services import Services
from workbench.errors import InputError
from workbench.models.protocol import Capability
from workbench.types.outcome import Outcome, Progress

P_contra = TypeVar("P_contra", contravariant=True)
R = TypeVar("R")

Report = Callable[[Progress], None]
"""Called at every step of long work; raises ``Cancelled`` where the person wants it stopped."""


def silent(progress: Progress) -> None:
    """Report to nobody."""


@dataclass(frozen=True)
class Control:
    """How one parameter is offered to a person: its name, its line of help, its range or what there is to choose."""

    label: str
    help: str
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    unit: str = ""
    choices: tuple[str, ...] = ()
    kind: type | None = None
    """What the value is where its default, None, does not tell."""
    flag: str = ""
    """Its name on the command line where that is not the name of the field."""


def parameter(default: Any, control: Control) -> Any:
    """Declare one parameter of an analysis: a dataclass field that carries its control."""
    return field(default=default, metadata={"control": control})


def controls(params: type) -> dict[str, Control]:
    """Return the controls of a ``Params`` class by field name."""
    return {item.name: item.metadata["control"] for item in fields(params) if "control" in item.metadata}


def flag_of(name: str, control: Control) -> str:
    """Return what the field ``name`` with its control is called on the command line."""
    return f"--{control.flag or name.replace('_', '-')}"


def check_ranges(params: Any) -> None:
    """Raise ``InputError`` for the first parameter outside its declared range."""
    for name, control in controls(type(params)).items():
        value = getattr(params, name)
        low, high = control.minimum, control.maximum
        if control.choices and value not in control.choices:
            offered = " or ".join(part for part in (", ".join(control.choices[:-1]), control.choices[-1]) if part)
            raise InputError(f"{control.label} is {value!r}; choose {offered}.")
        if value is None and control.kind is not None:
            continue
        if not _lies_within(value, low, high):
            span = f"{_plainly(low)} to {_plainly(high)} {control.unit}".rstrip()
            raise InputError(f"{control.label} is {value!r}; choose a value from {span}.")


def _plainly(bound: float | None) -> str:
    """Return a bound as people write it: no powers of ten."""
    return f"{bound:,.0f}" if bound is not None and float(bound).is_integer() else f"{bound:g}"


def _lies_within(value: Any, low: float | None, high: float | None) -> bool:
    if low is None or high is None:
        return True
    return isinstance(value, int | float) and low <= value <= high


@runtime_checkable
class Analysis(Protocol[P_contra, R]):
    """One question that can be asked of a video, sentences and a model."""

    id: ClassVar[str]
    title: ClassVar[str]
    question: ClassVar[str]
    requires: ClassVar[frozenset[Capability]]
    takes_many: ClassVar[bool]
    """Whether several sentences are asked at once."""
    Params: ClassVar[type]

    def run(self, services: Services, params: P_contra, report: Report = silent) -> Outcome[R]:
        """Return the answer with its provenance."""
        ...

    def as_json(self, outcome: Outcome[Any]) -> dict[str, Any]:
        """Return the answer in plain JSON types: what ``--json`` and the export of the page hold."""
        ...

    def as_text(self, outcome: Outcome[Any]) -> str:
        """Return the answer as a few lines for a terminal."""
        ...
