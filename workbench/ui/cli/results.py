"""What becomes of an answer at the command line: files in every format that was asked for, else a few lines to read.

Separate from the verbs, which all end here, and from where single texts go.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from workbench.analyses.services import Services
from workbench.types.video import VideoInfo
from workbench.ui.answered import Answered, with_commands
from workbench.ui.cli.output import write_bytes, write_json, write_text
from workbench.ui.exports.csv_file import answer_csv
from workbench.ui.exports.json_file import answer_json
from workbench.ui.exports.npz_file import answer_npz

FORMATS = ("json", "html", "csv", "npz")
"""The flags that name a file for an answer."""


def add_formats(sub: argparse.ArgumentParser, page: str) -> None:
    """Give a verb that has ``--json`` the flags of the other formats; ``page`` says what the HTML page holds."""
    sub.add_argument("--html", metavar="FILE", help=f"write {page} as a page that stands on its own")
    sub.add_argument("--csv", metavar="FILE", help="write all numbers as one long table, or to stdout with -")
    sub.add_argument("--npz", metavar="FILE", help="write all arrays as a NumPy file, which holds no pickles")
    sub.set_defaults(targets=FORMATS)


def hand_out(
    services: Services,
    args: argparse.Namespace,
    answers: Sequence[Answered],
    files: Mapping[str, str],
    as_text: Callable[[], str],
) -> int:
    """Write the answers in all formats that were asked for, or print them for people, and tell what is to be known.

    ``files`` are what the person's own files are called, by their ids. Return the exit status.
    """
    outcomes = with_commands(services.library, answers, files)
    if args.json:
        write_json(answer_json(outcomes), args.json)
    if args.html:
        from workbench.ui.exports.html_file import answer_html  # plotly is not waited for where nobody wants it

        write_text(answer_html(services, outcomes), args.html)
    if args.csv:
        write_text(answer_csv(outcomes), args.csv)
    if args.npz:
        write_bytes(answer_npz(outcomes), args.npz)
    if not any(getattr(args, name) for name in FORMATS):
        print(as_text())
    for warning in dict.fromkeys(warning for outcome in outcomes for warning in outcome.result.warnings):
        print(f"Note: {warning}", file=sys.stderr)
    return 0


def named_films(services: Services, texts: Iterable[str]) -> tuple[list[VideoInfo], dict[str, str]]:
    """Return the films that a person named, and what those are called that are files of theirs, by their ids.

    Raises ``VideoError`` for what names none.
    """
    films, files = [], {}
    for text in texts:
        films.append(services.library.find(text))
        if os.path.exists(text):
            files[films[-1].id] = Path(text).name
    return films, files
