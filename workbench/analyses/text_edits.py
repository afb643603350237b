"""Which edits does a sentence allow? Checked, tagged, and edited: what a front end or an instrument asks for.

Separate from the edits themselves, which need words with tags and a lexicon.
"""

from __future__ import annotations

from collections.abc import Sequence

from workbench.core.text_edits.kinds import NAMES
from workbench.core.text_edits.making import make_edits
from workbench.errors import QueryError
from workbench.language.lexicons import lexicon, why_foreign
from workbench.language.tagger import tagged
from workbench.types.edits import Edits


def text_edits(
    query: str, kinds: Sequence[str] = NAMES, most: int = 2, seed: int = 0, pool: Sequence[str] = ()
) -> Edits:
    """Return the edits of an English sentence, as ``make_edits`` does.

    Raises ``QueryError``, in one sentence, for one that is in another language, and as ``make_edits`` does.
    Cost: some seconds for the first sentence, then about 20 ms each.
    """
    foreign = why_foreign(query)
    if foreign:
        raise QueryError(foreign)
    return make_edits(tagged(query), lexicon(), kinds, most, seed, pool)
