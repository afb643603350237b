"""What all students share: one set of services, and every answer once, however many ask for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from workbench.analyses.attribute import Attribute, AttributeParams
from workbench.analyses.by_hand import ByHand
from workbench.analyses.by_hand import by_hand as all_coalitions
from workbench.analyses.clips import Clip
from workbench.analyses.embed import Embed, EmbedParams
from workbench.analyses.ground import Ground, GroundParams
from workbench.analyses.probe import Probe, ProbeParams
from workbench.analyses.services import Services
from workbench.analyses.toy_clips import toy_clips
from workbench.settings import Settings
from workbench.types.video import VideoInfo

FRAME_MODEL, VIDEO_MODEL = "toyworld-frame", "toyworld-video"
_MOST_KEPT = 200
_HEIGHT_PX = 240
FILM_WIDTH_PX = 360


@st.cache_resource(show_spinner="Getting ready …")
def services() -> Services:
    """Return the services; what a student types never names a model that is not on the list."""
    return Services.create(replace(Settings.from_environment(), public=True))


def film(number: int) -> VideoInfo:
    """Return one of the films that are in the box, counted from 1."""
    return services().library.examples()[number - 1]


@st.cache_resource(max_entries=_MOST_KEPT, show_spinner=False)
def stills(video_id: str, times_s: tuple[float, ...]) -> list[bytes]:
    """Return pictures of a film, as JPEG."""
    return list(services().library.thumbnails(video_id, times_s, _HEIGHT_PX))


_ANALYSES: dict[type, Any] = {
    GroundParams: Ground(),
    AttributeParams: Attribute(),
    EmbedParams: Embed(),
    ProbeParams: Probe(),
}


@st.cache_resource(max_entries=_MOST_KEPT, show_spinner="The model is asked …")
def answer(params: Any) -> Any:
    """Return the result of the analysis that has these parameters."""
    return _ANALYSES[type(params)].run(services(), params).result


@st.cache_resource(max_entries=_MOST_KEPT, show_spinner=False)
def by_hand(video_id: str, query: str, times_s: tuple[float, ...]) -> ByHand:
    """Return what every coalition of a few frames is worth to the model of single frames."""
    return all_coalitions(services(), video_id, query, FRAME_MODEL, times_s)


@st.cache_resource(show_spinner="Films are drawn, once …")
def clips() -> tuple[Clip, ...]:
    """Return films of one object that does one thing, whose truth is known."""
    return toy_clips(services(), lambda progress: None)
