"""What sentences of a long film are read against, left in the store and read again a chunk at a time.

Separate because it decides what of a film stands in memory: two hours of it can be 3 GB for a model whose texts
depend on the video, and a sentence needs one window after another.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float32

from workbench.analyses.chunks import Plan
from workbench.analyses.opened import MAX_BYTES
from workbench.errors import StoreError
from workbench.store.tensors import TensorStore

_NAME = "context"
_SHARE_OF_STORE = 0.9


class KeptRows:
    """The context of a film; a slice of it is an array ``[time token dim]`` of the chunks that it touches.

    ``held`` are those that could not be kept, by chunk. Raises ``StoreError`` where the store lost one.
    """

    def __init__(self, store: TensorStore, keys: list[str], plan: Plan, held: Mapping[int, np.ndarray]) -> None:
        self._store, self._keys, self._plan, self._held = store, keys, plan, held
        self._is_damaged = False

    @property
    def nbytes(self) -> int:
        """Return the bytes in memory: of what could not be kept."""
        return sum(array.nbytes for array in self._held.values())

    @property
    def is_lost(self) -> bool:
        """Return whether a part of it is gone, or was found damaged."""
        return self._is_damaged or not all(at in self._held or key in self._store for at, key in enumerate(self._keys))

    def __getitem__(self, rows: slice) -> Float32[np.ndarray, "time token dim"]:
        """Return rows that follow one another. Cost: one file for every chunk that they touch."""
        start, stop, _ = rows.indices(self._plan.n_rows)
        size = self._plan.rows_in_chunk
        chunks = range(start // size, -(-stop // size))
        return np.concatenate([self._chunk(at) for at in chunks])[start - chunks.start * size :][: stop - start]

    def _chunk(self, at: int) -> np.ndarray:
        if at in self._held:
            return self._held[at]
        if (stored := self._store.get(self._keys[at])) is None:
            self._is_damaged = True
            raise StoreError("A part of what was kept of this film is gone from the cache; ask again to have it read.")
        return stored[_NAME]


def in_memory(chunk: dict[str, np.ndarray], plan: Plan, store: TensorStore) -> dict[str, np.ndarray]:
    """Return what stands in memory of a kept chunk: all but a context that is too large for the whole film.

    Raises ``StoreError`` where it is too large for the store, too, which would lose the beginning before the end.
    """
    context = chunk.get(_NAME)
    n_bytes = 0 if context is None else context[0].nbytes * plan.n_rows
    if n_bytes <= MAX_BYTES:
        return chunk
    if n_bytes > _SHARE_OF_STORE * store.max_bytes:
        raise StoreError(
            f"Sentences of this model are read against {n_bytes / 1e9:.1f} GB of this film, and the cache may hold "
            f"{store.max_bytes / 1e9:.1f} GB; read fewer frames a second, or raise WORKBENCH_MAX_STORE_BYTES."
        )
    return {name: array for name, array in chunk.items() if name != _NAME}


def left_in_store(
    store: TensorStore, keys: list[str], chunks: list[dict[str, np.ndarray]], plan: Plan
) -> KeptRows | None:
    """Return the context where it is not in memory, and take from ``chunks`` what of it could not be kept."""
    if all(_NAME in chunk for chunk in chunks):
        return None
    held = {at: chunk.pop(_NAME) for at, chunk in enumerate(chunks) if _NAME in chunk}
    return KeptRows(store, keys, plan, held)
