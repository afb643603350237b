"""The colours of the pictures, as they are to people who lack one of three kinds of cone, and in grey.

Source of the simulation: Machado, Oliveira & Fernandes, A Physiologically-based Model for Simulation of Color Vision
Deficiency (2009), the tables for severity 1, applied to linear light. Distances are CIE 1976 in L*a*b* under D65.
"""

from __future__ import annotations

import itertools
import tomllib

import numpy as np
import pytest
from plotly.colors import hex_to_rgb, sequential

from tests.serve import ROOT
from workbench.figures.palette import DIVERGING_STOPS, QUERY_COLOURS, SEQUENTIAL

SIGHT = {
    "usual": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
OF_SENTENCES, OF_STEPS, OF_SHARES, OF_SIGNS, JUST_SEEN = 15.0, 7.0, 4.0, 50.0, 2.3
"""The least distances: of any two sentences, of neighbouring tenths of the sequential scale, of neighbouring fifths of
one sign and of the same share of either.

About 2.3 is a difference that is just noticed, side by side.
"""
GROUNDS = {
    name: tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"][name]
    for name in ("light", "dark")
}
_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_WHITE = np.array([0.95047, 1.0, 1.08883])


def lab(colours: np.ndarray, sight: str = "usual") -> np.ndarray:
    """Return what colours with levels up to 255 are in L*a*b* to somebody. Source: IEC 61966-2-1, CIE 15."""
    levels = np.asarray(colours, dtype=float) / 255
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    share = np.clip(linear @ SIGHT[sight].T, 0, 1) @ _XYZ.T / _WHITE
    root = np.where(share > (6 / 29) ** 3, np.cbrt(share), share / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = np.moveaxis(root, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def rgb(colours: tuple[str, ...] | list[str]) -> np.ndarray:
    return np.array([hex_to_rgb(colour) for colour in colours])


def diverging_on(theme: str, places: np.ndarray) -> np.ndarray:
    """Return the diverging scale at places from 0 to 1 as it is on the page: zero is the ground."""
    ground = np.array(hex_to_rgb(GROUNDS[theme]["backgroundColor"]))
    stops = np.array(DIVERGING_STOPS)
    *levels, alpha = (np.interp(places, stops[:, 0], stops[:, at]) for at in range(1, 5))
    return alpha[:, None] * np.stack(levels, -1) + (1 - alpha[:, None]) * ground


def test_the_simulation_leaves_greys_and_takes_red_from_green() -> None:
    greys = np.array([[grey] * 3 for grey in (0, 60, 128, 255)])
    for sight in SIGHT:
        assert np.abs(lab(greys, sight) - lab(greys)).max() < 0.6
    assert lab(np.array([255.0, 255, 255])) == pytest.approx([100, 0, 0], abs=0.01)
    assert lab(np.array([255.0, 0, 0])) == pytest.approx([53.24, 80.09, 67.20], abs=0.02)
    olive, brick = np.array([[120.0, 110, 20], [170.0, 90, 20]])
    apart = {sight: np.linalg.norm(lab(olive, sight) - lab(brick, sight)) for sight in SIGHT}
    assert max(apart["protanopia"], apart["deuteranopia"]) < 0.5 * apart["usual"]


@pytest.mark.parametrize("sight", SIGHT)
def test_two_sentences_have_colours_that_are_told_apart(sight: str) -> None:
    seen = lab(rgb(QUERY_COLOURS), sight)
    apart = {pair: np.linalg.norm(seen[pair[0]] - seen[pair[1]]) for pair in itertools.combinations(range(8), 2)}
    assert min(apart.values()) >= OF_SENTENCES, min(apart, key=apart.__getitem__)


@pytest.mark.parametrize("sight", SIGHT)
def test_similarity_rises_from_dark_to_bright(sight: str) -> None:
    """Also in grey, where lightness is all there is."""
    seen = lab(rgb(getattr(sequential, SEQUENTIAL)), sight)
    assert (np.diff(seen[:, 0]) > 3 * JUST_SEEN if sight == "usual" else np.diff(seen[:, 0]) > JUST_SEEN).all()
    assert (np.linalg.norm(np.diff(seen, axis=0), axis=-1) >= OF_STEPS).all()


@pytest.mark.parametrize("theme", GROUNDS)
@pytest.mark.parametrize("sight", SIGHT)
def test_what_adds_and_what_takes_away_differ_and_both_stand_out_the_more_the_more_there_is(
    sight: str, theme: str
) -> None:
    """In grey only how much there is of a value is seen, not its sign: wherever there is room, that is written."""
    places = np.linspace(0, 0.5, 6)
    less, more = (lab(diverging_on(theme, side), sight) for side in (0.5 - places, 0.5 + places))
    assert np.linalg.norm(less[0] - more[0]) < 0.01
    assert (np.linalg.norm(less[3:] - more[3:], axis=-1) >= OF_SIGNS).all()
    for side in (less, more):
        from_ground = np.linalg.norm(side - side[0], axis=-1)
        assert (np.diff(from_ground) > OF_SHARES).all()
        away = np.diff(side[:, 0]) * (-1 if theme == "light" else 1)
        assert (away > JUST_SEEN).all()


def test_the_lessons_have_the_same_diverging_scale() -> None:
    theme = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]
    steps = rgb(theme["chartDivergingColors"])
    assert np.abs(steps - diverging_on("light", np.linspace(0, 1, len(steps)))).max() <= 1
    assert theme["chartSequentialColors"] == [colour.lower() for colour in getattr(sequential, SEQUENTIAL)]
