"""What people read of either host spells properties and options as previews and state do, in every language."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

import quant_sessions_provider
from quant_sessions_provider.core.model import PROPERTIES

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE: Final = Path(quant_sessions_provider.__file__).parent
FOLDERS: Final = ("core", "operations", "client", "engine", "dynamic", "plugin", "policy", "report")
OF_PYTHON: Final = ("core/model.py", "core/time_of_day.py")
"""The property table, whose texts other languages get respelled, and the argument of `until`."""
OPTIONS: Final = ("ignore_changes", "replace_on_changes", "retain_on_delete", "delete_before_replace", "depends_on")
NAMES: Final = re.compile(
    rf"\b({'|'.join([*OPTIONS, *(row.name for row in PROPERTIES.values() if '_' in row.name)])})\b"
)
FILES: Final = [file for folder in FOLDERS for file in sorted((PACKAGE / folder).glob("*.py"))]


def messages(source: str) -> Iterator[str]:
    """Return the texts of a module that are more than one word, without its docstrings."""
    tree = ast.parse(source)
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone:
            yield from [node.value] if " " in node.value.strip() or "=" in node.value else []


def test_messages_are_found() -> None:
    source = '"""expires_at is told."""\nx = f"{y}: on_expired and {z}"\n"""user_id too."""\nkey = "user_id"\n'
    assert [text for text in messages(source) if NAMES.search(text)] == [": on_expired and "]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_no_message_spells_a_name_as_python_does(file: Path) -> None:
    if str(file.relative_to(PACKAGE)) not in OF_PYTHON:
        assert [text for text in messages(file.read_text(encoding="utf-8")) if NAMES.search(text)] == []
