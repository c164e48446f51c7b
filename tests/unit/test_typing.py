"""Wrong types in a program are seen by mypy: each ignore below is an error of ``make check`` once it is not needed."""

from __future__ import annotations

from datetime import datetime, time, timedelta, timezone

import pulumi

import quant_sessions_provider
from quant_sessions_provider import (
    ExistingSession,
    ListedSession,
    Session,
    SessionArgs,
    SessionGroup,
    get_session,
    get_session_output,
    list_sessions,
    list_sessions_output,
    until,
)


def _wrong() -> None:
    """Type-checked, never run."""
    Session("x")  # type: ignore[call-arg]
    Session("x", user_id=1)  # type: ignore[arg-type]
    Session("x", user_id="u", expiration_minutes="60")  # type: ignore[arg-type]
    Session("x", user_id="u", expiration_minutes=datetime.now(timezone.utc))  # type: ignore[arg-type]
    Session("x", user_id="u", expires_at=60)  # type: ignore[arg-type]
    Session("x", user_id="u", expires_at=timedelta(hours=1))  # type: ignore[arg-type]
    Session("x", user_id="u", renew_before_minutes="5")  # type: ignore[arg-type]
    Session("x", user_id="u", on_expired="renew")  # type: ignore[arg-type]
    Session("x", user_id="u", status="done")  # type: ignore[arg-type]
    Session("x", user_id="u", metadata=["a"])  # type: ignore[arg-type]
    Session("x", user_id="u", messages=[{"role": "robot", "content": "hi"}])  # type: ignore[list-item]
    Session("x", user_id="u", messages=[{"role": "user"}])  # type: ignore[list-item]
    Session("x", user_id="u", lifetime=60)  # type: ignore[call-arg]
    SessionGroup("x")  # type: ignore[call-arg]
    SessionGroup("x", user_ids=pulumi.Output.from_input(["u"]))  # type: ignore[arg-type]
    SessionGroup("x", user_ids=[], expiration_minutes="60")  # type: ignore[arg-type]
    SessionGroup("x", user_ids=[], lifetime=60)  # type: ignore[call-arg]
    SessionGroup("x", user_ids=[], session_args=lambda _: {"lifetime": 60})  # type: ignore[arg-type, return-value]
    SessionGroup("x", user_ids=[], session_args=lambda _: {"status": "done"})  # type: ignore[arg-type, return-value]
    SessionGroup("x", user_ids=[], session_args=lambda _: "active")  # type: ignore[arg-type, return-value]
    SessionGroup("x", user_ids=[], session_args={"u": {"status": "active"}})  # type: ignore[arg-type]
    Session.get("x", "id").user_id.apply(str.upper)  # type: ignore[arg-type]
    declared: Session = Session.get("x", "id")  # type: ignore[assignment]
    pulumi.export("x", declared)
    get_session(pulumi.Output.from_input("id"))  # type: ignore[arg-type]
    get_session_output(1)  # type: ignore[arg-type]
    list_sessions(limit="5")  # type: ignore[arg-type]
    list_sessions_output(offset=5)  # type: ignore[call-arg]
    until("18:00")  # type: ignore[call-arg]
    until(time(18), tz="Europe/Berlin")  # type: ignore[arg-type]
    until(pulumi.Output.from_input("18:00"), tz="Europe/Berlin")  # type: ignore[arg-type]


def _right(minutes: pulumi.Output[int], text: pulumi.Output[str]) -> pulumi.Output[str]:
    """Type-checked, never run."""
    session = Session(
        "x",
        user_id=text,
        expiration_minutes=minutes,
        messages=[{"role": "user", "content": text}],
        metadata={"any": [1, None, text]},
        opts=pulumi.ResourceOptions(protect=True),
    )
    return session.granted_expires_at


def _right_times(moment: pulumi.Output[datetime], text: pulumi.Output[str], span: pulumi.Output[timedelta]) -> None:
    """Type-checked, never run."""
    SessionGroup("w", user_ids=["u"], expires_at=until("18:00", tz="Europe/Berlin"))
    SessionGroup("x", user_ids=["u"], expires_at=datetime.now(timezone.utc) + timedelta(hours=8))
    Session("y", user_id="u", expires_at=moment)
    Session("z", user_id="u", expires_at=text)
    Session("a", user_id="u", expiration_minutes=timedelta(hours=8), renew_before_minutes=span)


def _right_outputs(session: Session) -> pulumi.Output[str]:
    """Type-checked, never run."""
    known: list[pulumi.Output[str]] = [
        *(session.user_id, session.organization, session.expires_at, session.on_expired, session.status),
        *(session.granted_expires_at, session.created_at, session.base_url),
    ]
    existing: list[ExistingSession] = [session, Session.get("y", "id", opts=pulumi.ResourceOptions(parent=session))]
    maybe: list[pulumi.Output[str | None]] = [existing[1].user_id, existing[1].granted_expires_at, session.title]
    numbers: list[pulumi.Output[int | None]] = [session.expiration_minutes, session.unsent_expiry_seconds]
    pulumi.export("known", [known, maybe, numbers])
    return existing[1].organization


def _right_group(text: pulumi.Output[str]) -> pulumi.Output[dict[str, str]]:
    """Type-checked, never run."""
    SessionGroup("w", user_ids=("u", "v"), session_group=text, session_opts=lambda _: pulumi.ResourceOptions())
    group = SessionGroup("x", user_ids={"seat-1": text, "seat-2": "u"}, messages=[{"role": "user", "content": text}])
    differs: dict[str, SessionArgs] = {"u": {"expiration_minutes": 90, "metadata": {"seat": text}}}
    SessionGroup("z", user_ids=["u"], session_args=differs.get)
    SessionGroup("a", user_ids=["u"], session_args=lambda user: {"user_id": text, "messages": None, "expires_at": user})
    Session.get("y", get_session("id").id, opts=pulumi.ResourceOptions(parent=group.sessions["seat-1"]))
    return group.session_ids


def _right_look_ups(text: pulumi.Output[str]) -> pulumi.Output[list[ListedSession]]:
    """Type-checked, never run."""
    ids: list[str] = [session.id for session in list_sessions(user_id="u", limit=5)]
    created: pulumi.Output[str | None] = get_session_output(text).apply(lambda found: found.created_at)
    pulumi.export("ids", [ids, created])
    return list_sessions_output(session_group=text)


def test_the_package_exports_what_it_promises() -> None:
    exported = quant_sessions_provider.__all__
    assert exported == sorted(exported)
    assert set(exported) == {
        "ExistingSession",
        "FoundSession",
        "ListedSession",
        "Message",
        "OnExpired",
        "Role",
        "Session",
        "SessionArgs",
        "SessionGroup",
        "Status",
        "get_session",
        "get_session_output",
        "list_sessions",
        "list_sessions_output",
        "until",
    }
    for name in exported:
        assert getattr(quant_sessions_provider, name).__module__ in (
            "quant_sessions_provider.operations.lookups",
            "quant_sessions_provider.sdk.declared",
            "quant_sessions_provider.sdk.existing",
            "quant_sessions_provider.sdk.group",
            "quant_sessions_provider.sdk.lookups",
            "quant_sessions_provider.sdk.session",
            "quant_sessions_provider.sdk.until",
            "typing",
        )
