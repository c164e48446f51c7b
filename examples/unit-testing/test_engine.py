"""A test of the unchanged program on the real engine and the emulator. It needs the Pulumi CLI, and no account."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pulumi import automation

if TYPE_CHECKING:
    from quant_sessions_provider.testing import QuantSessions

SYSTEM = {"role": "system", "content": "You are the support desk of a shop."}
QUESTION = {"role": "user", "content": "Is it open?"}


def test_the_session_begins_with_earlier_questions_and_is_recreated_when_it_has_expired(
    quant_sessions: QuantSessions, tmp_path: Path
) -> None:
    quant_sessions.seed("3f2a", userId="ada", messages=[QUESTION, {"role": "assistant", "content": "No."}])
    stack = automation.create_stack(
        "test-engine",
        work_dir=str(Path(__file__).parent),
        opts=automation.LocalWorkspaceOptions(
            env_vars={"PULUMI_BACKEND_URL": f"file://{tmp_path}", "PULUMI_CONFIG_PASSPHRASE": "test"}
        ),
    )
    try:
        # The engine inherits the variables of the emulator, but the configuration of a stack or its project beats them.
        for key, value in quant_sessions.settings.items():
            stack.set_config(key, automation.ConfigValue(value, secret=key.endswith(":bearer")))
        stack.set_config("earlier", automation.ConfigValue("3f2a"))
        session_id = stack.up().outputs["session_id"].value
        (created,) = [session for session in quant_sessions.sessions() if session["id"] == session_id]
        assert created["messages"] == [SYSTEM, QUESTION]

        quant_sessions.advance(61)
        assert stack.up(refresh=True).outputs["session_id"].value != session_id
    finally:
        stack.workspace.remove_stack("test-engine", force=True)
