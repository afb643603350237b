"""The verbs that ask of the space of a model: what lies where in it, how two compare, what can be read from one."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from workbench.analyses.analysis import Report, controls
from workbench.analyses.compare import Compare, CompareParams
from workbench.analyses.embed import Embed, EmbedParams
from workbench.analyses.examine import Examine, ExamineParams
from workbench.analyses.examine_texts import examinations_as_text
from workbench.analyses.services import Services
from workbench.errors import InputError
from workbench.types.embedding import EmbeddingMap
from workbench.types.outcome import Outcome
from workbench.ui.answered import Answered
from workbench.ui.cli.annotation_files import chosen_clips
from workbench.ui.cli.output import Bar
from workbench.ui.cli.results import hand_out, named_films
from workbench.ui.reproduction import Asked


def embed(services: Services, args: argparse.Namespace) -> int:
    """Map the space of a model: what of some videos, and which sentences, lie where; or features from a file."""
    chosen = {name: getattr(args, name) for name in controls(EmbedParams)}
    (films, files), (fitted_on, more) = (named_films(services, paths) for paths in (args.paths, args.fitted_on))
    pictures = [(services.library.find_picture(path).id, path) for path in args.pictures]
    files |= more | {picture: Path(path).name for picture, path in pictures if os.path.exists(path)}
    params = EmbedParams(
        videos=tuple(film.id for film in films),
        queries=tuple(args.queries),
        model="" if args.features else args.model,
        fitted_on=tuple(film.id for film in fitted_on),
        through=tuple(args.through),
        pictures=tuple(picture for picture, _ in pictures),
        fps=args.fps,
        max_frames=args.max_frames,
        reuse_below=args.reuse_below,
        **chosen,
    )
    bar = Bar()
    try:
        outcome = _embed_features(services, args, params, bar) if args.features else Embed().run(services, params, bar)
    finally:
        bar.close()
    asked = Asked(params, Path(args.features).name, args.id_column) if args.features else Asked(params)
    return hand_out(services, args, [Answered(asked, outcome)], files, lambda: Embed().as_text(outcome))


def _embed_features(
    services: Services, args: argparse.Namespace, params: EmbedParams, report: Report
) -> Outcome[EmbeddingMap]:
    from workbench.analyses.embed_features import embed_features
    from workbench.store.feature_files import read_features

    if args.paths or args.fitted_on:
        raise InputError("A map is of videos or of features from a file; name one or the other.")
    table = read_features(Path(args.features), id_column=args.id_column)
    return embed_features(services, table, Path(args.features).name, params, report)


def compare(services: Services, args: argparse.Namespace) -> int:
    """Hold the spaces of two models against each other, at the same items of the same videos."""
    chosen = {name: getattr(args, name) for name in controls(CompareParams)}
    films, files = named_films(services, args.paths)
    params = CompareParams(tuple(film.id for film in films), args.model, args.model2, **chosen)
    bar = Bar()
    try:
        outcome = Compare().run(services, params, bar)
    finally:
        bar.close()
    return hand_out(services, args, [Answered(Asked(params), outcome)], files, lambda: Compare().as_text(outcome))


def examine(services: Services, args: argparse.Namespace) -> int:
    """Say what can be read from the space of a model, or of two, of clips of which something is known."""
    if args.toyworld == bool(args.annotations or args.moments_of):
        raise InputError("Clips are those of ANNOTATIONS, of --moments-of, or of --toyworld; give one of the three.")
    chosen = {name: getattr(args, name) for name in controls(ExamineParams)}
    model_ids = [args.model, *([args.model2] if args.model2 else [])]
    bar = Bar()
    try:
        films, files = named_films(services, args.moments_of)
        known = [film.id for film in films]
        clips, source = chosen_clips(services, args.annotations or "", args.videos or "", known, bar)
        for model_id in model_ids:
            services.models.load(model_id)  # before the work: one that is not there is told at once
        asked = [ExamineParams(clips, model_id, **chosen) for model_id in model_ids]
        answers = [Answered(Asked(params, source), Examine().run(services, params, bar)) for params in asked]
    finally:
        bar.close()
    found = [answer.outcome.result for answer in answers]
    return hand_out(services, args, answers, files, lambda: examinations_as_text(found))
