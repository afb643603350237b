"""How an answer is made again: the very command line, and the very Python, with all that differs from the usual.

Separate from both front ends: the page shows it, and every file that is taken away carries its command line. Nothing is
computed here, and nothing is looked up: questions go in, as their analyses took them, and text comes out.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

from workbench.analyses.analysis import Control, controls, flag_of
from workbench.analyses.attribute import AttributeParams
from workbench.analyses.cases import usual_kinds
from workbench.analyses.compare import CompareParams
from workbench.analyses.embed import EmbedParams
from workbench.analyses.examine import ExamineParams
from workbench.analyses.ground import GroundParams, MomentParams
from workbench.analyses.probe import ProbeParams
from workbench.core.text_edits.kinds import NAMES
from workbench.core.video_edits.kinds import FILM_NAMES

PROGRAM = ".venv/bin/python -m workbench"
TOYWORLD, MOMENTS = "toyworld/", "moments/"
"""Sources that are no file, whose name has no slash: the workbench's own films, and the moments known of films."""
USUAL_IDS = "id"
_WIDEST = 100
Params = GroundParams | AttributeParams | EmbedParams | CompareParams | ExamineParams | ProbeParams


@dataclass(frozen=True)
class Asked:
    """A question as its analysis took it.

    ``source`` is what its clips, cases or features are of, where that is not films by their ids: ``TOYWORLD``,
    ``MOMENTS``, or the name of a file, in which ``id_column`` names the rows of features.
    """

    params: Params
    source: str = ""
    id_column: str = USUAL_IDS


@dataclass(frozen=True)
class Named:
    """What a film or a still picture is called where the command is typed.

    That is an ``example``'s name, a ``file`` of whoever asks, or an id of the library that the answer was made with.
    """

    text: str
    kind: Literal["example", "file", "library"]


@dataclass(frozen=True)
class Reproduction:
    """Command lines, one for each question, Python that makes the same answers, and what to know before running it."""

    command: str
    python: str
    notes: tuple[str, ...]


def reproduction(asked: Sequence[Asked], names: Mapping[str, Named]) -> Reproduction:
    """Return how the answers to some questions are made again; ``names`` are of every film and picture in them, by id.

    In Python the answers are ``answer`` where there is one, else ``answers``, in the same order.
    """
    calls = [_call(each, names) for each in asked]
    lines = [call.python for call in calls]
    made = f"answer = {lines[0]}" if len(lines) == 1 else f"answers = [\n{_indented(lines)}\n]"
    return Reproduction(
        command="\n".join(call.command for call in calls),
        python=f"import workbench\n\nbench = workbench.Workbench()\n{made}\n",
        notes=tuple(_notes(asked, names)),
    )


def command_of(asked: Asked, names: Mapping[str, Named]) -> str:
    """Return the one command line that answers a question again."""
    return _call(asked, names).command


def ids_in(asked: Asked) -> tuple[str, ...]:
    """Return the ids of the films and pictures that a question names, each once; a file names its own."""
    params = asked.params
    ids: Iterable[str]
    if isinstance(params, GroundParams | AttributeParams):
        ids = (params.video,)
    elif isinstance(params, EmbedParams):
        ids = (*params.videos, *params.fitted_on, *params.pictures)
    elif isinstance(params, CompareParams):
        ids = params.videos
    elif isinstance(params, ExamineParams):
        ids = (clip.video for clip in params.clips if asked.source == MOMENTS)
    else:
        ids = (*(() if asked.source else (params.cases[0].video,)), *params.among)
    return tuple(dict.fromkeys(ids))


def _notes(asked: Sequence[Asked], names: Mapping[str, Named]) -> Iterable[str]:
    used = [names[each] for each in dict.fromkeys(video for one in asked for video in ids_in(one))]
    tables = dict.fromkeys(one.source for one in asked if one.source not in ("", TOYWORLD, MOMENTS))
    files = list(dict.fromkeys([*(name.text for name in used if name.kind == "file"), *tables]))
    if len(files) == 1:
        yield f"{files[0]} is your file: put it in that folder, or write its path."
    elif files:
        yield f"{', '.join(files[:-1])} and {files[-1]} are your files: put them in that folder, or write their paths."
    if any(not isinstance(one.params, EmbedParams) for one in asked if one.source in tables):
        yield "The videos that its rows name are looked for in the same folder."
    for name in used:
        if name.kind == "library":
            yield f"{name.text[:12]} is known on this machine alone: elsewhere, write the path of that video's file."


