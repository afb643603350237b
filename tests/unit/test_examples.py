"""The toy films in the box are those that the command in their manifest makes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from workbench.media.decode import sample_frames
from workbench.media.encode import write_video
from workbench.media.manifest import read_manifest
from workbench.media.probe import probe
from workbench.settings import ASSETS, Settings
from workbench.toyworld import dataset
from workbench.types.video import SamplingSpec


def pixels_of(path: Path) -> np.ndarray:
    batches = sample_frames(path, probe(path, Settings()), SamplingSpec(2))
    return np.concatenate([batch.pixels for batch in batches]).astype(int)


def test_the_toy_examples_are_what_their_command_makes(tmp_path: Path) -> None:
    examples = [example for example in read_manifest(ASSETS / "examples") if "toyworld make" in example.source]
    assert {example.source for example in examples} == {"python -m workbench toyworld make --seed 72 --count 3"}
    dataset.make(tmp_path, 72, 3, write_video)
    truth = {row["vid"]: row for row in map(json.loads, (tmp_path / "truth.jsonl").read_text().splitlines())}
    assert {example.path.stem for example in examples} == truth.keys()
    for example in examples:
        # Not byte for byte: another machine's library may round a colour otherwise.
        made = pixels_of(tmp_path / example.path.name)
        assert np.abs(made - pixels_of(example.path)).mean() < 0.5
        assert example.info.duration_s == pytest.approx(truth[example.path.stem]["duration"])
