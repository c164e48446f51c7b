"""Settings on the real engine: what is missing or malformed is refused in one line, and which one counts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from quant_sessions_provider import Session
from tests.acceptance.refused import SECRETIVE, preview, problems

if TYPE_CHECKING:
    from tests.acceptance.conftest import Host, NewStack
    from tests.support.emulator_server import Emulator

TOKEN = "no API token is configured: set the variable QUANTCDN_API_TOKEN, or run `pulumi config set --secret"
ORGANISATION = "no organization is configured: set the variable QUANTCDN_ORGANIZATION, or run `pulumi config set"
HTTP = "must be https: over http the token could be read on its way (loopback hosts excepted)"
SETTINGS = {
    "token": ({"QUANTCDN_API_TOKEN": ""}, {}, f"{TOKEN} quant-sessions:bearer`"),
    "organization": ({"QUANTCDN_ORGANIZATION": ""}, {}, f"{ORGANISATION} quant-sessions:organization`"),
    "http": ({}, {"quant-sessions:baseUrl": "http://dashboard.example"}, f"quant-sessions:baseUrl: {HTTP}"),
    "malformed": (
        {"QUANTCDN_MAX_RETRIES": SECRETIVE},
        {},
        "QUANTCDN_MAX_RETRIES: must be a whole number from 0 to 999",
    ),
    "header": (
        {"QUANTCDN_API_TOKEN": f"{SECRETIVE}\nX-Evil: 1"},
        {},
        "QUANTCDN_API_TOKEN: must be a token of printable ASCII characters without spaces",
    ),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_missing_or_malformed_setting_fails_the_preview(new_stack: NewStack, emulator: Emulator, name: str) -> None:
    environment, config, line = SETTINGS[name]
    stack = new_stack(lambda: None, **environment)
    for key, value in config.items():
        stack.config(key, value)
    assert problems(preview(stack, emulator)) == [line]


@pytest.mark.parametrize("key", ["quant-sessions:bearer", "quant:bearer"])
def test_a_token_in_plain_text_is_refused_where_state_would_have_it(
    new_stack: NewStack, emulator: Emulator, host: Host, key: str
) -> None:
    stack = new_stack(lambda: None)
    stack.config(key, SECRETIVE)
    if host == "plugin":
        stack.program = lambda: (Session("desk", user_id="u"), None)[1]
        assert not stack.up().failed
        assert SECRETIVE not in json.dumps(stack.export())
        return
    line = f"{key} is not a secret, so Pulumi would keep it in state in plain text"
    assert f"{line}: set it again with `pulumi config set --secret {key}`" in preview(stack, emulator).said()


def test_stack_configuration_takes_precedence_over_the_environment(
    new_stack: NewStack, emulator: Emulator, host: Host
) -> None:
    # Pulumi gives a plugin the settings of its own name alone.
    general = "quant" if host == "dynamic" else "quant-sessions"

    def program() -> None:
        Session("desk", user_id="u")

    stack = new_stack(program, QUANTCDN_ORGANIZATION="from-environment", QUANTCDN_API_TOKEN="")
    stack.config(f"{general}:organization", "shared")
    stack.config(f"{general}:bearer", emulator.token, secret=True)
    assert not stack.up().failed
    assert stack.resources()["desk"]["inputs"]["organization"] == "shared"
    stack.config("quant-sessions:organization", "own")
    moved = [step for step in stack.preview().steps if step.op == "create-replacement"]
    assert [(step.keys, step.new["organization"]) for step in moved] == [(["organization"], "own")]
