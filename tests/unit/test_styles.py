"""What the style of the page costs the browser."""

from __future__ import annotations

import re

import pytest

from workbench.settings import ASSETS

STYLES = sorted((ASSETS / "static").glob("*.css"))


@pytest.mark.parametrize("style", STYLES, ids=lambda path: path.stem)
def test_no_rule_looks_into_the_whole_page(style) -> None:
    """Whatever any part of the page writes has such a rule weighed anew for all of it, 25 ms for one word."""
    selectors = re.findall(r"[^{};]*:has\([^{};]*(?=\{)", re.sub(r"/\*.*?\*/", "", style.read_text(), flags=re.DOTALL))
    assert not [one for one in selectors if re.search(r"(\.gradio-container|\bbody|\bhtml|:root)(:not\()?:has\(", one)]
