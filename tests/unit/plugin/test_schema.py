from __future__ import annotations

import json
import re

import pytest

from quant_sessions_provider.core.model import INPUTS, PROPERTIES, PYTHON_ONLY
from quant_sessions_provider.core.settings import VARIABLES
from quant_sessions_provider.plugin import schema

SESSION = "quant-sessions:index:Session"


def test_the_file_is_made_from_the_property_table() -> None:
    assert schema.FILE.read_text() == schema.text(), "run `make schema`"


def test_every_property_and_setting_is_described() -> None:
    made = schema.schema()
    session = made["resources"][SESSION]
    assert list(session["properties"]) == list(PROPERTIES)
    assert list(session["inputProperties"]) == list(INPUTS)
    assert session["requiredInputs"] == ["userId"]
    assert list(made["config"]["variables"]) == list(VARIABLES)
    assert all(VARIABLES[key] in setting["description"] for key, setting in made["config"]["variables"].items())
    assert [key for key, setting in made["config"]["variables"].items() if setting.get("secret")] == ["bearer"]


def test_no_default_lifetime_is_sent_beside_a_declared_expiry() -> None:
    inputs = schema.schema()["resources"][SESSION]["inputProperties"]
    assert {key for key, one in inputs.items() if "default" in one} == {"onExpired", "status"}


def test_texts_are_those_of_no_single_language() -> None:
    table = " ".join(f"{row.input} {row.output}" for row in PROPERTIES.values())
    assert all(phrase in table for phrase in PYTHON_ONLY)
    descriptions = re.findall(r'"description": "(.*)"', json.dumps(schema.schema(), indent=1))
    assert [text for text in descriptions if re.search(r"\bNone\b|timedelta|datetime|[a-z]_[a-z]", text)] == []


@pytest.mark.parametrize(
    ("python", "semver"),
    [("0.1.0", "0.1.0"), ("0.2.0rc1", "0.2.0-rc.1"), ("1.0.0.dev3", "1.0.0-dev.3"), ("1.2.3a1", "1.2.3-a.1")],
)
def test_a_version_of_python_is_one_of_semver(python: str, semver: str) -> None:
    assert schema.semver(python) == semver
