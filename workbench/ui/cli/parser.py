"""The verbs and their flags; every analysis of the registry is a verb made from its declared parameters."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import MISSING, fields
from typing import Any, NoReturn

from workbench.analyses.analysis import Analysis, Control, controls, flag_of
from workbench.analyses.compare import Compare, CompareParams
from workbench.analyses.embed import Embed, EmbedParams
from workbench.analyses.examine import Examine, ExamineParams
from workbench.analyses.ground import MomentParams
from workbench.analyses.probe import Probe, ProbeParams
from workbench.analyses.registry import ANALYSES
from workbench.analyses.services import Services
from workbench.core.text_edits.kinds import NAMES
from workbench.core.video_edits.kinds import FILM_NAMES
from workbench.errors import InputError
from workbench.settings import Settings
from workbench.ui.cli import probe_verbs, space_verbs, validate_verb, verbs
from workbench.ui.cli.results import add_formats
from workbench.validation.exams import INSTRUMENTS

Run = Callable[[Services, argparse.Namespace], int]
_MODEL_HELP = "an id of the list, a hub id, a folder, or ARCHITECTURE:FILE of open_clip"


class _Parser(argparse.ArgumentParser):
    """An ``ArgumentParser`` whose complaint is one sentence, like every other error, and names the verb's own help."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Return what is known; what is not known to a verb is complained of here, where its help is known."""
        known, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return known, unknown

    def error(self, message: str) -> NoReturn:
        """Raise ``InputError`` instead of printing the usage."""
        raise InputError(f"{message[:1].upper()}{message[1:]}; see {self.prog} --help.")


def make_parser(settings: Settings) -> argparse.ArgumentParser:
    """Return the parser of ``python -m workbench``; each verb carries ``run``, its function."""
    parser = _Parser(prog="python -m workbench", description="See what a video-text model sees.")
    subparsers = parser.add_subparsers(dest="verb", required=True, metavar="VERB", parser_class=_Parser)

    def verb(name: str, about: str, run: Run, within: Any = subparsers) -> argparse.ArgumentParser:
        sub = within.add_parser(name, help=about, description=about)
        sub.add_argument("--json", metavar="FILE", help="write the result as JSON to FILE, or to stdout with -")
        sub.set_defaults(run=run, targets=("json",))
        return sub

    verb("videos", "List the videos of the library.", verbs.videos)
    verb("models", "List the models with what each can do, and why one cannot be used.", verbs.models)
    sub = verb("index", "Compute and keep the features of videos.", verbs.index)
    sub.add_argument("paths", nargs="+", metavar="PATH", help="a file, or an id of the library")
    _add_sampling(sub, settings)
    for analysis in ANALYSES.values():
        _add_analysis(verb(analysis.id, analysis.question, verbs.analyse), analysis, settings)
    _add_embed(verb(Embed.id, Embed.question, space_verbs.embed), settings)
    _add_compare(verb(Compare.id, Compare.question, space_verbs.compare), settings)
    _add_examine(verb(Examine.id, Examine.question, space_verbs.examine), settings)
    _add_probe(verb(Probe.id, Probe.question, probe_verbs.probe), settings)
    sub = verb("predict", "Ground every query of an annotation file; the rows that evaluate reads.", verbs.predict)
    sub.add_argument("ground_truth", metavar="GROUND_TRUTH", help="JSON Lines with qid, query, vid")
    sub.add_argument("--videos", required=True, metavar="DIR", help="folder with a video VID.* for every vid")
    sub.add_argument("--out", required=True, metavar="FILE", help="JSON Lines of predictions, or - for stdout")
    sub.set_defaults(targets=("json", "out"))
    _add_sampling(sub, settings)
    sub = verb("evaluate", "Score predictions in the conventions of QVHighlights.", verbs.evaluate)
    sub.add_argument("predictions", metavar="PREDICTIONS", help="JSON Lines or a JSON list: qid, pred_relevant_windows")
    sub.add_argument("ground_truth", metavar="GROUND_TRUTH", help="the same with qid, relevant_windows")
    about = "Hold every instrument against planted truth and reference implementations; exit status 1 where one fails."
    sub = verb("validate", about, validate_verb.validate)
    sub.add_argument("--only", choices=INSTRUMENTS, default="", help="one instrument alone")
    _add_bench(subparsers, verb, settings)
    _add_toyworld(subparsers, verb)
    return parser


def _add_sampling(sub: argparse.ArgumentParser, settings: Settings) -> None:
    sub.add_argument("--model", default=settings.default_model, metavar="ID", help=_MODEL_HELP)
    for name, control in controls(ANALYSES["ground"].Params).items():
        if name in ("fps", "max_frames"):
            _add_flag(sub, ANALYSES["ground"].Params, name, control)


