"""Files of the cache that are damaged: nobody is shown what they hold, and they are made again."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import Run, Visit
from tests.films import Film
from workbench.settings import Settings
from workbench.store.tensors import TensorStore


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) * 2 // 3] ^= 4
    path.write_bytes(content)


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def a_folder_in_its_place(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "something").write_text("else")


def with_a_row_less(path: Path) -> None:
    """Write arrays of another shape, as a sound file."""
    store = TensorStore(path.parent.parent, 10**9)
    arrays = store.get(path.stem)
    assert arrays is not None
    if "times_s" in arrays:
        store.put(path.stem, {name: array[1:] for name, array in arrays.items()})


def without_features(path: Path) -> None:
    store = TensorStore(path.parent.parent, 10**9)
    arrays = store.get(path.stem)
    assert arrays is not None
    if "times_s" in arrays:
        store.put(path.stem, {"times_s": arrays["times_s"]})


def exchanged(path: Path) -> None:
    """Put the file of another entry in the place of this one, sound as it is."""
    other = next(each for each in sorted(path.parent.parent.glob("??/*.safetensors")) if each != path)
    shutil.copy(other, path)


DAMAGES = [flipped, cut_short, emptied, a_folder_in_its_place, with_a_row_less, without_features, exchanged]


def shown(update: dict[str, Any]) -> list[Any]:
    """Return the pictures and words of an answer."""
    return [update["timeline"].to_json(), update["moments"], update["answers"]]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_visitor_is_shown_what_is_right_and_the_cache_is_mended(
    settings: Settings, film: Film, damage: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = shown(Visit(settings, film.path).ask())
    kept = sorted((settings.home / "features").glob("??/*.safetensors"))
    assert len(kept) >= 3  # of the film, of the sentences, of its pictures
    for path in kept:
        damage(path)
    assert shown(Visit(settings, film.path).ask()) == before

    visit, store = Visit(settings, film.path), TensorStore(settings.home / "features", 10**9)
    assert all(store.get(path.stem) is not None for path in kept)
    monkeypatch.setattr(visit.events.services.library, "frames", None)
    monkeypatch.setattr(visit.events.services.library, "thumbnails", None)
    assert shown(visit.ask()) == before


@pytest.mark.parametrize("damage", [flipped, cut_short, emptied, a_folder_in_its_place])
def test_the_command_line_answers_whatever_became_of_what_was_kept(
    run: Run, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    _, before, _ = run()
    kept = [path for path in (tmp_path / "home").rglob("*") if path.is_file() and path.suffix != ".lock"]
    assert {path.suffix for path in kept} == {".safetensors", ".json"}  # what is known of the film, too
    for path in kept:
        damage(path)
    status, after, said = run()
    assert (status, said.count("Note:")) == (0, 0)
    assert not after["provenance"]["from_cache"]
    for part in ("times_s", "saliency", "moments", "in_video"):
        assert after[part] == before[part]
    assert run()[1]["provenance"]["from_cache"]
