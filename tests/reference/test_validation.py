"""What ``validate`` claims of moments, players and maps, measured once: it holds, and the README says the same.

Separate from the space and from what is changed: these three ask about the same films, which are drawn once. What is
claimed of sums of gradients and of verdicts on maps takes longer than all else here, and is measured by the verb alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.readme import assert_told
from workbench.analyses.services import Services
from workbench.settings import Settings
from workbench.validation import look, moments, who
from workbench.validation.exams import examined


@pytest.fixture(scope="module")
def place() -> Iterator[tuple[Services, Path]]:
    with examined(Settings(device="cpu")) as (services, folder):
        yield services, folder


@pytest.mark.parametrize("exam", [moments, who], ids=lambda exam: exam.TITLE)
def test_what_is_claimed_holds_and_is_what_the_readme_says(exam: ModuleType, place: tuple[Services, Path]) -> None:
    assert_told(list(exam.claims(*place)))


def test_what_is_claimed_of_maps_holds_and_is_what_the_readme_says(place: tuple[Services, Path]) -> None:
    """Four rows are not measured here: two of sums of gradients, two of verdicts."""
    assert_told(list(look.of_maps(place[0], look.pictures(*place))), n_later=4)
