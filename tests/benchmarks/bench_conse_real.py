"""Area under the ROC curve, query by query, of a model's curves on real footage.

Run: python -m tests.benchmarks.bench_conse_real FOLDER_OF_VIDEOS MOMENTS_JSONL [--model ID] [--fps 2]

``MOMENTS_JSONL`` has the rows of QVHighlights: qid, query, vid, relevant_windows. A curve is judged as the
raw cosine and as the saliency that the moments are read from (distractors subtracted, smoothed).
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

from workbench.core.grounding import distractor_peaks, ground, prompt_ensemble
from workbench.core.metrics import area_under_curve
from workbench.media.decode import sample_frames
from workbench.media.probe import probe
from workbench.models.protocol import VideoTextModel
from workbench.models.registry import ModelRegistry
from workbench.settings import Settings
from workbench.types.video import SamplingSpec


def embed(model: VideoTextModel, queries: list[str]) -> np.ndarray:
    """Return one embedding per query, averaged over the model's prompts."""
    prompted = [prompt.format(query) for query in queries for prompt in model.spec.prompts]
    return prompt_ensemble(model.encode_texts(prompted).embeddings.reshape(len(queries), -1, model.spec.dim))


def judge(model: VideoTextModel, path: Path, rows: list[dict], fps: float) -> list[tuple[dict, float, float]]:
    """Return, per row, the area under the raw curve and under the saliency."""
    settings = Settings()
    batches = [model.encode_frames(b) for b in sample_frames(path, probe(path, settings), SamplingSpec(fps=fps))]
    times_s = np.concatenate([batch.times_s for batch in batches])
    frames = np.concatenate([batch.frames for batch in batches])
    queries = [row["query"] for row in rows]
    contrast = embed(model, model.spec.distractors) @ frames.T
    peaks = distractor_peaks(contrast, times_s)
    result = ground(queries, embed(model, queries) @ frames.T, times_s, contrast.mean(axis=0), peaks)
    return [
        (row, *(area_under_curve(curve, times_s, row["relevant_windows"]) for curve in (raw, saliency)))
        for row, raw, saliency in zip(rows, result.similarity, result.saliency, strict=True)
    ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("moments", type=Path)
    parser.add_argument("--model", default="conse-efficientnet-minilm")
    parser.add_argument("--fps", type=float, default=2.0)
    args = parser.parse_args()
    rows = [json.loads(line) for line in args.moments.read_text(encoding="utf-8").splitlines() if line]
    model = ModelRegistry(Settings.from_environment()).load(args.model)
    started, judged = time.perf_counter(), []
    for video in sorted({row["vid"] for row in rows}):
        path = next(args.folder.glob(f"{video}.*"))
        judged += judge(model, path, [row for row in rows if row["vid"] == video], args.fps)
    print(f"{args.model} at {args.fps:g} fps, {time.perf_counter() - started:.0f} s")
    print(f"{'cosine':>8} {'saliency':>8}  query")
    for row, raw, saliency in judged:
        print(f"{raw:8.2f} {saliency:8.2f}  {row['qid']:>2} {row['query']} ({row['vid']})")
    means = np.nanmean([[raw, saliency] for _, raw, saliency in judged], axis=0)
    print(f"{means[0]:8.2f} {means[1]:8.2f}  mean of {len(judged)}")


if __name__ == "__main__":
    main()
