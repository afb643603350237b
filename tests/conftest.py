"""Fixtures for all tests: settings of their own, a model without weights, known films, the real server.

No test reads or writes the person's own cache, and none asks the network.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

# Read by the hub's client when it is imported, so set before anything is.
os.environ["HF_HUB_OFFLINE"] = "1"

from tests.films import BLUE, GRAY, GREEN, RED, Film, write_film
from tests.serve import serve

if TYPE_CHECKING:
    from workbench.models.adapter_template import ColourHistogram
    from workbench.settings import Settings

hypothesis.settings.register_profile(
    "workbench",
    deadline=None,  # the machine is shared
    derandomize="CI" in os.environ,
    max_examples=50,
)
hypothesis.settings.load_profile("workbench")


@pytest.fixture(autouse=True, scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Point every default at a folder of the test run, for this process and those it starts."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("WORKBENCH_")]:
            patch.delenv(name)
        patch.setenv("WORKBENCH_HOME", str(folder))
        patch.setenv("GRADIO_ANALYTICS_ENABLED", "False")
        yield folder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return settings with an empty cache, offline."""
    from workbench.settings import Settings

    return Settings(home=tmp_path / "home", offline=True)


@pytest.fixture
def colour_model(settings: Settings) -> ColourHistogram:
    """Return the model that knows colour words only: no weights, no torch."""
    from workbench.models.adapter_template import ENTRY, ColourHistogram

    return ColourHistogram(ENTRY, settings)


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Film:
    """Return 8 seconds: gray 2 s, red 3 s, blue 1 s, green 2 s."""
    path = tmp_path_factory.mktemp("films") / "colours.mp4"
    return write_film(path, [(2.0, GRAY), (3.0, RED), (1.0, BLUE), (2.0, GREEN)])


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of ``python app.py``, started once for all tests that ask for it."""
    with serve(tmp_path_factory.mktemp("server")) as url:
        yield url
