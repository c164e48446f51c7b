"""A sample of ``make languages``: the YAML example on the real engine, the others held against it and the schema."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from quant_sessions_provider.core.urns import GROUP_TYPE, PLUGIN_TYPE
from quant_sessions_provider.plugin.schema import schema
from tests.languages import __main__ as languages
from tests.languages.life import ORGANIZATION, Life
from tests.languages.project import PROGRAMS, ExampleProject
from tests.languages.readme import program
from tests.support.emulator_server import Emulator
from tests.support.examples import EXAMPLES

if TYPE_CHECKING:
    from pathlib import Path

TYPES = {"Session": PLUGIN_TYPE, "SessionGroup": GROUP_TYPE}
WRITTEN = {
    "typescript": r"new quant\.(Session|SessionGroup)\(.*?^}\)",
    "go": r"quantsessions\.(Session|SessionGroup)Args\{.*?^\t\t}\)",
}
"""How a resource begins and ends in each language."""
NESTED = schema()["types"]["quant-sessions:index:Message"]["properties"].keys()


def test_the_yaml_example(tmp_path: Path) -> None:
    with Emulator() as emulator:
        project = ExampleProject(tmp_path / "yaml", "yaml", emulator.variables(ORGANIZATION))
        life = Life(project, emulator)
        life.create()
        life.change()
    assert project.untrue() == []


def test_what_cannot_run_is_no_failure_but_is_listed_at_the_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(languages.PROOFS, "archive-file", lambda *_: None)
    assert languages.main(["typescript", "archive-file"]) == 0
    *_, passed, missing = capsys.readouterr().out.splitlines()
    assert passed.startswith("archive-file: passed")
    assert missing == "not run: typescript: node is not installed"


def test_what_ran_and_failed_fails_the_proof(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("no such line")

    monkeypatch.setitem(languages.PROOFS, "go", fail)
    assert languages.main(["go"]) == 1
    assert capsys.readouterr().out.splitlines()[0] == "go: FAILED: no such line"


def test_the_page_of_the_plugin_declares_what_the_example_does() -> None:
    (desk,) = yaml.safe_load(program())["resources"].values()
    assert set(desk["properties"]) <= declared("yaml")["Session"]


def declared(language: str) -> dict[str, set[str]]:
    """Return the properties that an example declares, by type."""
    program = (EXAMPLES / language / PROGRAMS[language]).read_text()
    if language == "yaml":
        resources: dict[str, dict[str, Any]] = yaml.safe_load(program)["resources"]
        return {one["type"].rpartition(":")[2]: set(one["properties"]) for one in resources.values()}
    found = re.finditer(WRITTEN[language], program, re.DOTALL | re.MULTILINE)
    return {one[1]: {_lower(key) for key in re.findall(r"^\s+(\w+): ", one[0], re.MULTILINE)} - NESTED for one in found}


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]


@pytest.mark.parametrize("language", PROGRAMS)
def test_the_examples_declare_the_same_properties_of_the_schema(language: str) -> None:
    ours = declared(language)
    assert ours == declared("yaml")
    for name, properties in ours.items():
        row = schema()["resources"][TYPES[name]]
        assert set(row["requiredInputs"]) <= properties <= row["inputProperties"].keys()


@pytest.mark.parametrize("language", PROGRAMS)
def test_the_examples_say_the_same(language: str) -> None:
    settings = [yaml.safe_load((EXAMPLES / name / "Pulumi.yaml").read_text()) for name in (language, "yaml")]
    assert settings[0]["name"] == f"support-desk-{language}"
    assert settings[0]["description"] == settings[1]["description"]
    ours, theirs = ({key: one.get("default", one.get("value")) for key, one in s["config"].items()} for s in settings)
    assert ours == theirs
    shown, expected = (re.findall(r"```text.*?```", _readme(name), re.DOTALL) for name in (language, "yaml"))
    assert shown == expected


def _readme(language: str) -> str:
    return (EXAMPLES / language / "README.md").read_text()