def _add_analysis(sub: argparse.ArgumentParser, analysis: Analysis, settings: Settings) -> None:
    sub.set_defaults(analysis=analysis)
    sub.add_argument("video", metavar="VIDEO", help="a file, or an id of the library")
    sub.add_argument(
        "--query",
        action="append",
        required=True,
        dest="queries",
        metavar="TEXT",
        help="a sentence; repeatable" if analysis.takes_many else "the sentence",
    )
    sub.add_argument("--model", default=settings.default_model, metavar="ID", help=_MODEL_HELP)
    for name, control in controls(analysis.Params).items():
        _add_flag(sub, analysis.Params, name, control)
    add_formats(sub, "the picture")


def _add_embed(sub: argparse.ArgumentParser, settings: Settings) -> None:
    sub.add_argument("paths", nargs="*", metavar="PATH", help="a video file, or an id of the library")
    sub.add_argument("--features", metavar="FILE", help="features to map instead: .npz, .safetensors or .parquet")
    sub.add_argument("--id-column", default="id", metavar="NAME", help="what names the rows of the file (default id)")
    for name, about in (
        ("query", "a sentence to put on the map; repeatable"),
        ("through", "a word or sentence that the space is seen through, two or more; repeatable"),
        ("picture", "a still picture to look for, a file or an id: what is nearest to it is told; repeatable"),
        (
            "fitted-on",
            "a video that the map is made of, where that are not all: the others are placed on it; repeatable",
        ),
    ):
        dest = {"query": "queries", "picture": "pictures"}.get(name, name.replace("-", "_"))
        metavar = "PATH" if name in ("picture", "fitted-on") else "TEXT"
        sub.add_argument(f"--{name}", action="append", default=[], dest=dest, metavar=metavar, help=about)
    _add_sampling(sub, settings)
    _add_flag(sub, MomentParams, "reuse_below", controls(MomentParams)["reuse_below"])
    for name, control in controls(EmbedParams).items():
        _add_flag(sub, EmbedParams, name, control)
    add_formats(sub, "the map")


def _add_compare(sub: argparse.ArgumentParser, settings: Settings) -> None:
    sub.add_argument("paths", nargs="+", metavar="PATH", help="a video file, or an id of the library")
    _add_two_models(sub, settings, is_second_required=True)
    for name, control in controls(CompareParams).items():
        _add_flag(sub, CompareParams, name, control)
    add_formats(sub, "both maps")


def _add_examine(sub: argparse.ArgumentParser, settings: Settings) -> None:
    sub.add_argument(
        "annotations",
        nargs="?",
        metavar="ANNOTATIONS",
        help="JSON Lines with vid and, as known, start_s, end_s, labels (names with a value each), caption",
    )
    sub.add_argument("--videos", metavar="DIR", help="folder with a video VID.* for every vid")
    about = "an example whose true moments are examined instead; repeatable"
    sub.add_argument("--moments-of", action="append", default=[], metavar="VIDEO", help=about)
    sub.add_argument("--toyworld", action="store_true", help="examine films of the toy world instead, as the page does")
    _add_two_models(sub, settings, is_second_required=False)
    for name, control in controls(ExamineParams).items():
        _add_flag(sub, ExamineParams, name, control)
    add_formats(sub, "the figure and the numbers")


def _add_probe(sub: argparse.ArgumentParser, settings: Settings) -> None:
    sub.add_argument("paths", nargs="*", metavar="VIDEO", help="the video, then others that it is ranked among")
    sub.add_argument("--query", metavar="TEXT", help="a sentence that is true of the video")
    sub.add_argument("--start", type=float, metavar="SECONDS", help="where the part that is probed begins")
    sub.add_argument("--end", type=float, metavar="SECONDS", help="where it ends")
    for name, dest, metavar, about in (
        ("edit", "own", "TEXT", "an edit of the sentence by hand; repeatable"),
        ("corrected", "corrected", "KIND:TEXT", "an edit put right, which stays of its kind; repeatable"),
        ("without", "without", "TEXT", "an edit that is not to be made, as it was told; repeatable"),
        ("among", "among", "TEXT", "another sentence that the sentence is ranked among; repeatable"),
        ("model", "models", "ID", f"{_MODEL_HELP}; repeatable (default {settings.default_model})"),
    ):
        sub.add_argument(f"--{name}", action="append", default=[], dest=dest, metavar=metavar, help=about)
    sub.add_argument(
        "--file",
        metavar="FILE",
        help="probe every row instead: JSON Lines of vid and caption, or edits as Feint6K or VITATECS give them",
    )
    sub.add_argument("--videos", dest="folder", metavar="DIR", help="folder of its videos (default that of the file)")
    sub.add_argument("--toyworld", action="store_true", help="probe films of the toy world instead, as the page does")
    for flag, names, default, when in (
        ("--edits", NAMES, None, "all; beside edits that a file gives, none"),
        ("--video-edits", FILM_NAMES, "all", "all"),
    ):
        about = f"all, none, or some of {', '.join(names)} (default {when})"
        sub.add_argument(flag, default=default, metavar="KIND,KIND", help=about)
    for name, control in controls(ProbeParams).items():
        _add_flag(sub, ProbeParams, name, control)
    add_formats(sub, "the report")


