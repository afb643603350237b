"""The README says what is true: its settings, its commands, its links and its front matter."""

from __future__ import annotations

import math
import re
import shlex
import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest
import yaml

from tests import readme
from tests.readme import README, proven_rows, with_settings
from tests.serve import ROOT
from workbench.__main__ import main
from workbench.validation.claim import Claim
from workbench.validation.exams import INSTRUMENTS
from workbench.validation.table import cells_of

TEXT = README.read_text(encoding="utf-8")
SHELL = [
    line.split("#")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
    for line in block.splitlines()
]
MAKE = sorted(set(re.findall(r"(?:^|`)make (\w+)", TEXT, re.MULTILINE)))
VERBS = [shlex.split(line.partition("-m workbench ")[2]) for line in SHELL if "-m workbench " in line]


def test_settings_table_is_up_to_date() -> None:
    assert with_settings(TEXT) == TEXT, "run `make readme`"


def test_every_instrument_is_proven() -> None:
    """What stands there is held against what is measured in ``tests/reference``, instrument by instrument."""
    told = dict.fromkeys(row[0] for row in proven_rows())
    exams = [import_module(f"workbench.validation.{name}") for name in INSTRUMENTS]
    assert list(told) == [exam.TITLE for exam in exams]


@pytest.mark.parametrize(
    "other",
    [
        {"measured": 0.999},
        {"measured": 0.94},
        {"measured": math.nan},
        {"n_asked": 80},
        {"bar": 0.5},
        {"says": "is wrong"},
    ],
    ids=str,
)
def test_a_readme_that_says_otherwise_is_found(monkeypatch: pytest.MonkeyPatch, other: dict[str, Any]) -> None:
    claim = Claim("Some", "is right", "what is known", 0.97, 0.95, n_asked=40)
    monkeypatch.setattr(readme, "proven_rows", lambda: [cells_of(claim)])
    readme.assert_told([replace(claim, measured=0.96, n_asked=42)])
    with pytest.raises(AssertionError):
        readme.assert_told([replace(claim, **other)])
    with pytest.raises(AssertionError, match="make proven"):
        readme.assert_told([claim], n_later=1)


@pytest.mark.parametrize("known_miss", [0.5, 0.79])
def test_a_known_miss_that_fails_too_late_or_too_early_is_found(
    monkeypatch: pytest.MonkeyPatch, known_miss: float
) -> None:
    claim = Claim("Some", "is right", "what is known", 0.784, 0.85, n_asked=102, known_miss=0.70)
    monkeypatch.setattr(readme, "proven_rows", lambda: [cells_of(claim)])
    readme.assert_told([claim])
    with pytest.raises(AssertionError, match="fails"):
        readme.assert_told([replace(claim, measured=0.79, known_miss=known_miss)])


@pytest.mark.parametrize("target", MAKE)
def test_make_target_exists(target: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{target}:", makefile, re.MULTILINE)


@pytest.mark.parametrize("words", VERBS, ids=" ".join)
def test_command_line_exists(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    verb = [word for word in words[:2] if word.isalpha()] if words[0] in ("toyworld", "bench") else words[:1]
    with pytest.raises(SystemExit, match="0"):
        main([*verb, "--help"])
    assert {word for word in words if word.startswith("--")} <= set(re.findall(r"--[\w-]+", capsys.readouterr().out))


def test_python_example_runs() -> None:
    [example] = [block for block in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL) if "import workbench" in block]
    run = subprocess.run([sys.executable, "-c", example], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\((?!https?:|#)([^)]+)\)", TEXT))))
def test_linked_file_exists(target: str) -> None:
    assert (ROOT / target).exists()


def test_front_matter_fits_the_space_and_the_pins() -> None:
    front = yaml.safe_load(TEXT.split("---")[1])
    pins = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert front["sdk"] == "gradio"
    assert f"gradio=={front['sdk_version']}\n" in pins
    assert (ROOT / front["app_file"]).exists()
    assert front["license"] == "apache-2.0"
    assert len(front["short_description"]) <= 60
