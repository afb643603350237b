"""Every sentence of the page, in English, and those that are written from numbers.

Separate so that wording can be read, corrected and one day translated in one place. Functions take
results and return plain text: the caller escapes it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from workbench.analyses.analysis import controls
from workbench.analyses.ground import GroundParams, clock
from workbench.models.entry import ModelEntry
from workbench.models.protocol import Placement
from workbench.types.grounding import AbsentPeaks, Grounding, Moment
from workbench.types.outcome import Progress, Provenance
from workbench.types.video import VideoInfo

TITLE = "Video-text workbench"
SUBTITLE = "When is a sentence true of a video, and how sure is that?"
NO_QUERIES = "Type what should be seen, such as “a red circle”, and the video is searched for it."
VERDICTS = {"yes": "yes", "no": "not shown", "unknown": "cannot be said"}
MOMENTS_TITLE, ABOUT_TITLE = "Moments", "About"
VIDEO, UPLOAD, MODEL, METHOD = "Video", "Upload a video", "Model", "Method"
STOP, GO_ON, COPY_LINK = "Stop", "Go on", "Copy link"
FEATURES, DEVICE, ALL_MODELS, NOT_AVAILABLE = "Features", "Device", "All {} models", "{}, not available"
IN_THIS_VIDEO, NULL_TITLE, SPANS_TITLE = "In this video:", "In this video?", "Every span of “{}”"
MOMENT, MOMENT_COLUMNS = "moment", ("query", "rank", "start", "end", "length")
COLOUR_KEY, HOW_MADE, WORDS = "from dark to bright", "How this result was made", "Words"
NO_SUCH_ROW = "That row is no longer there; the page may be out of date, reload it."
LINK_VIDEO = "The link names a video in a way that cannot be read; choose one from the list."
NO_SUCH_VIDEO, NO_SUCH_PICTURE = "No such video.", "No such picture."
FILE_GONE = "This file is no longer there; ask for it again."
SKIP, THEME, THEME_HELP = "Skip to the answers", "Theme", "Light or dark"
ANSWERS_TITLE, HOW_FAR = "Answers", "How far it is"
NO_RESULT = "There is no result to account for yet."
MAP_KEY = (
    "Every cell is a span: its start from left to right, its end from bottom to top, its colour the score. The "
    "numbered points are the moments: spans higher than what is on both sides of them. A click goes to the start."
)
LOADING = "Loading the model"
STOPPING = "Stopping …"
STOPPED = "Stopped. What was read is kept but for the last few seconds; “Go on” continues from there."
STOPPED_EARLY = "Stopped before anything was read; “Go on” asks again."
OF_BEFORE = "What is on show is still the answer to the question before."
UNREAD = "Not read yet"
NOT_KNOWN = "…"
NO_MOMENTS = "No moments were found."
CLOSING_STOPS = "Closing the tab stops it; it goes on from there later."
LONG_S = 60.0
"""Reading that takes longer than this still is told to stop with the tab."""
SO_FAR = "So far: the raw cosine of what was read. Moments and verdicts come when the whole video has been read."
NOT_READ = "The video is not read to its end for this question; wait for the answer, or choose “Go on”."
UNEXPECTED = "Something went wrong on our side and has been logged; reload the page, or choose another video."
ALREADY_ASKED = "That sentence is in the list already."
TOO_MANY_IN_LINK = "The link holds more sentences than can be asked at once; the first {} are shown."
DROPPED = "This was stopped by what was asked since; what was computed is kept, ask for it again."
OCCUPIED = "Something is still being worked out; wait for it, or stop it."
BUSY = "What each player adds is still being worked out; ask again when it is there."
SPAN_OUTSIDE = "The link's span begins after the end of the video; drag over the timeline to choose another."
NOTHING_IS_FETCHED = "Nothing is fetched from an address; upload the file itself."
UNPLAYABLE_UPLOAD = "The upload did not arrive whole; try again."

GLOSSARY = (
    ("moment", "a span of the video, from start to end, proposed as the answer to a sentence"),
    ("frame", "one picture of the video; a model sees the video as frames taken at an even rate"),
    ("query", "a sentence that the video is searched for"),
    ("cosine", "how alike the model finds a frame and a sentence; its range differs from model to model"),
    ("saliency", "the cosine after smoothing over time and after subtracting what any sentence would get"),
    ("score", "mean saliency inside the moment minus the mean of the whole video; it ranks the moments of one query"),
    ("distractor", "a sentence that is not about this video, used to learn how high chance alone can peak"),
    ("null", "the peaks of sentences that are not in the video: what chance alone looks like"),
    ("error rate", "the share of absent sentences that are allowed to pass as present"),
    (
        "player",
        "one who takes part in a score: a frame or a segment of frames, a word or a phrase, a patch of a picture",
    ),
    ("coalition", "some of the players, the others left out; with n players there are 2 to the power of n"),
    ("value", "what a player adds to the score on average over all coalitions of the others: Banzhaf's value"),
    ("interaction", "what two players add together beyond what each adds alone, on the same average"),
    ("gap", "by how much the values sum to more than the rise of the score from nobody to everybody"),
    ("map", "which parts of a picture, or which words, make it fit the sentence, by one of several methods"),
    (
        "rank correlation",
        "whether two lists put the same things first: 1 for the same order, 0 for none, −1 for reversed",
    ),
    ("space", "what a model makes of pictures and sentences: points, near each other where they are alike to it"),
    ("trustworthiness", "whether what is near on the map of the space is near in it: 1 where all is, 0.5 by chance"),
    ("continuity", "whether what is near in the space is near on the map: 1 where all is, 0.5 by chance"),
    ("random order", "the cells of a picture shuffled: what a map has to be better than"),
    ("truth", "windows in which the sentence is known to be true, by hand or by construction"),
)
EXPLAINED = dict(GLOSSARY)
FILE_TOO_LARGE = "The file is larger than 5 MB; leave some rows out, or use the command line."
FILE_NO_TEXT = "The file is not text; give one with a JSON object a line."


def unknown_video(name: str) -> str:
    """Return that a file names a video that its visitor does not have."""
    return f"No video of yours is called “{name}”; write a title as it stands in the list of videos."


def ambiguous_video(name: str) -> str:
    """Return that a file names more than one video."""
    return f"More than one video of yours is called “{name}”; rename the file of one and upload it again."


def too_many_sentences(most: int) -> str:
    """Return that no sentence more can be asked."""
    return f"{most} sentences at once are the most; take one away first."


def link_no_number(name: str, text: str) -> str:
    """Return that a link has something else where a number should be."""
    return f"The link asks for {name}={text[:20]}, which is not a number; correct it."


def link_no_span(text: str) -> str:
    """Return that a link has something else where a span should be."""
    return f"The link asks for the span {text[:20]}, which is none; give two times such as 12-15.5."


def span(moment: Moment) -> str:
    """Return a moment as ``0:12.0 – 0:15.4``."""
    return f"{clock(moment.start_s)} – {clock(moment.end_s)}"


def number(value: float) -> str:
    """Return a cosine or a saliency with three digits and a true minus sign."""
    return f"{value:.3f}".replace("-", "\N{MINUS SIGN}")


def percent(share: float) -> str:
    """Return a share as a percentage without false digits."""
    if 0 < share < 0.001:
        return "less than 0.1 %"
    return f"{share:.1%}".replace(".0%", "%").replace("%", " %")


def answer(grounding: Grounding, index: int) -> str:
    """Return what the timeline says about one query, from its numbers."""
    moments = grounding.moments[index]
    if not moments:
        return "Nothing in the video stands out for this sentence."
    inside_of = _inside(grounding.times_s, moments[0].start_s, moments[0].end_s)
    curve = grounding.similarity[index]
    means = _inside_and_outside(curve, inside_of)
    length = _length(moments[0].end_s - moments[0].start_s)
    start = f"Best from {clock(moments[0].start_s)} to {clock(moments[0].end_s)} ({length})"
    if not grounding.is_in_video[index]:
        start = f"If it were there: {start[0].lower()}{start[1:]}"
    return f"{start}; mean cosine {means}."


def verdict(grounding: Grounding, index: int) -> str:
    """Return ``yes``, ``no`` or ``unknown``: whether the query is in the video at the stated error rate."""
    if np.isnan(grounding.p_absent[index]):
        return "unknown"
    return "yes" if grounding.is_in_video[index] else "no"


def evidence(grounding: Grounding, index: int) -> str:
    """Return how the query's peak compares with those of sentences that are not in the video."""
    absent = grounding.absent[index]
    if np.isnan(grounding.p_absent[index]):
        return "the model cannot tell; the note above says why"
    if absent.kind == "estimated":  # some distractors may be in the video: how many lie below says little
        chance = percent(float(grounding.p_absent[index]))
        return f"an absent sentence peaks this high with probability {chance}, as estimated"
    n_below = int((absent.peaks < grounding.peaks[index]).sum())
    return f"peak above {n_below} of {len(absent.peaks)} absent sentences"


