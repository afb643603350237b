"""Whatever a person reads on the page stands in a module of texts: not in layouts, panels, events or scripts.

What programs are answered is no text of the page, and what an analysis concludes is its own.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.serve import ROOT

NOT_READ = {"api", "jobs", "theme"}
"""Modules whose words are for programs: answers to them, why work was stopped, names of fonts."""
PAGE = ROOT / "workbench" / "ui" / "gradio"
MODULES = [
    path
    for path in sorted(PAGE.rglob("*.py"))
    if "texts" not in str(path.relative_to(PAGE)) and path.stem not in NOT_READ
]
SCRIPTS = sorted((ROOT / "assets" / "static").glob("*.js"))
SEEN_IN_TAGS = {"aria-label", "title", "placeholder", "alt", "label"}
SEEN_IN_CALLS = {"label", "title", "placeholder", "info", "summary", "value"}
TITLED = {"Accordion", "Button", "Markdown", "Tab", "_tab"}
WORD = re.compile(r"[^\W\d_]{2,}")
PUT_IN_SIGHT = re.compile(
    r"""(?:\.(?:textContent|title|placeholder|ariaLabel) *=(?!=)|\b(?:textContent|title|placeholder):"""
    r"""|setAttribute\("(?:aria-label|title|placeholder)",|\b(?:flash|say)\()([^;]*)"""
)
"""What a script puts where a person reads it, as it stands in the script."""
FIGURES = sorted((ROOT / "workbench" / "figures").glob("*.py"))
ACTION = re.compile(r"\b(click|press|drag|tap|scroll|hover over|point at)\b", re.IGNORECASE)
"""What a person does on the page, and cannot do where a figure was taken to."""
SENTENCE = re.compile(r"[A-Z“][\w’”]*,?( [\w’“”]+,?)+[.…;:]?$|.* .*[.…]$")


class Markup(HTMLParser):
    """Collects what is read in a piece of HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.read += [value for name, value in attrs if name in SEEN_IN_TAGS and value and WORD.search(value)]

    def handle_data(self, data: str) -> None:
        self.read += [data.strip()] if WORD.search(data) else []


def literal(node: ast.AST) -> str | None:
    """Return a text that stands in the source, with nothing for what is put into it; None for what is no text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "" for part in node.values)
    return None


def read_in(source: str) -> Iterator[str]:
    """Yield what in a module's source a person would read."""
    tree = ast.parse(source)
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)} - inner  # docstrings
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            inner.discard(id(node))
        text = literal(node)
        if text is None or id(node) in inner | told:
            continue
        if re.search(r"</?\w", text):
            markup = Markup()
            # A piece may begin within a tag, or end there.
            markup.feed(re.sub(r"^[^<]*>", "", text))
            yield from markup.read
        elif SENTENCE.match(text) and not re.search(r"[(){}=]", text):
            yield text
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        said = [keyword.value for keyword in call.keywords if keyword.arg in SEEN_IN_CALLS]
        said += call.args[:1] if name in TITLED or name.endswith("Error") else []
        yield from (text for value in said if (text := literal(value)) and WORD.search(text))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PAGE)))
def test_no_text_stands_beside_the_texts(path: Path) -> None:
    assert list(read_in(path.read_text(encoding="utf-8"))) == []


def in_a_figure(source: str) -> list[str]:
    """Return every text of a module that may stand in a figure: all but its docstrings."""
    tree = ast.parse(source)
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [text for node in ast.walk(tree) if id(node) not in told and (text := literal(node))]


@pytest.mark.parametrize("path", FIGURES, ids=lambda path: path.stem)
def test_no_figure_says_what_to_do_with_it(path: Path) -> None:
    assert [text for text in in_a_figure(path.read_text(encoding="utf-8")) if ACTION.search(text)] == []


def test_what_a_figure_says_to_do_is_noticed() -> None:
    [said] = in_a_figure('"""Click."""\nlabels = [text("Parts; click one to open it", 3)]\n')
    assert ACTION.search(said)


@pytest.mark.parametrize(
    "source",
    [
        'gr.Button("Stop", size="sm")',
        'gr.Number(0, label="Budget")',
        "Panel(f'<p>Nothing yet {x}</p>')",
        "key = f'<i role=img aria-label=\"from dark to bright\"></i>'",
        'raise InputError(f"{n} are too many.")',
        'said = "Choose another video."',
    ],
)
def test_a_text_in_the_wrong_place_is_noticed(source: str) -> None:
    assert list(read_in(source))


def test_what_is_no_text_is_left_alone() -> None:
    source = (
        '"""A docstring."""\ngr.Button(texts.STOP, elem_id="ask-it")\nPanel(f\'<p class="note">{texts.WHAT}</p>\')\n'
    )
    assert list(read_in(source)) == []


def strings_in(script: str) -> list[str]:
    """Return what stands between quotes in a script, without comments."""
    code = re.sub(r"^\s*//.*$|(?<=\s)//.*$", "", script, flags=re.MULTILINE)
    return [text for _, text in re.findall(r"([\"'`])((?:(?!\1)[^\\\n]|\\.)*)\1", code)]


def written_by(script: str) -> Iterator[str]:
    """Yield what a script would have a person read: its sentences, and words that it puts where words are read."""
    for text in strings_in(script):
        written = re.sub(r"\$\{[^}]*\}", "", text)
        if SENTENCE.match(written) or re.search(r"[“”…]", written):
            yield written
    for value in PUT_IN_SIGHT.findall(script):
        yield from (text for text in strings_in(value) if re.match(r"[A-Z][a-z]", text))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_write_no_text_of_their_own(path: Path) -> None:
    assert list(written_by(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "script",
    [
        'button.textContent = "Copied";',
        "made.title = isWhole ? told(row) :\n  'Torn';",
        "input.placeholder = `Sentence ${number}`;",
        'play.setAttribute("aria-label", "Play");',
        'play.setAttribute("aria-label", video.paused ? "Play" : "Pause");',
        'play.ariaLabel = "Play";',
        'Object.assign(document.createElement("li"), { textContent: "Copied" })',
        'workbench.flash(button, "Copied");',
        'stop("The upload failed.");',
    ],
)
def test_a_text_of_a_script_is_noticed(script: str) -> None:
    assert list(written_by(script))


def test_what_a_script_asks_for_or_compares_is_left_alone() -> None:
    script = (
        'a.textContent = workbench.text("copied");\nif (a.title === "Copied" || e.key === "Escape") stop("Escape");\n'
    )
    assert list(written_by(script)) == []


def test_scripts_ask_for_texts_that_there_are_and_for_all_of_them() -> None:
    from workbench.ui.gradio.view_texts import SCRIPTED

    asked = {
        name: ending.count(",")
        for path in SCRIPTS
        for name, ending in re.findall(r'workbench\.text\("([^"]+)"((?:, [^,()]+(?:\([^()]*\))?)*)\)', path.read_text())
    }
    chosen = re.findall(r'workbench\.text\([^"]*\? "(\w+)" : "(\w+)"\)', "".join(path.read_text() for path in SCRIPTS))
    asked |= dict.fromkeys((name for pair in chosen for name in pair), 0)
    assert asked == {name: text.count("{}") for name, text in SCRIPTED.items()}
