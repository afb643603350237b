"""Maps against planted truth, on unseen films of the toy world: do they point at what the sentence names?

``python -m tests.benchmarks.bench_maps_toyworld [SEED ...]``: films on disk, the library, ``Attribute``. A map hits
where its highest cell lies on the named object, by the rule of the field: its middle is within 15 pixels of the
object's mask (Zhang et al., 2016). Strictly, its middle is on the mask.
"""

from __future__ import annotations

import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.ndimage import distance_transform_edt

from workbench.analyses.attribute import Attribute, AttributeParams
from workbench.analyses.map_methods import METHODS
from workbench.analyses.map_texts import title_of
from workbench.analyses.services import Services
from workbench.errors import WorkbenchError
from workbench.media.encode import write_video
from workbench.settings import Settings
from workbench.toyworld import dataset, truth
from workbench.toyworld.story import Story, random_story
from workbench.types.maps import HeatMaps
from workbench.types.video import VideoInfo

SEEDS, N_FILMS, MODEL, FPS = (301, 302), 12, "toyworld-frame", 2.0
TOLERANCE_PX = 15
LEAST_PX = 30
"""Objects of fewer pixels are hardly seen."""


@dataclass(frozen=True)
class Case:
    """One object in one sampled frame that no other object there shares its name with."""

    services: Services
    video: VideoInfo
    query: str
    at_s: float
    distance_px: np.ndarray
    """How far every pixel is from the object, 0 on it."""

    def maps(self, method: str, **more: object) -> HeatMaps:
        """Return the answer of the analysis."""
        params = AttributeParams(
            self.video.id,
            (self.query,),
            MODEL,
            fps=FPS,
            at_s=self.at_s,
            method=method,
            **more,  # type: ignore
        )
        found = Attribute().run(self.services, params).result
        assert isinstance(found, HeatMaps)
        return found

    def distance_of_peak(self, maps: HeatMaps) -> float:
        """Return how far the middle of the highest cell is from the object, in pixels."""
        (rows, columns), (height, width) = maps.grid, self.distance_px.shape
        row, column = divmod(int(maps.values[0].argmax()), columns)
        top, left, bottom, right = maps.seen
        y = (top + (bottom - top) * (row + 0.5) / rows) * height
        x = (left + (right - left) * (column + 0.5) / columns) * width
        return float(self.distance_px[min(int(y), height - 1), min(int(x), width - 1)])


def cases(folder: Path, seed: int, n_films: int) -> Iterator[Case]:
    """Make the films of ``seed`` and yield every object in the middle of its time on stage."""
    paths = dataset.make(folder, seed, n_films, write_video)
    services = Services.create(Settings(home=folder / "home", offline=True))
    for index, path in enumerate(paths):
        story, video = random_story(seed, index, "test"), services.library.open_path(path)
        for actor in range(len(story.actors)):
            if case := _case(services, video, story, actor):
                yield case


def _case(services: Services, video: VideoInfo, story: Story, actor: int) -> Case | None:
    seen = np.flatnonzero(story.actors[actor].is_visible)
    if not len(seen):
        return None
    at_s = round(float(seen[len(seen) // 2]) / story.fps * FPS) / FPS  # where a frame is sampled
    frame = min(int(at_s * story.fps + 1e-3), story.n_frames - 1)
    mask = truth.mask(story, actor, frame)
    if mask.sum() < LEAST_PX or at_s > video.duration_s:
        return None
    noun = truth.noun_of(story, actor, at_s)
    others = [other for at, other in enumerate(story.actors) if at != actor and other.is_visible[frame]]
    if any(truth.matches(other, noun)[frame] for other in others):
        return None
    return Case(services, video, f"a {noun.colour} {noun.shape}", at_s, distance_transform_edt(~mask))


def hits(found: list[Case], within_px: float, methods: Iterable[str] = tuple(METHODS)) -> dict[str, float]:
    """Return the share of cases in which each method points at the object, and in which any point would: chance."""
    told: dict[str, list[bool]] = defaultdict(list)
    for case in found:
        for method in methods:
            told[method].append(case.distance_of_peak(case.maps(method)) <= within_px)
        told["chance"].append(float((case.distance_px <= within_px).mean()))
    return {method: float(np.mean(values)) for method, values in told.items()}


def main(seeds: list[int]) -> None:
    """Print the share of objects that each method points at, best first."""
    with tempfile.TemporaryDirectory() as folder:
        found = [case for seed in seeds for case in cases(Path(folder) / str(seed), seed, N_FILMS)]
        near, on = hits(found, TOLERANCE_PX), hits(found, 0)
        print(f"| {MODEL}, {len(found)} objects in {N_FILMS * len(seeds)} unseen films | within 15 px | on it |")
        print("|---|---|---|")
        for method in sorted(METHODS, key=lambda name: -near[name]):
            print(f"| {title_of(method)} | {near[method]:.3f} | {on[method]:.3f} |")
        print(f"| any point of the picture | {near['chance']:.3f} | {on['chance']:.3f} |")


if __name__ == "__main__":
    try:
        main([int(seed) for seed in sys.argv[1:]] or list(SEEDS))
    except WorkbenchError as problem:
        sys.exit(str(problem))
