from __future__ import annotations

import pytest

from quant_sessions_provider.core.errors import ConfigurationError
from quant_sessions_provider.operations import transcripts
from tests.support.fakes import CONFIG, desk

NOBODY = "transcriptDir: the home directory that it begins with cannot be found"


def test_a_missing_home_directory_fails_the_preview_with_one_line() -> None:
    host = desk(configuration=CONFIG | {"quant:transcriptDir": "~no-such-user/kept"})
    _, failures = host.operations.check({}, {"userId": "ada"})
    assert failures == [NOBODY]
    with pytest.raises(ConfigurationError, match=NOBODY):
        transcripts.folder_of("~no-such-user/kept")


def test_the_home_directory_is_read_when_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    assert str(transcripts.folder_of("~/kept")) == "/home/ada/kept"
