"""See what a video-text model sees: moments, attributions, maps and probes over cached features.

In a notebook::

    import workbench

    bench = workbench.Workbench()
    answer = bench.ground("video.mp4", ["a red circle"])
    answer.result.moments[0]
    bench.figure(answer)
    bench.attribute("video.mp4", "a red circle", players="frames+words").result.pairs

Importing this module imports nothing heavy; torch is loaded with the first model.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.analyses.attribute import Answer
    from workbench.analyses.services import Services
    from workbench.models.entry import ModelEntry
    from workbench.models.protocol import VideoTextModel
    from workbench.settings import Settings
    from workbench.types.embedding import EmbeddingMap
    from workbench.types.features import AttentionMaps, PatchMaps
    from workbench.types.grounding import Grounding
    from workbench.types.outcome import Outcome, Progress
    from workbench.types.probe import ProbeReport
    from workbench.types.video import SamplingSpec, VideoInfo

__all__ = ["Workbench"]


class Workbench:
    """The workbench in Python: the same services, analyses and figures as the page and the command line."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings

    @cached_property
    def services(self) -> Services:
        """The library, the models and the store, made at first use."""
        from workbench.analyses.services import Services
        from workbench.settings import Settings

        return Services.create(self._settings or Settings.from_environment())

    def videos(self) -> Sequence[VideoInfo]:
        """Return the videos of the library."""
        return self.services.library.list()

    def models(self) -> Sequence[ModelEntry]:
        """Return the models, with why one cannot be used."""
        return self.services.models.list()

    def ground(
        self, video: str | Path, queries: str | Sequence[str], model: str | None = None, **parameters: Any
    ) -> Outcome[Grounding]:
        """Return when each query is true of the video: a file, or an id of the library.

        ``parameters`` are those of ``workbench.analyses.ground.Ground.Params``, such as ``fps=2``.
        Raises ``WorkbenchError`` with one sentence that says what to do.
        """
        from workbench.analyses.ground import Ground

        texts = (queries,) if isinstance(queries, str) else tuple(queries)
        chosen = model or self.services.settings.default_model
        found = self.services.library.find(str(video))
        params = Ground.Params(video=found.id, queries=texts, model=chosen, **parameters)
        return Ground().run(self.services, params, _bar)

    def attribute(
        self,
        video: str | Path,
        query: str | Sequence[str],
        players: str = "words",
        method: str = "banzhaf",
        model: str | None = None,
        **parameters: Any,
    ) -> Outcome[Answer]:
        """Return what every player adds to the score of one sentence, or where the model looked for it.

        ``players`` are frames, words, frames+words, patches, patches+words, events or phrases. Another ``method``, such
        as relevance, gives maps of pictures; ``all`` gives the maps of all methods and how they agree. ``parameters``
        are those of ``workbench.analyses.attribute.Attribute.Params``, such as ``start_s=12, end_s=15`` or
        ``evidence=True``.
        Raises ``WorkbenchError`` with one sentence that says what to do.
        """
        from workbench.analyses.attribute import Attribute

        texts = (query,) if isinstance(query, str) else tuple(query)
        chosen = model or self.services.settings.default_model
        found = self.services.library.find(str(video))
        params = Attribute.Params(
            video=found.id, queries=texts, model=chosen, players=players, method=method, **parameters
        )
        return Attribute().run(self.services, params, _bar)

    def embed(
        self,
        videos: str | Path | Sequence[str | Path],
        queries: str | Sequence[str] = (),
        model: str | None = None,
        pictures: Sequence[str | Path] = (),
        **parameters: Any,
    ) -> Outcome[EmbeddingMap]:
        """Return where frames, films and sentences lie in the space of a model, and files of still ``pictures``.

        ``parameters`` are those of ``workbench.analyses.embed.EmbedParams``, such as ``reducer="pca"``, or
        ``fitted_on=(...)``, the videos that the map is made of where that are not all.
        Raises ``WorkbenchError`` with one sentence that says what to do.
        """
        from workbench.analyses.embed import Embed, EmbedParams

        named = (videos,) if isinstance(videos, str | Path) else tuple(videos)
        params = EmbedParams(
            videos=tuple(self.services.library.find(str(video)).id for video in named),
            queries=(queries,) if isinstance(queries, str) else tuple(queries),
            model=model or self.services.settings.default_model,
            pictures=tuple(self.services.library.add_picture(Path(picture)).id for picture in pictures),
            **parameters,
        )
        return Embed().run(self.services, params, _bar)

    def probe(
        self,
        video: str | Path,
        query: str,
        among: str | Path | Sequence[str | Path] = (),
        model: str | None = None,
        edits: Sequence[str] = (),
        **parameters: Any,
    ) -> Outcome[ProbeReport]:
        """Return what changes when one thing is changed in a sentence that is true of a video, or in the video.

        ``among`` are other videos that it is ranked among, ``edits`` sentences of one's own beside those that are made.
        ``parameters`` are those of ``workbench.analyses.probe.ProbeParams``, such as ``film_kinds=("reverse",)``.
        Raises ``WorkbenchError`` with one sentence that says what to do.
        """
        from workbench.analyses.cases import Case
        from workbench.analyses.probe import Probe, ProbeParams

        found, named = self.services.library.find(str(video)), (among,) if isinstance(among, str | Path) else among
        params = ProbeParams(
            cases=(Case(found.id, query, own=tuple(edits)),),
            model=model or self.services.settings.default_model,
            among=tuple(self.services.library.find(str(other)).id for other in named),
            **parameters,
        )
        return Probe().run(self.services, params, _bar)

    def patches(
        self, video: str | Path, frames: Sequence[int], model: str | None = None, fps: float = 2.0
    ) -> PatchMaps:
        """Return what a model makes of every patch of sampled ``frames``; of a model of windows, ``frames`` are those.

        Raises ``WorkbenchError``, also where the model has not the capability ``patches``.
        """
        from workbench.analyses.patches import patch_maps

        return patch_maps(*self._opened(video, model, fps), frames)

    def attention(
        self, video: str | Path, frames: Sequence[int], model: str | None = None, fps: float = 2.0
    ) -> AttentionMaps:
        """Return the attention weights of all layers and heads in sampled ``frames``, as for ``patches``."""
        from workbench.analyses.patches import attention_maps

        return attention_maps(*self._opened(video, model, fps), frames)

    def _opened(
        self, video: str | Path, model: str | None, fps: float
    ) -> tuple[Services, VideoInfo, VideoTextModel, SamplingSpec]:
        from workbench.types.video import SamplingSpec

        chosen = self.services.models.load(model or self.services.settings.default_model)
        return self.services, self.services.library.find(str(video)), chosen, SamplingSpec(fps)

    def figure(
        self, outcome: Outcome[Grounding] | Outcome[Answer] | Outcome[EmbeddingMap] | Outcome[ProbeReport]
    ) -> Any:
        """Return the picture of an outcome as a plotly ``Figure``, which a notebook shows."""
        from workbench.analyses.attribute import picture_of
        from workbench.figures.embedding import embedding_figure, with_hover
        from workbench.figures.probe import probe_figure
        from workbench.figures.report import outcome_figure
        from workbench.types.embedding import EmbeddingMap
        from workbench.types.probe import ProbeReport

        if isinstance(outcome.result, EmbeddingMap):
            return with_hover(embedding_figure(outcome.result), outcome.result)
        if isinstance(outcome.result, ProbeReport):
            return probe_figure([outcome.result])
        video = self.services.library.get(outcome.provenance.video_id)
        return outcome_figure(outcome, video, jpeg=picture_of(self.services, video.id, outcome.result))


def _bar(progress: Progress) -> None:
    """Say on stderr what is being computed and how far it is; a cached answer says nothing."""
    import sys

    counted = f"{progress.done} of {progress.total} {progress.unit}s" if progress.total else "…"
    end = "\n" if 0 < progress.total <= progress.done else ""
    print(f"\r{progress.what}: {counted}", end=end, file=sys.stderr, flush=True)
