"""Where results go: JSON to a file or to a clean stdout, progress to stderr, errors as one sentence."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from workbench.analyses.plain import plain
from workbench.errors import InputError
from workbench.types.outcome import Progress
from workbench.ui.annotations import rows_in


def write_json(value: Any, target: str) -> None:
    """Write ``value`` as JSON to the file ``target``, or to stdout where it is ``-``."""
    write_text(json.dumps(plain(value), ensure_ascii=False, indent=2) + "\n", target)


def write_text(text: str, target: str) -> None:
    """Write ``text`` to the file ``target`` and say so on stderr, or to stdout where it is ``-``."""
    if target == "-":
        sys.stdout.write(text)
        return
    write_bytes(text.encode(), target)


def write_bytes(content: bytes, target: str) -> None:
    """Do the same with what is no text."""
    if target == "-":
        sys.stdout.buffer.write(content)
        return
    try:
        _write_whole(Path(target), content)
    except OSError as problem:
        raise InputError(f"{target} cannot be written ({problem.strerror}); choose another file.") from None
    print(f"Written to {target}.", file=sys.stderr)


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file under another name first: where that fails, the one before is still there, and no half of this."""
    if path.exists() and not path.is_file():  # a pipe, or a device
        path.write_bytes(content)
        return
    path = path.resolve()
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        unfinished.write_bytes(content)
        if path.exists():
            shutil.copymode(path, unfinished)
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def check_targets(targets: Sequence[str | None]) -> None:
    """Raise ``InputError`` where one cannot become a file, or two are the same: before the work, not after it."""
    named = [target for target in targets if target]
    for target in named:
        if target != "-" and (os.path.isdir(target) or not os.path.isdir(os.path.dirname(target) or ".")):
            raise InputError(f"{target} cannot be written; name a file in a folder that exists.")
    if len(set(named)) < len(named):
        raise InputError(f"Two results cannot both be written to {named[0]}; name a file for each.")


def read_rows(path: str) -> list[dict[str, Any]]:
    """Return the objects of a JSON Lines file, or of a file that holds one JSON list of them."""
    return rows_in(read_text(path), path)


def read_text(path: str) -> str:
    """Return what a file of annotations says."""
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        reason = getattr(problem, "strerror", None) or "it is not text"
        raise InputError(f"{path} cannot be read ({reason}); give a file of one JSON object a line.") from None


class Bar:
    """A progress bar on stderr; nothing is drawn before the first step, so cached answers stay silent."""

    def __init__(self) -> None:
        self._bar: tqdm | None = None

    def __call__(self, progress: Progress) -> None:
        """Show one step."""
        if self._bar is None or self._bar.desc != progress.what:
            self.close()
            self._bar = tqdm(
                total=progress.total,
                desc=progress.what,
                initial=progress.done,  # what was kept took no time, and would make what is left look as short
                file=sys.stderr,
                unit=progress.unit,
                leave=False,
            )
            self._bar.desc = progress.what
        elif (progress.done, progress.total) == (self._bar.n, self._bar.total) and not sys.stderr.isatty():
            return  # the time that goes on is of use on a terminal alone
        self._bar.total = progress.total
        self._bar.update(progress.done - self._bar.n)

    def close(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
