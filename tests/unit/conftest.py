"""Films and tiny models for the tests of who made a score, made once for each of their files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.attribution import World

pytest.register_assert_rewrite("tests.attribution")  # what it holds against the definition is told in full


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    from tests.attribution import World

    return World(tmp_path_factory.mktemp("world"))