def _add_two_models(sub: argparse.ArgumentParser, settings: Settings, is_second_required: bool) -> None:
    sub.add_argument("--model", default=settings.default_model, metavar="ID", help=_MODEL_HELP)
    sub.add_argument(
        "--model2", required=is_second_required, metavar="ID", help="the model that it is compared with, named alike"
    )


def _add_flag(sub: argparse.ArgumentParser, params: type, name: str, control: Control) -> None:
    item = next(item for item in fields(params) if item.name == name)
    assert item.default is not MISSING, f"{name} needs a default to be a flag"
    metavar = control.unit.upper().split()[0] if control.unit else "N"
    flag = flag_of(name, control)
    if item.default is False:
        sub.add_argument(flag, dest=name, action="store_true", help=control.help)
        return
    default = f" (default {item.default})" if item.default not in (None, "") else ""
    sub.add_argument(
        flag,
        dest=name,
        type=control.kind or type(item.default),
        default=item.default,
        metavar="|".join(control.choices) or metavar,
        help=f"{control.help}{default}",
    )


def _add_bench(subparsers: Any, verb: Callable[..., argparse.ArgumentParser], settings: Settings) -> None:
    group = subparsers.add_parser("bench", help="Measure how fast this machine is.")
    within = group.add_subparsers(dest="bench", required=True, metavar="encode", parser_class=_Parser)
    about = "Measure frames a second beside decoding alone and the model's own bare forward pass."
    sub = verb("encode", about, verbs.bench_encode, within)
    sub.add_argument("--video", default=None, metavar="VIDEO", help="a file, or an id (default the longest example)")
    _add_sampling(sub, settings)


def _add_toyworld(subparsers: Any, verb: Callable[..., argparse.ArgumentParser]) -> None:
    group = subparsers.add_parser("toyworld", help="Make videos whose truth is known, and models that know them.")
    within = group.add_subparsers(dest="toyworld", required=True, metavar="make|clips|train", parser_class=_Parser)
    sub = verb("make", "Write videos and everything that is true of them.", verbs.make_toyworld, within)
    sub.add_argument("--seed", type=int, required=True, metavar="N", help="the same seed makes the same videos")
    sub.add_argument("--count", type=int, default=1, metavar="K", help="how many videos (default 1)")
    sub.add_argument("--out", required=True, metavar="DIR", help="folder to write to")
    sub.add_argument("--split", choices=("train", "validation", "test"), default="test", help="splits never overlap")
    about = (
        "Write short videos of one object that does one thing, with captions and labels; examine and probe read them."
    )
    sub = verb("clips", about, verbs.make_toyworld_clips, within)
    sub.add_argument("--seed", type=int, required=True, metavar="N", help="the same seed makes the same videos")
    sub.add_argument(
        "--count", type=int, default=48, metavar="K", help="how many videos, for labels 16 or more (default 48)"
    )
    asked = (
        "how many things are done, one after the other (default 1); with 2 the captions have an order, and no labels"
    )
    sub.add_argument("--actions", type=int, choices=(1, 2), default=1, help=asked)
    sub.add_argument("--out", required=True, metavar="DIR", help="folder to write to")
    sub = verb("train", "Train a toy model and write it as a folder with its card.", verbs.train_toyworld, within)
    sub.add_argument("which", choices=("frame", "video"), help="the model to train: of single frames, or of motion")
    sub.add_argument("--out", default=None, metavar="DIR", help="folder for the model (default toyworld-WHICH)")
    sub.add_argument(
        "--work",
        default=None,
        metavar="DIR",
        help="folder for checkpoints; training goes on from there (default .toyworld-training/WHICH)",
    )
    sub.add_argument("--steps", type=int, default=None, metavar="N", help="how many steps, instead of the recipe's")
    sub.add_argument("--seed", type=int, default=0, metavar="N", help="seed of weights and frames")
