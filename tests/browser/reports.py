"""What a person with a pointer finds in a report: the buttons of each figure, and what they lie over.

Separate because reports of several instruments are read in tests of their own.
"""

from __future__ import annotations

from playwright.sync_api import Page

SHOWN = "svg text, .points path, .bars path, .heatmaplayer image"
LIES_UNDER = f"""figure => {{
  const boxes = (named) => [...figure.querySelectorAll(named)].map((part) => [part, part.getBoundingClientRect()]);
  const buttons = boxes(".modebar-btn").filter(([, box]) => box.width);
  const isOver = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  const under = boxes("{SHOWN}").filter(([, box]) => box.width && buttons.some(([, button]) => isOver(box, button)));
  return {{
    titles: buttons.map(([button]) => button.dataset.title),
    under: under.map(([part]) => part.textContent || part.getAttribute("class")),
  }};
}}"""


def assert_buttons_hide_nothing(report: Page, widths_px: tuple[int, ...] = (1440, 390)) -> None:
    """Point at every figure of an open report, on a page and on a phone: nothing lies under its buttons."""
    for width_px in widths_px:
        report.set_viewport_size({"width": width_px, "height": 900})
        report.wait_for_timeout(300)  # for figures to be as wide as the page
        figures = report.locator(".plotly-graph-div").all()
        assert figures
        for figure in figures:
            figure.hover(force=True)
            found = figure.evaluate(LIES_UNDER)
            assert "Download plot as a PNG" in found["titles"]
            assert not [title for title in found["titles"] if "Share" in title], "nothing is sent anywhere"
            assert found["under"] == []
