"""Claims as one table in Markdown: what ``validate`` prints, and what stands in the README.

Separate from claims, which do not know how they read.
"""

from __future__ import annotations

from collections.abc import Sequence

from workbench.validation.claim import Claim, Verdict

_HEAD = ("instrument", "what is claimed", "held against", "measured", "cases", "bar", "verdict")
_OTHERWISE: tuple[tuple[Verdict, str], ...] = (
    ("fails", "failed"),
    ("missed", "missed, as is known"),
    ("not here", "not measured here"),
    ("no bar", "without a bar"),
)


def as_table(claims: Sequence[Claim]) -> str:
    """Return the table, a row a claim."""
    rows = [_HEAD, ("---",) * len(_HEAD), *map(cells_of, claims)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def cells_of(claim: Claim) -> tuple[str, str, str, str, str, str, str]:
    """Return the row of a claim, cell by cell, in the order of the table."""
    verdict = {"not here": f"not here: pip install {claim.lacks}", "fails": "**fails**"}
    return (
        claim.instrument,
        claim.says,
        claim.against,
        "" if claim.measured is None else _number(claim.measured),
        f"{claim.n_asked:,}" if claim.n_asked else "",
        "" if claim.bar is None else f"{claim.side} {claim.bar:.3g}",
        verdict.get(claim.verdict, claim.verdict),
    )


def summary(claims: Sequence[Claim]) -> str:
    """Return in one sentence how many claims hold, and what became of the others."""
    verdicts = [claim.verdict for claim in claims]
    n_held = verdicts.count("holds") + verdicts.count("holds here")
    others = [f"{n} {words}" for verdict, words in _OTHERWISE if (n := verdicts.count(verdict))]
    return ", ".join([f"{n_held} of {len(claims)} claims hold", *others])


def _number(value: float) -> str:
    """Return a share to three digits, what is hardly anything by its power of ten, and nothing as 0."""
    if value == 0:
        return "0"
    return f"{value:.1e}" if abs(value) < 1e-3 else f"{value:.3f}"
