"""Questions become the very words to type: what differs from the usual is told, and nothing can be misread."""

from __future__ import annotations

import ast
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.analyses.attribute import AttributeParams
from workbench.analyses.cases import Case, corrected_edits
from workbench.analyses.clips import Clip
from workbench.analyses.compare import CompareParams
from workbench.analyses.embed import EmbedParams
from workbench.analyses.examine import ExamineParams
from workbench.analyses.ground import GroundParams
from workbench.analyses.probe import ProbeParams
from workbench.media.library import VideoLibrary
from workbench.settings import Settings
from workbench.ui.cli.parser import make_parser
from workbench.ui.known_names import known_names
from workbench.ui.reproduction import MOMENTS, TOYWORLD, Asked, Named, command_of, ids_in, reproduction

FIRST, SECOND = "a" * 64, "b" * 64
NAMES = {FIRST: Named("toy-test-72-000", "example"), SECOND: Named("my film.mp4", "file")}
PARSER = make_parser(Settings())


def words(asked: Asked) -> list[str]:
    return shlex.split(command_of(asked, NAMES))[3:]


def called(asked: Asked) -> ast.Call:
    """Return the one call that the Python makes."""
    *_, last = ast.parse(reproduction([asked], NAMES).python).body
    assert isinstance(last, ast.Assign)
    assert isinstance(last.value, ast.Call)
    return last.value


def keywords(asked: Asked) -> dict[str, object]:
    return {each.arg: ast.literal_eval(each.value) for each in called(asked).keywords}


def test_what_is_usual_is_left_out() -> None:
    asked = Asked(GroundParams(video=FIRST, queries=("a red circle",), model="toyworld-frame"))
    assert command_of(asked, NAMES) == (
        ".venv/bin/python -m workbench ground toy-test-72-000 --query 'a red circle' --model toyworld-frame"
    )
    assert reproduction([asked], NAMES).python == (
        "import workbench\n\nbench = workbench.Workbench()\n"
        'answer = bench.ground("toy-test-72-000", ["a red circle"], model="toyworld-frame")\n'
    )
    assert reproduction([asked], NAMES).notes == ()


def test_what_differs_is_told_by_its_flag_and_by_its_name() -> None:
    asked = Asked(
        AttributeParams(
            video=SECOND, queries=("x",), model="m", players="patches", at_s=1 / 3, budget=40, smoothing_s=0.5, seed=7
        )
    )
    flags = "--smoothing-s 0.5 --players patches --at 0.3333333333333333 --budget 40 --seed 7"
    assert " ".join(words(asked)[6:]) == flags
    more = {"smoothing_s": 0.5, "players": "patches", "at_s": 1 / 3, "budget": 40, "seed": 7}
    assert keywords(asked) == {"model": "m", **more}


def test_every_kind_of_question_has_its_verb_and_its_method() -> None:
    clips = (Clip(FIRST, 0, 1, caption="x"),)
    query = "a red ball rolls"
    case = Case(FIRST, query, corrected_edits(query, [("colour", "a tan ball rolls")]), 1.0, None, ("-own",), ("not",))
    cases = [
        (
            Asked(EmbedParams((FIRST, SECOND), ("q",), "m", (SECOND,), ("red", "blue"), reuse_below=2.0, axes=3)),
            (
                "embed toy-test-72-000 'my film.mp4' --query q --through red --through blue --fitted-on 'my film.mp4' "
                "--model m --reuse-below 2.0 --axes 3"
            ),
        ),
        (
            Asked(EmbedParams((), (), "", reducer="pca"), "toyworld", "name"),
            "embed --features toyworld --id-column name --reducer pca",
        ),
        (Asked(ExamineParams(clips, "m"), "moments"), "examine moments --videos . --model m"),
        (Asked(CompareParams((SECOND,), "m", "n", seed=2)), "compare 'my film.mp4' --model m --model2 n --seed 2"),
        (Asked(ExamineParams(clips, "m"), TOYWORLD), "examine --toyworld --model m"),
        (
            Asked(ExamineParams(clips, "m", fps=1.0), MOMENTS),
            "examine --moments-of toy-test-72-000 --model m --fps 1.0",
        ),
        (Asked(ExamineParams(clips, "m"), "-l.jsonl"), "examine ./-l.jsonl --videos . --model m"),
        (
            Asked(ProbeParams((case,), "m", (SECOND,), ("other",), film_kinds=())),
            (
                "probe toy-test-72-000 'my film.mp4' --query 'a red ball rolls' --start 1.0 --edit=-own --corrected "
                "'colour:a tan ball rolls' --without not --among other --model m --video-edits none"
            ),
        ),
        (
            Asked(ProbeParams((Case(FIRST, "x"),) * 2, "m", film_kinds=("reverse",)), TOYWORLD),
            ("probe --toyworld --model m --video-edits reverse"),
        ),
        (Asked(ProbeParams((case,) * 2, "m"), "c.csv"), "probe --file c.csv --videos . --model m --edits all"),
    ]
    for asked, command in cases:
        assert command_of(asked, NAMES) == f".venv/bin/python -m workbench {command}"
        PARSER.parse_args(words(asked))
        call = called(asked)
        assert isinstance(call.func, ast.Attribute)
        assert call.func.attr in (words(asked)[0], f"{words(asked)[0]}_many")