def how_sure(grounding: Grounding, index: int) -> str:
    """Return the chance of a peak this high for an absent sentence, against the stated error rate."""
    if np.isnan(grounding.p_absent[index]):
        return "Whether this sentence is in the video cannot be said; the note beside the timeline tells why."
    chance = percent(float(grounding.p_absent[index]))
    return (
        f"An absent sentence peaks this high with probability {chance}, {_null_source(grounding.absent[index])}. "
        f"“Yes” means at most {percent(grounding.error_rate)}."
    )


def _null_source(absent: AbsentPeaks) -> str:
    n_null = len(absent.peaks)
    if absent.kind == "measured":
        return f"measured on {n_null:,} sentences known to be absent from other videos"
    return f"estimated from {n_null:,} distractors in this video, which can be off by a factor of four"


def about_map(grounding: Grounding, index: int) -> str:
    """Return what the map of spans shows for one query."""
    moments = grounding.moments[index]
    if not moments:
        return "No span stands out from the rest of the video."
    best = f"Moment 1, {span(moments[0])}, lies {moments[0].score:.3f} above the video's mean"
    others = f" and the other {len(moments) - 1} lie less" if len(moments) > 1 else ""
    return f"{best}{others}. Brighter cells beside it are shorter spans within a peak."


def about_null(grounding: Grounding, index: int) -> str:
    """Return where the peak of one query stands among the peaks of absent sentences."""
    peak, absent = float(grounding.peaks[index]), grounding.absent[index]
    if not len(absent.peaks):
        return f"The sentence peaks at {number(peak)}; this model brings no absent sentences to compare with."
    highest, middle = float(absent.peaks.max()), float(np.median(absent.peaks))
    others = "absent ones" if absent.kind == "measured" else "distractors"
    return (
        f"The sentence peaks at {number(peak)}; half of the {others} peak below {number(middle)}, all at or below "
        f"{number(highest)}."
    )