@dataclass(frozen=True)
class _Call:
    """A question as words after the program's name, and as a method with its arguments, each already Python."""

    words: tuple[str, ...]
    method: str
    given: tuple[str, ...]

    @property
    def command(self) -> str:
        return f"{PROGRAM} {shlex.join(self.words)}"

    @property
    def python(self) -> str:
        line = f"bench.{self.method}({', '.join(self.given)})"
        return line if len(line) <= _WIDEST else f"bench.{self.method}(\n{_indented(self.given)}\n)"


def _call(asked: Asked, names: Mapping[str, Named]) -> _Call:
    params = asked.params
    if isinstance(params, GroundParams):
        return _of_one_film("ground", params, list(params.queries), names)
    if isinstance(params, AttributeParams):
        return _of_one_film("attribute", params, params.queries[0], names)
    if isinstance(params, EmbedParams):
        return _embed(params, asked, names)
    if isinstance(params, CompareParams):
        return _compare(params, names)
    if isinstance(params, ExamineParams):
        return _examine(params, asked.source, names)
    return _probe_one(params, names) if not asked.source else _probe_many(params, asked.source, names)


def _of_one_film(
    verb: str, params: GroundParams | AttributeParams, said: str | list[str], names: Mapping[str, Named]
) -> _Call:
    video = names[params.video].text
    words = (*_paths([video]), *_each("--query", params.queries), *_each("--model", [params.model]), *_flags(params))
    more = _keywords(model=params.model, **_differing(params))
    return _Call((verb, *words), verb, (_said(video), _said(said), *more))


def _embed(params: EmbedParams, asked: Asked, names: Mapping[str, Named]) -> _Call:
    films, fitted, pictures = (_texts(ids, names) for ids in (params.videos, params.fitted_on, params.pictures))
    named = [asked.id_column] if asked.id_column != USUAL_IDS else []
    words = [*_paths(films), *_each("--features", [asked.source] if asked.source else []), *_each("--id-column", named)]
    words += [*_each("--query", params.queries), *_each("--through", params.through), *_each("--picture", pictures)]
    words += [*_each("--fitted-on", fitted), *_each("--model", [params.model] if params.model else [])]
    lists = {"through": params.through, "pictures": tuple(pictures), "fitted_on": tuple(fitted)}
    more = {"features": asked.source, "id_column": "".join(named), "model": params.model, **lists}
    given = (_said(films), *((_said(list(params.queries)),) if params.queries else ())) if films else ()
    keywords = _keywords(**{name: value for name, value in more.items() if value}, **_differing(params))
    return _Call(("embed", *words, *_flags(params)), "embed", (*given, *keywords))


def _compare(params: CompareParams, names: Mapping[str, Named]) -> _Call:
    films = _texts(params.videos, names)
    words = (*_paths(films), *_each("--model", [params.model]), *_each("--model2", [params.other]), *_flags(params))
    given = (_said(films), _said(params.other), *_keywords(model=params.model, **_differing(params)))
    return _Call(("compare", *words), "compare", given)


def _examine(params: ExamineParams, source: str, names: Mapping[str, Named]) -> _Call:
    words, given = _sourced(source, "")
    if source == MOMENTS:
        films = _texts(dict.fromkeys(clip.video for clip in params.clips), names)
        words, given = _each("--moments-of", films), _keywords(moments_of=films)
    more = _keywords(model=params.model, **_differing(params))
    return _Call(("examine", *words, *_each("--model", [params.model]), *_flags(params)), "examine", (*given, *more))


