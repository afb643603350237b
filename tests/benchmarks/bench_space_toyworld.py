"""Planted groups of the toy world: are they the groups of the space as the words see it, and what a probe reads.

``python -m tests.benchmarks.bench_space_toyworld``: pictures of one object, and windows in which one object does one
thing, of a seed that nothing was trained on.
"""

from __future__ import annotations

from workbench.settings import Settings
from workbench.validation.exams import examined
from workbench.validation.planted_groups import (
    N_STILLS,
    SEEN_AS,
    actions_seen,
    agreement,
    objects_of,
    windows_of,
)


def main() -> None:
    """Print the table."""
    print("| planted | groups agree, adjusted Rand | a linear probe reads | bar |\n|---|---|---|---|")
    with examined(Settings(device="cpu")) as (services, _):
        objects = objects_of(services)
        for name, words in (("colour", "a red object"), ("shape", "a circle")):
            other = next(each for each in SEEN_AS if each != name)
            found = f"{_digits(objects.agreement(name, name))} | {objects.read(name):.2f}"
            print(f"| {name} of {N_STILLS:,} objects, through *{words}* and so on, `toyworld-frame` | {found} | 0.8 |")
            print(
                f"| the same {name}, through the words for {other}s | {_digits(objects.agreement(other, name))} | | |"
            )
        windows = windows_of()
        for model_id, bar in (("toyworld-video", "0.8"), ("toyworld-frame", "none")):
            seen, _ = actions_seen(services.models.load(model_id), windows.pixels)
            found = f"{_digits(agreement(seen, windows.truth))} | {windows.read(seen):.2f}, chance {windows.chance:.2f}"
            what = f"action of {len(windows.truth)} windows, through *an object moves left* and so on, `{model_id}`"
            print(f"| {what} | {found} | {bar} |")


def _digits(index: float) -> str:
    """Return an index to two digits; none that is nothing has a sign."""
    return f"{round(index, 2) + 0.0:.2f}"


if __name__ == "__main__":
    main()
