"""The workflows on GitHub, the forms beside them and the hooks of git. `make workflows` checks more, and needs Go."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tools.release.check import TARGETS as RELEASED
from tools.release.distribution import ROOT, ran

GITHUB: Final = ROOT / ".github"
WORKFLOWS: Final = sorted((GITHUB / "workflows").glob("*.yml"))
BIN: Final = Path(sys.executable).parent
TARGETS: Final = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def jobs(workflow: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(workflow.read_text())["jobs"]
    return found


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda file: file.stem)
def test_actions_are_pinned_and_permissions_are_each_jobs_own(workflow: Path) -> None:
    text = workflow.read_text()
    assert yaml.safe_load(text)["permissions"] == {}
    assert all(job["permissions"] for job in jobs(workflow).values())
    used = [line for line in re.findall(r"uses: (.+)", text) if not line.startswith("./")]
    assert [line for line in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)] == []


def test_only_publishing_may_write() -> None:
    writing = {
        f"{workflow.stem}.{name}": {key for key, value in job["permissions"].items() if value == "write"}
        for workflow in WORKFLOWS
        for name, job in jobs(workflow).items()
    }
    assert {name: rights for name, rights in writing.items() if rights} == {
        "docs.deploy": {"pages", "id-token"},
        "release.attest": {"id-token", "attestations"},
        "release.pypi": {"id-token"},
        "release.github": {"contents"},
    }


def test_a_release_is_published_after_all_checks() -> None:
    needs = {name: job.get("needs", []) for name, job in jobs(GITHUB / "workflows" / "release.yml").items()}
    assert needs == {"check": [], "build": [], "attest": ["check", "build"], "pypi": "attest", "github": "pypi"}


def test_workflows_and_the_release_run_targets_that_exist() -> None:
    named = {target for file in WORKFLOWS for target in re.findall(r"run: make ([a-z-]+)", file.read_text())}
    assert {*named, *RELEASED} <= TARGETS
    assert {"setup", "check", "test", "install-check", "release-check"} <= named


def test_zizmor_finds_nothing() -> None:
    ran(str(BIN / "zizmor"), "--quiet", "--offline", "--persona=auditor", "--no-progress", ".")


def test_zizmor_would_find_something(tmp_path: Path) -> None:
    steps = [{"run": "echo ${{ github.event.head_commit.message }}"}]
    bad = {"on": "push", "jobs": {"echo": {"runs-on": "ubuntu-latest", "steps": steps}}}
    (tmp_path / "bad.yml").write_text(json.dumps(bad))  # JSON is YAML
    command = [str(BIN / "zizmor"), "--offline", "--no-progress", str(tmp_path / "bad.yml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - in this environment
    assert done.returncode != 0
    assert "template-injection" in done.stdout


def test_the_hooks_of_git_run_what_is_installed_here() -> None:
    config = ROOT / ".pre-commit-config.yaml"
    ran(str(BIN / "pre-commit"), "validate-config", str(config))
    (repository,) = yaml.safe_load(config.read_text())["repos"]
    assert repository["repo"] == "local"
    for hook in repository["hooks"]:
        program = hook["entry"].split()[0]
        assert program.startswith(".venv/bin/")
        assert (BIN / Path(program).name).exists()


def test_the_forms_ask_for_what_they_show() -> None:
    forms = [file for file in (GITHUB / "ISSUE_TEMPLATE").glob("*.yml") if file.stem != "config"]
    assert {form.stem for form in forms} == {"bug", "idea"}
    for form in forms:
        content = yaml.safe_load(form.read_text())
        assert content["name"]
        assert content["description"]
        asked = [part for part in content["body"] if part["type"] != "markdown"]
        assert all(part["id"] and part["attributes"]["label"] for part in asked)
