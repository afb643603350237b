"""What is served elsewhere: the files of the image alone, and features that another machine computed."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import gradio_client
import pytest

from tests.films import write_film
from tests.serve import ROOT, serve, visit
from workbench.analyses.ground import Ground
from workbench.analyses.services import Services
from workbench.models.adapter_template import ENTRY, FAMILY
from workbench.settings import Settings

LINES = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
WORDS = [shlex.split(line) for line in LINES if line and not line.startswith(("#", "RUN", "HEALTHCHECK"))]
LEFT_OUT = shutil.ignore_patterns("screenshots", "__pycache__")


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that holds what is copied into the image, and nothing else."""
    folder = tmp_path_factory.mktemp("image")
    for name, *copied in WORDS:
        if name == "COPY":
            for source in copied[:-1]:
                if (ROOT / source).is_dir():
                    shutil.copytree(ROOT / source, folder / source, ignore=LEFT_OUT)
                else:
                    shutil.copy(ROOT / source, folder)
    return folder


@pytest.fixture(scope="module")
def url(image: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve(tmp_path_factory.mktemp("data"), root=image, PYTHONPATH="") as url:
        yield url


def test_the_image_holds_all_that_an_answer_needs(image: Path, url: str) -> None:
    assert sorted(path.name for path in image.iterdir()) == [
        ".streamlit",
        "LICENSE",
        "README.md",
        "THIRD_PARTY.md",
        "app.py",
        "assets",
        "requirements.txt",
        "workbench",
    ]
    film = gradio_client.handle_file(next((image / "assets" / "examples").glob("*.mp4")))
    page = visit(url)
    taken = page.predict(film, api_name="/add_video")
    found = page.predict(taken["video_id"], ["a red circle"], "toyworld-frame", api_name="/ground")
    assert found["provenance"]["model_id"] == "toyworld-frame"
    assert found["moments"][0]


def test_what_is_ignored_is_not_copied() -> None:
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert kept == {source for name, *copied in WORDS if name == "COPY" for source in copied[:-1]}


def test_the_image_runs_without_rights_and_is_asked_whether_it_is_well(url: str) -> None:
    names = [words[0] for words in WORDS]
    assert WORDS[names.index("USER")] == ["USER", "workbench"]
    assert names.index("USER") < names.index("CMD")
    [line] = [line for line in LINES if line.startswith("HEALTHCHECK")]
    *_, code = re.findall(r'"([^"]*)"', line)
    for asked, well in ((url, True), ("http://127.0.0.1:9/", False)):
        here = code.replace("http://127.0.0.1:7860/", asked)
        assert here != code
        # Unwell is what three tries in a row find so.
        tries = (subprocess.run([sys.executable, "-c", here], capture_output=True) for _ in range(3))
        assert any(tried.returncode == 0 for tried in tries) == well


def test_features_of_another_machine_are_taken_as_they_are(tmp_path: Path) -> None:
    """The same film elsewhere, by another name: its frames are neither decoded nor encoded again."""
    film = write_film(tmp_path / "film.mp4", [(3.0, (128, 128, 128)), (3.0, (255, 0, 0))]).path
    answers = []
    for name in ("large", "small"):
        services = Services.create(Settings(home=tmp_path / name, offline=True, device="cpu"))
        services.models.register_family(FAMILY)
        services.models.register(ENTRY)
        if name == "small":
            shutil.copytree(tmp_path / "large" / "features", tmp_path / "small" / "features")
            film = shutil.copy(film, tmp_path / "elsewhere.mp4")
            services.models.load(ENTRY.id).encode_frames = refuse
        video = services.library.open_path(Path(film))
        answers.append(Ground().run(services, Ground.Params(video.id, ("red",), ENTRY.id)))
    first, second = answers
    assert second.provenance.from_cache
    assert second.result.moments == first.result.moments


def refuse(*sent: object) -> None:
    raise AssertionError("encoded again")
