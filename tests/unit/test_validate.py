"""The verb that proves the instruments can fail, says what it cannot measure, and leaves nothing behind."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import numpy as np
import pytest

from workbench import Workbench
from workbench import __main__ as command
from workbench.analyses import ground
from workbench.analyses.services import Services
from workbench.core import banzhaf
from workbench.errors import Cancelled, InputError
from workbench.settings import Settings
from workbench.toyworld.dataset import query_rows
from workbench.toyworld.seeds import generator
from workbench.toyworld.story import random_story
from workbench.validation import exams, look, moments, space, whatif, who
from workbench.validation.claim import Claim
from workbench.validation.table import as_table, summary
from workbench.validation.toy_films import ToyFilm

GOOD = Claim("Some", "is right", "what is known", 0.97, 0.95, n_asked=40)
BAD, NONE = replace(GOOD, measured=0.9), replace(GOOD, measured=math.nan)
MISSED, FREE = replace(BAD, known_miss=0.8), replace(BAD, bar=None)
GROWN = replace(MISSED, measured=0.7)
ABSENT = replace(GOOD, measured=None, lacks="thing==1")


@pytest.fixture(autouse=True)
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the one place for temporary folders; the person's home is another."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))
    return place


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Return exit status, stdout and stderr of one call."""
    status = command.main(["validate", *words])
    out, err = capsys.readouterr()
    return status, out, err


def claim_only(monkeypatch: pytest.MonkeyPatch, *claims: Claim) -> None:
    """Let every exam but that of moments claim nothing."""
    for exam in (look, space, whatif, who):
        monkeypatch.setattr(exam, "claims", lambda *given: iter(()))
    monkeypatch.setattr(moments, "claims", lambda *given: iter(claims))


@pytest.mark.parametrize(
    ("claim", "verdict", "holds"),
    [
        (GOOD, "holds", True),
        (replace(GOOD, measured=0.95), "holds", True),
        (BAD, "fails", False),
        (NONE, "fails", False),
        (MISSED, "missed", False),
        (replace(MISSED, measured=0.8), "missed", False),
        (replace(MISSED, measured=0.79), "fails", False),
        (replace(MISSED, measured=0.0), "fails", False),
        (replace(MISSED, measured=math.nan), "fails", False),
        (replace(MISSED, measured=None), "not here", None),
        (replace(MISSED, bar=0.05, known_miss=0.2, measured=0.2, side="at most"), "missed", False),
        (replace(MISSED, bar=0.05, known_miss=0.2, measured=0.21, side="at most"), "fails", False),
        (replace(GOOD, known_miss=0.8), "holds here", True),
        (FREE, "no bar", None),
        (ABSENT, "not here", None),
        (replace(GOOD, measured=0.0, bar=0.0, side="at most"), "holds", True),
        (replace(GOOD, measured=1e-300, bar=0.0, side="at most"), "fails", False),
        (replace(NONE, side="at most"), "fails", False),
    ],
)
def test_a_claim_says_what_became_of_it(claim: Claim, verdict: str, holds: bool | None) -> None:
    assert (claim.verdict, claim.holds) == (verdict, holds)


@pytest.mark.parametrize(
    ("claims", "status"), [((GOOD, MISSED, FREE, ABSENT), 0), ((GOOD, BAD), 1), ((NONE,), 1), ((GROWN,), 1)]
)
def test_only_a_claim_that_fails_fails_the_command(monkeypatch, capsys, claims: tuple[Claim, ...], status: int) -> None:
    claim_only(monkeypatch, *claims)
    found, out, err = run(capsys)
    assert found == status
    assert out == as_table(claims) + "\n"
    assert err.splitlines()[-1] == f"{summary(claims)}."


def test_the_table_tells_what_is_not_here_and_what_is_missed() -> None:
    rows = as_table([GOOD, BAD, MISSED, FREE, ABSENT]).splitlines()[2:]
    assert [row.split(" | ")[-1].removesuffix(" |") for row in rows] == [
        "holds",
        "**fails**",
        "missed",
        "no bar",
        "not here: pip install thing==1",
    ]
    assert rows[0] == "| Some | is right | what is known | 0.970 | 40 | at least 0.95 | holds |"
    assert summary([GOOD, BAD, MISSED]) == "1 of 3 claims hold, 1 failed, 1 missed, as is known"


def test_json_is_all_that_is_on_stdout(monkeypatch, capsys) -> None:
    claim_only(monkeypatch, GOOD, ABSENT)
    status, out, _ = run(capsys, "--json", "-")
    assert status == 0
    first, second = json.loads(out)
    assert (first["instrument"], first["measured"], first["bar"], first["verdict"]) == ("Some", 0.97, 0.95, "holds")
    assert (second["measured"], second["verdict"], second["lacks"]) == (None, "not here", "thing==1")


def test_one_instrument_alone(monkeypatch, capsys) -> None:
    claim_only(monkeypatch, GOOD)
    monkeypatch.setattr(who, "claims", lambda *given: iter((BAD,)))
    assert run(capsys, "--only", "moments")[0] == 0
    assert run(capsys, "--only", "who")[0] == 1
    status, _, err = run(capsys, "--only", "nonsense")
    assert status == 1
    assert "choose from" in err
    assert Workbench(Settings()).validate(only="moments") == (GOOD,)
    with pytest.raises(InputError, match="ask for one of moments, who, look, space, whatif, or for all"):
        Workbench(Settings()).validate(only="nonsense")


