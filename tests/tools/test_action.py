"""``action.yml``: its metadata, and its scripts, run with the same shell as on GitHub."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.support.previews import printed, said, step
from tests.support.runner import ACTION, ROOT, STEPS, Runner

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

LOST = printed(
    step("replace", "desk"),
    said(
        "desk", "desk: userId changed: replacing it loses 14 messages; the new one lives until about 13:00Z", "warning"
    ),
)


def test_the_action_is_composite_and_all_its_parts_are_described() -> None:
    assert ACTION["runs"]["using"] == "composite"
    assert all(part["description"] for part in [*ACTION["inputs"].values(), *ACTION["outputs"].values()])
    assert all(step["shell"] == "bash" for step in STEPS.values())
    assert ACTION["inputs"]["stack"]["required"]


def test_no_script_contains_an_expression() -> None:
    assert not [name for name, step in STEPS.items() if "${{" in step["run"]]


def test_every_input_and_variable_is_used() -> None:
    used = re.findall(r"inputs\.([a-z-]+)", (ROOT / "action.yml").read_text())
    assert set(used) == set(ACTION["inputs"])
    unused = [(name, key) for name, step in STEPS.items() for key in step.get("env", {}) if _unused(key, step["run"])]
    assert unused == [("Comment", "GH_TOKEN")]  # gh itself reads it


def _unused(variable: str, script: str) -> bool:
    return not re.search(rf"\$\{{?{variable}\b", script)


def test_the_page_names_every_input_and_output() -> None:
    page = (ROOT / "docs" / "report.md").read_text()
    assert all(f"`{name}`" in page for name in [*ACTION["inputs"], *ACTION["outputs"]])


VENV = """#!/bin/sh
mkdir -p "$3/bin"
printf '#!/bin/sh\\nprintf "%%s\\\\n" "$*" > "$CALLS"\\n' > "$3/bin/pip"
chmod +x "$3/bin/pip"
"""


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


def test_the_command_line_is_installed_from_the_action_itself(runner: Runner, tmp_path: Path) -> None:
    (runner.folder / "python3").write_text(VENV)
    (runner.folder / "python3").chmod(0o700)
    done = runner.run("Install the report", RUNNER_TEMP=str(tmp_path / "temp"), GITHUB_ACTION_PATH="/actions/ours")
    assert (done.returncode, done.stderr) == (0, "")
    assert runner.said("calls") == "install --quiet /actions/ours[cli]\n"


def test_the_report_goes_to_the_summary_and_its_losses_to_the_output(runner: Runner) -> None:
    (runner.folder / "preview.json").write_text(LOST)
    done = runner.run("Report")
    assert (done.returncode, done.stderr) == (0, "")
    assert runner.said("summary").startswith("<!-- quant-sessions report shop/main -->\n### AI sessions")
    assert runner.said("output") == f"file={runner.folder}/quant-sessions-report.md\nlost=1\n"


def test_an_empty_preview_fails_with_one_line(runner: Runner) -> None:
    (runner.folder / "preview.json").touch()
    done = runner.run("Report")
    assert done.returncode == 2
    assert done.stderr == f"{runner.folder}/preview.json: empty: the command before it may have failed\n"


POST, PATCH = "POST repos/acme/shop/issues/7/comments", "PATCH repos/acme/shop/issues/comments/41"
YOUNGER = [f"DELETE repos/acme/shop/issues/comments/{number}" for number in (42, 43)]


def comment(
    runner: Runner, known: str, failing: str = "no request"
) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Write a comment beside those that are known; return the run and its requests."""
    report = runner.folder / "report.md"
    report.write_text("<!-- quant-sessions report shop/main -->\n### x\n")
    variables = {"REPOSITORY": "acme/shop", "NUMBER": "7", "REPORT": str(report), "KNOWN": known, "FAILING": failing}
    done = runner.run("Comment", None, **variables)
    return done, [call.replace(f" --field body=@{report}", "") for call in runner.said("calls").splitlines()]


@pytest.mark.parametrize(
    ("known", "writes"),
    [("", [POST]), ("41\\n", [PATCH]), ("41\\n42\\n43\\n", [PATCH, *YOUNGER])],
    ids=["first", "again", "two-at-once"],
)
def test_one_comment_is_created_and_then_updated(runner: Runner, known: str, writes: list[str]) -> None:
    done, (look, *calls) = comment(runner, known)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert look.startswith("api --paginate repos/acme/shop/issues/7/comments --jq ")
    assert calls == [f"api --silent --method {write}" for write in writes]


