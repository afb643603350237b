"""The pictures of where models look: the right pixels, one scale for all of an answer, and what a cell tells."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from workbench.figures.agreement import agreement_figure
from workbench.figures.evidence import curves_figure
from workbench.figures.heads import between_frames_figure, heads_figure
from workbench.figures.heat import heat_rgba, overlaid, reach
from workbench.figures.heat_maps import heat_figure
from workbench.figures.on_picture import MAX_HEIGHT_PX
from workbench.figures.palette import LESS, MORE, UNSEEN
from workbench.figures.png import png_uri
from workbench.types.maps import Agreement, Evidence, HeatMaps

WHOLE = (0.0, 0.0, 1.0, 1.0)
CROP = (0.0, 0.25, 1.0, 0.75)


def maps_of(values, grid=(2, 2), seen=WHOLE, is_signed=False, **more) -> HeatMaps:
    values = np.array(values, dtype=float).reshape(-1, grid[0] * grid[1])
    return HeatMaps(
        method="a <method>",
        query="a red circle",
        score="cosine of the sentence with the picture",
        times_s=np.arange(len(values)) + 0.5,
        values=values,
        scores=np.linspace(0.1, 0.3, len(values)),
        grid=grid,
        seen=seen,
        is_signed=is_signed,
        is_about_sentence=True,
        **more,
    )


def test_the_hot_cell_at_the_top_left_of_a_crop_is_at_the_top_left_of_what_is_seen() -> None:
    layer = heat_rgba(maps_of([[1, 0, 0, 0], [9, 9, 9, 9]], seen=CROP), 0, 8, 16, 1.0)
    seen = layer[:, 4:12, 3]
    strongest = np.argwhere(seen == seen.max())
    assert strongest.tolist() == [[row, column] for row in (0, 1) for column in (0, 1)]  # outside the cell's centre
    assert not seen[6:].any()
    assert not seen[:, 6:].any()
    assert seen[0, 0] > seen[3, 0] > seen[5, 0] > 0


def test_exactly_what_is_not_seen_is_shaded() -> None:
    layer = heat_rgba(maps_of([0, 0, 0, 0], seen=(0.25, 0.125, 0.75, 0.5)), 0, 8, 16, 0.5)
    shade = [*UNSEEN[:3], round(255 * 0.5 * UNSEEN[3])]
    is_seen = np.zeros((8, 16), dtype=bool)
    is_seen[2:6, 2:8] = True
    assert (layer[~is_seen] == shade).all()
    assert not layer[is_seen, 3].any()


def test_nothing_is_shaded_where_the_network_sees_filling_beyond_the_frame() -> None:
    """Of a grid of 4 rows over a frame with half its height of filling on each side, the middle two are in it."""
    values = np.repeat([9.0, 1.0, 0.0, 9.0], 2)
    layer = heat_rgba(maps_of(values, grid=(4, 2), seen=(-0.5, 0.0, 1.5, 1.0)), 0, 400, 6, 1.0)
    assert not (layer[..., :3] == UNSEEN[0]).all(axis=-1).any()
    centres = layer[[100, 300], 0, 3].astype(int)  # of the second and the third row
    assert 0 < centres[0] < 255 * 0.9 * 2 / 9 + 4
    assert centres[1] <= 4
    assert layer[0, 0, 3] > centres[0]


@given(arrays(np.float64, (3, 4), elements=st.floats(-5, 5)), st.integers(1, 30), st.integers(1, 30), st.booleans())
def test_no_pixel_is_stronger_than_the_cells_round_it(cells, height, width, is_signed) -> None:
    """Seen through alpha, which grows with the value, at every pixel against the four cells nearest to it."""
    cells = cells if is_signed else np.abs(cells)
    maps = maps_of(cells, grid=(3, 4), is_signed=is_signed)
    alpha = heat_rgba(maps, 0, height, width, 1.0)[..., 3].astype(int)
    y, x = (np.arange(height) + 0.5) / height * 3 - 0.5, (np.arange(width) + 0.5) / width * 4 - 0.5
    of_cells = heat_rgba(maps, 0, 3, 4, 1.0)[..., 3].astype(int)
    rows = [np.clip(edge, 0, 2).astype(int) for edge in (np.floor(y), np.ceil(y))]
    columns = [np.clip(edge, 0, 3).astype(int) for edge in (np.floor(x), np.ceil(x))]
    near = np.max([of_cells[np.ix_(r, c)] for r in rows for c in columns], axis=0)
    assert (alpha <= near + 1).all()


def test_a_pixel_a_cell_has_the_value_of_its_cell() -> None:
    values = np.linspace(0, 1, 12)
    alpha = heat_rgba(maps_of(values, grid=(3, 4)), 0, 3, 4, 1.0)[..., 3].ravel()
    assert alpha.tolist() == sorted(alpha.tolist())
    assert alpha[0] == 0
    assert heat_rgba(maps_of(values, grid=(3, 4)), 0, 3, 4, 1.0)[2, 3].tolist() == [253, 231, 37, 230]  # viridis' end


def test_signed_values_have_the_two_sides_of_the_scale_and_zero_is_transparent() -> None:
    layer = heat_rgba(maps_of([2, -1, 0, -2], is_signed=True), 0, 2, 2, 1.0)
    assert layer[0, 0].tolist() == [*MORE, round(255 * 0.95)]
    assert layer[1, 1].tolist() == [*LESS, round(255 * 0.95)]
    assert layer[0, 1, :3].tolist() == [*LESS]
    assert layer[0, 1, 3] == pytest.approx(255 * 0.5, abs=1)
    assert layer[1, 0, 3] == 0


@pytest.mark.parametrize("is_signed", [True, False])
def test_a_map_of_zeros_is_transparent(is_signed: bool) -> None:
    maps = maps_of([[0, 0, 0, 0], [1, 1, 1, 1]], is_signed=is_signed)
    assert not heat_rgba(maps, 0, 5, 7, 1.0)[..., 3].any()
    nothing = maps_of([0, 0, 0, 0], is_signed=is_signed)
    assert not heat_rgba(nothing, 0, 5, 7, 1.0)[..., 3].any()
    assert heat_figure(nothing, 0, b"", 1.0, 0.5).layout.coloraxis.cmax == 1.0


def test_the_scale_is_that_of_all_maps_of_the_answer() -> None:
    maps = maps_of([[1, 0, 0, 0], [-4, 0, 0, 0]], is_signed=True)
    assert reach(maps) == 4.0
    both = [heat_rgba(maps, at, 2, 2, 1.0)[0, 0, 3] for at in (0, 1)]
    assert both[0] == pytest.approx(255 * 0.25, abs=1)
    assert both[1] == round(255 * 0.95)
    assert [heat_figure(maps, at, b"", 1.0, 1.0).layout.coloraxis.cmax for at in (0, 1)] == [4.0, 4.0]
    assert heat_figure(maps, 0, b"", 1.0, 1.0).layout.coloraxis.cmin == -4.0


def test_a_single_cell_colours_all_that_is_seen_alike() -> None:
    layer = heat_rgba(maps_of([3], grid=(1, 1), seen=(0.0, 0.0, 1.0, 0.5)), 0, 4, 6, 1.0)
    assert (layer[:, :3] == [253, 231, 37, 230]).all()
    assert (layer[:, 3:, :3] == UNSEEN[:3]).all()


def test_without_opacity_the_frame_is_what_it_was() -> None:
    frame = np.random.default_rng(0).integers(0, 256, (9, 7, 3), dtype=np.uint8)
    layer = heat_rgba(maps_of([1, 2, 3, 4], seen=CROP), 0, 9, 7, 0.0)
    np.testing.assert_array_equal(overlaid(frame, layer), frame)


def test_every_blend_is_the_nearest_of_256_steps() -> None:
    under, over, alpha = (side.ravel() for side in np.meshgrid(*[np.arange(0, 256, 5)] * 3, indexing="ij"))
    frame = np.repeat(under[None, :, None], 3, axis=2).astype(np.uint8)
    layer = np.stack([over, over, over, alpha], axis=-1)[None].astype(np.uint8)
    exact = (under * (255 - alpha) + over * alpha) / 255
    assert np.abs(overlaid(frame, layer)[0, :, 0] - exact).max() <= 0.5
    assert overlaid(frame, layer)[0, alpha == 255, 1].tolist() == over[alpha == 255].tolist()


@given(arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(4))))
def test_a_png_holds_the_pixels_that_went_in(pixels: np.ndarray) -> None:
    from PIL import Image

    head, body = png_uri(pixels).split(",")
    assert head == "data:image/png;base64"
    with Image.open(io.BytesIO(base64.b64decode(body))) as picture:
        assert picture.mode == "RGBA"
        np.testing.assert_array_equal(np.asarray(picture), pixels)


def pixels_of(uri: str) -> np.ndarray:
    from PIL import Image

    with Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1]))) as picture:
        return np.asarray(picture)


def test_a_cell_of_the_picture_tells_its_value_where_it_is() -> None:
    figure = heat_figure(maps_of([[0, 0, 0, 0], [0.1, 0.2, 0.3, 0.4]], seen=CROP), 1, b"a jpeg", 2.0, 0.5)
    (cells,) = figure.data
    assert np.asarray(cells.z).tolist() == [[0.1, 0.2], [0.3, 0.4]]
    assert list(cells.x) == [0.25, 0.5, 0.75]
    assert list(cells.y) == [0.0, 0.5, 1.0]
    assert cells.opacity == 0
    assert "%{z:.3g}" in cells.hovertemplate
    picture, layer = figure.layout.images
    assert (picture.layer, layer.layer) == ("below", "above")
    assert base64.b64decode(picture.source.split(",")[1]) == b"a jpeg"
    np.testing.assert_array_equal(
        pixels_of(layer.source), heat_rgba(maps_of([[0] * 4, [0.1, 0.2, 0.3, 0.4]], seen=CROP), 1, 160, 320, 0.5)
    )
    assert figure.layout.meta == {"aspect": 2.0}


def test_what_is_seen_is_outlined_where_it_is_not_all() -> None:
    outline = heat_figure(maps_of([0, 0, 0, 0], seen=CROP), 0, b"", 2.0, 0.5).layout.shapes[0]
    assert (outline.x0, outline.x1, outline.y0, outline.y1) == (0.25, 0.75, 0.0, 1.0)
    for seen in (WHOLE, (-0.5, 0.0, 1.5, 1.0)):
        assert not heat_figure(maps_of([0, 0, 0, 0], seen=seen), 0, b"", 2.0, 0.5).layout.shapes


def test_a_portrait_picture_is_no_taller_than_a_screen_and_keeps_its_shape() -> None:
    figure = heat_figure(maps_of([0, 0, 0, 1]), 0, b"", 0.5, 0.5)
    assert figure.layout.height == MAX_HEIGHT_PX + 16
    assert figure.layout.yaxis.scaleratio == 2.0
    assert pixels_of(figure.layout.images[0].source).shape == (320, 160, 4)


SHARES = np.linspace(0, 1, 5)


def evidence_of(insertion, backward, random) -> Evidence:
    curves = [np.array(curve, dtype=float)[None] for curve in (insertion, backward, random)]
    areas = [curve.mean(axis=-1) for curve in curves]
    nothing = np.full((1, 1), np.nan)
    return Evidence(SHARES, *curves, *areas, nothing[0], nothing[0], 8, nothing, nothing, "", nothing[0], nothing[0], 0)


RANDOM = [[0.1, 0.15, 0.2, 0.25, 0.3], [0.1, 0.2, 0.2, 0.2, 0.3]]
BEST, WORST = [0.1, 0.4, 0.4, 0.4, 0.3], [0.1, 0.1, 0.1, 0.1, 0.3]


def test_curves_are_over_the_share_in_sight_with_their_areas_beside_them() -> None:
    figure = curves_figure(evidence_of(BEST, WORST, RANDOM), 0)
    orders, mean, backward, own = figure.data
    assert list(own.x) == [0, 25, 50, 75, 100]
    assert (list(own.y), list(backward.y)) == (BEST, WORST)
    assert (own.line.color, backward.line.color) == (f"rgb{MORE}", f"rgb{LESS}")
    assert list(mean.y) == pytest.approx([0.1, 0.175, 0.2, 0.225, 0.3])
    assert np.isnan(orders.y).tolist() == ([False] * 5 + [True]) * 2
    told = [label.text for label in figure.layout.annotations]
    assert "area<br>0.200" in told[0]
    assert "reversed, area 0.140" in told[1]
    assert "the map's order, area 0.320" in told[2]


def test_labels_are_outside_all_curves_on_the_side_of_their_own() -> None:
    for own, backward in ((BEST, WORST), (WORST, BEST)):
        _, of_backward, of_own = curves_figure(evidence_of(own, backward, RANDOM), 0).layout.annotations
        above, below = (of_own, of_backward) if own is BEST else (of_backward, of_own)
        assert (above.yanchor, below.yanchor) == ("bottom", "top")
        assert above.y >= 0.4
        assert below.y <= 0.1


def test_without_an_order_only_random_ones_are_drawn() -> None:
    figure = curves_figure(evidence_of([np.nan] * 5, [np.nan] * 5, RANDOM), 0)
    assert len(figure.data) == 2
    assert len(figure.layout.annotations) == 1
    assert np.isfinite(figure.layout.yaxis.range).all()
    none = curves_figure(evidence_of([np.nan] * 5, [np.nan] * 5, np.zeros((0, 5))), 0)
    assert not none.data


def test_agreement_has_a_number_a_cell_and_a_dash_where_there_is_none() -> None:
    correlations = np.array([[1.0, -0.25, np.nan], [-0.25, 1.0, np.nan], [np.nan, np.nan, np.nan]])
    figure = agreement_figure(Agreement(("one", "<two>", "three"), (), correlations))
    cells, numbers = figure.data
    minus, dash = "\N{MINUS SIGN}0.25", "\N{EN DASH}"
    assert list(numbers.text) == ["1.00", minus, dash, minus, "1.00", dash, dash, dash, dash]
    assert list(zip(numbers.x, numbers.y, strict=True))[1] == (1, 0)
    assert np.isnan(np.asarray(cells.z)[2]).all()
    assert cells.hoverongaps is False
    assert cells.text[0][1] == f"one and &lt;two&gt;<br>{minus}"
    assert cells.zmin == -cells.zmax
    for axis in (figure.layout.xaxis, figure.layout.yaxis):
        assert list(axis.ticktext) == ["one", "&lt;two&gt;", "three"]
    assert figure.layout.yaxis.range == (2.5, -0.5)


def test_tiles_of_layers_go_down_and_those_of_heads_to_the_right() -> None:
    by_head = np.arange(2 * 3 * 2 * 4, dtype=np.float32).reshape(2, 3, 2, 4)
    figure = heads_figure(maps_of(np.zeros((2, 4)), by_head=by_head), 1)
    (mosaic,) = figure.data
    z = np.asarray(mosaic.z)
    assert z.shape == (3 * 3 - 1, 2 * 3 - 1)
    for layer in range(3):
        for head in range(2):
            tile = z[3 * layer : 3 * layer + 2, 3 * head : 3 * head + 2]
            assert tile.ravel().tolist() == by_head[1, layer, head].tolist()
    assert np.isnan(z[2]).all()
    assert np.isnan(z[:, 2]).all()
    assert mosaic.y[3] == "layer 2, row 1"
    assert mosaic.x[4] == "head 2, column 2"
    assert len(set(mosaic.x)) == z.shape[1]
    assert figure.layout.yaxis.range == (7.5, -0.5)
    numbers = [(label.text, label.x, label.y) for label in figure.layout.annotations]
    assert ("2", 3.5, -0.5) in numbers
    assert ("3", -0.5, 6.5) in numbers


def test_heads_share_a_scale_that_says_where_it_ends_early() -> None:
    by_head = np.ones((2, 20, 12, 4), dtype=np.float32)
    by_head[1, 0, 0, 0] = 50
    figures = [heads_figure(maps_of(np.zeros((2, 4)), by_head=by_head), at) for at in (0, 1)]
    assert [(figure.data[0].zmin, figure.data[0].zmax) for figure in figures] == [(0, 1), (0, 1)]
    assert figures[0].data[0].colorbar.ticktext[-1] == "≥ 1"
    signed = heads_figure(maps_of(np.zeros((2, 4)), by_head=-by_head), 0).data[0]
    assert (signed.zmin, signed.zmax) == (-1, 1)
    nothing = heads_figure(maps_of([0], grid=(1, 1), by_head=np.zeros((1, 2, 1, 1), dtype=np.float32)), 0).data[0]
    assert (nothing.zmin, nothing.zmax) == (0, 1)
    assert np.asarray(nothing.z)[:, 0].tolist()[::2] == [0, 0]


def test_a_row_is_the_frame_that_looks() -> None:
    looks = np.random.default_rng(0).dirichlet(np.ones(7), (2, 3, 7)).astype(np.float32)
    maps = maps_of(np.zeros((1, 4)), between_frames=looks, frame_times_s=np.arange(7) * 1.5)
    (cells,) = between_frames_figure(maps, 1, 2).data
    np.testing.assert_array_equal(np.asarray(cells.z), looks[1, 2])
    assert cells.text[2][4] == "the frame at 0:03.0 looks at that at 0:06.0"
    assert list(cells.customdata[2][4]) == [6.0, 3.0]
    assert cells.zmax == pytest.approx(looks[:, 2].max())
    figure = between_frames_figure(maps, 0, None)
    np.testing.assert_allclose(np.asarray(figure.data[0].z), looks[0].mean(axis=0), rtol=1e-6)
    assert list(figure.layout.xaxis.ticktext) == ["0:00.0", "0:03.0", "0:06.0", "0:09.0"]


def test_figures_are_small_enough_to_send() -> None:
    rng = np.random.default_rng(0)
    by_head = rng.random((1, 24, 16, 256), dtype=np.float32)
    one = maps_of(rng.random((1, 256)), grid=(16, 16), by_head=by_head)
    assert len(heads_figure(one, 0).to_json()) < 800_000
    maps = maps_of(rng.random((200, 256)), grid=(16, 16), seen=CROP)
    assert len(heat_figure(maps, 0, b"", 16 / 9, 0.7).to_json()) < 200_000
