"""The command line with the model that knows colour words, held up at a chosen place until it is killed there.

Separate because it is a program: ``python -m tests.faults.command PLACE VERB...``. Each place is reached once a first
part of the film is kept. When it comes to its end it says how many frames it has encoded.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

from workbench import __main__ as command
from workbench.analyses.chunks import CHUNK_FRAMES
from workbench.models import builtin
from workbench.models.adapter_template import ENTRY, FAMILY, ColourHistogram

READING, HALF_WRITTEN, NOT_RENAMED, NOWHERE = "reading", "half-written", "not-renamed", "nowhere"
REACHED = "Reached.\n"
PATIENCE_S = 60.0


def main() -> int:
    """Run the verb, up to the place."""
    place, *words = sys.argv[1:]
    entries = builtin.entries
    builtin.FAMILIES = (*builtin.FAMILIES, FAMILY)
    builtin.entries = lambda folder: (*entries(folder), ENTRY)
    n_encoded = 0

    def reach(here: str) -> bool:
        return here == place and n_encoded > CHUNK_FRAMES

    encode, write_through, open_file = ColourHistogram.encode_frames, os.fsync, Path.open

    def encode_frames(model: ColourHistogram, frames: Any) -> Any:
        nonlocal n_encoded
        if reach(READING):
            _wait_to_be_killed()
        n_encoded += len(frames.times_s)
        return encode(model, frames)

    def fsync(number: int) -> None:
        write_through(number)
        if reach(NOT_RENAMED):
            _wait_to_be_killed()

    def opened(path: Path, *how: Any, **more: Any) -> Any:
        file = open_file(path, *how, **more)
        return _Half(file) if path.suffix == ".tmp" and reach(HALF_WRITTEN) else file

    ColourHistogram.encode_frames, os.fsync, Path.open = encode_frames, fsync, opened
    status = command.main(words)
    print(f"{n_encoded} frames encoded", file=sys.stderr)
    return status


class _Half:
    """A file of which half is written."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def __enter__(self) -> _Half:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, content: bytes) -> None:
        self._file.write(content[: len(content) // 2])
        self._file.flush()
        _wait_to_be_killed()


def _wait_to_be_killed() -> None:
    sys.stdout.write(REACHED)
    sys.stdout.flush()
    time.sleep(PATIENCE_S)


if __name__ == "__main__":
    sys.exit(main())