def _probe_one(params: ProbeParams, names: Mapping[str, Named]) -> _Call:
    [case] = params.cases
    video, among = names[case.video].text, _texts(params.among, names)
    span = {name: value for name in ("start_s", "end_s") if (value := getattr(case, name)) is not None}
    corrected = [(edit.kind, edit.text) for edit in case.edits]
    words = [*_paths([video, *among]), *_each("--query", [case.query])]
    words += [word for name, value in span.items() for word in (f"--{name.removesuffix('_s')}", _plainly(value))]
    words += [*_each("--edit", case.own), *_each("--corrected", (f"{kind}:{text}" for kind, text in corrected))]
    words += [*_each("--without", case.without), *_each("--among", params.sentences), *_each("--model", [params.model])]
    words += [*_kinds("--edits", params.text_kinds, NAMES), *_kinds("--video-edits", params.film_kinds, FILM_NAMES)]
    lists = {"among": among, "edits": list(case.own), "corrected": corrected, "without": list(case.without)}
    lists |= {"sentences": params.sentences}
    named = {name: value for name, value in lists.items() if value} | span | _kinds_named(params, NAMES)
    given = (_said(video), _said(case.query), *_keywords(model=params.model, **named, **_differing(params)))
    return _Call(("probe", *words, *_flags(params)), "probe", given)


def _probe_many(params: ProbeParams, source: str, names: Mapping[str, Named]) -> _Call:
    among = _texts(params.among, names)
    words, given = _sourced(source, "--file")
    usual = usual_kinds(params.cases)
    kinds = [*_kinds("--edits", params.text_kinds, usual), *_kinds("--video-edits", params.film_kinds, FILM_NAMES)]
    all_words = ["probe", *_paths(among), *words, *_each("--model", [params.model]), *kinds, *_flags(params)]
    named = ({"among": among} if among else {}) | _kinds_named(params, usual) | _differing(params)
    return _Call(tuple(all_words), "probe_many", (*given, *_keywords(model=params.model, **named)))


def _sourced(source: str, flag: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return how clips or cases are named that are not of films by their ids; files lie beside their videos."""
    if source == TOYWORLD:
        return ("--toyworld",), ()
    return (*(_each(flag, [source]) if flag else _paths([source])), "--videos", "."), (_said(source), 'videos="."')


def _kinds_named(params: ProbeParams, usual: Sequence[str]) -> dict[str, Any]:
    chosen = {"text_kinds": (params.text_kinds, usual), "film_kinds": (params.film_kinds, FILM_NAMES)}
    return {name: kinds for name, (kinds, default) in chosen.items() if kinds != tuple(default)}


def _kinds(flag: str, chosen: Sequence[str], usual: Sequence[str]) -> tuple[str, ...]:
    if tuple(chosen) == tuple(usual):
        return ()
    return flag, "all" if tuple(chosen) in (NAMES, FILM_NAMES) else ",".join(chosen) or "none"


def _declared(params: Params) -> dict[str, Control]:
    """Return the controls of a question by the names of its fields, those of sampling also where it only has these."""
    names = {item.name for item in fields(params)}
    sampled = {name: control for name, control in controls(MomentParams).items() if name in names}
    return sampled | controls(type(params))


def _differing(params: Params) -> dict[str, Any]:
    """Return what was chosen otherwise than it usually is."""
    defaults = {item.name: item.default for item in fields(params)}
    values = {name: getattr(params, name) for name in _declared(params)}
    return {name: value for name, value in values.items() if value != defaults[name]}


def _flags(params: Params) -> list[str]:
    declared = _declared(params)
    words: list[str] = []
    for name, value in _differing(params).items():
        flag = flag_of(name, declared[name])
        words += [flag] if value is True else _each(flag, [_plainly(value)])
    return words


def _each(flag: str, values: Iterable[str]) -> tuple[str, ...]:
    """Return a flag with each value; one that begins like a flag is bound to it."""
    return tuple(
        word for value in values for word in ((f"{flag}={value}",) if value.startswith("-") else (flag, value))
    )


def _paths(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"./{text}" if text.startswith("-") else text for text in texts)


def _texts(ids: Iterable[str], names: Mapping[str, Named]) -> list[str]:
    return [names[each].text for each in ids]


def _keywords(**values: Any) -> tuple[str, ...]:
    return tuple(f"{name}={_said(value)}" for name, value in values.items())


def _plainly(value: Any) -> str:
    """Return a number, or a text, as it is typed; a number in all its digits."""
    return value if isinstance(value, str) else repr(value)


def _said(value: Any) -> str:
    """Return a value in Python, texts in double quotes."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, tuple):
        return f"({', '.join(map(_said, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, list):
        return f"[{', '.join(map(_said, value))}]"
    return repr(value)


def _indented(parts: Sequence[str]) -> str:
    lines = [line for part in parts for line in f"{part},".split("\n")]
    return "\n".join(f"    {line}" for line in lines)
