"""Everything an analysis may use, in one object; only the entry points construct one."""

from __future__ import annotations

from dataclasses import dataclass, field

from workbench.analyses.opened import opened_features
from workbench.media.library import VideoLibrary
from workbench.models.registry import ModelRegistry
from workbench.settings import Settings
from workbench.store.recent import Recent
from workbench.store.tensors import TensorStore
from workbench.types.features import VideoFeatures


@dataclass(frozen=True)
class Services:
    """The library of videos, the models, the feature store, what is open, and the settings they were made from."""

    settings: Settings
    library: VideoLibrary
    models: ModelRegistry
    store: TensorStore
    opened: Recent[VideoFeatures] = field(default_factory=opened_features)

    @classmethod
    def create(cls, settings: Settings) -> Services:
        """Return the services for ``settings``; nothing heavy is loaded yet."""
        return cls(
            settings=settings,
            library=VideoLibrary(settings),
            models=ModelRegistry(settings),
            store=TensorStore(settings.home / "features", settings.max_store_bytes),
        )
