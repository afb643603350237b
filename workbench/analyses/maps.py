"""Maps of pictures by one method: where in each of them the cosine with the sentence comes from.

Separate from the evidence for them and from the maps of sentences. What a method takes from the network is kept under
what it was made of; a second look costs a file.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np
from jaxtyping import Float32

from workbench.analyses.chunks import row_key
from workbench.analyses.ground import clock
from workbench.analyses.hidden_cells import cosines, hidden_patches
from workbench.analyses.map_methods import METHODS, TRACED
from workbench.analyses.question import Question, about_words
from workbench.analyses.word_coalitions import without_one
from workbench.core import attention
from workbench.errors import InputError, ModelError, StoreError
from workbench.models.captum_gradients import N_STEPS
from workbench.models.protocol import Differentiable, GradientMethod, PatchFeatures, VideoTextModel
from workbench.types.features import VideoFeatures
from workbench.types.maps import AttentionTrace, HeatMaps
from workbench.types.outcome import Progress
from workbench.types.video import FrameBatch

_VERSION = 3
"""Raised whenever the same weights give other maps than before."""
MOST_PICTURES = 32
_AT_ONCE = 8
_WHOLE = 0.98
_SHALLOW = 6
Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Asking:
    """A question with the method of its maps; ``start_layer`` is the first that counts, None for the usual one."""

    question: Question
    method: str
    start_layer: int | None = None


def rows_to_map(question: Question, n_pictures: int) -> list[int]:
    """Return the rows of the features whose pictures are mapped, in order.

    The one at the chosen instant; else as many as are wanted of the span or the best moment, spread evenly, or the
    best one of the film where it has none. Of a model of windows always one.
    """
    if question.at_s is not None or not question.model.spec.frame_independent:
        return [question.row_at()]
    if (moment := question.moment_s) is None:
        return [question.row_at()]
    inside = np.flatnonzero(question.rows_in(moment))
    if len(inside) <= n_pictures:
        return inside.tolist()
    return inside[np.linspace(0, len(inside) - 1, n_pictures).round().astype(int)].tolist()


def check_method(model: VideoTextModel, method: str) -> None:
    """Raise ``ModelError`` where the model cannot give such a map, saying what it lacks and what it can give."""
    if why := why_not(model, method):
        raise ModelError(why)


def why_not(model: VideoTextModel, method: str) -> str:
    """Return why the model gives no map by a method, or nothing."""
    needs = METHODS[method].needs
    kinds: dict[Any, type] = {"differentiable": Differentiable, "patches": PatchFeatures}
    if needs is None or isinstance(model, kinds[needs]):
        return ""
    why = {
        "differentiable": "is not opened here up to its answer, so that nothing can be followed back",
        "patches": "makes nothing of single patches",
    }[needs]
    return (
        f"{METHODS[method].title} cannot be made with {model.spec.title}, which {why}; choose occlusion, which asks "
        f"any model, or a model with the capability “{needs}”."
    )


def heat_maps(asking: Asking, rows: Sequence[int]) -> HeatMaps:
    """Return the maps of the pictures that ``rows`` of the features are made of.

    Raises ``ModelError`` where the model cannot give such maps, and whatever reading the film raises.
    """
    question, method = asking.question, METHODS[asking.method]
    check_method(question.model, asking.method)
    make = _MAKERS[asking.method]
    found = make(asking, rows)
    first = found[0]
    times_s = np.concatenate([row["times_s"] for row in found])
    n_frames = len(first["times_s"])
    at = f"the frame at {clock(float(times_s[0]))}" if len(times_s) == 1 else f"each of {len(times_s)} frames"
    if n_frames > 1:
        at = f"the window of {n_frames} frames at {clock(float(question.features.times_s[rows[0]]))}"
    heads = [row["by_head"] for row in found if "by_head" in row]
    return HeatMaps(
        method=asking.method,
        query=question.query,
        score=f"cosine of the sentence with {at}",
        times_s=times_s,
        values=np.concatenate([row["values"] for row in found]).astype(np.float64),
        scores=np.concatenate([row["scores"] for row in found]).astype(np.float64),
        grid=tuple(first["grid"].tolist()),
        seen=tuple(first["seen"].tolist()),
        is_signed=method.is_signed,
        is_about_sentence=method.is_about_sentence,
        by_head=np.concatenate(heads) if heads else None,
        warnings=_warnings(asking, found),
    )


def _warnings(asking: Asking, found: list[Arrays]) -> tuple[str, ...]:
    """Return what a person should know of such maps before believing them."""
    question, spec = asking.question, asking.question.model.spec
    said = list(about_words(question))
    top, left, bottom, right = found[0]["seen"].tolist()
    part = (min(bottom, 1.0) - max(top, 0.0)) * (min(right, 1.0) - max(left, 0.0))
    if part < _WHOLE:
        said.append(f"{spec.title} sees {part:.0%} of the picture; the rest is cut off before, and has no map.")
    if not METHODS[asking.method].is_about_sentence:
        said.append("The sentence does not enter this map: it is the same for any other.")
    if asking.method == "similarity":
        said.append(
            "Dense similarity reads single patches in a way that the model was not trained for: it is no explanation."
        )
    if spec.window_frames > 1 and asking.method in TRACED:
        said.append("What reaches a frame from the others of its window is not followed back to their patches.")
    if "full" in found[0] and asking.method == "ig":
        window = spec.window_frames
        wanted = np.concatenate([row["full"] - row["empty"] for row in found])[::window]
        reached = np.concatenate([row["values"].sum(axis=1) for row in found]).reshape(-1, window).sum(axis=1)
        off = float(np.abs(reached - wanted).max())
        if off > 0.02 * max(float(np.abs(wanted).max()), 0.05):
            said.append(
                f"The values should sum to what the picture adds to a plain one, and are off by up to {off:.3f}: the "
                f"cosine bends too sharply on the way for the {N_STEPS} steps that are taken."
            )
    return tuple(said)


def _kept(asking: Asking, rows: Sequence[int], kind: str, make: Callable[[FrameBatch], Arrays]) -> list[Arrays]:
    """Return the arrays of each row: the store's, or ``make`` of its frames, told of.

    ``make`` is given whole windows, a few rows at a time, and returns arrays by frame, beside where its cells are.
    """
    question = asking.question
    spec, prompts = question.model.spec, question.model.spec.prompts
    keys = {
        row: row_key(
            f"map, version {_VERSION}, {kind}, of {question.query!r} in {prompts!r}",
            question.video,
            spec,
            question.sampling,
            row,
        )
        for row in rows
    }
    store = question.services.store
    kept: dict[int, Arrays] = {}

    def missing(some: Sequence[int]) -> list[int]:
        kept.update({row: found for row in some if (found := store.get(keys[row])) is not None})
        return [row for row in some if row not in kept]

    wanted = missing(rows)
    at = 0
    while at < len(wanted):
        group = wanted[at : at + _rows_at_once(question, wanted[at])]
        waiting = functools.partial(
            question.report, Progress(at, len(wanted), f"Looking into {spec.title}", unit="picture")
        )
        waiting()
        with store.lock(keys[group[0]], waiting):
            if still := missing(group):
                windows = question.windows(still)
                for row, made in zip(still, _by_row(make(_joined(windows)), len(still)), strict=True):
                    kept[row] = made
                    with suppress(StoreError):
                        store.put(keys[row], made)
        at += len(group)
    return [kept[row] for row in rows]


def _rows_at_once(question: Question, row: int) -> int:
    """Return how many rows are mapped together: few, so that work can be stopped, and as there is room for."""
    model = question.model
    if not isinstance(model, Differentiable):
        return 1
    frames = question.windows([row])[0]
    return max(1, min(_AT_ONCE, model.most_traced(frames.pixels) // len(frames.times_s)))


def _joined(windows: Sequence[FrameBatch]) -> FrameBatch:
    pixels, times_s = (np.concatenate([getattr(one, name) for one in windows]) for name in ("pixels", "times_s"))
    return replace(windows[0], pixels=pixels, times_s=times_s)


def _by_row(arrays: Arrays, n_rows: int) -> list[Arrays]:
    """Return the arrays of each row, with all that is the same for all of them."""
    shared = {name: arrays[name] for name in ("grid", "seen")}
    n_frames = len(arrays["times_s"]) // n_rows
    return [
        {name: array[at : at + n_frames] for name, array in arrays.items()} | shared
        for at in range(0, n_rows * n_frames, n_frames)
    ]


def _layout(model: Differentiable, frames: FrameBatch) -> Arrays:
    layout = model.layout(frames.pixels[:1])
    return {"grid": np.array(layout.grid), "seen": np.array(layout.seen, dtype=np.float64)}


def _traced(asking: Asking, rows: Sequence[int]) -> list[Arrays]:
    question, model = asking.question, asking.question.model
    assert isinstance(model, Differentiable)

    def make(frames: FrameBatch) -> Arrays:
        trace = model.trace_frames(frames, question.asked.said)
        found = [maps_of_trace(trace, row, asking.start_layer) for row in range(len(frames.times_s))]
        arrays = {name: np.stack([one[name] for one in found]) for name in found[0]}
        return {**arrays, "times_s": frames.times_s, "scores": trace.scores, **_layout(model, frames)}

    kept = _kept(asking, rows, f"attention from layer {asking.start_layer}", make)
    named = {"values": asking.method, "by_head": f"{asking.method} by head"}
    return [
        {**{name: one[name] for name in ("times_s", "scores", "grid", "seen")}, **_chosen(one, named)} for one in kept
    ]


def _chosen(arrays: Arrays, named: dict[str, str]) -> Arrays:
    return {name: arrays[key] for name, key in named.items() if key in arrays}


def maps_of_trace(trace: AttentionTrace, row: int, start_layer: int | None) -> Arrays:
    """Return the maps of all methods that one trace serves, cell by cell, with those by head where there are such.

    Rollout begins at the first layer unless ``start_layer`` says otherwise. So does relevance in encoders of up to 6
    layers; in deeper ones, where the early layers would drown it, at the last, as its authors do for CLIP.
    """
    weights, gradients, reader = trace.weights[row], trace.gradients[row], trace.reader[row]
    early, cells = trace.early_gradients[row], list(trace.cells[row])
    n_layers = len(weights)
    if start_layer is not None and not 0 <= start_layer < n_layers:
        raise InputError(
            f"There are {n_layers} layers, counted from 1; begin at one of them, not at {start_layer + 1}."
        )
    read = reader
    if trace.pooling is not None:  # the attention that reads the last tokens is a layer more
        read = np.maximum(early[-1][:, 0] * trace.pooling[row], 0).mean(axis=0)
    late = start_layer
    if late is None:
        late = 0 if n_layers <= _SHALLOW else n_layers - 1
    found = {
        "relevance": attention.relevance(weights, gradients, read, late),
        "rollout": attention.rollout(weights, reader, start_layer or 0),
        "raw": attention.raw(weights, reader) if trace.pooling is None else reader,
        "legrad": attention.legrad(early),
    }
    heads = {
        "raw by head": _raw_heads(trace, row),
        "relevance by head": attention.by_head(attention.raising(weights, gradients), reader),
        "legrad by head": np.maximum(early, 0).mean(axis=2),
    }
    # Alike to the query among the cells alone: what begins and ends a text is no part of it.
    given = attention.grad_eclip(
        trace.query[row], trace.keys[row][cells], trace.values[row][cells], trace.output_gradient[row]
    )
    on_cells = {name: array[..., cells] for name, array in {**found, **heads}.items()} | {"grad-eclip": given}
    return {name: array.astype(np.float32) for name, array in on_cells.items()}


def _raw_heads(trace: AttentionTrace, row: int) -> Float32[np.ndarray, "layer head token"]:
    """Return what every head looks at; an attention that reads the last tokens is a layer more."""
    found = attention.by_head(trace.weights[row], trace.reader[row])
    return found if trace.pooling is None else np.concatenate([found, trace.pooling[row][None]])


def _gradients(asking: Asking, rows: Sequence[int]) -> list[Arrays]:
    question, model = asking.question, asking.question.model
    assert isinstance(model, Differentiable)
    assert asking.method in get_args(GradientMethod)

    def make(frames: FrameBatch) -> Arrays:
        found = model.frame_gradients(frames, question.asked.said, asking.method)  # type: ignore[arg-type]
        ends = {name: end for name in ("empty", "full") if (end := getattr(found, name)) is not None}
        features = model.encode_frames(frames)
        scores = question.asked.curves(question.model, features)[0].repeat(question.model.spec.window_frames)
        made = {"times_s": frames.times_s, "values": found.values, "scores": scores}
        return {**made, **ends, **_layout(model, frames)}

    return _kept(asking, rows, asking.method, make)


def _occlusion(asking: Asking, rows: Sequence[int]) -> list[Arrays]:
    """Return by how much the cosine falls without each cell; a window hides it in all of its frames."""
    question, found = asking.question, []
    for number, row in enumerate(rows):
        hidden = hidden_patches(replace(question, report=_part_of(question, number, len(rows))), row)
        assert hidden.place is not None
        score = cosines(question.asked, question.model, hidden.encode(without_one(len(hidden.players)), 0))[0]
        values = np.zeros(hidden.place.grid[0] * hidden.place.grid[1])
        values[list(hidden.place.numbers)] = score[0] - score[1:]
        times_s = question.windows([row])[0].times_s
        found.append(
            {
                "times_s": times_s,
                "values": np.tile(values, (len(times_s), 1)),
                "scores": np.repeat(score[0], len(times_s)),
                "grid": np.array(hidden.place.grid),
                "seen": np.array(hidden.place.seen),
            }
        )
    return found


def _part_of(question: Question, number: int, n_pictures: int) -> Callable[[Progress], None]:
    """Return what tells of one picture's work as a part of that on all of them."""

    def report(progress: Progress) -> None:
        total = max(progress.total, 1) * n_pictures
        question.report(replace(progress, done=number * max(progress.total, 1) + progress.done, total=total))

    return report


