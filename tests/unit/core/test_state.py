from __future__ import annotations

from datetime import timedelta

import pytest

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.state import Expiry
from tests.support.fakes import NOW, at


@pytest.mark.parametrize(
    ("asked", "granted", "known"),
    [
        (60, 60, 60),
        (60, 45, 60),
        (60, 75, 60),
        (60, 44.9, 44.9),
        (60, 75.1, 75.1),
        (60, None, 60),
        (None, 44, 44),
        (None, None, None),
    ],
)
def test_a_grant_that_differs_by_more_than_15_minutes_is_the_known_expiry(
    asked: float | None, granted: float | None, known: float | None
) -> None:
    outputs = {key: at(m) for key, m in (("expiresAt", asked), ("grantedExpiresAt", granted)) if m is not None}
    expected = None if known is None else timestamps.parse(at(known))
    assert Expiry.of(outputs).known == expected
    assert Expiry.of(outputs).passed(NOW) is False
    if expected:
        assert Expiry.of(outputs).passed(expected)
        assert not Expiry.of(outputs).passed(expected - timedelta(microseconds=1))
