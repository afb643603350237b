"""The list of bundled examples: ``manifest.json`` beside the films, with credit, queries and truth.

Separate because the file is read by the library and written by whoever adds an example.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from workbench.errors import VideoError
from workbench.media.probe import probe
from workbench.settings import Settings
from workbench.types.video import VideoInfo

FILE_NAME = "manifest.json"


@dataclass(frozen=True)
class Example:
    """A bundled film: suggested ``queries``, and ``truth``, rows of a query and its windows in seconds."""

    path: Path
    info: VideoInfo
    source: str
    queries: tuple[str, ...]
    truth: tuple[dict[str, Any], ...]


def read_manifest(folder: Path) -> tuple[Example, ...]:
    """Return the examples of a folder, those whose film is there; none where there is no manifest.

    What is known of a film is read from the manifest, so that starting does not mean probing. Raises
    ``VideoError`` for a manifest that cannot be understood.
    """
    file = folder / FILE_NAME
    if not file.is_file():
        return ()
    try:
        found = [_example(folder, row) for row in json.loads(file.read_text(encoding="utf-8"))]
    except (ValueError, KeyError, TypeError) as problem:
        raise VideoError(f"The list of examples {file} is damaged ({problem}); restore it.") from None
    return tuple(example for example in found if example.path.is_file())


def add_example(
    folder: Path,
    file: str,
    *,
    title: str,
    licence: str,
    credit: str,
    source: str,
    queries: Sequence[str] = (),
    truth: Sequence[dict[str, Any]] = (),
) -> VideoInfo:
    """Probe ``folder/file`` and enter it into the manifest, in place of an entry of the same file."""
    info = replace(probe(folder / file, Settings(), title), licence=licence, credit=credit)
    rows = []
    if (folder / FILE_NAME).is_file():
        rows = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
    row = {
        "file": file,
        "title": title,
        "licence": licence,
        "credit": credit,
        "source": source,
        "sha256": info.id,
        "duration_s": info.duration_s,
        "fps": info.fps,
        "width_px": info.width_px,
        "height_px": info.height_px,
        "codec": info.codec,
        "n_bytes": info.n_bytes,
        "queries": list(queries),
        "truth": [{"query": entry["query"], "windows": entry["windows"]} for entry in truth],
    }
    at = next((at for at, known in enumerate(rows) if known["file"] == file), len(rows))
    rows[at : at + 1] = [row]
    text = json.dumps(rows, indent=1, ensure_ascii=False) + "\n"
    (folder / FILE_NAME).write_text(text, encoding="utf-8")
    return info


def _example(folder: Path, row: dict[str, Any]) -> Example:
    known = {item.name for item in fields(VideoInfo)} & row.keys()
    return Example(
        path=folder / Path(row["file"]).name,
        info=VideoInfo(id=row["sha256"], **{name: row[name] for name in known}),
        source=row["source"],
        queries=tuple(row.get("queries", ())),
        truth=tuple(row.get("truth", ())),
    )
