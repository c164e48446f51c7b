"""The constructor of the plugin's sessions, under Pulumi's own mocks."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pulumi
import pytest

from quant_sessions_provider import native
from quant_sessions_provider.core.model import camel
from quant_sessions_provider.core.settings import VARIABLES
from quant_sessions_provider.plugin.schema_parts import SETTINGS
from tests.support.mocked import run_mocked


def test_a_program_runs_under_mocks() -> None:
    seen: list[Any] = []

    def program() -> pulumi.Output[Any]:
        desk = native.Session("desk", user_id="u", messages=[{"role": "user", "content": "Hello"}])
        theirs = native.Session.get("theirs", "their-id")
        outputs = desk.id, desk.user_id, desk.granted_expires_at, desk.title, theirs.id, theirs.user_id
        return pulumi.Output.all(*outputs).apply(seen.extend)

    mocked = run_mocked(program)
    assert seen == ["desk-id", "u", "2026-11-24T17:00:00Z", None, "their-id", None]
    assert mocked.declared["desk"] == {
        "userId": "u",
        "messages": [{"role": "user", "content": "Hello"}],
        "expirationMinutes": 60,
        "onExpired": "recreate",
        "status": "active",
    }


def test_a_provider_resource_takes_every_setting_as_the_schema_describes_it() -> None:
    arguments = list(inspect.signature(native.Provider).parameters)
    assert [camel(argument) for argument in arguments] == ["name", *VARIABLES, "opts"]
    described = {camel(key): text for key, text in re.findall(r"(\w+): (.*)", native.Provider.__init__.__doc__ or "")}
    for key, setting in SETTINGS.items():
        words = setting["description"].partition("; else")[0].removesuffix(".")
        assert described[key].startswith(words)


def test_what_excludes_each_other_is_refused() -> None:
    def program() -> None:
        native.Session("desk", user_id="u", expires_at="2026-11-24T17:00:00Z", expiration_minutes=60)

    with pytest.raises(pulumi.RunError, match=r"mutually exclusive$"):
        run_mocked(program)


def test_a_path_that_leads_nowhere_is_refused_and_an_import_is_not() -> None:
    def program() -> None:
        native.Session("other", user_id="u", opts=pulumi.ResourceOptions(import_="acme/u//3f2a"))
        native.Session("desk", user_id="u", opts=pulumi.ResourceOptions(ignore_changes=["expires_at"]))

    with pytest.raises(pulumi.RunError, match=r"use expiresAt instead of expires_at$"):
        run_mocked(program)
