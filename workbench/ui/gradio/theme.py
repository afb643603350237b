"""The look of the page, from the one palette that the Streamlit lessons share.

Separate so that no colour is written anywhere else in the page's code.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import gradio as gr

from workbench.figures.palette import MORE
from workbench.settings import ASSETS

PALETTE_FILE = ASSETS.parent / ".streamlit" / "config.toml"
_MORE = "#{:02x}{:02x}{:02x}".format(*MORE)


def read_palette(path: Path = PALETTE_FILE) -> dict[str, dict[str, str]]:
    """Return the colours of the ``light`` and the ``dark`` theme by their Streamlit names."""
    theme = tomllib.loads(path.read_text(encoding="utf-8"))["theme"]
    return {name: theme[name] for name in ("light", "dark")}


def palette_css(palette: dict[str, dict[str, str]]) -> str:
    """Return the palette as custom properties, for our own style sheet and for the figures.

    Beside a rule, which only divides, stands an edge, by which a control is known, and needs three times the contrast.
    """
    return "\n".join(
        f"{scope} {{ --wb-ground: {p['backgroundColor']}; --wb-panel: {p['secondaryBackgroundColor']};"
        f" --wb-ink: {p['textColor']}; --wb-accent: {p['primaryColor']}; --wb-rule: {p['borderColor']};"
        f" --wb-soft: {_mix(p['textColor'], p['backgroundColor'], 0.68)};"
        f" --wb-edge: {_mix(p['textColor'], p['backgroundColor'], 0.5)};"
        f" --wb-more: {_mix(_MORE, p['textColor'], 0.75)}; }}"
        for scope, p in ((":root", palette["light"]), (".dark", palette["dark"]))
    )


def _mix(colour: str, other: str, share: float) -> str:
    """Return ``share`` of one hex colour with the rest of another; plotly cannot read ``color-mix``."""
    pairs = zip(bytes.fromhex(colour[1:]), bytes.fromhex(other[1:]), strict=True)
    return "#" + bytes(round(a * share + b * (1 - share)) for a, b in pairs).hex()


def make_theme(palette: dict[str, dict[str, str]]) -> gr.themes.Base:
    """Return Gradio's theme in these colours: system font, thin rules, no shadows."""
    font = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"]
    theme = gr.themes.Base(
        font=font,
        font_mono=["ui-monospace", "SF Mono", "Menlo", "Consolas", "monospace"],
        radius_size=gr.themes.sizes.radius_sm,
        spacing_size=gr.themes.sizes.spacing_md,
        text_size=gr.themes.sizes.text_md,
    )
    names = {
        "body_background_fill": "backgroundColor",
        "background_fill_primary": "backgroundColor",
        "background_fill_secondary": "secondaryBackgroundColor",
        "block_background_fill": "backgroundColor",
        "input_background_fill": "backgroundColor",
        "body_text_color": "textColor",
        "block_label_text_color": "textColor",
        "block_title_text_color": "textColor",
        "border_color_primary": "borderColor",
        "border_color_accent": "primaryColor",
        "input_border_color_focus": "primaryColor",
        "slider_color": "primaryColor",
        "button_secondary_background_fill": "backgroundColor",
        "button_secondary_background_fill_hover": "secondaryBackgroundColor",
        "button_secondary_border_color": "borderColor",
        "button_secondary_text_color": "textColor",
    }
    by_theme = {"": palette["light"], "_dark": palette["dark"]}
    colours = {key + suffix: p[name] for key, name in names.items() for suffix, p in by_theme.items()}
    mixed = {
        "body_text_color_subdued": "var(--wb-soft)",
        "block_info_text_color": "var(--wb-soft)",
        "input_placeholder_color": "var(--wb-soft)",
        "input_border_color": "var(--wb-edge)",
    }
    return theme.set(
        **colours,
        **{name + suffix: colour for name, colour in mixed.items() for suffix in by_theme},
        color_accent="var(--wb-accent)",
        block_border_width="0px",
        block_shadow="none",
        block_padding="0px",
        block_label_background_fill="transparent",
        input_border_width="1px",
        input_shadow="none",
        input_shadow_focus="none",
    )
