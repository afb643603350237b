"""Contrast as it is on the screen: the colour of every text against the very pixels behind it.

Separate because a style sheet does not tell what a text stands on: a row of heat, a picture, what lies over it.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image
from playwright.sync_api import Page

LEAST, LEAST_LARGE = 4.5, 3.0
"""Ratios that texts must have, and large ones, as parts of pictures do. Source: WCAG 2.2, 1.4.3 and 1.4.11."""

# A text is what a person can see of it: not what is folded, clipped away for screen readers, or of a control that
# cannot be used. Colours of texts are as computed, with the opacity of all that they are in.
_TEXTS = """() => {
  const pen = Object.assign(document.createElement('canvas'), {width: 1, height: 1})
    .getContext('2d', {willReadFrequently: true});
  const read = (css) => {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = css;
    pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data];
  };
  const found = [];
  const add = (text, element, rects, css, style) => {
    const rim = style.paintOrder.startsWith('stroke') ? read(style.stroke).slice(0, 3) : null;
    let opacity = 1;
    for (let each = element; each; each = each.parentElement) opacity *= Number(getComputedStyle(each).opacity);
    const [red, green, blue, alpha] = read(css);
    const size_px = parseFloat(style.fontSize);
    const is_large = size_px >= 24 || (size_px >= 18.66 && Number(style.fontWeight) >= 700);
    for (const {left, top, width, height} of rects)
      if (width >= 4 && height >= 4)
        found.push({text: text.trim().slice(0, 60), colour: [red, green, blue], alpha: (alpha / 255) * opacity,
          rim, is_large, box: [left + scrollX, top + scrollY, width, height]});
  };
  const isSeen = (element) =>
    element.checkVisibility({opacityProperty: true, visibilityProperty: true}) &&
    !element.closest('.unseen, .sr-only, .visually-hidden, [disabled], [aria-disabled=true], option, title, [hidden]');
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || !isSeen(element) || element.closest('#js-plotly-tester, script, style')) continue;
    const [range, style] = [document.createRange(), getComputedStyle(element)];
    range.selectNodeContents(node);
    add(node.data, element, range.getClientRects(), element.closest('svg') ? style.fill : style.color, style);
  }
  for (const element of document.querySelectorAll('input, textarea, select')) {
    if (['checkbox', 'radio', 'range', 'file'].includes(element.type) || !isSeen(element)) continue;
    const text = element.value || element.placeholder;
    const style = getComputedStyle(element, element.value ? null : '::placeholder');
    const {left, top, height} = element.getBoundingClientRect();
    if (text) add(text, element, [{left: left + 8, top: top + 8, width: 32, height: height - 16}], style.color, style);
  }
  return found;
}"""
_UNSEEN = """
*, *::placeholder { color: transparent !important; -webkit-text-fill-color: transparent !important;
  text-shadow: none !important; caret-color: transparent !important; transition: none !important; }
svg text { fill-opacity: 0 !important; stroke-opacity: 0 !important; }
"""


@dataclass(frozen=True)
class Seen:
    """A text with its contrast: what nine tenths of the pixels behind it leave of it at least."""

    text: str
    ratio: float
    least: float


def texts_seen(page: Page) -> list[Seen]:
    """Return every text of the page, down to its end, with its contrast. Cost: a picture of the whole page."""
    texts = page.evaluate(_TEXTS)
    style = page.add_style_tag(content=_UNSEEN)
    picture = page.screenshot(full_page=True, animations="disabled")
    style.evaluate("each => each.remove()")
    pixels = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"), dtype=float)
    return [seen for text in texts if (seen := _seen(text, pixels))]


def _seen(text: dict, pixels: np.ndarray) -> Seen | None:
    left, top, width, height = (round(edge) for edge in text["box"])
    behind = pixels[max(top, 0) : top + height, max(left, 0) : left + width].reshape(-1, 3)
    if not len(behind):  # scrolled out of a box of its own
        return None
    if text["rim"]:  # a text with a rim stands on that, whatever is behind it
        behind = np.array([text["rim"]], dtype=float)
    ink = text["alpha"] * np.array(text["colour"]) + (1 - text["alpha"]) * behind
    ratio = float(np.quantile(contrast(ink, behind), 0.1))
    is_mark = not any(letter.isalnum() for letter in text["text"])  # of a key, such as a dash: no text
    return Seen(text["text"], ratio, LEAST_LARGE if text["is_large"] or is_mark else LEAST)


def contrast(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return contrast ratios, 1 to 21, of colours with levels up to 255. Source: WCAG 2.2, contrast ratio."""
    both = np.stack([luminance(one), luminance(other)])
    return (both.max(0) + 0.05) / (both.min(0) + 0.05)


def luminance(colours: np.ndarray) -> np.ndarray:
    """Return the relative luminance, 0 to 1. Source: WCAG 2.2, definition of relative luminance."""
    levels = np.asarray(colours, dtype=float) / 255
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])
