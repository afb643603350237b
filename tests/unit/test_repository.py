"""What holds for the whole repository: nothing runs a pickle, files are small, the palette is legible."""

from __future__ import annotations

import ast
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serve import ROOT

SOURCES = [ROOT / "app.py", *sorted((ROOT / "workbench").rglob("*.py"))]
PICKLES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve"}
MAX_FILE_BYTES = 1_500_000


def unsafe(tree: ast.AST) -> Iterator[str]:
    """Yield what in a module could run code that comes with a file."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (f"import {name.name}" for name in names if name.name.split(".")[0] in PICKLES)
            case ast.ImportFrom(module=str(module)) if module.split(".")[0] in PICKLES:
                yield f"from {module} import"
            case ast.Call(func=ast.Attribute(value=ast.Name(id="torch"), attr="load"), keywords=keywords):
                if not any(_is(keyword, "weights_only", True) for keyword in keywords):
                    yield "torch.load without weights_only=True"
            case ast.keyword(arg="trust_remote_code" | "allow_pickle" as name) if not _is(node, name, False):
                yield name
            case ast.keyword(arg="weights_only" | "use_safetensors" as name) if not _is(node, name, True):
                yield name


def _is(keyword: ast.keyword, name: str, value: bool) -> bool:
    return keyword.arg == name and isinstance(keyword.value, ast.Constant) and keyword.value.value is value


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_code_comes_with_a_file(path: Path) -> None:
    assert list(unsafe(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from joblib import load",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "np.load(path, allow_pickle=True)",
        "AutoModel.from_pretrained(name, trust_remote_code=flag)",
        "AutoModel.from_pretrained(name, use_safetensors=False)",
    ],
)
def test_unsafe_source_is_noticed(source: str) -> None:
    assert list(unsafe(ast.parse(source)))


def test_safe_source_is_left_alone() -> None:
    safe = "torch.load(path, weights_only=True); AutoModel.from_pretrained(name, trust_remote_code=False)"
    assert list(unsafe(ast.parse(safe))) == []


def test_files_outside_assets_are_small() -> None:
    places = [ROOT / name for name in ("app.py", "workbench", "tests", ".ci", ".streamlit", "README.md", "Makefile")]
    files = [path for place in places for path in [place, *place.rglob("*")] if path.is_file()]
    assert [path for path in files if path.stat().st_size > MAX_FILE_BYTES] == []


def luminance(colour: str) -> float:
    """Return the relative luminance of ``#rrggbb``. Source: WCAG 2.2, definition of relative luminance."""
    channels = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21. Source: WCAG 2.2, definition of contrast ratio."""
    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


CONFIG = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))


def test_contrast_of_known_pairs() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("ink", ["textColor", "linkColor", "primaryColor"])
@pytest.mark.parametrize("ground", ["backgroundColor", "secondaryBackgroundColor"])
def test_palette_is_legible(theme: str, ink: str, ground: str) -> None:
    colours = CONFIG["theme"][theme]
    assert contrast(colours[ink], colours[ground]) >= 4.5


def test_upload_limits_agree() -> None:
    from workbench.settings import Settings

    assert CONFIG["server"]["maxUploadSize"] * 2**20 == Settings().max_video_bytes


def test_no_link_is_kept_in_the_repository():
    """A link into somebody's machine would take the place of what is there on the next one."""
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-s"], capture_output=True, text=True, check=False)
    assert not [line for line in listed.stdout.splitlines() if line.startswith("120000")]
