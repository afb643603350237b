"""Everything an analysis may use, in one object; only the entry points construct one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from workbench.analyses.opened import opened_features
from workbench.media.library import VideoLibrary
from workbench.models.lent import borrow
from workbench.models.protocol import FrameEncoder, VideoTextModel
from workbench.models.registry import ModelRegistry
from workbench.settings import LENT, Settings
from workbench.store.recent import Recent
from workbench.store.tensors import TensorStore
from workbench.types.features import VideoFeatures


def _itself(model: VideoTextModel) -> FrameEncoder:
    return model


@dataclass(frozen=True)
class Services:
    """The library of videos, the models, the feature store, what is open, and the settings they were made from.

    ``reader`` gives what reads films for a model: the model, or a GPU that is lent for that.
    """

    settings: Settings
    library: VideoLibrary
    models: ModelRegistry
    store: TensorStore
    opened: Recent[VideoFeatures] = field(default_factory=opened_features)
    reader: Callable[[VideoTextModel], FrameEncoder] = _itself

    @classmethod
    def create(cls, settings: Settings) -> Services:
        """Return the services for ``settings``; nothing heavy is loaded yet."""
        return cls(
            settings=settings,
            library=VideoLibrary(settings),
            models=ModelRegistry(settings),
            store=TensorStore(settings.home / "features", settings.max_store_bytes),
            reader=borrow(settings) if settings.device == LENT else _itself,
        )
