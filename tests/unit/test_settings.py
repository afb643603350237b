"""The environment as settings: what is read, and what is refused with a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.errors import InputError
from workbench.settings import Settings


def test_every_kind_of_value_is_read():
    environ = {
        "WORKBENCH_HOME": "/somewhere",
        "WORKBENCH_MAX_QUERIES": "3",
        "WORKBENCH_UPLOAD_DAYS": "0.5",
        "WORKBENCH_OFFLINE": "Yes",
        "WORKBENCH_DEVICE": "cpu",
        "OTHER_DEVICE": "cuda",
    }
    settings = Settings.from_environment(environ)
    assert (settings.home, settings.max_queries, settings.upload_days) == (Path("/somewhere"), 3, 0.5)
    assert (settings.offline, settings.public, settings.device) == (True, False, "cpu")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("MAX_MODEL_BYTES", "-1", "a whole number from 0 on"),
        ("MAX_MODEL_BYTES", "4GB", "a whole number from 0 on"),
        ("UPLOAD_DAYS", "nan", "a number from 0 on"),
        ("OFFLINE", "perhaps", "true or false"),
    ],
)
def test_what_is_no_such_value_is_refused(name: str, text: str, said: str):
    with pytest.raises(InputError, match=f"WORKBENCH_{name}='{text}' is not {said}; correct or unset it."):
        Settings.from_environment({f"WORKBENCH_{name}": text})
