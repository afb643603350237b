"""The models in memory: each loaded once and shared by all, the least recently used let go when memory is short.

Separate from the list of models because it knows nothing of entries and families: it counts bytes.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from weakref import WeakValueDictionary

from workbench.models.protocol import Placement, VideoTextModel
from workbench.models.runtime import give_memory_back, memory_bytes, when_short


class LoadedModels:
    """Models by id, together within ``max_bytes`` (0: half of the device's memory) as far as there is a choice.

    The model that was asked for last always stays. Whoever still works with one that was let go keeps it
    until done; as long as somebody does, whoever asks for it gets the same and not a second one.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._models: OrderedDict[str, VideoTextModel] = OrderedDict()
        self._alive: WeakValueDictionary[str, VideoTextModel] = WeakValueDictionary()
        self._lock = threading.RLock()
        when_short(self.let_go_of_others)

    def get(self, model_id: str) -> VideoTextModel | None:
        """Return the model and remember that it was used, or None where it is not in memory."""
        with self._lock:
            if (model := self._alive.get(model_id)) is not None:
                self.keep(model_id, model)
            return model

    def peek(self, model_id: str) -> VideoTextModel | None:
        """Return the model without that counting as a use of it, or None where it is not in memory."""
        with self._lock:
            return self._alive.get(model_id)

    def keep(self, model_id: str, model: VideoTextModel) -> None:
        """Keep the model, and let go of others where all together are too large."""
        with self._lock:
            self._models[model_id] = self._alive[model_id] = model
            self._models.move_to_end(model_id)
            self._let_go(lambda: self._n_bytes() > self._most(), 1)

    def make_room(self, n_bytes: int) -> None:
        """Let go of the least recently used models that would be too much together with one of ``n_bytes`` more."""
        with self._lock:
            self._let_go(lambda: self._n_bytes() + n_bytes > self._most(), 0)

    def forget(self, model_id: str) -> None:
        """Let go of one model, also where somebody still works with it: its weights are others now."""
        with self._lock:
            self._models.pop(model_id, None)
            self._alive.pop(model_id, None)

    def let_go_of_others(self) -> bool:
        """Let go of every model but the one asked for last; return whether there was any."""
        with self._lock:
            return self._let_go(lambda: True, 1)

    def let_go_of_all(self) -> None:
        """Let go of every model: another one needs the memory."""
        with self._lock:
            self._let_go(lambda: True, 0)

    def placements(self) -> dict[str, Placement]:
        """Return where every model is and what it costs, the one used last at the end."""
        with self._lock:
            return {model_id: model.placement for model_id, model in self._models.items()}

    def _n_bytes(self) -> int:
        return sum(model.placement.n_bytes for model in self._models.values())

    def _most(self) -> int:
        """Return how many bytes there may be, of the device of the models."""
        return self._max_bytes or memory_bytes(next(iter(self._models.values())).placement.device) // 2

    def _let_go(self, is_too_much: Callable[[], bool], n_staying: int) -> bool:
        n_before = len(self._models)
        while len(self._models) > n_staying and is_too_much():
            self._models.popitem(last=False)
        if len(self._models) < n_before:
            give_memory_back()
        return len(self._models) < n_before
