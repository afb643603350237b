"""The page's events on a model that knows colour words, for the tests that need no server."""

from __future__ import annotations

import pytest

from workbench.analyses.services import Services
from workbench.models.adapter_template import ENTRY, FAMILY
from workbench.settings import Settings
from workbench.ui.gradio.events import Events
from workbench.ui.gradio.page import services_for_visitors


@pytest.fixture
def services(settings: Settings) -> Services:
    """Return the page's services with the model that knows colour words."""
    services = services_for_visitors(settings)
    services.models.register_family(FAMILY)
    services.models.register(ENTRY)
    return services


@pytest.fixture
def events(services: Services) -> Events:
    return Events(services)
