"""Wrong types in a program are seen by mypy: each ignore below is an error of ``make check`` once it is not needed."""

from __future__ import annotations

import pulumi

import quant_sessions_provider
from quant_sessions_provider import Session


def _wrong() -> None:
    """Is checked, and never run."""
    Session("x")  # type: ignore[call-arg]
    Session("x", user_id=1)  # type: ignore[arg-type]
    Session("x", user_id="u", expiration_minutes="60")  # type: ignore[arg-type]
    Session("x", user_id="u", expires_at=60)  # type: ignore[arg-type]
    Session("x", user_id="u", on_expired="renew")  # type: ignore[arg-type]
    Session("x", user_id="u", status="done")  # type: ignore[arg-type]
    Session("x", user_id="u", metadata=["a"])  # type: ignore[arg-type]
    Session("x", user_id="u", messages=[{"role": "robot", "content": "hi"}])  # type: ignore[list-item]
    Session("x", user_id="u", messages=[{"role": "user"}])  # type: ignore[list-item]
    Session("x", user_id="u", lifetime=60)  # type: ignore[call-arg]


def _right(minutes: pulumi.Output[int], text: pulumi.Output[str]) -> pulumi.Output[str]:
    """Is checked, and never run."""
    session = Session(
        "x",
        user_id=text,
        expiration_minutes=minutes,
        messages=[{"role": "user", "content": text}],
        metadata={"any": [1, None, text]},
        opts=pulumi.ResourceOptions(protect=True),
    )
    return session.granted_expires_at


def test_the_package_exports_what_it_promises() -> None:
    exported = quant_sessions_provider.__all__
    assert exported == sorted(exported)
    assert set(exported) == {"Message", "OnExpired", "Role", "Session", "SessionGroup", "Status"}
    for name in exported:
        assert getattr(quant_sessions_provider, name).__module__.split(".")[0] in ("quant_sessions_provider", "typing")
