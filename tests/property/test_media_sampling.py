"""Which frame is on screen when: against a search one frame at a time, for any timetable."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.robustness_set import film
from workbench.errors import InputError
from workbench.media.decode import _frames_on_screen, sample_instants
from workbench.media.probe import probe
from workbench.media.track import read_track
from workbench.settings import Settings
from workbench.types.video import SamplingSpec

seconds = st.floats(0.04, 20_000, allow_nan=False)
rates = st.floats(0.01, 120, allow_nan=False)


@given(seconds, rates, st.integers(1, 20_000))
def test_instants_are_even_and_within_the_film(duration_s: float, fps: float, max_frames: int) -> None:
    info = replace(probe(film("h264_mp4"), Settings()), duration_s=duration_s)
    sampling = SamplingSpec(fps, max_frames)
    instants = sample_instants(info, sampling)
    rate = sampling.rate_for(duration_s)
    assert 1 <= len(instants) <= max_frames
    assert rate <= fps
    assert instants[0] == 0
    assert instants[-1] < duration_s or len(instants) == 1
    assert np.allclose(instants * rate, np.arange(len(instants)))
    assert len(instants) == max_frames or len(instants) / rate >= duration_s - 1e-5 / rate


@pytest.mark.parametrize(
    "sampling", [SamplingSpec(0), SamplingSpec(-1), SamplingSpec(float("nan")), SamplingSpec(2, 0)]
)
def test_a_rate_above_zero_is_asked_for(sampling: SamplingSpec) -> None:
    with pytest.raises(InputError, match="above zero"):
        sample_instants(probe(film("h264_mp4"), Settings()), sampling)


@given(
    gaps_s=st.lists(st.integers(1, 3000), min_size=1, max_size=40),
    first_ms=st.integers(0, 2000),
    rate=st.sampled_from([0.3, 1.0, 2.0, 7.0, 24.0, 60.0]),
    n_instants=st.integers(1, 60),
)
def test_frames_on_screen(gaps_s: list[int], first_ms: int, rate: float, n_instants: int) -> None:
    frame_times_s = (first_ms + np.cumsum([0, *gaps_s])) / 1000
    track = replace(read_track(film("h264_mp4"), "h264"), times_s=frame_times_s, pts=None)
    instants = np.arange(n_instants) / rate
    chosen, times_s = _frames_on_screen(track, instants)
    assert np.all(np.diff(chosen) >= 0)
    assert np.all(np.diff(times_s) > 0)
    for instant, index, time_s in zip(instants, chosen, times_s, strict=True):
        shown = [k for k, t in enumerate(frame_times_s) if t <= instant + 0.001]
        strictly = [k for k, t in enumerate(frame_times_s) if t <= instant]
        assert index in {max(shown, default=0), max(strictly, default=0)}
        # At the time that is reported, that frame is on screen, unless nothing is yet.
        assert frame_times_s[index] <= time_s or time_s == instant < frame_times_s[0]
        assert index + 1 == len(frame_times_s) or time_s < frame_times_s[index + 1]
