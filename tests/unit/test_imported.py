"""Features that somebody brought are found again as they were, by an id that is made of what they hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from workbench.analyses.imported import keep, kept
from workbench.analyses.services import Services
from workbench.errors import InputError, StoreError
from workbench.settings import Settings
from workbench.store.feature_files import FeatureTable

TABLE = FeatureTable(
    ids=("a", "b\n“c”", "\N{SNOWMAN}"),
    features=np.arange(12, dtype=np.float32).reshape(3, 4) - 1,
    columns={
        "word": np.array(["x", "", "<i>"]),
        "number": np.array([1.5, np.nan, -2.0]),
        "ids": np.array(["1", "2", "3"]),
    },
)


def test_a_table_is_found_again_as_it_was(settings: Settings):
    services = Services.create(settings)
    table_id = keep(services, TABLE)
    found = kept(Services.create(settings), table_id)
    assert found.ids == TABLE.ids
    np.testing.assert_array_equal(found.features, TABLE.features)
    assert list(found.columns) == list(TABLE.columns)
    for name, column in TABLE.columns.items():
        np.testing.assert_array_equal(found.columns[name], column)
    assert keep(services, TABLE) == table_id


def test_other_features_ids_or_columns_have_another_id(settings: Settings):
    services = Services.create(settings)
    others = [
        replace(TABLE, features=TABLE.features + 1),
        replace(TABLE, ids=("a", "b", "c")),
        replace(TABLE, columns={}),
        replace(TABLE, columns={**TABLE.columns, "number": np.zeros(3)}),
    ]
    assert len({keep(services, table) for table in [TABLE, *others]}) == 5


def test_what_is_not_kept_is_said_to_be_gone(settings: Settings):
    services = Services.create(settings)
    keep(services, TABLE)
    for wrong in ("0" * 64, "", "../x"):
        with pytest.raises(InputError, match="no longer kept here; bring the file again"):
            kept(services, wrong)
    with pytest.raises(StoreError):
        keep(Services.create(replace(settings, max_store_bytes=10)), TABLE)
