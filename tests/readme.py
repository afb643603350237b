"""The parts of README.md that are written by the code they describe: the table of settings, and what is proven.

``python -m tests.readme`` (``make readme``) writes the settings into the README; ``python -m tests.readme proven``
(``make proven``) also measures, which takes minutes, and writes what is claimed of every instrument. A test holds the
README against its sources.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Sequence
from dataclasses import MISSING, Field, fields
from pathlib import Path

from workbench.validation.claim import Claim
from workbench.validation.table import as_table, cells_of

README = Path(__file__).resolve().parent.parent / "README.md"
_FEWEST_TO_BE_OFF, _ROUNDED = 0.02, 1e-3


def settings_table() -> str:
    """Return the Markdown table of all settings: variable, default, what it is."""
    from workbench.settings import PREFIX, Settings

    rows = [
        f"| `{PREFIX}{item.name.upper()}` | {_default(item)} | {item.metadata['about']} |" for item in fields(Settings)
    ]
    return "\n".join(["| variable | default | what it is |", "|---|---|---|", *rows])


def with_part(text: str, name: str, maker: str, part: str) -> str:
    """Return the README's ``text`` with the part of a name, which ``maker`` writes, made anew."""
    found, n_places = _pattern(name, maker).subn(lambda _: part + "\n", text)
    if n_places != 1:
        raise ValueError(f"README.md has {n_places} places for {name} instead of one")
    return found


def with_settings(text: str) -> str:
    """Return the README's ``text`` with the table of settings made anew."""
    return with_part(text, "settings", "readme", settings_table())


def assert_told(claims: Sequence[Claim], n_later: int = 0) -> None:
    """Hold the claims of an instrument against its rows in the README, and against their bars.

    What is measured may differ by one case of those that were asked, and by 0.02 at least: batches are of other sizes
    on other machines, and the last bits of features with them. How many cases there are may hang on that, too, but not
    by more than a tenth and one. What is held against a reference implementation is nothing but rounding, and has to
    reach its bar alone. Where a known miss begins to fail is worse than what is told, by three standard errors of it at
    most. ``n_later`` rows come after them, and take too long for a test.
    """
    assert [claim.says for claim in claims if claim.verdict == "fails"] == []
    [instrument] = {claim.instrument for claim in claims}
    told = [row for row in proven_rows() if row[0] == instrument]
    assert len(told) == len(claims) + n_later, "run `make proven`"
    del told[len(claims) :]
    assert [_lasting(row) for row in told] == [_lasting(cells_of(claim)) for claim in claims], "run `make proven`"
    for row, claim in zip(told, claims, strict=True):
        n_told = int(row[4].replace(",", "") or 0)
        assert abs(n_told - claim.n_asked) <= 1 + n_told / 10, f"{claim.says}: {claim.n_asked} cases, not {n_told}"
        is_rounding = claim.side == "at most" and claim.bar is not None and claim.bar < _FEWEST_TO_BE_OFF
        if claim.measured is not None and not is_rounding:
            apart, most = abs(float(row[3]) - claim.measured), max(_FEWEST_TO_BE_OFF, 1 / claim.n_asked)
            assert apart <= most + _ROUNDED, f"{claim.says}: {claim.measured}, and the README says {row[3]}"
        if claim.known_miss is not None:
            share = float(row[3])
            worse = share - claim.known_miss if claim.side == "at least" else claim.known_miss - share
            most = 3 * math.sqrt(share * (1 - share) / n_told)
            assert 0 < worse <= most, f"{claim.says}: fails at {claim.known_miss}, and the README says {row[3]}"


def proven_rows() -> list[tuple[str, ...]]:
    """Return the rows of the README's table of what is proven, cell by cell."""
    [table] = _pattern("proven", "proven").findall(README.read_text(encoding="utf-8"))
    return [tuple(cell.strip() for cell in line.strip("|").split(" | ")) for line in table.strip().splitlines()[2:]]


def _lasting(row: tuple[str, ...]) -> tuple[str, ...]:
    """Return a row without what may differ from one machine to the next."""
    instrument, says, against, _, _, bar, verdict = row
    return instrument, says, against, bar, verdict


def _pattern(name: str, maker: str) -> re.Pattern[str]:
    begin, end = f"<!-- {name}: begin, written by `make {maker}` -->", f"<!-- {name}: end -->"
    return re.compile(f"(?<={re.escape(begin)}\n).*?(?={re.escape(end)})", re.DOTALL)


def _default(item: Field) -> str:
    if item.default is MISSING:  # a folder that depends on the person: name what it is called
        return f"`~/.cache/{item.default_factory().name}`"
    if item.name.endswith("_bytes"):
        return f"`{item.default}` ({item.default / 2**30:g} GiB)"
    return f"`{item.default}`" if item.default != "" else "none"


def main(words: Sequence[str]) -> None:
    """Write the settings, and with ``proven`` what is measured now; read the README only when that is known."""
    proven = _proven_table() if "proven" in words else ""
    text = with_settings(README.read_text(encoding="utf-8"))
    README.write_text(with_part(text, "proven", "proven", proven) if proven else text, encoding="utf-8")


def _proven_table() -> str:
    from workbench.settings import Settings
    from workbench.ui.cli.output import Bar
    from workbench.validation.exams import validate

    bar = Bar()
    try:
        return as_table(list(validate(Settings(), report=bar)))
    finally:
        bar.close()


if __name__ == "__main__":
    main(sys.argv[1:])
