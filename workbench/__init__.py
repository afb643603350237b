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
    from workbench.types.comparison import Examination, SpaceComparison
    from workbench.types.embedding import EmbeddingMap
    from workbench.types.features import AttentionMaps, PatchMaps
    from workbench.types.grounding import Grounding
    from workbench.types.outcome import Outcome, Progress
    from workbench.types.probe import ProbeReport
    from workbench.types.video import SamplingSpec, VideoInfo
    from workbench.validation.claim import Claim

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
        videos: str | Path | Sequence[str | Path] = (),
        queries: str | Sequence[str] = (),
        model: str | None = None,
        pictures: Sequence[str | Path] = (),
        fitted_on: Sequence[str | Path] = (),
        features: str | Path = "",
        id_column: str = "id",
        **parameters: Any,
    ) -> Outcome[EmbeddingMap]:
        """Return where frames, films and sentences lie in the space of a model, and files of still ``pictures``.

        ``fitted_on`` are the videos that the map is made of where that are not all, ``features`` a file of features
        that is mapped in place of videos, with ``id_column`` for what names its rows. ``parameters`` are those of
        ``workbench.analyses.embed.EmbedParams``, such as ``reducer="pca"``.
        Raises ``WorkbenchError`` with one sentence that says what to do.
        """
        from workbench.analyses.embed import Embed, EmbedParams
        from workbench.analyses.embed_features import embed_features
        from workbench.store.feature_files import read_features

        params = EmbedParams(
            videos=self._ids(videos),
            queries=(queries,) if isinstance(queries, str) else tuple(queries),
            model=model or self.services.settings.default_model,
            pictures=tuple(self.services.library.find_picture(str(picture)).id for picture in pictures),
            fitted_on=self._ids(fitted_on),
            **parameters,
        )
        if features:
            table = read_features(Path(features), id_column=id_column)
            return embed_features(self.services, table, Path(features).name, params, _bar)
        return Embed().run(self.services, params, _bar)

    def compare(
        self, videos: str | Path | Sequence[str | Path], other: str, model: str | None = None, **parameters: Any
    ) -> Outcome[SpaceComparison]:
        """Return how far the spaces of a model and of an ``other`` agree on the same videos.

        ``parameters`` are those of ``workbench.analyses.compare.CompareParams``, such as ``points="segment"``.
        Raises ``WorkbenchError`` with one sentence that says what to do.
        """
        from workbench.analyses.compare import Compare, CompareParams

        chosen = model or self.services.settings.default_model
        params = CompareParams(self._ids(videos), chosen, other, **parameters)
        return Compare().run(self.services, params, _bar)

    def examine(
        self,
        annotations: str | Path = "",
        videos: str | Path = "",
        moments_of: str | Path | Sequence[str | Path] = (),
        model: str | None = None,
        **parameters: Any,
    ) -> Outcome[Examination]:
        """Return what can be read of clips from the space of a model.

        They are those of a file of ``annotations``, whose ``videos`` are in a folder; without one, the moments known of
        ``moments_of``, which are examples; else films of the toy world.
        ``parameters`` are those of ``workbench.analyses.examine.ExamineParams``, such as ``n_neighbours=3``.
        Raises ``WorkbenchError`` with one sentence that says what to do.
        """
        from workbench.analyses.examine import Examine, ExamineParams
        from workbench.ui.cli.annotation_files import chosen_clips

        clips, _ = chosen_clips(self.services, str(annotations), str(videos), self._ids(moments_of), _bar)
        params = ExamineParams(clips, model or self.services.settings.default_model, **parameters)
        return Examine().run(self.services, params, _bar)

    def probe(
        self,
        video: str | Path,
        query: str,
        among: str | Path | Sequence[str | Path] = (),
        model: str | None = None,
        edits: Sequence[str] = (),
        corrected: Sequence[tuple[str, str]] = (),
        without: Sequence[str] = (),
        start_s: float | None = None,
        end_s: float | None = None,
        **parameters: Any,
    ) -> Outcome[ProbeReport]:
        """Return what changes when one thing is changed in a sentence that is true of a video, or in the video.

        ``among`` are other videos that it is ranked among, ``edits`` sentences of one's own beside those that are made,
        ``corrected`` the kinds and texts of such that were put right, and ``without`` edits that are not wanted.
        ``parameters`` are those of ``workbench.analyses.probe.ProbeParams``, such as ``film_kinds=("reverse",)``.
        Raises ``WorkbenchError`` with one sentence that says what to do.
        """
        from workbench.analyses.cases import Case, corrected_edits
        from workbench.analyses.probe import Probe, ProbeParams

        made = corrected_edits(query, corrected)
        found = self.services.library.find(str(video))
        params = ProbeParams(
            cases=(Case(found.id, query, made, start_s, end_s, tuple(edits), tuple(without)),),
            model=model or self.services.settings.default_model,
            among=self._ids(among),
            **parameters,
        )
        return Probe().run(self.services, params, _bar)

    def probe_many(
        self,
        annotations: str | Path = "",
        videos: str | Path = "",
        among: str | Path | Sequence[str | Path] = (),
        model: str | None = None,
        **parameters: Any,
    ) -> Outcome[ProbeReport]:
        """Return the same of every row of a file of captions or edits; without one, of films of the toy world.

        ``videos`` is the folder of its videos, where they do not lie beside it. The rest is as for ``probe``.
        Raises ``WorkbenchError`` with one sentence that says what to do.
        """
        from workbench.analyses.cases import usual_kinds
        from workbench.analyses.probe import Probe, ProbeParams
        from workbench.analyses.toy_clips import toy_cases
        from workbench.ui.cli.annotation_files import cases_in

        path, folder = str(annotations), str(videos)
        cases = cases_in(self.services, path, folder) if path else toy_cases(self.services, _bar)
        kinds = {"text_kinds": usual_kinds(cases)} | parameters
        chosen = model or self.services.settings.default_model
        params = ProbeParams(cases, chosen, among=self._ids(among), **kinds)
        return Probe().run(self.services, params, _bar)

    def validate(self, only: str = "") -> tuple[Claim, ...]:
        """Return what is claimed of every instrument, or of ``only`` one, held against what is known.

        Films are drawn and taken away again, which takes minutes; a claim has a ``verdict``.
        """
        from workbench.validation.exams import validate

        return tuple(validate(self.services.settings, only, _bar))

    def _ids(self, videos: str | Path | Sequence[str | Path]) -> tuple[str, ...]:
        named = (videos,) if isinstance(videos, str | Path) else videos
        return tuple(self.services.library.find(str(video)).id for video in named)

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

    def figure(self, outcome: Outcome[Any]) -> Any:
        """Return the picture of an outcome, whatever was asked, as a plotly ``Figure``, which a notebook shows."""
        from workbench.analyses.attribute import picture_of
        from workbench.figures import comparison, embedding
        from workbench.figures.examination import examination_figure
        from workbench.figures.probe import probe_figure
        from workbench.figures.report import outcome_figure
        from workbench.types.comparison import Examination, SpaceComparison
        from workbench.types.embedding import EmbeddingMap
        from workbench.types.probe import ProbeReport

        found = outcome.result
        if isinstance(found, EmbeddingMap):
            return embedding.with_hover(embedding.embedding_figure(found), found)
        if isinstance(found, SpaceComparison):
            return comparison.with_hover(comparison.comparison_figure(found), found)
        if isinstance(found, Examination):
            return examination_figure([found])
        if isinstance(found, ProbeReport):
            return probe_figure([found])
        video = self.services.library.get(outcome.provenance.video_id)
        return outcome_figure(outcome, video, jpeg=picture_of(self.services, video.id, found))


def _bar(progress: Progress) -> None:
    """Say on stderr what is being computed and how far it is; a cached answer says nothing."""
    import sys

    counted = f"{progress.done} of {progress.total} {progress.unit}s" if progress.total else "…"
    end = "\n" if 0 < progress.total <= progress.done else ""
    print(f"\r{progress.what}: {counted}", end=end, file=sys.stderr, flush=True)
