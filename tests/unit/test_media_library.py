"""The door between names and files: what visitors bring, what they may ask for, and what is kept."""

from __future__ import annotations

import errno
import json
import os
import shutil
import time
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from tests.robustness_set import film, number_of, numbered
from workbench.errors import Cancelled, StoreError, VideoError
from workbench.media.encode import write_video
from workbench.media.library import VideoLibrary
from workbench.media.manifest import add_example, read_manifest
from workbench.media.probe import content_id, probe
from workbench.media.track import Track, read_track
from workbench.settings import ASSETS, Settings
from workbench.types.video import SamplingSpec

DAY_S = 86_400


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    folder = tmp_path / "examples"
    folder.mkdir()
    shutil.copy(film("h264_mkv"), folder / "numbers.mkv")
    add_example(
        folder,
        "numbers.mkv",
        title="Numbers",
        licence="CC0",
        credit="nobody",
        source="made here",
        queries=["a four"],
        truth=[{"query": "a four", "windows": [[0.33, 0.42]]}],
    )
    return folder


@pytest.fixture
def library(settings: Settings, examples: Path) -> VideoLibrary:
    return VideoLibrary(settings, examples)


def test_examples_come_with_their_credit_queries_and_truth(library: VideoLibrary) -> None:
    (info,) = library.examples()
    assert (info.title, info.licence, info.credit) == ("Numbers", "CC0", "nobody")
    assert library.get("numbers") == library.get(info.id) == library.find(info.id[:8]) == info
    assert library.queries_for("numbers") == ["a four"]
    assert library.truth_for(info.id) == [{"query": "a four", "windows": [[0.33, 0.42]]}]


def test_entering_an_example_again_replaces_it(examples: Path) -> None:
    add_example(examples, "numbers.mkv", title="New", licence="CC0", credit="", source="here")
    assert [example.info.title for example in read_manifest(examples)] == ["New"]


def test_damaged_manifest_is_told(settings: Settings, examples: Path) -> None:
    (examples / "manifest.json").write_text('[{"file": "numbers.mkv"}]')
    with pytest.raises(VideoError, match="list of examples"):
        VideoLibrary(settings, examples)


def test_bundled_manifest_says_what_a_fresh_probe_says() -> None:
    found = read_manifest(ASSETS / "examples")
    assert "big-buck-bunny" in {example.path.stem for example in found}
    for example in found:
        fresh = probe(example.path, Settings(), example.info.title)
        assert example.info == replace(fresh, licence=example.info.licence, credit=example.info.credit)
        assert example.info.licence
        assert example.info.credit
        assert example.source
        for row in example.truth:
            assert all(0 <= start < end <= example.info.duration_s for start, end in row["windows"])


def test_upload_is_kept_under_its_hash_also_after_a_restart(settings: Settings, examples: Path) -> None:
    info = VideoLibrary(settings, examples).add(film("h264_mp4"), "Mine")
    after = VideoLibrary(settings, examples)
    assert after.get(info.id) == replace(info, title=f"Upload {info.id[:8]}")
    assert info.title == "Mine"
    path = after.path_of(info.id)
    assert path.is_relative_to(settings.home)
    assert path.suffix == ".mp4"
    assert content_id(path) == info.id == content_id(film("h264_mp4"))
    assert [video.id for video in after.list()] == [after.get("numbers").id, info.id]


def test_upload_of_a_known_film_is_the_known_film_under_ones_own_title(
    library: VideoLibrary, settings: Settings
) -> None:
    first = library.add(film("h264_mp4"), "private name")
    assert library.add(film("h264_mp4"), "second") == replace(first, title="second")
    assert len(library.list()) == 2
    assert "private name" not in {info.title for info in library.list()}
    kept = next((settings.home / "uploads").rglob("facts.json")).read_text()
    assert "private name" not in kept


