"""``quant-sessions report``: what it reads, what it writes, and when it fails."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from quant_sessions_provider.cli.app import app
from tests.support.previews import note, printed, said, state, step

if TYPE_CHECKING:
    from pathlib import Path

LOST = [
    step("replace", "desk"),
    note("session id-of-desk: userId changed: replacing it loses 14 messages; the new one lives until about 13:00Z"),
]
KEPT = [step("create", "desk")]
FAILED = [said("bad", "error: no", "error")]


def run(*arguments: str, given_: str | bytes = "") -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["report", *arguments], input=given_)
    return done.exit_code, done.stdout, done.stderr


def test_it_reads_a_file_or_standard_input(tmp_path: Path) -> None:
    file = tmp_path / "preview.json"
    file.write_text(printed(*LOST))
    assert run(str(file)) == run(given_=printed(*LOST)) == run("-", given_=printed(*LOST).encode("utf-16"))
    assert run(str(file))[0] == 0


@pytest.mark.parametrize(("parts", "code"), [(LOST, 1), (FAILED, 1), (KEPT, 0)], ids=["lost", "failed", "kept"])
def test_the_gate_fails_on_a_loss_and_on_a_failed_preview(parts: list[dict[str, Any]], code: int) -> None:
    given_ = printed(*parts)
    assert run("--fail-on-loss", given_=given_) == (code, run(given_=given_)[1], "")


def test_it_writes_json_for_programs() -> None:
    code, out, _ = run("--json", given_=printed(*LOST, step("same", "x", oldState=state("x", 30)), same=3))
    found = json.loads(out)
    assert (code, found["stack"], found["failed"], found["unlisted"]) == (0, "shop/main", False, 2)
    assert found["lost"] == {"conversations": 1, "messages": 14, "uncounted": 0}
    assert found["sessions"][0] == {
        "name": "desk",
        "urn": LOST[0]["urn"],
        "id": "id-of-desk",
        "action": "replace",
        "reason": "userId changed",
        "livesUntil": "2026-11-24T13:00:00Z",
        "lost": {"messages": 14, "atLeast": False},
    }
    assert (found["sessions"][1]["action"], found["sessions"][1]["lost"]) == ("none", None)


def test_invalid_input_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    missing = tmp_path / "missing.json"
    assert run(str(missing)) == (2, "", f"{missing}: No such file or directory\n")
    assert run(given_="{") == (2, "", "standard input: not JSON\n")
    assert run(given_=" ") == (2, "", "standard input: empty: the command before it may have failed\n")
    assert run(given_="[]") == (2, "", "standard input: not what `pulumi preview --json` prints\n")
    assert run(given_="[" * 100_000)[::2] == (2, "standard input: not JSON\n")


def test_the_previews_of_several_stacks_become_one_report(tmp_path: Path) -> None:
    files = []
    broken = [{"severity": "error", "message": "error: the program fails"}]
    for number, parts in enumerate((LOST, KEPT, FAILED, [*KEPT, *broken])):
        files.append(str(tmp_path / f"{number}.json"))
        (tmp_path / f"{number}.json").write_text(printed(*parts).replace(":main::", f":support-{number:04}::"))
    code, out, _ = run("--json", "--fail-on-loss", *files)
    found = json.loads(out)
    assert (code, found["stack"], found["failed"]) == (1, "shop/support", True)
    assert [row["action"] for row in found["sessions"]] == ["replace", "error", "create", "create"]
    assert found["lost"] == {"conversations": 1, "messages": 14, "uncounted": 0}
    assert found["errors"] == ["shop/support-0003: the program fails"]
    assert "### AI sessions in `shop/support`: 1 conversation will be lost, the preview failed" in run(*files)[1]
    assert run(files[1])[1] == run(given_=(tmp_path / "1.json").read_text())[1]