def about_span(grounding: Grounding, start_s: float, end_s: float) -> list[tuple[str, str]]:
    """Return a line per query on the selected span: its mean cosine inside against outside."""
    inside = _inside(grounding.times_s, start_s, end_s)
    if not inside.any() or inside.all():
        return []
    pairs = zip(grounding.queries, grounding.similarity, strict=True)
    return [(query, _inside_and_outside(curve, inside)) for query, curve in pairs]


def timeline_caption(grounding: Grounding, window_frames: int, duration_s: float) -> str:
    """Return what the rows of the timeline show and how to use them."""
    use = "Click to seek, drag to select a span."
    n_values = len(grounding.times_s)
    if window_frames > 1:
        return f"{_windows(grounding, window_frames)} {use}"
    if n_values == 1:
        return f"One frame, so nothing can be placed in time. {use}"
    rate = n_values / duration_s if duration_s else 0.0
    return f"{n_values:,} frames, {rate:.2g} a second. {use}"


def _windows(grounding: Grounding, n_frames: int) -> str:
    """Return what a value is of where a model reads several frames at once, and how sharp that can be."""
    n_windows = len(grounding.times_s)
    if n_windows == 1:
        return f"One window of {n_frames} frames stands for the whole video, so nothing can be placed within it."
    step_s = float(np.median(np.diff(grounding.times_s)))
    half = f"{grounding.window_s / 2:.2g} s"
    return (
        f"{n_windows:,} windows of {n_frames} frames, {grounding.window_s:.3g} s long, one every {step_s:.2g} s. Each "
        f"is drawn at its middle: moments are no sharper than about {half}, and the first and last {half} of the "
        f"video are drawn as the window nearest to them."
    )


def no_such_model(model_id: str) -> str:
    """Return that a link names a model that is not offered here."""
    return f"The link asks for the model “{model_id[:60]}”, which is not offered here; the usual one answers instead."


def model_titles(entries: Sequence[ModelEntry]) -> dict[str, str]:
    """Return a title for every model by its id; of folders that end alike, as much of the path as tells them apart."""
    titles = {}
    for entry in entries:
        parts = Path(entry.id).parts
        alike = [Path(other.id).parts for other in entries if other.title == entry.title and other.id != entry.id]
        ends = (n for n in range(1, len(parts) + 1) if all(other[-n:] != parts[-n:] for other in alike))
        titles[entry.id] = str(Path(*parts[-next(ends, len(parts)) :])) if alike else entry.title
    return titles


def with_titles(text: str, entries: Sequence[ModelEntry]) -> str:
    """Return ``text`` with every model that it names by its id named by its title."""
    titles = {entry.id: entry.title for entry in entries}
    ids = "|".join(re.escape(model_id) for model_id in sorted(titles, key=len, reverse=True))
    return re.sub(rf"“?(?<![\w/.:-])({ids})(?![\w/:-]|\.\w)”?", lambda found: f"“{titles[found[1]]}”", text)


def answered_by(provenance: Provenance, model_title: str) -> str:
    """Return which model gave the answers on show, and how closely it looked."""
    return f"{model_title}, {provenance.sampling.fps:g} fps"


