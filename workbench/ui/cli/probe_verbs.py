"""The verb that probes: one film and one sentence among others, or all rows of a file."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from workbench.analyses.analysis import Report, controls
from workbench.analyses.cases import Case, corrected_edits, usual_kinds
from workbench.analyses.probe import Probe, ProbeParams
from workbench.analyses.probe_texts import probes_as_text
from workbench.analyses.services import Services
from workbench.analyses.toy_clips import toy_cases
from workbench.core.text_edits.kinds import NAMES
from workbench.core.video_edits.kinds import FILM_NAMES
from workbench.errors import InputError
from workbench.ui.answered import Answered
from workbench.ui.cli.annotation_files import cases_in
from workbench.ui.cli.output import Bar
from workbench.ui.cli.results import hand_out, named_films
from workbench.ui.reproduction import TOYWORLD, Asked


def probe(services: Services, args: argparse.Namespace) -> int:
    """Say what one model, or several, make of films and sentences with one thing changed."""
    film_kinds = _chosen(args.video_edits, FILM_NAMES, "a video")
    films, files = named_films(services, args.paths)
    ids = tuple(dict.fromkeys(film.id for film in films))
    bar = Bar()
    try:
        cases, source, among = _cases(services, args, ids, bar)
        # What somebody put right stands beside what is made; what a file gives stands alone.
        usual = usual_kinds(cases) if source else NAMES
        text_kinds = usual if args.edits is None else _chosen(args.edits, NAMES, "a sentence")
        chosen = {name: getattr(args, name) for name in controls(ProbeParams)}
        asked = [
            ProbeParams(cases, model_id, among, tuple(args.among), text_kinds, film_kinds, **chosen)
            for model_id in dict.fromkeys(args.models or [services.settings.default_model])
        ]
        # What is wrong is told before the first model, which may take minutes, is loaded.
        Probe().check(services, asked[0])
        for params in asked:
            services.models.load(params.model)  # before the work: one that is not there is told at once
        answers = [Answered(Asked(params, source), Probe().run(services, params, bar)) for params in asked]
    finally:
        bar.close()
    return hand_out(
        services, args, answers, files, lambda: probes_as_text([answer.outcome.result for answer in answers])
    )


def _cases(
    services: Services, args: argparse.Namespace, films: tuple[str, ...], report: Report
) -> tuple[tuple[Case, ...], str, tuple[str, ...]]:
    """Return what is probed, what it is of where that is not the first film, and the films it is ranked among."""
    if not (args.file or args.toyworld):
        return (_case_of_film(args, films),), "", films[1:]
    if args.query or args.own or args.corrected or args.without or args.start is not None or args.end is not None:
        raise InputError(
            "What is probed stands in --file, or is known of --toyworld; leave --query, --edit, --corrected, "
            "--without, --start and --end away."
        )
    if args.toyworld and (args.file or args.folder):
        raise InputError("Videos are those of --file or of --toyworld; give one of them.")
    if args.toyworld:
        return toy_cases(services, report), TOYWORLD, films
    return cases_in(services, args.file, args.folder or ""), Path(args.file).name, films


def _case_of_film(args: argparse.Namespace, films: tuple[str, ...]) -> Case:
    """Return the case of the first film and the sentence."""
    if not args.query or not films:
        raise InputError("Give VIDEO and --query, a sentence that is true of it; or --file with the rows of many.")
    if args.folder:
        raise InputError("--videos is the folder of the videos of --file; leave it away, or give the file.")
    corrected = [(kind.strip(), text) for kind, _, text in (each.partition(":") for each in args.corrected)]
    edits = corrected_edits(args.query, corrected)
    return Case(films[0], args.query, edits, args.start, args.end, tuple(args.own), tuple(args.without))


def _chosen(text: str, names: Sequence[str], of: str) -> tuple[str, ...]:
    """Return the kinds of edits in a list with commas; none of ``none``, each of ``all``."""
    asked = [part.strip() for part in text.split(",") if part.strip()]
    if asked in (["all"], ["none"]):
        return tuple(names) if asked == ["all"] else ()
    for name in asked:
        if name not in names:
            raise InputError(f"There is no edit {name!r} of {of}; ask for all, none, or any of {', '.join(names)}.")
    return tuple(asked)
