"""A full disk costs what would have been kept, and no answer; with room everything works, and no half is left."""

from __future__ import annotations

import http.client
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import gradio_client
import httpx
import numpy as np
import pytest

from tests.faults import command, small_disk
from tests.faults.conftest import Run, wait_for
from tests.films import BLUE, GRAY, RED, Film, write_film
from tests.gated import MODEL_ID, Gate
from tests.serve import PID_FILE, ROOT, serve, visit
from workbench.media.encode import write_video
from workbench.models.adapter_template import ENTRY
from workbench.ui.gradio import door_texts
from workbench.ui.gradio.received import BUSY_S, Received
from workbench.ui.gradio.working import said_of
from workbench.ui.shortage import NO_ROOM

FULL = "/dev/full"
DISK_BYTES = 8 * 2**20


def ask(home: Path, film: Film, *words: str, n_bytes: int | None = None, **more: Any) -> subprocess.CompletedProcess:
    """Ask at the command line, where no file may be longer than ``n_bytes``."""
    asked = ["ground", str(film.path), "--query", "red", "--model", ENTRY.id, *words]
    return subprocess.run(
        [sys.executable, "-m", "tests.faults.command", command.NOWHERE, *asked],
        cwd=ROOT,
        # Written at once, as the variable has it, is not what most have: then the end of the process is where it fails.
        env={**os.environ, "PYTHONUNBUFFERED": "", "WORKBENCH_HOME": str(home), "WORKBENCH_OFFLINE": "1"},
        preexec_fn=n_bytes and (lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, n_bytes))),
        stderr=subprocess.PIPE,
        text=True,
        **{"stdout": subprocess.PIPE, **more},
    )


def test_the_command_line_answers_though_nothing_can_be_kept_and_keeps_it_once_there_is_room(
    tmp_path: Path, film: Film, run: Run
) -> None:
    home = tmp_path / "home"
    done = ask(home, film, "--json", "-", n_bytes=1024)
    answer = json.loads(done.stdout)
    assert done.returncode == 0
    best = answer["moments"][0][0]
    assert (best["start_s"], best["end_s"]) == pytest.approx((2.0, 5.0), abs=1.0)
    [note] = [line for line in done.stderr.splitlines() if line.startswith("Note: The feature cache")]
    assert "WORKBENCH_HOME" in note
    assert {path.suffix for path in home.rglob("*") if path.is_file()} <= {".lock", ".json", ".safetensors"}

    _, again, said = run()
    assert not again["provenance"]["from_cache"]
    assert "Note:" not in said
    assert again["moments"] == answer["moments"]
    assert run()[1]["provenance"]["from_cache"]


def test_a_report_that_cannot_be_written_whole_leaves_the_one_before(tmp_path: Path, film: Film, run: Run) -> None:
    report = tmp_path / "report.html"
    report.write_text("the one before")
    report.chmod(0o600)
    done = ask(tmp_path / "home", film, "--html", str(report), n_bytes=100_000)
    assert done.returncode == 1
    assert f"Error: {report} cannot be written (File too large); choose another file." in done.stderr
    assert "Traceback" not in done.stderr
    assert report.read_text() == "the one before"
    assert run("--html", str(report))[0] == 0
    assert report.read_text().rstrip().endswith("</html>")
    assert report.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "report.html"]


@pytest.mark.parametrize("flag", ["--json", "--csv", "--npz", "--html"])
def test_no_room_for_a_file_is_one_sentence(run: Run, flag: str) -> None:
    status, _, said = run(flag, FULL)
    assert status == 1
    assert f"Error: {FULL} cannot be written (No space left on device); choose another file." in said
    assert Path(FULL).is_char_device()


def test_no_room_where_the_output_goes_is_one_sentence(tmp_path: Path, film: Film) -> None:
    with open(FULL, "w") as full:
        done = ask(tmp_path / "home", film, stdout=full)
    assert done.returncode == 1
    assert "(No space left on device); name another place or free some." in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


