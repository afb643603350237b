"""Planted groups of the toy world and the maps of its spaces: what ``validate`` claims of them, and the README says."""

from __future__ import annotations

from tests.readme import assert_told
from workbench.settings import Settings
from workbench.validation import space
from workbench.validation.exams import examined


def test_what_is_claimed_holds_and_is_what_the_readme_says() -> None:
    with examined(Settings(device="cpu")) as (services, folder):
        assert_told(list(space.claims(services, folder)))
