"""``docs/emulator.md`` names every behaviour and every field of a fault, each with all of its values."""

from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic.alias_generators import to_camel

from quant_sessions_provider.emulator.behaviours import Behaviours
from quant_sessions_provider.emulator.faults import Fault, FaultSetup
from quant_sessions_provider.emulator.templates import Template

PAGE = Path(__file__).parents[2].joinpath("docs", "emulator.md").read_text(encoding="utf-8")
FIELDS = {**Behaviours.model_fields, **Fault.model_fields, **FaultSetup.model_fields}


def words(value: object) -> set[str]:
    """Return the words of a literal."""
    return {word for word in get_args(value) if isinstance(word, str)}


@pytest.mark.parametrize("name", FIELDS)
def test_the_page_names_every_field_and_value(name: str) -> None:
    annotation: Any = FIELDS[name].annotation
    assert all(f"`{word}`" in PAGE for word in {to_camel(name)} | words(annotation))


@pytest.mark.parametrize("name", FIELDS)
def test_the_routes_describe_every_field(name: str) -> None:
    assert FIELDS[name].description


def test_the_page_names_every_template() -> None:
    assert all(f"`{template}`" in PAGE for template in get_args(Template))
