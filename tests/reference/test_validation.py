"""What ``validate`` claims of moments, players and maps, measured once: it holds, and the README says the same.

Separate from the space and from what is changed: these three ask about the same films, which are drawn once.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.readme import assert_told
from workbench.analyses.analysis import silent
from workbench.analyses.services import Services
from workbench.settings import Settings
from workbench.validation import look, moments, who
from workbench.validation.exams import examined


@pytest.fixture(scope="module")
def place() -> Iterator[tuple[Services, Path]]:
    with examined(Settings(device="cpu")) as (services, folder):
        yield services, folder


@pytest.mark.parametrize("exam", [moments, who, look], ids=lambda exam: exam.TITLE)
def test_what_is_claimed_holds_and_is_what_the_readme_says(exam: ModuleType, place: tuple[Services, Path]) -> None:
    assert_told(list(exam.claims(*place, silent)))
