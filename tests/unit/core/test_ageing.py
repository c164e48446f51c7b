from __future__ import annotations

from datetime import timedelta

from quant_sessions_provider.core.ageing import aged

SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:abc"}


def test_all_timestamps_move_and_nothing_else_does() -> None:
    before = {
        "createdAt": "2026-03-02T12:00:00.123Z",
        "updatedAt": "2026-03-02T12:00:00Z",
        "expiresAt": "2026-03-02T14:00:00+01:00",
        "grantedExpiresAt": "2026-03-02T00:30:00Z",
        "expirationMinutes": 60,
        "metadata": {"expiresAt": "2026-03-02T12:00:00Z"},
    }

    assert aged(before, timedelta(hours=1)) == {
        "createdAt": "2026-03-02T11:00:00.123000Z",
        "updatedAt": "2026-03-02T11:00:00Z",
        "expiresAt": "2026-03-02T13:00:00+01:00",
        "grantedExpiresAt": "2026-03-01T23:30:00Z",
        "expirationMinutes": 60,
        "metadata": {"expiresAt": "2026-03-02T12:00:00Z"},
    }
    assert before["updatedAt"] == "2026-03-02T12:00:00Z"


def test_a_secret_or_missing_time_stays() -> None:
    assert aged({"expiresAt": SECRET, "createdAt": None}, timedelta(hours=1)) == {
        "expiresAt": SECRET,
        "createdAt": None,
    }
