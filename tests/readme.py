"""Writes the parts of the README that are made from the code: ``python -m tests.readme``.

Separate so that the command that writes them and the test that compares them share one source.
"""

from __future__ import annotations

import re
from dataclasses import MISSING, Field, fields
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"


def settings_table() -> str:
    """Return the Markdown table of all settings: variable, default, what it is."""
    from workbench.settings import PREFIX, Settings

    rows = [
        f"| `{PREFIX}{item.name.upper()}` | {_default(item)} | {item.metadata['about']} |" for item in fields(Settings)
    ]
    return "\n".join(["| variable | default | what it is |", "|---|---|---|", *rows])


def with_generated(text: str) -> str:
    """Return the README's ``text`` with its generated parts made anew."""
    begin, end = "<!-- settings: begin, written by `make readme` -->", "<!-- settings: end -->"
    pattern = re.compile(f"(?<={re.escape(begin)}\n).*?(?={re.escape(end)})", re.DOTALL)
    table = settings_table()
    text, n_places = pattern.subn(lambda _: table + "\n", text)
    if n_places != 1:
        raise ValueError(f"README.md has {n_places} places for the settings table instead of one")
    return text


def _default(item: Field) -> str:
    if item.default is MISSING:  # a folder that depends on the person: name what it is called
        return f"`~/.cache/{item.default_factory().name}`"
    if item.name.endswith("_bytes"):
        return f"`{item.default}` ({item.default / 2**30:g} GiB)"
    return f"`{item.default}`" if item.default != "" else "none"


if __name__ == "__main__":
    README.write_text(with_generated(README.read_text(encoding="utf-8")), encoding="utf-8")
