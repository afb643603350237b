"""kill -9 while a film is read and while a part of it is kept: whoever asks next is answered, from what was whole."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path
from typing import Any

import gradio_client
import pytest

from tests.faults import command
from tests.faults.conftest import wait_for
from tests.films import BLUE, GREEN, RED, write_film
from tests.gated import MODEL_ID, Gate
from tests.serve import PID_FILE, ROOT, serve, visit
from workbench.analyses.chunks import CHUNK_FRAMES
from workbench.analyses.ground import Ground
from workbench.analyses.services import Services
from workbench.analyses.toy_clips import _draw
from workbench.media.library import VideoLibrary
from workbench.models.adapter_template import ENTRY, FAMILY
from workbench.settings import Settings
from workbench.store.keys import cache_key
from workbench.store.tensors import TensorStore
from workbench.toyworld.clips import FEWEST, solo_clips

N_FRAMES = 140


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a film of 70 s: at two frames a second three chunks."""
    path = tmp_path_factory.mktemp("films") / "film.mp4"
    return write_film(path, [(20, RED), (30, GREEN), (20, BLUE)], fps=2).path


def asking(home: Path, film: Path, place: str = command.NOWHERE) -> subprocess.Popen[str]:
    """Start the question at the command line."""
    words = ["ground", str(film), "--query", "green", "--model", ENTRY.id, "--json", "-"]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.faults.command", place, *words],
        cwd=ROOT,
        env={**os.environ, "WORKBENCH_HOME": str(home), "WORKBENCH_OFFLINE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def answer(process: subprocess.Popen[str]) -> tuple[dict[str, Any], int]:
    """Return the answer, and how many frames were encoded for it."""
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    found = re.search(r"(\d+) frames encoded", err)
    assert found
    return json.loads(out), int(found[1])


@pytest.fixture(scope="module")
def undisturbed(film: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return the answer of a process that nobody killed."""
    services = Services.create(Settings(home=tmp_path_factory.mktemp("undisturbed"), offline=True))
    services.models.register_family(FAMILY)
    services.models.register(ENTRY)
    asked = Ground.Params(video=services.library.open_path(film).id, queries=("green",), model=ENTRY.id)
    return Ground().as_json(Ground().run(services, asked))


@pytest.mark.parametrize(
    ("place", "n_left_over"), [(command.READING, 0), (command.HALF_WRITTEN, 1), (command.NOT_RENAMED, 1)]
)
def test_what_was_whole_when_the_command_line_was_killed_is_used_and_the_rest_is_read(
    tmp_path: Path, film: Path, undisturbed: dict[str, Any], place: str, n_left_over: int
) -> None:
    process = asking(tmp_path, film, place=place)
    assert process.stdout is not None
    assert process.stdout.readline() == command.REACHED
    process.send_signal(signal.SIGKILL)
    process.communicate()
    left_over = list(tmp_path.rglob("*.tmp"))
    assert len(left_over) == n_left_over

    said, n_encoded = answer(asking(tmp_path, film))
    assert n_encoded == N_FRAMES - CHUNK_FRAMES
    for part in ("times_s", "saliency", "moments", "in_video"):
        assert said[part] == undisturbed[part]

    for path in left_over:
        os.utime(path, (0, time.time() - 7200))
    TensorStore(tmp_path / "features", 10**9).put(cache_key(of="whoever keeps something two hours later"), {})
    assert not list(tmp_path.rglob("*.tmp"))


def test_what_a_killed_process_left_of_what_it_knew_of_a_film_is_written_over(settings: Settings, film: Path) -> None:
    facts = settings.home / "films" / f"{VideoLibrary(settings).open_path(film).id}.json"
    whole = facts.read_bytes()
    facts.rename(facts.with_suffix(".unfinished"))
    facts.with_suffix(".unfinished").write_bytes(whole[:-20])
    VideoLibrary(settings).open_path(film)
    assert [path.name for path in facts.parent.iterdir()] == [facts.name]
    assert facts.read_bytes() == whole


def test_what_a_killed_process_left_of_the_films_that_it_drew_is_no_film_and_goes(settings: Settings) -> None:
    folder = settings.home / "toyworld" / "one"
    left_over = folder.with_name(".unfinished-one") / "half.mp4"
    left_over.parent.mkdir(parents=True)
    left_over.write_bytes(b"half")
    _draw(Services.create(settings), folder, islice(solo_clips(1, FEWEST), 1), 1, lambda progress: None)
    assert [path.name for path in folder.parent.iterdir()] == ["one"]
    assert sorted(path.suffix for path in folder.iterdir()) == [".jsonl", ".mp4"]


def test_a_server_killed_while_it_reads_for_a_visitor_starts_again_and_goes_on_from_there(tmp_path: Path) -> None:
    film = write_film(tmp_path / "long.mp4", [(64.0, RED), (64.0, BLUE)], fps=2).path
    home, gates = tmp_path / "home", [Gate(tmp_path / name) for name in ("first", "second")]
    asked = (["blue"], MODEL_ID, 2.0)
    for gate in gates:
        gate.open(2)  # two of the four chunks
    with serve(home, ("-m", "tests.gated", str(tmp_path / "first"))) as url:
        page = visit(url)
        video_id = page.predict(gradio_client.handle_file(film), api_name="/add_video")["video_id"]
        question = page.submit(video_id, *asked, api_name="/ground")
        wait_for(lambda: n_parts(home) == 2)
        os.kill(int((home / PID_FILE).read_text()), signal.SIGKILL)
        with pytest.raises(Exception, match=r".*"):  # that of whichever connection notices it first
            question.result(timeout=30)
    with serve(home, ("-m", "tests.gated", str(tmp_path / "second"))) as url:
        [[moment, *_]] = visit(url).predict(video_id, *asked, api_name="/ground")["moments"]
    assert (moment["start_s"], moment["end_s"]) == pytest.approx((64.0, 128.0), abs=1.0)


def n_parts(home: Path) -> int:
    """Return how many parts of films are kept."""
    return sum(b"times_s" in path.read_bytes() for path in home.rglob("features/*/*.safetensors"))
