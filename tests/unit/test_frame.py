"""The frame around the code: choosing a Python, finding a browser, pinning what is imported, starting."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.browser import chromium
from tests.serve import ROOT

MAKE = shutil.which("make")
Script = Callable[[str, str], Path]


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """Return a function that writes an executable shell script into a folder of its own."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def write(name: str, body: str) -> Path:
        path = folder / name
        path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        path.chmod(0o755)
        return path

    return write


def make_environment(folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "requirements.txt").touch()
    shutil.copy(ROOT / "Makefile", folder)
    return subprocess.run(
        [MAKE, ".venv/bin/python"],
        cwd=folder,
        env={"PATH": str(folder / "bin")},
        capture_output=True,
        text=True,
    )


def test_python_that_is_old_or_broken_is_passed_over(tmp_path: Path, script: Script) -> None:
    script("python3.11", "exit 127")
    script("python3", "exit 1")
    script("python3.12", '[ "$1" = -c ] || echo "$0 $*"')
    assert make_environment(tmp_path).stdout.endswith("python3.12 -m venv .venv\n")


def test_no_python_is_one_sentence(tmp_path: Path, script: Script) -> None:
    script("python3", "exit 1")
    run = make_environment(tmp_path)
    assert run.returncode
    assert run.stderr.startswith("No Python 3.11 or newer with venv was found: install python3.11")


def test_named_chromium_comes_first(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = script("mine", "exit 0")
    monkeypatch.setenv("CHROME", str(browser))
    assert chromium.find() == str(browser)


def test_chromium_that_does_not_start_is_passed_over(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, works = script("chromium", "exit 1"), script("google-chrome", "exit 0")
    monkeypatch.setenv("CHROME", str(broken))
    monkeypatch.setenv("PATH", str(broken.parent))
    assert chromium.find() == str(works)


@pytest.mark.parametrize(("in_ci", "status"), [(True, 1), (False, 0)])
def test_missing_chromium_fails_only_in_ci(
    in_ci: bool, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("CI", raising=False)
    if in_ci:
        monkeypatch.setenv("CI", "true")
    monkeypatch.setattr(chromium, "find", lambda: None)
    monkeypatch.setattr(chromium, "install", lambda: None)
    assert chromium.main() == status
    assert capsys.readouterr().err == chromium.MISSING + "\n"


def pinned(*names: str) -> set[str]:
    """Return the distributions that requirement files pin, in the index's spelling."""
    lines = "\n".join((ROOT / name).read_text(encoding="utf-8") for name in names)
    return {name.lower().replace("_", "-") for name in re.findall(r"^([\w-]+)==", lines, re.MULTILINE)}


def imported(folder: Path) -> Iterator[str]:
    """Yield the top-level name of every import in the modules of a folder."""
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Import(names=names):
                    yield from (name.name.split(".")[0] for name in names)
                case ast.ImportFrom(module=str(module), level=0):
                    yield module.split(".")[0]


HELD_AGAINST = {"shapiq"}
"""What ``validate`` imports where it is installed, and names where it is not."""


@pytest.mark.parametrize(
    ("folder", "files"),
    [("workbench", ["requirements.txt"]), ("tests", ["requirements.txt", "requirements-dev.txt"])],
)
def test_what_is_imported_is_pinned(folder: str, files: list[str]) -> None:
    distributions = packages_distributions()
    ours = {"workbench", "tests", *sys.stdlib_module_names}
    unpinned = {
        name
        for name in set(imported(ROOT / folder)) - ours
        if not pinned(*files) & {found.lower().replace("_", "-") for found in distributions.get(name, [])}
    }
    assert unpinned - HELD_AGAINST == set()


def test_torch_and_torchvision_that_do_not_fit_end_the_start_in_one_sentence(tmp_path: Path) -> None:
    package = tmp_path / "torchvision"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('operator torchvision::nms does not exist')")
    run = subprocess.run(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "WORKBENCH_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode
    assert "torchvision" in run.stderr
    assert "Traceback" not in run.stdout + run.stderr
