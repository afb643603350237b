"""All exams, one an instrument, and how they are held: films in a folder that goes away, features beside them.

Separate from the exams, which are given services and a folder and know of neither end, and are imported when held.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from workbench.analyses.analysis import Report, silent
from workbench.analyses.services import Services
from workbench.errors import InputError
from workbench.settings import Settings
from workbench.validation.claim import Claim, Exam

INSTRUMENTS = ("moments", "who", "look", "space", "whatif")
"""The instruments by the names of the page's tabs; each has a module of its name here, with ``claims``."""


def validate(settings: Settings, only: str = "", report: Report = silent) -> Iterator[Claim]:
    """Yield what is claimed of every instrument, or of ``only`` one, as it is measured.

    Films are drawn into a temporary folder, and nothing of the person's own library or cache is read or written; all of
    it is gone when the last claim was taken, or no more are. Raises ``InputError`` where there is no such instrument,
    and whatever ``report`` raises to stop. Cost: some minutes on two cores.
    """
    if only and only not in INSTRUMENTS:
        raise InputError(f"There is no instrument {only!r}; ask for one of {', '.join(INSTRUMENTS)}, or for all.")
    with examined(settings) as (services, folder):
        for name in (only,) if only else INSTRUMENTS:
            exam: Exam = import_module(f"workbench.validation.{name}").claims
            yield from exam(services, folder, report)


@contextmanager
def examined(settings: Settings) -> Iterator[tuple[Services, Path]]:
    """Yield services with an empty home and no limits but the usual ones, and a folder for films, as long as needed."""
    with tempfile.TemporaryDirectory(prefix="workbench-validation-") as name:
        folder = Path(name)
        own = Settings(home=folder / "home", device=settings.device, precision=settings.precision, offline=True)
        yield Services.create(own), folder