def test_an_exam_has_a_place_of_its_own_and_leaves_nothing(monkeypatch, world: Path) -> None:
    """Nor does it know of the person's limits, which would refuse what it asks."""
    seen: list[Path] = []

    def claims(services: Services, folder: Path, report: object) -> Iterator[Claim]:
        seen.extend([services.settings.home, folder])
        assert services.settings.max_queries == Settings().max_queries
        assert services.settings.device == "cpu"
        (folder / "film.mp4").write_bytes(b"film")
        yield GOOD
        yield BAD

    settings = Settings(home=world.parent / "home", max_queries=1, device="cpu")
    monkeypatch.setattr(who, "claims", claims)
    assert list(exams.validate(settings, "who")) == [GOOD, BAD]
    stopped = exams.validate(settings, "who")
    assert next(stopped) == GOOD
    assert all(path.is_relative_to(world) for path in seen)
    stopped.close()
    assert list(world.iterdir()) == []
    assert not settings.home.exists()


def test_it_can_be_stopped(world: Path) -> None:
    def stop(progress: object) -> None:
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        list(exams.validate(Settings(device="cpu"), "space", stop))
    assert list(world.iterdir()) == []


@pytest.fixture
def solvers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the exam of values be of the solvers alone, on few players."""
    monkeypatch.setattr(who, "claims", lambda *given: who.references())
    monkeypatch.setattr(who, "MOST_BY_DEFINITION", 5)
    monkeypatch.setattr(who, "MOST_BY_SHAPIQ", 4)
    monkeypatch.setattr(who, "N_SAMPLES", 10)


@pytest.mark.usefixtures("solvers")
def test_values_that_are_right_hold(capsys) -> None:
    status, out, _ = run(capsys, "--only", "who")
    assert (status, out.count("| holds |")) == (0, 4)


@pytest.mark.usefixtures("solvers")
def test_values_that_are_a_little_off_fail(monkeypatch, capsys) -> None:
    right = banzhaf.low_order

    def shifted(*given: object) -> object:
        found = right(*given)
        return replace(found, values=found.values + 1e-6)

    monkeypatch.setattr(banzhaf, "low_order", shifted)
    status, out, _ = run(capsys, "--only", "who")
    failed = [line for line in out.splitlines() if line.endswith("| **fails** |")]
    assert status == 1
    assert len(failed) == 2
    assert all("values and pairs of games" in line and "| 1.0e-06 |" in line for line in failed)


@pytest.mark.usefixtures("solvers")
def test_what_there_is_no_reference_for_is_told_and_fails_nothing(monkeypatch, capsys) -> None:
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(who, "version", missing)
    status, out, err = run(capsys, "--only", "who")
    assert status == 0
    assert "| not here: pip install shapiq==1.4.1 |" in out
    assert "1 not measured here" in err


def example(services: Services) -> ToyFilm:
    """Return an example of which the truth is known as that of any toy film."""
    story = random_story(72, 2, "test")
    video = services.library.find("toy-test-72-002")
    return ToyFilm(story, video, query_rows(story, generator("test", 72, 1_000_002), 1))


@pytest.fixture
def one_film(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let moments be looked for in one example."""

    monkeypatch.setattr(moments, "films_of_all", lambda services, *given: [example(services)])
    monkeypatch.setattr(moments, "references", lambda: iter(()))
    monkeypatch.setattr(moments, "verdicts_of_events", lambda *given: iter(()))


@pytest.mark.usefixtures("one_film")
def test_moments_that_are_right_hold(capsys) -> None:
    status, out, _ = run(capsys, "--only", "moments")
    assert (status, out.count("| holds |")) == (0, 3)


@pytest.mark.usefixtures("one_film")
def test_moments_of_a_curve_turned_upside_down_fail(monkeypatch, capsys) -> None:
    right = ground.curves_of
    monkeypatch.setattr(ground, "curves_of", lambda *given: -right(*given))
    status, out, _ = run(capsys, "--only", "moments")
    [first] = [line for line in out.splitlines() if "the first moment overlaps the planted one" in line]
    assert status == 1
    assert first.endswith("| **fails** |")
    assert float(first.split(" | ")[3]) < 0.5


def test_films_of_two_seeds_count_both_though_their_queries_have_the_same_numbers(tmp_path: Path) -> None:
    services = Services.create(Settings(home=tmp_path, offline=True, device="cpu"))
    film = example(services)
    once, twice = (moments.moment_scores(services, films) for films in ([film], [film, film]))
    assert once["in_video"]["n_present"] > 0
    for name in ("n_present", "n_absent"):
        assert twice["in_video"][name] == 2 * once["in_video"][name]
    assert twice["brief"] == once["brief"]


def test_a_map_of_the_wrong_attention_fails(monkeypatch) -> None:
    """One row of the formulas; relevance that forgets one layer is another map."""
    from workbench.core import attention
    from workbench.validation.planted_objects import Case

    right = attention.relevance
    monkeypatch.setattr(attention, "relevance", lambda *given: right(*given[:3], 1))
    services = Services.create(Settings(offline=True, device="cpu"))
    video = services.library.find("toy-test-72-002")
    case = Case(services, video, "a red circle", 9.0, np.zeros((256, 256)))
    verdicts = {claim.says.split()[0]: claim.verdict for claim in look.formulas(services, [case])}
    assert verdicts["Relevance"] == "fails"
    assert {verdict for name, verdict in verdicts.items() if name != "Relevance"} == {"holds"}