@given(st.text(min_size=1).filter(lambda text: "\0" not in text), st.floats(0.1, 30))
def test_whatever_is_asked_is_read_back(query: str, fps: float) -> None:
    asked = Asked(GroundParams(video=SECOND, queries=(query, "-"), model="-m", fps=fps))
    found = PARSER.parse_args(words(asked))
    assert (found.video, found.queries, found.model, found.fps) == ("my film.mp4", [query, "-"], "-m", fps)
    assert [ast.literal_eval(each) for each in called(asked).args] == ["my film.mp4", [query, "-"]]
    assert keywords(asked).get("fps", 2.0) == fps


@pytest.mark.parametrize(
    ("names", "notes"),
    [
        ({FIRST: NAMES[FIRST], SECOND: NAMES[FIRST]}, ()),
        (NAMES, ("my film.mp4 is your file: put it in that folder, or write its path.",)),
        (
            {FIRST: Named("a.mp4", "file"), SECOND: Named("b.mp4", "file")},
            ("a.mp4 and b.mp4 are your files: put them in that folder, or write their paths.",),
        ),
        (
            {FIRST: NAMES[FIRST], SECOND: Named(SECOND, "library")},
            ("bbbbbbbbbbbb is known on this machine alone: elsewhere, write the path of that video's file.",),
        ),
    ],
)
def test_what_a_name_stands_for_is_said_once(names: dict[str, Named], notes: tuple[str, ...]) -> None:
    asked = [Asked(CompareParams((FIRST, SECOND), "m", "n"))] * 2
    assert reproduction(asked, names).notes == notes


def test_films_are_named_as_they_are_found_again(settings: Settings) -> None:
    library = VideoLibrary(settings)
    example = library.get("toy-test-72-000").id
    files = {FIRST: "film.mp4", SECOND: "film.mp4", example: "copy.mp4"}
    names = known_names(library, (example, FIRST, SECOND, "c" * 64), files)
    assert [named.text for named in names.values()] == ["toy-test-72-000", "film.mp4", "film-2.mp4", "c" * 64]
    assert [named.kind for named in names.values()] == ["example", "file", "file", "library"]


def test_only_the_films_that_are_named_are_looked_up() -> None:
    clips = (Clip(FIRST, 0, 1, caption="x"), Clip(FIRST, 1, 2, caption="y"))
    assert ids_in(Asked(ExamineParams(clips, "m"), "labels.jsonl")) == ()
    assert ids_in(Asked(ExamineParams(clips, "m"), MOMENTS)) == (FIRST,)
    assert ids_in(Asked(ProbeParams((Case(FIRST, "x"),), "m", (SECOND, FIRST)))) == (FIRST, SECOND)
    assert ids_in(Asked(ProbeParams((Case(FIRST, "x"),), "m", (SECOND,)), TOYWORLD)) == (SECOND,)