def test_no_room_for_a_film_that_a_visitor_takes_away_is_one_sentence(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.symlink_to(FULL)
    with pytest.raises(OSError, match="No space left") as problem:
        write_video(film, np.zeros((300, 64, 64, 3), np.uint8), 10.0)
    assert NO_ROOM in said_of(problem.value)


def test_where_the_disk_is_full_what_was_broken_off_goes_after_minutes(tmp_path: Path) -> None:
    folder = Received(tmp_path, most_bytes=10**9)
    for name, age_s in (("old", BUSY_S + 10), ("young", 0)):
        (tmp_path / name).write_bytes(b"half")
        os.utime(tmp_path / name, (0, time.time() - age_s))
    assert not folder.why_not(1)
    assert (tmp_path / "old").exists()
    assert folder.why_not(2**62) == door_texts.NO_ROOM
    assert [path.name for path in tmp_path.iterdir()] == ["young"]


class SmallSite:
    """A running page whose home is a disk of a few megabytes."""

    def __init__(self, url: str, home: Path) -> None:
        self.url, self.client = url, visit(url)
        self.home = Path(f"/proc/{(home / PID_FILE).read_text()}/root{home}")

    def fill(self, n_left: int = 0) -> None:
        """Leave no more than so many bytes free."""
        free = os.statvfs(self.home)
        n_bytes = free.f_bavail * free.f_frsize - n_left
        with (self.home / "filling").open("ab") as file:
            os.posix_fallocate(file.fileno(), file.tell(), n_bytes)

    def empty(self) -> None:
        """Make room again."""
        (self.home / "filling").unlink()

    def ask(self, video_id: str) -> dict[str, Any]:
        """Ask when it is red."""
        return self.client.predict(video_id, ["red"], MODEL_ID, 2.0, api_name="/ground")

    def files(self, folder: str) -> set[Path]:
        """Return what lies in a folder of the home."""
        return {path for path in (self.home / folder).rglob("*") if path.is_file() and path.suffix != ".lock"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallSite]:
    if not small_disk.is_possible():
        pytest.skip("no small disk can be made here")
    folder = tmp_path_factory.mktemp("small")
    home = folder / "home"
    Gate(folder / "gate").open(100)
    program = ("-m", "tests.faults.small_disk", str(home), str(DISK_BYTES), "-m", "tests.gated", str(folder / "gate"))
    with serve(home, program) as url:
        yield SmallSite(url, home)


def test_a_page_on_a_full_disk_refuses_uploads_answers_and_keeps_once_there_is_room(
    site: SmallSite, film: Film, tmp_path: Path
) -> None:
    video_id = site.client.predict(gradio_client.handle_file(film.path), api_name="/add_video")["video_id"]
    other = write_film(tmp_path / "other.mp4", [(2.0, BLUE), (2.0, RED)])
    before = site.files("")

    site.fill()
    answer = httpx.post(f"{site.url}gradio_api/upload", files={"files": ("film.mp4", other.path.read_bytes())})
    assert (answer.status_code, answer.text) == (503, door_texts.NO_ROOM)
    found = site.ask(video_id)
    assert found["moments"][0][0]["start_s"] == pytest.approx(2.0, abs=0.5)
    [warning] = [said for said in found["warnings"] if "cache" in said]
    assert "because the disk is full; free some space" in warning
    assert site.files("") - before == {site.home / "filling"}

    site.empty()
    found = site.client.predict(gradio_client.handle_file(other.path), api_name="/add_video")
    assert site.ask(found["video_id"])["moments"][0][0]["start_s"] == pytest.approx(2.0, abs=0.5)
    assert site.files("features")


def test_a_film_that_arrives_and_then_has_no_room_is_told_so_and_leaves_nothing(
    site: SmallSite, tmp_path: Path
) -> None:
    film = write_film(tmp_path / "third.mp4", [(2.0, GRAY), (1.0, RED)])
    noisy = film.path.read_bytes() + os.urandom(2**20)  # after its end, which no decoder looks at
    film.path.write_bytes(noisy)
    before = site.files("uploads")
    site.fill(n_left=3 * 2**19)  # for one and a half of it
    with pytest.raises(Exception, match="cannot be kept: the disk is full; free some space or set WORKBENCH_HOME"):
        site.client.predict(gradio_client.handle_file(film.path), api_name="/add_video")
    assert site.files("uploads") == before
    assert not list((site.home / "uploads").glob(".incoming-*"))
    site.empty()
    assert site.client.predict(gradio_client.handle_file(film.path), api_name="/add_video")["duration_s"] > 2


def test_a_disk_that_fills_up_while_a_film_comes_is_told_of(site: SmallSite) -> None:
    address = urlsplit(site.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
    form = b'--b\r\nContent-Disposition: form-data; name="files"; filename="film.mp4"\r\n\r\n'
    half, end = os.urandom(2**19), b"\r\n--b--\r\n"
    connection.putrequest("POST", "/gradio_api/upload")
    connection.putheader("Content-Type", "multipart/form-data; boundary=b")
    connection.putheader("Content-Length", str(len(form + half + half + end)))
    before = site.files("received")
    connection.endheaders(form + half)
    wait_for(lambda: sum(path.stat().st_size for path in site.files("received") - before) >= 2**18)
    time.sleep(0.3)  # the rest of that half is written, too
    site.fill()
    connection.send(half + end)
    answer = connection.getresponse()
    assert (answer.status, answer.read().decode()) == (503, door_texts.NO_ROOM)
    site.empty()