def test_name_of_an_upload_decides_nothing(library: VideoLibrary, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    shutil.copy(film("h264_mp4"), path)
    info = library.add(path, "../../<b>name</b>.html")
    assert library.path_of(info.id).name == "film.mp4"


@pytest.mark.parametrize("name", ["text_mp4", "zero_bytes_mp4", "truncated_mp4", "sound_only_mp4"])
def test_upload_of_no_film_leaves_nothing(name: str, library: VideoLibrary, settings: Settings) -> None:
    with pytest.raises(VideoError):
        library.add(film(name), "no film")
    assert [file for file in (settings.home / "uploads").rglob("*") if file.is_file()] == []


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd", "../../etc/passwd", "uploads/../../x", "numbers.mkv", "file:///etc/passwd", "", ".",
        "~", "0" * 7, "0" * 65, "g" * 64, "A" * 64, "0" * 63 + "/", "*", "0" * 64 + "\n", "0" * 10_000,
    ],
)  # fmt: skip
def test_what_a_visitor_says_is_never_a_path(name: str, library: VideoLibrary) -> None:
    for asked in (library.get, library.path_of, lambda n: list(library.frames(n, SamplingSpec()))):
        with pytest.raises(VideoError, match="is in the library") as error:
            asked(name)
        assert len(str(error.value)) < 150


def test_path_of_a_file_of_the_machine_is_no_name(library: VideoLibrary) -> None:
    with pytest.raises(VideoError):
        library.get(str(film("h264_mp4")))


def test_start_of_an_id_is_no_name_for_a_visitor(library: VideoLibrary) -> None:
    info = library.add(film("h264_mp4"))
    for asked in (library.get, library.path_of):
        with pytest.raises(VideoError, match="is in the library"):
            asked(info.id[:63])


def test_a_person_at_the_machine_names_a_film_as_they_like(library: VideoLibrary) -> None:
    upload = library.add(film("vp9_webm"))
    assert {library.find(text).id for text in (upload.id, upload.id[:8], upload.id[:63])} == {upload.id}
    assert library.find("numbers").title == "Numbers"
    assert library.find(str(film("h264_mp4"))).id == content_id(film("h264_mp4"))
    for text in (upload.id[:7], "nowhere.mp4", "x" * 10_000, "\0", ""):
        with pytest.raises(VideoError, match="no video of that name") as error:
            library.find(text)
        assert len(str(error.value)) < 220


def test_file_that_changed_since_it_was_opened_is_told(library: VideoLibrary, tmp_path: Path) -> None:
    path = tmp_path / "mine.mp4"
    shutil.copy(film("h264_mp4"), path)
    before = library.open_path(path)
    shutil.copy(film("hevc_mp4"), path)
    with pytest.raises(VideoError, match=r"“mine.mp4” has changed since it was opened; open it again"):
        library.path_of(before.id)
    after = library.open_path(path)
    assert library.path_of(after.id) == path
    with pytest.raises(VideoError, match="has changed"):
        library.path_of(before.id)


