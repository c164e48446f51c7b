"""What a report takes over from the errors of a preview, and what it leaves out."""

from __future__ import annotations

from typing import Any

from quant_sessions_provider.core.urns import PLUGIN_TYPE
from quant_sessions_provider.report.preview import read
from tests.support.previews import NOW, preview, said, step, urn


def row(*parts: dict[str, Any]) -> tuple[str, str, object, object]:
    (only,) = read(preview(*parts), NOW).rows
    return only.action, only.reason, only.until, only.loss


def test_errors_are_one_line_for_each_session() -> None:
    wrong = f"error: {urn('x').split('::')[2]} resource 'desk' has a problem: expirationMinutes: must be"
    parts = [said("desk", f"{wrong} whole", "error"), said("desk", f"{wrong} small", "error")]
    assert row(*parts) == ("error", "expirationMinutes: must be whole; expirationMinutes: must be small", "", None)
    stops = "session id-of-desk expired and onExpired is error"
    assert row(step("update", "desk"), said("desk", f"error: {stops}", "error"))[:2] == ("error", stops)
    half_done = f"error: 1 error occurred:\n\t* {stops}\n\n"
    assert row(step("update", "desk"), said("desk", half_done, "error"))[:2] == ("error", stops)
    debugged = f"error: Traceback (most recent call last):\n  line\nquant_sessions_provider.x.SessionError: {stops}"
    assert row(said("desk", debugged, "error"))[1] == stops
    protected = f'error: unable to replace resource "{urn("desk")}"\nas it is protected'
    assert row(said("desk", protected, "error"))[1] == 'unable to replace resource "desk" as it is protected'


def test_nothing_of_a_traceback_is_shown() -> None:
    trace = "Traceback (most recent call last):\n  line\nValueError: something private\n"
    assert row(said("desk", f"error: Exception calling application:\n{trace}", "error"))[1] == (
        "Exception calling application:"
    )
    assert row(said("desk", f"error: {trace}", "error"))[1] == "the provider failed: see the log of the run"


def test_of_an_exception_of_the_program_its_kind_and_its_place_are_told() -> None:
    text = (
        "error: Program failed with an unhandled exception:\nTraceback (most recent call last):\n"
        '  File "/home/ada/desk/__main__.py", line 7, in <module>\n    row["email"]\n'
        '  File "/usr/lib/python3.11/csv.py", line 111, in __next__\n    private\n'
        "KeyError: 'something private'\n"
    )
    found = read(preview({"message": text, "severity": "error"}), NOW)
    assert found.errors == ["Program failed with an unhandled exception: KeyError in line 7 of __main__.py"]


def test_errors_of_no_session_are_their_first_line() -> None:
    found = read(
        preview(
            {"message": "error: Program failed\nTraceback\n  secret = 'x'\n", "severity": "error"},
            {"message": "error: Resource monitor has terminated, shutting down\n", "severity": "error"},
            said("bucket", "error: no such region\nmore\n", "error", kind="aws:s3:Bucket"),
        ),
        NOW,
    )
    assert (found.failed, found.errors) == (True, ["Program failed", "bucket: no such region"])


def test_lines_of_the_plugins_sessions_are_read_too() -> None:
    lives = said("desk", "desk: lives 60 minutes, until about 13:00Z", kind=PLUGIN_TYPE)
    assert row(step("create", "desk", kind=PLUGIN_TYPE), lives)[1] == "new; lives 60 minutes"
    wrong = said("desk", "error: userId: is required", "error", kind=PLUGIN_TYPE)
    assert row(wrong)[:2] == ("error", "userId: is required")
