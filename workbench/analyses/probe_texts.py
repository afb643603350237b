"""What is said of a probe: in a paragraph, as a table, and in plain JSON types.

Separate from what is counted; every sentence is written from the numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from workbench.analyses.fewest_changes import MOST_WORDS
from workbench.analyses.ground import clock
from workbench.analyses.numerals import number, signed
from workbench.analyses.plain import plain
from workbench.core.sensitivity import is_above
from workbench.types.outcome import Outcome
from workbench.types.probe import PAIR_CHANCE, Estimate, FewestChanges, KindRow, PairRow, Probed, ProbeReport, Verdict

VERDICTS: dict[Verdict, str] = {
    "told": "told apart",
    "blind": "no better than a guess that sees another video",
    "chance": "at chance",
    "wrong": "the edit is preferred",
    "cannot": "cannot be known by its architecture",
    "control": "control",
    "undecided": "too few videos to say",
}
"""What is said of an edit of a sentence; of a video, see ``verdict_of``."""

_OF_VIDEOS: dict[Verdict, str] = {
    "told": "the score falls",
    "chance": "no more than by its control",
    "wrong": "the score rises",
}
_WHY_BLIND = (
    "it takes the mean of single frames, which is the same in any order; that its score stays exactly the same says "
    "nothing about what it learned"
)
Table = tuple[tuple[str, ...], ...]
"""Rows of cells, the names of the columns first."""
_HEAD = (
    "edit", "said", "n", "margin", "higher", "chance", "control", "beyond it", "answer changes", "places lost", "blind",
)  # fmt: skip
_PAIR_HEAD = ("video, sentence", "said", "n", "text", "video", "group")


def verdict_of(row: KindRow) -> str:
    """Return what is said of a kind of edit, in a few words."""
    return (_OF_VIDEOS.get(row.verdict) if row.of == "video" else None) or VERDICTS[row.verdict]


def about_probe(found: ProbeReport) -> str:
    """Return what the model notices, what it does not, and what it cannot know: sentences, a line each."""
    said = [*_about_case(found.cases[0], found.title)] if found.n_cases == 1 else [*_about_rows(found)]
    said += [_about_pair(pair) for pair in found.pairs if found.n_cases > 1]
    said += [*_about_blindness(found)]
    said += [_about_fewest(each) for each in found.fewest]
    return "\n".join(said)


def _about_rows(found: ProbeReport) -> Iterator[str]:
    videos = "one video" if found.n_videos == 1 else f"{found.n_videos:,} videos"
    yield f"{found.title}: {found.n_cases:,} sentences of {videos}."
    judged = [row for row in found.rows if row.of == "sentence" and row.role == "meaning"]
    for verdict, begins in (
        ("told", "It tells the sentence from the edit:"),
        ("blind", "No better than a guess that sees another video:"),
        ("chance", "Not beyond chance:"),
        ("wrong", "It prefers the edit:"),
        ("undecided", "With so few videos nothing can be said of:"),
    ):
        named = [_judged(row) for row in judged if row.verdict == verdict]
        if named:
            yield f"{begins} {', '.join(named)}."
    controls = [row for row in found.rows if row.role == "control" and row.changed]
    if controls:
        named = [f"{row.title} {_percent(row.changed)}" for row in controls if row.changed]
        yield f"Where nothing that is told was changed, another sentence comes first in: {', '.join(named)}."
    if (least := found.meaning_less_paraphrase) is not None:
        between = "" if math.isnan(least.low) else f" ({signed(least.low)} to {signed(least.high)})"
        yield f"Edits of the meaning lower the score by {signed(least.value)}{between} more than a paraphrase moves it."


def _judged(row: KindRow) -> str:
    """Return a kind of edit with how often it is told, and where a guess does as well, how often that tells it."""
    blind = f", by a guess {_percent(row.blind)}" if row.verdict == "blind" and row.blind else ""
    return f"{row.title} ({_percent(row.told)}{blind})"


def _about_case(case: Probed, title: str) -> Iterator[str]:
    own, rivals = float(case.scores[0, 0]), case.rivals
    where = "" if case.span_s is None else f" from {clock(case.span_s[0])} to {clock(case.span_s[1])}"
    if not rivals:
        yield f"{title}: “{case.query}” scores {number(own)}{where}; no edit says what happens instead."
    else:
        n_below = sum(is_above(own, float(case.scores[0, at])) for at in rivals)
        best = max(rivals, key=lambda at: float(case.scores[0, at]))
        yield (
            f"{title}: “{case.query}” scores {number(own)}{where}, above {n_below} of {len(rivals)} edits that say "
            f"what happens instead; the highest of them is “{case.texts[best - 1].text}”, "
            f"{number(float(case.scores[0, best]))}."
        )
    first = case.answer(0, rivals)
    name = f"“{case.texts[first - 1].text if first else case.query}”"
    changed = [edit.title for row, edit in enumerate(case.films, 1) if case.answer(row, rivals) != first]
    if changed:
        yield f"Of all these {name} comes first, but not where the video is {_listed(changed, 'or')}."
    elif case.films and rivals:
        yield f"Of all these {name} comes first, in every edit of the video, too."


def _about_pair(pair: PairRow) -> str:
    pairs = "1 pair" if pair.group.n_edits == 1 else f"{pair.group.n_edits:,} pairs"
    return (
        f"Of {pairs} of a video and its “{pair.film_kind}”, of which the edit of the "
        f"{pair.text_kind} is taken to be true, all is right in {_percent(pair.group)}, where a coin is in 17%."
    )


def _about_blindness(found: ProbeReport) -> Iterator[str]:
    unknown = [row for row in found.rows if row.verdict == "cannot"]
    films = [row.title for row in unknown if row.of == "video"]
    texts = [f"{row.title} ({_percent(row.told)})" for row in unknown if row.of == "sentence"]
    if films:
        yield f"{found.title} cannot know whether the video is {_listed(films, 'or')}: {_WHY_BLIND}."
    if texts:
        begins = "So it" if films else f"{found.title} takes the mean of single frames, where order is not seen, so it"
        yield (
            f"{begins} cannot know {_listed(texts, 'or')} either, whatever it scores, where a coin has 50%: this is "
            "left out of the verdict."
        )


def _about_fewest(found: FewestChanges) -> str:
    if found.what != "words":
        if found.parts is None:
            return f"However many of its {found.n_all} {found.what} are left out, the sentence comes first."
        which = f"{len(found.parts)} of its {found.n_all} {found.what}"
        return f"Without {which} “{found.winner}” comes first; fewer do not do."
    if not found.most_out:
        return (
            f"Which of the sentence's {found.n_all} words make the difference is not asked; that is done with "
            f"{MOST_WORDS} words or fewer."
        )
    if found.parts is None:
        n_out = f"up to {found.most_out} words" if found.most_out > 1 else "word"
        return f"No {n_out} of the sentence's {found.n_all} can be left out so that another video fits better."
    words = _listed([f"“{word}”" for word in found.parts if isinstance(word, str)], "and")
    return f"Without {words} another video fits better: {found.winner}."


def _listed(items: Sequence[str], last: str) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}"


def _percent(share: Estimate) -> str:
    return f"{share.value:.0%}"


def probes_as_text(found: Sequence[ProbeReport]) -> str:
    """Return probes of the same films and sentences by several models, a table each below what is said.

    Of one film every edit is told by itself: nothing can be said yet of its kind.
    """
    return "\n\n".join(
        "\n".join([each.conclusion, "", *(_lines(each) if each.n_cases > 1 else _case_lines(each.cases[0]))])
        for each in found
    )


def tables_of(found: ProbeReport) -> tuple[Table, ...]:
    """Return the kinds of edits, and what was changed in pairs where anything was, as tables."""
    kinds = (_HEAD, *map(_cells_of, found.rows))
    if not found.pairs:
        return (kinds,)
    coin = ("by a coin", "", "", *(f"{chance:.2f}" for chance in PAIR_CHANCE))
    return kinds, (_PAIR_HEAD, *map(_pair_cells, found.pairs), coin)


def _cells_of(row: KindRow) -> tuple[str, ...]:
    return (
        f"{row.of}: {row.title}",
        verdict_of(row),
        f"{row.told.n_edits:,}",
        _with_interval(row.margin, signed),
        _share_in_words(row.told),
        f"{row.chance:.2f}",
        row.control or "-",
        _share_in_words(row.beyond),
        _share_in_words(row.changed),
        "-" if math.isnan(row.rank_change) else f"{row.rank_change:+.1f}".replace("-", "\N{MINUS SIGN}"),
        _share_in_words(row.blind),
    )


def _pair_cells(pair: PairRow) -> tuple[str, ...]:
    shares = map(_share_in_words, (pair.text, pair.film, pair.group))
    return (f"{pair.film_kind}, {pair.text_kind}", VERDICTS[pair.verdict], f"{pair.group.n_edits:,}", *shares)


def _share_in_words(share: Estimate | None) -> str:
    """Return a share with its interval, a dash for none."""
    if share is None or not share.n_edits:
        return "-"
    return f"{share.value:.2f} ({share.low:.2f} to {share.high:.2f})"


def _with_interval(mean: Estimate, written: Any) -> str:
    return (
        written(mean.value)
        if math.isnan(mean.low)
        else f"{written(mean.value)} ({written(mean.low)} to {written(mean.high)})"
    )


def _lines(found: ProbeReport) -> Iterator[str]:
    for at, table in enumerate(tables_of(found)):
        if at:
            yield ""
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        for row in table:
            yield "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()


def _case_lines(case: Probed) -> Iterator[str]:
    yield f"{number(float(case.scores[0, 0]))}  {case.query}"
    for at, edit in enumerate(case.texts, 1):
        changed = f"{edit.kind}: {edit.before or '-'} > {edit.after or '-'}"
        yield f"{number(float(case.scores[0, at]))}  {edit.text}  [{changed}]"
    for row, film in enumerate(case.films, 1):
        yield f"{number(float(case.scores[row, 0]))}  the video {film.title}  [{film.kind}]"
    for missing in (*case.missing_texts, *case.missing_films):
        yield f"{missing.kind}: {missing.why}"


def probe_as_json(outcome: Outcome[ProbeReport]) -> dict[str, Any]:
    """Return a probe in plain JSON types; the keys are the command line's contract.

    Of one case all scores stand in it; of several, ranks among others without the scores of those.
    """
    found = plain(outcome.result)
    for case in found["cases"]:
        case |= case.pop("standing") | (case.pop("among") or {})
    return {"provenance": plain(outcome.provenance), **found}