def test_file_of_the_machine_is_not_copied(library: VideoLibrary, settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "mine.mp4"
    shutil.copy(film("h264_mp4"), path)
    info = library.open_path(path)
    assert library.path_of(info.id) == path
    assert not (settings.home / "uploads").exists()
    path.unlink()
    with pytest.raises(VideoError, match="no longer there"):
        library.path_of(info.id)


def test_ambiguous_id_is_told(library: VideoLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    one = library.open_path(film("h264_mp4"))
    two = one.id[:12] + ("1" if one.id[12] == "0" else "0") * 52
    library._files[two] = replace(library._files[one.id], info=replace(one, id=two))
    with pytest.raises(VideoError, match="2 videos"):
        library.find(one.id[:8])
    assert library.find(one.id[:13]).id == one.id


def test_least_recently_used_uploads_go_first(settings: Settings, examples: Path) -> None:
    names = ["h264_mp4", "vp9_webm", "mpeg4_avi"]
    size = sum(film(name).stat().st_size for name in names)
    library = VideoLibrary(replace(settings, max_upload_bytes=size), examples)
    first, second = (library.add(film(name)) for name in names[:2])
    for info, ago_s in ((first, 300), (second, 200)):
        folder = library.path_of(info.id).parent
        os.utime(folder, (time.time() - ago_s,) * 2)
    library.path_of(first.id)  # used just now
    third = library.add(film(names[2]))
    kept = {info.id for info in library.list()}
    assert {first.id, third.id} < kept
    assert second.id not in kept
    with pytest.raises(VideoError, match="upload it"):
        library.get(second.id)


def test_uploads_not_used_for_too_long_go(settings: Settings, examples: Path) -> None:
    library = VideoLibrary(settings, examples)
    old, young = library.add(film("h264_mp4")), library.add(film("vp9_webm"))
    for info, days in ((old, settings.upload_days + 1), (young, settings.upload_days - 1)):
        os.utime(library.path_of(info.id).parent, (time.time() - days * DAY_S,) * 2)
    new = library.add(film("mpeg4_avi"))
    uploaded = {info.id for info in library.list()} - {info.id for info in library.examples()}
    assert uploaded == {young.id, new.id}


def test_what_a_killed_copy_left_is_no_film_and_is_replaced(library: VideoLibrary, settings: Settings) -> None:
    folder = settings.home / "uploads" / content_id(film("h264_mp4"))
    folder.mkdir(parents=True)
    (folder / "film.mp4").write_bytes(b"half")
    assert len(library.list()) == 1
    info = library.add(film("h264_mp4"))
    assert content_id(library.path_of(info.id)) == info.id


def test_what_another_process_is_copying_is_left_alone(settings: Settings, examples: Path) -> None:
    library = VideoLibrary(replace(settings, max_upload_bytes=film("h264_mp4").stat().st_size), examples)
    live, dead = (settings.home / "uploads" / f".incoming-{name}" for name in ("live", "dead"))
    for folder in (live, dead):
        folder.mkdir(parents=True)
    os.utime(dead, (time.time() - 7200,) * 2)
    library.add(film("h264_mp4"))
    assert live.exists()
    assert not dead.exists()


def test_film_of_endless_packets_is_refused(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.media.track.MAX_PACKETS", 10)
    with pytest.raises(VideoError, match="more than 10 frames"):
        probe(film("h264_mp4"), settings, "endless by name")  # in this process, where the number is another


def test_full_disk_is_told(library: VideoLibrary, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(StoreError, match="the disk is full; free some space") as error:
        library.add(film("h264_mp4"))
    assert str(settings.home) not in str(error.value)


def test_frames_in_parts_and_stopping(library: VideoLibrary) -> None:
    batches = list(library.frames("numbers", SamplingSpec(6.0), start=4, stop=15, batch_frames=4))
    assert [len(batch.times_s) for batch in batches] == [4, 4, 3]
    assert [number_of(p) for batch in batches for p in batch.pixels] == list(range(8, 30, 2))
    assert {batch.video_id for batch in batches} == {library.get("numbers").id}
    asked = iter([False] * 6 + [True])
    frames = library.frames("numbers", SamplingSpec(6.0), batch_frames=4, cancelled=lambda: next(asked))
    assert number_of(next(frames).pixels[0]) == 0
    with pytest.raises(Cancelled):
        list(frames)


def test_thumbnails_are_the_frames_asked_for_in_any_order(library: VideoLibrary) -> None:
    jpegs = library.thumbnails("numbers", [3.1, 0.0, 1.3, 1.3, 99.0], 60)
    pictures = []
    for jpeg in jpegs:
        decoder = av.CodecContext.create("mjpeg", "r")
        frames = [*decoder.decode(av.Packet(jpeg)), *decoder.decode(None)]
        pictures.append(frames[0].to_ndarray(format="rgb24"))
    assert [number_of(picture) for picture in pictures] == [37, 0, 15, 15, 47]
    assert {picture.shape for picture in pictures} == {(60, 80, 3)}


def test_large_frames_come_in_small_batches(settings: Settings, examples: Path, monkeypatch) -> None:
    monkeypatch.setattr("workbench.media.decode.MAX_BATCH_BYTES", 5 * 160 * 120 * 3)
    library = VideoLibrary(settings, examples)
    sizes = [len(batch.times_s) for batch in library.frames("numbers", SamplingSpec(12.0))]
    assert max(sizes) == 5
    assert sum(sizes) == 48


@pytest.mark.parametrize("name", ["h264_mp4", "hevc_mp4"])
def test_opening_a_film_two_hundred_times_keeps_memory(name: str, library: VideoLibrary) -> None:
    info = library.open_path(film(name))

    def open_some(count: int) -> int:
        for _ in range(count):
            for batch in library.frames(info.id, SamplingSpec(1.0)):
                assert np.all(batch.pixels.shape[1:] == (120, 160, 3))
        return resident_bytes()

    before = open_some(20)
    assert open_some(200) - before < 12 * 2**20


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_a_film_opened_before_is_not_probed_again_by_any_name(
    library: VideoLibrary, settings: Settings, examples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = library.open_path(film("h264_mkv"))
    shutil.copy(film("h264_mkv"), renamed := tmp_path / "renamed.mkv")
    monkeypatch.setattr("av.open", None)
    monkeypatch.setattr("workbench.media.library.write_facts", None)  # what lies there stays as it is
    assert VideoLibrary(settings, examples).open_path(renamed) == replace(first, title="renamed.mkv")


def test_a_film_uploaded_again_is_not_probed_again(library: VideoLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    first = library.add(film("h264_mkv"), "mine")
    monkeypatch.setattr("workbench.media.apart.subprocess.run", None)
    assert library.add(film("h264_mkv"), "yours") == replace(first, title="yours")


@pytest.mark.parametrize("limit", [{"max_duration_s": 0.5}, {"max_pixels": 10}, {"max_video_bytes": 10}])
def test_a_limit_that_has_become_narrower_holds_for_what_was_known(
    limit: dict[str, float], library: VideoLibrary, settings: Settings, examples: Path
) -> None:
    library.open_path(film("h264_mkv"))
    upload = library.add(film("h264_mkv"))
    narrower = VideoLibrary(replace(settings, **limit), examples / "none")
    for bring in (narrower.open_path, narrower.add):
        with pytest.raises(VideoError, match="accepted"):
            bring(film("h264_mkv"))
    with pytest.raises(VideoError, match="in the library"):
        narrower.get(upload.id)
    assert narrower.list() == []


def test_a_file_that_changes_while_it_is_opened_leaves_nothing_untrue(
    settings: Settings, examples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shutil.copy(film("h264_mkv"), tmp_path / "film.mkv")

    def replaced(path: Path, title: str) -> Track:
        write_video(path, numbered(3), 8)
        return read_track(path, title)

    with monkeypatch.context() as patched:
        patched.setattr("workbench.media.probe.read_track", replaced)
        VideoLibrary(settings, examples).open_path(path)
    truth = probe(film("h264_mkv"), settings)
    assert VideoLibrary(settings, examples).open_path(film("h264_mkv")) == truth


DAMAGE = [{"duration_s": bad} for bad in ("abc", None, [1], float("nan"), -5.0, 1.0)]
DAMAGE += [{"width_px": bad} for bad in (None, "9", 0)]


def _damaged(facts: Path, damage: dict[str, object]) -> str:
    kept = json.loads(facts.read_text())
    return json.dumps({**kept, "facts": kept["facts"] | damage})


@pytest.mark.parametrize("damage", [*DAMAGE, '{"id":', "[1]", "", "[" * 100_000])
def test_facts_that_are_damaged_cost_time_and_not_the_film(
    damage: dict[str, object] | str, settings: Settings, examples: Path
) -> None:
    first = VideoLibrary(settings, examples).open_path(film("h264_mkv"))
    upload = VideoLibrary(settings, examples).add(film("h264_mkv"), first.title)
    for facts in (*(settings.home / "films").glob("*"), *(settings.home / "uploads").glob("*/facts.json")):
        assert first.title not in facts.read_text()  # the name of a file is its owner's
        facts.write_text(damage if isinstance(damage, str) else _damaged(facts, damage))
    again = VideoLibrary(settings, examples / "none")
    with pytest.raises(VideoError, match="in the library"):
        again.get(upload.id)
    assert again.open_path(film("h264_mkv")) == again.add(film("h264_mkv"), first.title) == first
    assert replace(VideoLibrary(settings, examples / "none").get(upload.id), title=first.title) == upload


def test_facts_of_another_decoder_are_none(settings: Settings, examples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    VideoLibrary(settings, examples).open_path(film("h264_mkv"))
    monkeypatch.setattr("workbench.media.facts.DECODE_VERSION", 0)
    monkeypatch.setattr("av.open", None)
    with pytest.raises(TypeError):  # it is probed again
        VideoLibrary(settings, examples).open_path(film("h264_mkv"))


def test_facts_that_cannot_be_kept_cost_time_and_not_the_film(settings: Settings, examples: Path) -> None:
    settings.home.mkdir(parents=True, exist_ok=True)
    (settings.home / "films").write_text("no folder")
    assert VideoLibrary(settings, examples).open_path(film("h264_mkv")) == probe(film("h264_mkv"), settings)
