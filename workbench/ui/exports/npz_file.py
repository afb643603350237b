"""An answer as a file of arrays, ``.npz``, which loads with ``allow_pickle=False``.

Separate from the arrays themselves, which know neither the file nor how they were made.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.analyses.plain import plain
from workbench.types.outcome import Outcome
from workbench.ui.exports.arrays import arrays_of
from workbench.ui.exports.labels import labels

PROVENANCE = "provenance"


def answer_npz(outcomes: Sequence[Outcome[Any]]) -> bytes:
    """Return the arrays of all outcomes, and ``provenance``: how each was made, as a text of JSON each.

    Names are those of ``arrays_of``; of several outcomes each begins with one of ``answers`` and a colon. A slash in
    one, which would be a folder in the file, is written as in an address.
    """
    names = labels(outcomes)
    arrays = {
        (f"{name}: {field}" if len(outcomes) > 1 else field).replace("/", "%2F").replace("\\", "%5C"): array
        for name, outcome in zip(names, outcomes, strict=True)
        for field, array in arrays_of(outcome.result).items()
    }
    made = [json.dumps(plain(outcome.provenance), ensure_ascii=False) for outcome in outcomes]
    arrays |= {PROVENANCE: np.array(made), "answers": np.array(names)}
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **arrays)
    return file.getvalue()
