"""What each verb of the command line does: ask the services, print for people, or write JSON."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.analyses.analysis import controls
from workbench.analyses.extraction import extract
from workbench.analyses.ground import Ground, clock
from workbench.analyses.queries import checked_query
from workbench.analyses.services import Services
from workbench.core.metrics import evaluate_moments
from workbench.errors import InputError, WorkbenchError
from workbench.types.video import SamplingSpec, VideoInfo
from workbench.ui.answered import Answered
from workbench.ui.cli.output import Bar, read_rows, write_json, write_text
from workbench.ui.cli.results import hand_out, named_films
from workbench.ui.cli.video_folder import videos_in
from workbench.ui.reproduction import Asked

if TYPE_CHECKING:
    from workbench.toyworld.exam import Mark


def videos(services: Services, args: argparse.Namespace) -> int:
    """List the videos of the library."""
    found = services.library.list()
    if args.json:
        write_json(found, args.json)
        return 0
    for video in found:
        size = f"{video.width_px}x{video.height_px}"
        name = services.library.name_of(video.id)
        print(f"{name:<18}  {clock(video.duration_s):>8}  {size:>9}  {video.codec:<6} {video.title}")
    return 0


def models(services: Services, args: argparse.Namespace) -> int:
    """List the models: family, size, licence, capabilities, and whether each can be used here or why not."""
    found = services.models.list()
    if args.json:
        write_json(found, args.json)
        return 0
    print(f"{'model':<34} {'family':<15} {'size':>9}  {'licence':<12} {'maps':<18} availability")
    for entry in found:
        size = f"{entry.n_bytes / 1e6:,.0f} MB" if entry.n_bytes >= 1e6 else "under 1 MB" if entry.n_bytes else "-"
        maps = " ".join(sorted(entry.capabilities)) or "-"
        print(
            f"{entry.id:<34} {entry.family:<15} {size:>9}  {entry.licence or 'not stated':<12} {maps:<18} "
            f"{entry.availability}"
        )
    return 0


def index(services: Services, args: argparse.Namespace) -> int:
    """Compute the features of every video named; one that cannot be used does not stop the others."""
    model = services.models.load(args.model)
    sampling = SamplingSpec(args.fps, args.max_frames)
    rows: list[dict[str, Any]] = []
    for path in args.paths:
        bar = Bar()
        try:
            video = services.library.find(path)
            extracted = extract(services, video, model, sampling, bar)
        except WorkbenchError as problem:
            rows.append({"path": path, "error": str(problem)})
            print(f"{path}: {problem}", file=sys.stderr)
            continue
        finally:
            bar.close()
        n_rows, unit = len(extracted.features.times_s), "windows" if model.spec.window_frames > 1 else "frames"
        rows.append({"path": path, "video": video.id, f"n_{unit}": n_rows, "from_cache": extracted.from_cache})
        if extracted.problem:
            rows[-1]["not_kept" if not extracted.is_kept else "note"] = extracted.problem
            print(f"{path}: {extracted.problem}", file=sys.stderr)
        if not args.json:
            print(f"{path}  {n_rows} {unit} {'from cache' if extracted.from_cache else 'computed'}")
    if args.json:
        write_json(rows, args.json)
    return 1 if any("error" in row or "not_kept" in row for row in rows) else 0


def analyse(services: Services, args: argparse.Namespace) -> int:
    """Run one analysis of the registry."""
    [video], files = named_films(services, [args.video])
    chosen = {name: getattr(args, name) for name in controls(args.analysis.Params)}
    params = args.analysis.Params(video=video.id, queries=tuple(args.queries), model=args.model, **chosen)
    bar = Bar()
    try:
        outcome = args.analysis.run(services, params, bar)
    finally:
        bar.close()
    return hand_out(services, args, [Answered(Asked(params), outcome)], files, lambda: args.analysis.as_text(outcome))


def bench_encode(services: Services, args: argparse.Namespace) -> int:
    """Say how fast a video becomes features here, beside decoding alone and the bare forward pass."""
    from workbench.analyses.throughput import measure

    model = services.models.load(args.model)
    video = (
        services.library.find(args.video)
        if args.video
        else max(services.library.examples(), key=attrgetter("duration_s"))
    )
    bar = Bar()
    try:
        found = measure(services, video, model, SamplingSpec(args.fps, args.max_frames), bar)
    finally:
        bar.close()
    if args.json:
        write_json({**asdict(found), "ratio": found.ratio}, args.json)
        return 0
    print(f"{found.model_id} on {found.device}, {found.precision}, {found.rows_at_once} at once; {found.video_title}")
    print(f"{'decoding alone':<24} {found.decode_fps:>9.1f} frames a second")
    print(f"{'forward pass alone':<24} {found.forward_fps:>9.1f}")
    print(f"{'decoded and encoded':<24} {found.end_to_end_fps:>9.1f}  {found.ratio:.2f} of the slower one")
    return 0


def predict(services: Services, args: argparse.Namespace) -> int:
    """Ground every query of an annotation file and write one row of predictions for each."""
    rows = read_rows(args.ground_truth)
    by_video: dict[str, list[dict[str, Any]]] = {}
    for number, row in enumerate(rows, 1):
        missing = [name for name in ("qid", "query", "vid") if name not in row]
        if missing:
            raise InputError(f"Row {number} of {args.ground_truth} has no {missing[0]!r}; add it.")
        by_video.setdefault(str(row["vid"]), []).append(row)
    files = videos_in(args.videos)
    said: list[tuple[dict[str, Any], dict[str, Any]]] = []
    limit = services.settings.max_queries
    for vid, asked in by_video.items():
        if vid not in files:
            raise InputError(f"There is no video {vid}.* in {args.videos}; name the folder with --videos.")
        video = services.library.open_path(files[vid])
        for start in range(0, len(asked), limit):
            part = asked[start : start + limit]
            said += _predict_video(services, args, video, part)
    lines = [{"qid": row["qid"], **said_row} for row, said_row in said]
    if args.json:
        write_json(lines, args.json)
    write_text("".join(json.dumps(line) + "\n" for line in lines), args.out)
    return 0


def _predict_video(
    services: Services, args: argparse.Namespace, video: VideoInfo, asked: list[dict[str, Any]]
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    limits = services.settings
    texts = tuple(dict.fromkeys(checked_query(str(row["query"]), limits) for row in asked))
    params = Ground.Params(video=video.id, queries=texts, model=args.model, fps=args.fps, max_frames=args.max_frames)
    bar = Bar()
    try:
        found = Ground().run(services, params, bar).result
    finally:
        bar.close()
    for row in asked:
        at = texts.index(checked_query(str(row["query"]), limits))
        windows = [[moment.start_s, moment.end_s, moment.score] for moment in found.moments[at]]
        yield (
            row,
            {
                "query": row["query"],
                "vid": row["vid"],
                "pred_relevant_windows": windows,
                "in_video": bool(found.is_in_video[at]),
            },
        )


def evaluate(services: Services, args: argparse.Namespace) -> int:
    """Score a file of predictions against a file of true windows."""
    scores = evaluate_moments(read_rows(args.predictions), read_rows(args.ground_truth))
    if args.json:
        write_json(scores, args.json)
        return 0
    presence = {_PRESENCE[name]: value for name, value in scores.get("in_video", {}).items()}
    for name, value in {**scores["brief"], **presence}.items():
        print(f"{name:<44} {'-' if value is None else value}")
    return 0


_PRESENCE = {
    "present": "in its video, and said to be (percent)",
    "absent": "not in its video, and said not to be (percent)",
    "n_present": "queries that are in their video",
    "n_absent": "queries that are not in their video",
}


def make_toyworld(services: Services, args: argparse.Namespace) -> int:
    """Write videos of the toy world with their truth."""
    from workbench.media.encode import write_video
    from workbench.toyworld import dataset

    if args.count < 1:
        raise InputError(f"--count is {args.count}; ask for one video or more.")
    _check_seed(args.seed)
    from tqdm import tqdm

    with tqdm(total=args.count, unit="video", file=sys.stderr, leave=False) as bar:
        paths = dataset.make(
            Path(args.out), args.seed, args.count, write_video, args.split, lambda done, what: bar.update(1)
        )
    if args.json:
        write_json({"videos": [str(path) for path in paths]}, args.json)
    else:
        print(f"{len(paths)} videos with moments.jsonl and truth.jsonl in {args.out}")
    return 0


def make_toyworld_clips(services: Services, args: argparse.Namespace) -> int:
    """Write short films of one object that does one thing, or one thing after another, with what is true of them."""
    from tqdm import tqdm

    from workbench.media.encode import write_video
    from workbench.toyworld.clips import FEWEST, LABELS_FILE, make_clips, ordered_clips, solo_clips

    if args.actions == 1 and args.count < FEWEST:
        raise InputError(f"--count is {args.count}; for each label to be in two videos, ask for {FEWEST} or more.")
    if args.count < 1:
        raise InputError(f"--count is {args.count}; ask for one video or more.")
    _check_seed(args.seed)
    clips = (solo_clips if args.actions == 1 else ordered_clips)(args.seed, args.count)
    with tqdm(total=args.count, unit="video", file=sys.stderr, leave=False) as bar:
        paths = make_clips(Path(args.out), clips, write_video, lambda done, what: bar.update(1))
    if args.json:
        write_json({"videos": [str(path) for path in paths]}, args.json)
    else:
        print(f"{len(paths)} videos with {LABELS_FILE} in {args.out}")
    return 0


def _check_seed(seed: int) -> None:
    if seed < 0:
        raise InputError(f"--seed is {seed}; give a number from 0 on.")


def train_toyworld(services: Services, args: argparse.Namespace) -> int:
    """Train a toy model, examine it, and write its folder."""
    if args.steps is not None and args.steps < 10:
        raise InputError(f"--steps is {args.steps}; train for 10 steps or more.")
    out_dir = Path(args.out or f"toyworld-{args.which}")
    work_dir = Path(args.work or f".toyworld-training/{args.which}")
    train = _train_frame if args.which == "frame" else _train_video
    marks = train(services, args, out_dir, work_dir)
    summary = {kind: {"share": mark.share, "asked": mark.n_asked} for kind, mark in marks.items()}
    if args.json:
        write_json({"model": str(out_dir), "edits": summary}, args.json)
    else:
        for kind, mark in marks.items():
            print(f"{kind:<18} {mark.share:.3f} of {mark.n_asked}")
    return 0


def _train_frame(services: Services, args: argparse.Namespace, out_dir: Path, work_dir: Path) -> dict[str, Mark]:
    from workbench.models.runtime import device_for
    from workbench.toyworld.calibration import calibrate
    from workbench.toyworld.exam import examine
    from workbench.toyworld.shipping import ship_frame_model
    from workbench.toyworld.training import Recipe, train_frame

    recipe = Recipe(seed=args.seed)
    if args.steps is not None:
        recipe = recipe.shortened(args.steps)
    with _steps_bar(recipe.total_steps) as report:
        model = train_frame(recipe, work_dir, report, _commit(), str(device_for(services.settings)))
    marks = examine(model)
    ship_frame_model(model, out_dir, recipe, marks, work_dir)
    calibrate(out_dir)
    return marks


def _train_video(services: Services, args: argparse.Namespace, out_dir: Path, work_dir: Path) -> dict[str, Mark]:
    from workbench.models.runtime import device_for
    from workbench.settings import ASSETS
    from workbench.toyworld.calibration import calibrate
    from workbench.toyworld.shipping import ship_video_model
    from workbench.toyworld.video_model import load_frame_model
    from workbench.toyworld.video_recipe import VideoRecipe
    from workbench.toyworld.video_training import train_video
    from workbench.toyworld.window_exam import examine_windows, scores_of_frame_model, scores_of_video_model

    recipe = VideoRecipe(seed=args.seed)
    if args.steps is not None:
        recipe = recipe.shortened(args.steps)
    frame_model = load_frame_model(ASSETS / "models" / "toyworld-frame")
    with _steps_bar(recipe.total_steps) as report:
        model = train_video(recipe, frame_model, work_dir, report, _commit(), str(device_for(services.settings)))
    marks = examine_windows(scores_of_video_model(model))
    frame_marks = examine_windows(scores_of_frame_model(frame_model))
    ship_video_model(model, out_dir, recipe, marks, frame_marks, work_dir)
    calibrate(out_dir)
    return marks


@contextmanager
def _steps_bar(n_steps: int) -> Iterator[Callable[[int, str], None]]:
    """Yield a function that moves a bar to a step and writes a line beside it."""
    from tqdm import tqdm

    with tqdm(total=n_steps, unit="step", file=sys.stderr) as bar:

        def report(step: int, line: str) -> None:
            bar.update(step - bar.n)
            bar.set_postfix_str(line)

        yield report


def _commit() -> str:
    try:
        command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
        found = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return found.stdout.strip()
