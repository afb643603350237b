"""The verb that probes: one film and one sentence among others, or all rows of a file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from workbench.analyses.analysis import controls
from workbench.analyses.cases import Case, usual_kinds
from workbench.analyses.probe import Probe, ProbeParams
from workbench.analyses.probe_texts import probes_as_text, tables_of
from workbench.analyses.services import Services
from workbench.core.text_edits.kinds import NAMES
from workbench.core.video_edits.kinds import FILM_NAMES
from workbench.errors import InputError
from workbench.types.video import VideoInfo
from workbench.ui.cases import cases_of
from workbench.ui.cli.output import Bar, read_text, write_json, write_text
from workbench.ui.cli.video_folder import videos_in


def probe(services: Services, args: argparse.Namespace) -> int:
    """Say what one model, or several, make of films and sentences with one thing changed."""
    text_kinds = None if args.edits is None else _chosen(args.edits, NAMES, "a sentence")
    film_kinds = _chosen(args.video_edits, FILM_NAMES, "a video")
    cases, among = _cases_of_file(services, args) if args.file else _cases_of_films(services, args)
    if text_kinds is None:
        text_kinds = usual_kinds(cases)
    chosen = {name: getattr(args, name) for name in controls(ProbeParams)}
    asked = [
        ProbeParams(cases, model_id, among, tuple(args.among), text_kinds, film_kinds, **chosen)
        for model_id in dict.fromkeys(args.models or [services.settings.default_model])
    ]
    Probe().check(services, asked[0])  # what is wrong is told before the first model, which may take minutes, is loaded
    for params in asked:
        services.models.load(params.model)  # before the work: one that is not there is told at once
    bar = Bar()
    try:
        outcomes = [Probe().run(services, params, bar) for params in asked]
    finally:
        bar.close()
    if args.json:
        write_json({"probes": [Probe().as_json(outcome) for outcome in outcomes]}, args.json)
    if args.html:
        from workbench.figures.probe_report import probe_html

        write_text(probe_html(outcomes, [tables_of(outcome.result) for outcome in outcomes]), args.html)
    if not (args.json or args.html):
        print(probes_as_text([outcome.result for outcome in outcomes]))
    for warning in dict.fromkeys(warning for outcome in outcomes for warning in outcome.result.warnings):
        print(f"Note: {warning}", file=sys.stderr)
    return 0


def _cases_of_films(services: Services, args: argparse.Namespace) -> tuple[tuple[Case, ...], tuple[str, ...]]:
    """Return the case of the first film and the sentence, and the other films that it is ranked among."""
    if not args.query or not args.paths:
        raise InputError("Give VIDEO and --query, a sentence that is true of it; or --file with the rows of many.")
    if args.folder:
        raise InputError("--videos is the folder of the videos of --file; leave it away, or give the file.")
    first, *others = (services.library.find(path).id for path in args.paths)
    case = Case(first, args.query, start_s=args.start, end_s=args.end, own=tuple(args.own), without=tuple(args.without))
    return (case,), tuple(dict.fromkeys(others))


def _cases_of_file(services: Services, args: argparse.Namespace) -> tuple[tuple[Case, ...], tuple[str, ...]]:
    """Return a case for every caption of a file, and films that all of them are ranked among."""
    if args.query or args.own or args.without or args.start is not None or args.end is not None:
        raise InputError("What is probed stands in --file; leave --query, --edit, --without, --start and --end away.")
    folder = args.folder or str(Path(args.file).parent)
    files = videos_in(folder)

    def find_video(vid: str) -> VideoInfo:
        name = vid if vid in files else Path(vid).stem
        if name not in files:
            raise InputError(f"There is no video {vid}.* in {folder}; name the folder with --videos.")
        return services.library.open_path(files[name])

    cases = cases_of(read_text(args.file), Path(args.file).name, find_video, services.settings)
    return cases, tuple(services.library.find(path).id for path in args.paths)


def _chosen(text: str, names: Sequence[str], of: str) -> tuple[str, ...]:
    """Return the kinds of edits in a list with commas; none of ``none``, each of ``all``."""
    asked = [part.strip() for part in text.split(",") if part.strip()]
    if asked in (["all"], ["none"]):
        return tuple(names) if asked == ["all"] else ()
    for name in asked:
        if name not in names:
            raise InputError(f"There is no edit {name!r} of {of}; ask for all, none, or any of {', '.join(names)}.")
    return tuple(asked)
