"""Maps over the film itself: which one when, and files that hold the film's own frames."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from tests.films import GREEN, RED, write_film
from workbench.analyses.services import Services
from workbench.errors import Cancelled
from workbench.types.maps import HeatMaps
from workbench.types.outcome import Progress
from workbench.ui.overlay import MAX_FILM_S, film_span, map_at, overlay_mp4, overlay_png, stretches

WHOLE = (0.0, 0.0, 1.0, 1.0)


def maps_at(*times_s: float, seen: tuple[float, float, float, float] = WHOLE, best: int = 0) -> HeatMaps:
    """Return maps whose upper left cell is hot."""
    scores = np.zeros(len(times_s))
    scores[best] = 1.0
    return HeatMaps(
        method="relevance",
        query="red",
        score="",
        times_s=np.array(times_s),
        values=np.tile([1.0, 0.0, 0.0, 0.0], (len(times_s), 1)),
        scores=scores,
        grid=(2, 2),
        seen=seen,
        is_signed=False,
        is_about_sentence=True,
    )


def frames_of(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


@pytest.fixture
def film_id(services: Services, tmp_path: Path) -> Callable[..., str]:
    """Return what makes a film, and gives its id."""

    def make(parts: list, **more: object) -> str:
        film = write_film(tmp_path / "film.mp4", parts, **more)
        return services.library.add(film.path, "film").id

    return make


def test_the_nearest_map_is_on_show_within_the_stretch_and_none_outside() -> None:
    maps = maps_at(2.0, 3.0, 5.0)
    assert stretches(maps, 9.0).tolist() == [[1.75, 2.5], [2.5, 4.0], [4.0, 5.25]]
    assert [map_at(maps, 9.0, at_s) for at_s in (1.7, 1.8, 2.5, 3.9, 4.0, 5.25, 5.3)] == [None, 0, 1, 1, 2, 2, None]
    assert stretches(maps_at(0.0), 9.0).tolist() == [[0.0, 0.25]]
    assert stretches(maps_at(0.0, 0.1), 0.12).tolist() == [[0.0, 0.05], [0.05, 0.12]]


def test_of_a_long_stretch_the_part_about_the_best_picture_is_taken() -> None:
    times_s = np.arange(0.0, 101.0, 10.0).tolist()
    assert film_span(maps_at(2.0, 3.0), 9.0) == (1.75, 3.25)
    assert film_span(maps_at(*times_s, best=5), 200.0) == (35.0, 35.0 + MAX_FILM_S)
    assert film_span(maps_at(*times_s, best=0), 200.0) == (0.0, MAX_FILM_S)
    assert film_span(maps_at(*times_s, best=10), 200.0) == (100.25 - MAX_FILM_S, 100.25)


def test_the_picture_is_the_films_own_under_its_map(services: Services, film_id: Callable, tmp_path: Path) -> None:
    video = film_id([(1, RED), (1, GREEN)])
    pixels = {}
    for opacity in (0.0, 1.0):
        path = tmp_path / "picture.png"
        path.write_bytes(overlay_png(services, video, maps_at(0.5, 1.5), 1, opacity))
        (pixels[opacity],) = frames_of(path)
    height, width = pixels[0.0].shape[:2]
    info = services.library.get(video)
    assert (width, height) == (info.width_px, info.height_px)
    assert np.abs(pixels[0.0].astype(int) - GREEN).max() < 12
    changed = np.abs(pixels[1.0].astype(int) - pixels[0.0]).max(axis=2)
    assert changed[: height // 4, : width // 4].min() > 50
    assert changed[-height // 4 :, -width // 4 :].max() == 0


def test_the_film_has_every_frame_of_the_stretch_and_what_the_crop_hides_is_shaded(
    services: Services, film_id: Callable, tmp_path: Path
) -> None:
    video, steps = film_id([(1, RED), (1, GREEN)], fps=10), []
    path = tmp_path / "out.mp4"
    overlay_mp4(services, video, maps_at(0.5, 1.5, seen=(0.0, 0.25, 1.0, 0.75)), 1.0, path, steps.append)
    frames = frames_of(path)
    assert len(frames) == 15  # from 0.25 to 1.75
    assert [step.done for step in steps] == list(range(15))
    assert {step.total for step in steps} == {15}
    width = frames[0].shape[1]
    for frame, colour in ((frames[0], RED), (frames[-1], GREEN)):
        shaded, seen = frame[-8:, : width // 8].astype(int), frame[-8:, width // 2 + 8 : width // 2 + 16].astype(int)
        assert np.abs(seen.mean(axis=(0, 1)) - colour).max() < 16
        assert np.ptp(shaded.mean(axis=(0, 1))) < 0.3 * np.ptp(colour)


def test_writing_stops_where_it_is_told_to(services: Services, film_id: Callable, tmp_path: Path) -> None:
    def report(progress: Progress) -> None:
        if progress.done == 3:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        overlay_mp4(services, film_id([(2, RED)]), maps_at(0.5, 1.5), 0.7, tmp_path / "out.mp4", report)


def test_a_film_of_a_single_frame(services: Services, film_id: Callable, tmp_path: Path) -> None:
    video = film_id([(0.1, RED)], fps=10)
    overlay_mp4(services, video, maps_at(0.0), 0.7, tmp_path / "out.mp4")
    assert len(frames_of(tmp_path / "out.mp4")) == 1
