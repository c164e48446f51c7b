"""What all unit tests share."""

from __future__ import annotations

import pytest

from quant_sessions_provider.core import settings as config


@pytest.fixture(autouse=True)
def _no_variables_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*config.VARIABLES.values(), "QUANTCDN_DEBUG"):
        monkeypatch.delenv(name, raising=False)
