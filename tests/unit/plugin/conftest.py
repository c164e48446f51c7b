from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.plugin_host import running_plugin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.plugin_host import PluginHost


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[PluginHost]:
    for name in ("QUANTCDN_API_TOKEN", "QUANTCDN_ORGANIZATION", "QUANTCDN_BASE_URL", "QUANTCDN_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    with running_plugin() as running:
        yield running
