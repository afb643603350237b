"""The time axis shared by the figures: seconds of a film, with ticks that read as a clock.

Separate so that every figure on the same film ticks alike. The axis stays one of plain seconds: plotly's
own date axis reads small numbers as years.
"""

from __future__ import annotations

STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)


def clock_label(seconds: float, step_s: float = 1.0) -> str:
    """Return a time as ``0:07``, ``1:02:07``, or ``0:07.2`` where ticks are closer than a second."""
    tenths = round(seconds * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    tail = f"{rest // 10:02}" + (f".{rest % 10}" if step_s < 1 else "")
    return f"{hours}:{minutes:02}:{tail}" if hours else f"{minutes}:{tail}"


def clock_axis(duration_s: float, n_ticks: int = 10) -> dict:
    """Return an axis from 0 to ``duration_s`` with at most ``n_ticks`` round ticks, without the first."""
    step = next((s for s in STEPS_S if duration_s / s <= n_ticks), STEPS_S[-1])
    ticks = [count * step for count in range(1, int(duration_s / step) + 1)]
    return {
        "range": [0, round(float(duration_s), 3)],
        "tickvals": [round(tick, 1) for tick in ticks],
        "ticktext": [clock_label(tick, step) for tick in ticks],
        "ticks": "outside",
        "ticklen": 4,
        "tickangle": 0,
        "tickfont": {"size": 11},
        "zeroline": False,
    }
