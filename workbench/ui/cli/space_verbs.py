"""The verbs that ask of the space of a model: what lies where in it, how two compare, what can be read from one."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from workbench.analyses.analysis import Report, controls
from workbench.analyses.clips import clips_of
from workbench.analyses.compare import Compare, CompareParams
from workbench.analyses.embed import Embed, EmbedParams
from workbench.analyses.embedding_texts import about_gap
from workbench.analyses.examine import Examine, ExamineParams
from workbench.analyses.examine_texts import examinations_as_text
from workbench.analyses.services import Services
from workbench.errors import InputError
from workbench.types.embedding import EmbeddingMap
from workbench.types.outcome import Outcome
from workbench.types.video import VideoInfo
from workbench.ui.cli.output import Bar, read_rows, write_json, write_text
from workbench.ui.cli.video_folder import videos_in


def embed(services: Services, args: argparse.Namespace) -> int:
    """Map the space of a model: what of some videos, and which sentences, lie where; or features from a file."""
    chosen = {name: getattr(args, name) for name in controls(EmbedParams)}
    params = EmbedParams(
        videos=tuple(services.library.find(path).id for path in args.paths),
        queries=tuple(args.queries),
        model=args.model,
        fitted_on=tuple(services.library.find(path).id for path in args.fitted_on),
        through=tuple(args.through),
        pictures=tuple(services.library.add_picture(Path(path)).id for path in args.pictures),
        fps=args.fps,
        max_frames=args.max_frames,
        **chosen,
    )
    bar = Bar()
    try:
        outcome = _embed_features(services, args, params, bar) if args.features else Embed().run(services, params, bar)
    finally:
        bar.close()
    if args.json:
        write_json(Embed().as_json(outcome), args.json)
    if args.html:
        from workbench.figures.embedding_report import embedding_html

        write_text(embedding_html(outcome, about_gap(outcome.result.gap)), args.html)
    if not (args.json or args.html):
        print(Embed().as_text(outcome))
    _note(outcome.result.warnings)
    return 0


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
    videos = tuple(services.library.find(path).id for path in args.paths)
    bar = Bar()
    try:
        outcome = Compare().run(services, CompareParams(videos, args.model, args.model2, **chosen), bar)
    finally:
        bar.close()
    if args.json:
        write_json(Compare().as_json(outcome), args.json)
    if args.html:
        from workbench.figures.comparison_report import comparison_html

        write_text(comparison_html(outcome), args.html)
    if not (args.json or args.html):
        print(Compare().as_text(outcome))
    _note(outcome.result.warnings)
    return 0


def examine(services: Services, args: argparse.Namespace) -> int:
    """Say what can be read from the space of a model, or of two, of the clips of an annotation file."""
    files = videos_in(args.videos)

    def find_video(vid: str) -> VideoInfo:
        if vid not in files:
            raise InputError(f"There is no video {vid}.* in {args.videos}; name the folder with --videos.")
        return services.library.open_path(files[vid])

    clips = clips_of(read_rows(args.annotations), Path(args.annotations).name, find_video, services.settings)
    chosen = {name: getattr(args, name) for name in controls(ExamineParams)}
    model_ids = [args.model, *([args.model2] if args.model2 else [])]
    for model_id in model_ids:
        services.models.load(model_id)  # before the work: one that is not there is told at once
    bar = Bar()
    try:
        outcomes = [Examine().run(services, ExamineParams(clips, model_id, **chosen), bar) for model_id in model_ids]
    finally:
        bar.close()
    if args.json:
        write_json({"examinations": [Examine().as_json(outcome) for outcome in outcomes]}, args.json)
    if args.html:
        from workbench.figures.examination_report import examination_html

        write_text(examination_html(outcomes), args.html)
    if not (args.json or args.html):
        print(examinations_as_text([outcome.result for outcome in outcomes]))
    _note([warning for outcome in outcomes for warning in outcome.result.warnings])
    return 0


def _note(warnings: Sequence[str]) -> None:
    for warning in dict.fromkeys(warnings):
        print(f"Note: {warning}", file=sys.stderr)