@pytest.mark.parametrize("failing", ["--paginate", "POST", "PATCH", "DELETE"])
def test_a_comment_that_fails_does_not_stop_the_gate(runner: Runner, failing: str) -> None:
    done, calls = comment(runner, "" if failing == "POST" else "41\\n42\\n", failing)
    assert failing in calls[-1]
    assert done.returncode == 0
    assert done.stdout == "::warning::the report could not be written as a comment\n"


VERDICTS = {
    "kept": ("0", "true", "0", 0),
    "lost": ("0", "true", "2", 1),
    "lost-and-told-so": ("0", "false", "2", 0),
    "failed": ("255", "false", "0", 1),
}


@pytest.mark.parametrize(("code", "gate", "lost", "expected"), VERDICTS.values(), ids=VERDICTS)
def test_the_job_fails_if_the_preview_failed_or_the_gate_is_on(
    runner: Runner, code: str, gate: str, lost: str, expected: int
) -> None:
    done = runner.run("Decide", CODE=code, FAIL_ON_LOSS=gate, LOST=lost)
    assert done.returncode == expected
    assert done.stdout.startswith("::error::") == bool(expected)


GITLAB_CURL = """#!/bin/sh
printf '%s\\n' "$*" >> "$CALLS"
case "$*" in *"$FAILING"*) exit 22 ;; *per_page*) printf '%s' "$KNOWN" ;; esac
"""
MARKED = "<!-- quant-sessions report shop/main -->\nOld"


def _gitlab_note(number: int, body: str, author: str) -> dict[str, Any]:
    return {"id": number, "body": body, "author": {"username": author}}


@pytest.mark.parametrize(
    ("known", "request_"),
    [
        ([_gitlab_note(1, "Nice", "ada")], "--request POST --form body=<report.md https://gitlab.example/notes"),
        ([_gitlab_note(1, MARKED, "ada")], "--request POST --form body=<report.md https://gitlab.example/notes"),
        (
            [_gitlab_note(1, MARKED, "ada"), _gitlab_note(2, MARKED, "project_7_bot_4ffca2")],
            "--request PUT --form body=<report.md https://gitlab.example/notes/2",
        ),
    ],
    ids=["first", "forged", "again"],
)
def test_the_gitlab_snippet_writes_one_note_and_fails_on_a_loss(
    runner: Runner, known: list[dict[str, Any]], request_: str
) -> None:
    done = gitlab(runner, known)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
    assert runner.said("calls").splitlines()[1].endswith(request_)


@pytest.mark.parametrize("failing", ["", "--request"], ids=["every request", "writing"])
def test_a_note_that_fails_on_gitlab_does_not_stop_the_gate(runner: Runner, failing: str) -> None:
    done = gitlab(runner, [], failing)
    assert (done.returncode, done.stdout, done.stderr) == (1, "the report could not be written as a note\n", "")


def gitlab(
    runner: Runner, known: list[dict[str, Any]], failing: str = "no request"
) -> subprocess.CompletedProcess[str]:
    """Run the snippet for GitLab on a preview that loses a conversation, beside the notes that are known."""
    (snippet,) = [block for block in _yaml_of_page() if "sessions" in block]
    script = "\n".join(line for line in snippet["sessions"]["script"] if not line.startswith("pip "))
    for name, text in {"curl": GITLAB_CURL, "pulumi": f"#!/bin/sh\nprintf %s '{LOST}'\n"}.items():
        (runner.folder / name).write_text(text)
        (runner.folder / name).chmod(0o700)
    path = f"{runner.folder}:{runner.folder}/quant-sessions/bin:{os.environ['PATH']}"
    variables = {"NOTES": "https://gitlab.example/notes", "REPORT_TOKEN": "t", "CI_PROJECT_ID": "7", "PATH": path}
    variables |= {"KNOWN": json.dumps(known), "FAILING": failing}
    return runner.run(script, None, **variables)


def _yaml_of_page() -> list[dict[str, Any]]:
    page = (ROOT / "docs" / "report.md").read_text()
    return [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)]


def test_the_workflow_on_the_page_has_only_the_needed_permissions() -> None:
    (workflow,) = [block for block in _yaml_of_page() if "jobs" in block]
    assert workflow["permissions"] == {"contents": "read", "pull-requests": "write"}
    (step,) = [step for step in workflow["jobs"]["sessions"]["steps"] if "quant-sessions" in step.get("uses", "")]
    assert set(step["with"]) <= set(ACTION["inputs"])
