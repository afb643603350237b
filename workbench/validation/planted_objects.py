"""Maps against planted truth, on films of the toy world: do they point at what the sentence names?

Separate from what is claimed of it, since benchmarks ask more of the same of more films. A map hits where its highest
cell lies on the named object, by the rule of the field: its middle is within 15 pixels of the object's mask (Zhang et
al., 2016). Strictly, its middle is on the mask.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from scipy.ndimage import distance_transform_edt

from workbench.analyses.analysis import Report, silent
from workbench.analyses.attribute import Attribute, AttributeParams
from workbench.analyses.map_methods import METHODS
from workbench.analyses.services import Services
from workbench.toyworld import truth
from workbench.toyworld.story import Story
from workbench.types.maps import HeatMaps
from workbench.types.outcome import Progress
from workbench.types.video import VideoInfo
from workbench.validation.toy_films import ToyFilm

MODEL, FPS = "toyworld-frame", 2.0
TOLERANCE_PX = 15
LEAST_PX = 30
"""Objects of fewer pixels are hardly seen."""


@dataclass(frozen=True, eq=False)
class Case:
    """One object in one sampled frame that no other object there shares its name with.

    ``distance_px`` is how far every pixel is from the object, 0 on it.
    """

    services: Services
    video: VideoInfo
    query: str
    at_s: float
    distance_px: Float64[np.ndarray, "height width"]

    def maps(self, method: str, has_evidence: bool = False, seed: int = 0) -> HeatMaps:
        """Return the answer of the analysis."""
        asked = AttributeParams(
            self.video.id,
            (self.query,),
            MODEL,
            fps=FPS,
            at_s=self.at_s,
            method=method,
            evidence=has_evidence,
            seed=seed,
        )
        found = Attribute().run(self.services, asked).result
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


def cases(services: Services, films: Sequence[ToyFilm]) -> Iterator[Case]:
    """Yield every object of ``films`` in the middle of its time on stage."""
    for film in films:
        for actor in range(len(film.story.actors)):
            if case := _case(services, film.video, film.story, actor):
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


@dataclass(frozen=True, eq=False)
class Pointed:
    """How far the peak of each method's map is from the object, in pixels, case by case; and every point of it."""

    distances_px: Mapping[str, Sequence[float]]
    cases: Sequence[Case]

    def share(self, method: str, within_px: float) -> float:
        """Return the share of cases in which a method points at the object, or so near it."""
        return float(np.mean(np.array(self.distances_px[method]) <= within_px))

    def chance(self, within_px: float) -> float:
        """Return the share of cases in which any point of the picture would."""
        return float(np.mean([(case.distance_px <= within_px).mean() for case in self.cases]))


def pointed(cases: Sequence[Case], methods: Iterable[str] = tuple(METHODS), report: Report = silent) -> Pointed:
    """Return where the maps of each method point."""
    distances_px: dict[str, list[float]] = {method: [] for method in methods}
    for number, case in enumerate(cases):
        report(Progress(number, len(cases), "Where it looked: asking", unit="picture"))
        for method, found in distances_px.items():
            found.append(case.distance_of_peak(case.maps(method)))
    return Pointed(distances_px, cases)