def source(provenance: Provenance) -> str:
    """Return whether the features were there already, and what the answer took."""
    elapsed = provenance.elapsed_s
    took = f"{elapsed * 1000:.0f} ms" if elapsed < 1 else f"{elapsed:.1f} s"
    reuse = provenance.parameters.get("reuse_below")
    reused = f"; frames that differ by less than {reuse:g} levels share theirs" if reuse else ""
    return f"{'From cache' if provenance.from_cache else 'Computed now'}, {took}{reused}"


def with_lent_gpu(device: str) -> str:
    """Return where models run where films are read on a GPU that is lent for it."""
    return f"{device}; films of large models on a lent GPU"


def read_in_part(progress: Progress) -> str:
    """Return how much of the video was read when the work was stopped."""
    if progress.unit == "window":
        return f"Read, and compared in part, {progress.done:,} of {progress.total:,}"
    return f"Read in part, {progress.done:,} of {progress.total:,}" if progress.total else UNREAD


def placement(model: Placement) -> str:
    """Return what a model in memory costs, and what did not go as it should."""
    cost = f"{_size(model.n_bytes)} on {model.device}, encodes {model.rows_at_once:,} at once"
    return f"{cost}. {model.notice}" if model.notice else cost


def in_memory(models: Sequence[Placement]) -> str:
    """Return how many models are in memory, and what they cost together."""
    named = "1 model" if len(models) == 1 else f"{len(models)} models"
    return f"{named} in memory, {_size(sum(model.n_bytes for model in models))}"


def about_model(entry: ModelEntry) -> str:
    """Return what is known of a model before it is loaded, in one line."""
    size = _size(entry.n_bytes) if entry.n_bytes else ""
    can = {"attention": "shows its attention", "differentiable": "gradients", "patches": "patches"}
    maps = ", ".join(can[name] for name in sorted(entry.capabilities)) or "occlusion only"
    return ", ".join(part for part in (entry.family, size, entry.licence, maps, entry.availability) if part)


def _size(n_bytes: int) -> str:
    """Return a size in the unit that fits, with two or three digits."""
    if n_bytes < 1e6:
        return "under 1 MB"
    return f"{n_bytes / 1e9:.2g} GB" if n_bytes >= 1e9 else f"{n_bytes / 1e6:.0f} MB"


def working(progress: Progress, left_s: float | None) -> str:
    """Return what is being done, how far it is, and how long it will still take."""
    if not progress.total:
        return f"{progress.what or LOADING} …"
    part = f"{progress.what}: {progress.done:,} of {progress.total:,}"
    if left_s is None:
        return part
    hint = f". {CLOSING_STOPS}" if progress.unit == "frame" and left_s >= LONG_S else ""
    return f"{part}, about {_duration(left_s)} left{hint}"


def video_line(video: VideoInfo) -> str:
    """Return a video's length, size and codec in one line."""
    size = f"{video.width_px} × {video.height_px}"
    length = clock(video.duration_s) if video.duration_s >= 1 else f"{video.duration_s:.2g} s"
    return f"{length}, {size}, {video.fps:.4g} fps, {video.codec.upper()}"


def provenance_rows(provenance: Provenance) -> Sequence[tuple[str, str]]:
    """Return everything needed to make the result again, as names and values."""
    rows = [
        ("Video", provenance.video_title),
        ("Video's content hash", provenance.video_id),
        ("Model", f"{provenance.model_id}, revision {provenance.model_revision}"),
        ("Sampling", f"{provenance.sampling.fps:g} frames a second, at most {provenance.sampling.max_frames:,}"),
    ]
    rows += [(_name(key), _shown(key, value)) for key, value in provenance.parameters.items() if key not in _SAID]
    rows += [("Versions", ", ".join(f"{name} {version}" for name, version in provenance.versions.items()))]
    rows += [("Features", source(provenance))]
    return rows


_SAID = ("video", "model", "queries", "fps", "max_frames")


def _name(key: str) -> str:
    if key in (declared := controls(GroundParams)):
        return declared[key].label
    return key.removesuffix("_s").replace("_", " ").capitalize()


def _shown(key: str, value: object) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return f"{text} s" if key.endswith("_s") else text


def _length(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else clock(seconds)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min"


def _inside(times_s: np.ndarray, start_s: float, end_s: float) -> np.ndarray:
    return (times_s >= start_s) & (times_s <= end_s)


def _inside_and_outside(curve: np.ndarray, inside: np.ndarray) -> str:
    if not inside.any() or inside.all():
        return number(float(curve.mean()))
    return f"{number(float(curve[inside].mean()))} inside, {number(float(curve[~inside].mean()))} outside"
