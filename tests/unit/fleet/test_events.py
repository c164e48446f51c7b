"""What a run did is read from the engine's own log."""

from __future__ import annotations

import json
from typing import Any

from quant_sessions_provider.core.urns import SESSION_TYPE
from quant_sessions_provider.fleet.events import Ran, read_events

STACK = "urn:pulumi:support-0000::desk::pulumi:pulumi:Stack::desk-support-0000"


def urn(name: str) -> str:
    return f"urn:pulumi:support-0000::desk::{SESSION_TYPE}::{name}"


def begun(op: str, of: str) -> str:
    return json.dumps({"resourcePreEvent": {"metadata": {"op": op, "urn": of}}})


def step(op: str, of: str, became: str = "") -> str:
    """Return a step that was begun and done; what a refresh found is said at its end."""
    return begun(op, of) + "\n" + json.dumps({"resOutputsEvent": {"metadata": {"op": became or op, "urn": of}}})


def read(lines: list[str]) -> Ran:
    return read_events("\n".join(lines).splitlines())


def said(message: str, severity: str = "error", **more: Any) -> str:  # noqa: ANN401 - any JSON
    return json.dumps({"diagnosticEvent": {"message": message, "severity": severity, **more}})


def test_sessions_are_counted_and_what_was_done_to_them() -> None:
    steps = {"ada": "same", "grace": "create", "joan": "update", "mary": "delete"}
    replaced = [step(op, urn("edith")) for op in ("create-replacement", "replace", "delete-replaced")]
    found = read([step("same", STACK), *(step(op, urn(name)) for name, op in steps.items()), *replaced])
    changes = {"create": 1, "update": 1, "delete": 1, "create-replacement": 1, "replace": 1, "delete-replaced": 1}
    assert found == Ran(began=True, sessions=4, changes=changes)


def test_what_failed_was_not_done() -> None:
    steps = {"ada": "create", "grace": "create", "joan": "update", "mary": "delete"}
    # A step that failed has another end, and one of a killed run has none.
    found = read([(step if name == "grace" else begun)(op, urn(name)) for name, op in steps.items()])
    assert (found.began, found.sessions, found.changes) == (True, 3, {"create": 1})


def test_what_a_refresh_found_gone_is_no_session_any_more() -> None:
    found = read([step("refresh", urn("ada"), "delete"), step("refresh", urn("joan")), begun("refresh", urn("mary"))])
    assert (found.sessions, found.changes) == (2, {"delete": 1})


def test_errors_of_sessions_come_first_each_in_one_line() -> None:
    lines = [
        said("error: update failed"),
        said("error: no such module\nTraceback"),
        said("error: refused", urn=urn("ada")),
    ]
    assert read_events(lines).errors == ["ada: refused", "no such module"]


def test_what_is_pending_of_a_killed_run_is_seen() -> None:
    warning = "Attempting to deploy or update resources with 3 pending operations from previous deployment.\n * x"
    assert read_events([said(warning, "warning")]).pending
    assert not read_events([said("something else", "warning")]).pending


def test_a_log_that_was_cut_off_is_read_as_far_as_it_goes() -> None:
    assert read([step("create", urn("ada")), step("create", urn("grace"))[:-9]]).sessions == 1
    assert read_events([]) == Ran()
