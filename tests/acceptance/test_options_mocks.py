"""Programs with sessions under Pulumi's own mocks, and with a CLI without hooks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pulumi
import pytest

from quant_sessions_provider import Session
from quant_sessions_provider.core.model import INPUTS
from tests.support.mocked import run_mocked

if TYPE_CHECKING:
    from tests.acceptance.conftest import Host


def test_a_program_runs_under_mocks() -> None:
    seen: list[Any] = []

    def program() -> pulumi.Output[Any]:
        desk = Session("desk", user_id="u", messages=[{"role": "user", "content": "Hello"}])
        theirs = Session.get("theirs", "their-id")
        outputs = desk.id, desk.user_id, desk.granted_expires_at, desk.title, theirs.id, theirs.user_id
        return pulumi.Output.all(*outputs).apply(seen.extend)

    mocked = run_mocked(program)
    assert seen == ["desk-id", "u", "2026-11-24T17:00:00Z", None, "their-id", None]
    declared = {key: value for key, value in mocked.declared["desk"].items() if not key.startswith("__")}
    assert declared == {
        "userId": "u",
        "expirationMinutes": 60,
        "messages": [{"role": "user", "content": "Hello"}],
        "onExpired": "recreate",
        "status": "active",
    }


def test_mocks_accept_a_token_in_plain_text_because_they_have_no_state() -> None:
    def program() -> None:
        pulumi.runtime.set_all_config({"quant-sessions:bearer": "t"})
        Session("desk", user_id="u")

    assert run_mocked(program).declared.keys() == {"desk"}


def test_mutually_exclusive_arguments_are_refused_under_mocks_too() -> None:
    def program() -> None:
        Session("desk", user_id="u", expires_at="2026-11-24T17:00:00Z", expiration_minutes=60)

    with pytest.raises(
        pulumi.RunError, match=r"^session desk: expires_at and expiration_minutes are mutually exclusive$"
    ):
        run_mocked(program)


def test_an_import_is_refused_where_the_host_cannot_import(host: Host) -> None:
    options = pulumi.ResourceOptions(import_="theirs")

    def program() -> None:
        Session("desk", user_id="u", opts=options)

    if host == "plugin":
        assert run_mocked(program).declared.keys() == {"desk"}
        return
    line = "session desk: import_ is not supported; Session.get reads an existing session"
    with pytest.raises(pulumi.RunError, match=f"^{re.escape(line)}$"):
        run_mocked(program)


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"hide_diffs": ["session_group"]}, "hide_diffs takes state keys: use sessionGroup instead of session_group"),
        (
            {"ignore_changes": ["expiration_minutes"]},
            "ignore_changes takes state keys: use expirationMinutes instead of expiration_minutes",
        ),
        (
            {"replace_on_changes": ["session_group"]},
            "replace_on_changes takes state keys: use sessionGroup instead of session_group",
        ),
        (
            {"additional_secret_outputs": ["created_at"]},
            "additional_secret_outputs takes state keys: use createdAt instead of created_at",
        ),
        ({"ignore_changes": ["Status"]}, "ignore_changes takes state keys: use status instead of Status"),
        ({"ignore_changes": ['["message"][0]']}, "ignore_changes takes state keys: use messages instead of message"),
        (
            {"replace_on_changes": ["expires.x"]},
            "replace_on_changes takes state keys: use expiresAt instead of expires",
        ),
        (
            {"ignore_changes": ["lifetime"]},
            f"ignore_changes takes state keys, and lifetime is none of {', '.join(INPUTS)}",
        ),
        ({"hide_diffs": ["metadata..x"]}, "hide_diffs takes property paths, such as metadata.key or messages[0]"),
    ],
)
def test_an_option_that_would_have_no_effect_is_refused(options: dict[str, Any], line: str) -> None:
    with pytest.raises(pulumi.RunError) as refusal:
        run_mocked(lambda: Session("desk", user_id="u", opts=pulumi.ResourceOptions(**options)))
    assert str(refusal.value) == f"session desk: {line}"


def test_options_accept_state_keys_and_keys_of_user_data() -> None:
    paths = ["metadata.user_id", "expiresAt", "messages[0].content", '["metadata"]["a.b"]', "*", "__provider"]
    options = pulumi.ResourceOptions(
        ignore_changes=paths, replace_on_changes=[*paths, "#initerror"], additional_secret_outputs=["grantedExpiresAt"]
    )
    assert "desk" in run_mocked(lambda: Session("desk", user_id="u", opts=options)).declared
