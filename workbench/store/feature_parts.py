"""What the formats of feature files share: what was asked for, how much there may be, and what was found.

Separate so that each format is read without knowing of the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Shaped

from workbench.errors import InputError

FEATURE_NAMES = ("features", "embedding", "embeddings")
MAX_NAMES, MAX_NAME = 12, 60


@dataclass(frozen=True)
class Asked:
    """A file, the name of what holds its ids, and the most it may hold: checked before anything of it is read."""

    path: Path
    id_column: str
    max_bytes: int
    max_rows: int

    @property
    def name(self) -> str:
        """As a person knows the file."""
        return self.path.name or str(self.path)

    def check_file(self, n_bytes: int) -> None:
        """Raise ``InputError`` for a file without content or with too much."""
        if n_bytes == 0:
            raise InputError(f"{self.name} is empty; export it again.")
        if n_bytes > self.max_bytes:
            raise InputError(f"{self.name} has {self._more(n_bytes)}; export fewer rows or fewer columns.")

    def check_features(self, n_rows: int, n_numbers: int) -> None:
        """Raise ``InputError`` for more rows, or more numbers in all of them, than there may be."""
        if n_rows > self.max_rows:
            raise InputError(f"{self.name} has {n_rows:,} rows, more than {self.max_rows:,}; export fewer of them.")
        if 4 * n_numbers > self.max_bytes:
            raise InputError(
                f"The features of {self.name} would take {self._more(4 * n_numbers)}; "
                "export fewer rows or fewer dimensions."
            )

    def check_columns(self, n_bytes: int) -> None:
        """Raise ``InputError`` where the ids and all columns together take more memory than the features may."""
        if n_bytes > self.max_bytes:
            raise InputError(
                f"The ids and columns of {self.name} would take {self._more(n_bytes)}; leave out the longest texts."
            )

    def _more(self, n_bytes: int) -> str:
        return f"{n_bytes / 1e6:,.1f} MB, more than {self.max_bytes / 1e6:,.1f} MB"


@dataclass(frozen=True, eq=False)
class Found:
    """What a file holds, of any numeric type and not yet checked; ``ids`` is None where it names no rows."""

    features: Shaped[np.ndarray, "row dim"]
    ids: Shaped[np.ndarray, "row"] | None
    columns: Mapping[str, np.ndarray]


def listed(names: Iterable[str]) -> str:
    """Return names as they stand in a sentence: the first dozen, and how many more."""
    quoted = [f"“{name[:MAX_NAME]}”" for name in names]
    more = f" and {len(quoted) - MAX_NAMES} more" if len(quoted) > MAX_NAMES else ""
    return (", ".join(quoted[:MAX_NAMES]) or "nothing") + more