def _similarity(asking: Asking, rows: Sequence[int]) -> list[Arrays]:
    question, model = asking.question, asking.question.model
    assert isinstance(model, PatchFeatures)

    def make(frames: FrameBatch) -> Arrays:
        maps, own, values = model.encode_patches(frames), model.encode_frames(frames), []
        window = len(maps.patches) // len(own.times_s)
        for number, patches in enumerate(maps.patches):
            n_cells, at = len(patches), number // window
            context = None if own.context is None else np.repeat(own.context[at : at + 1], n_cells, axis=0)
            seen = VideoFeatures(maps.video_id, maps.model_id, np.arange(n_cells, dtype=float), patches, context)
            cosine = question.asked.curves(model, seen)[0].astype(np.float64)
            values.append(cosine - cosine.mean())
        return {
            "times_s": frames.times_s,
            "values": np.stack(values),
            "scores": np.repeat(question.asked.curves(model, own)[0], window),
            "grid": np.array(maps.grid),
            "seen": np.array(maps.seen),
        }

    return _kept(asking, rows, "similarity", make)


_MAKERS: dict[str, Callable[[Asking, Sequence[int]], list[Arrays]]] = {
    **dict.fromkeys(TRACED, _traced),
    **dict.fromkeys(get_args(GradientMethod), _gradients),
    "occlusion": _occlusion,
    "similarity": _similarity,
}
