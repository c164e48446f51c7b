"""What editors show comes from literals in the source, since they run no code: the property table is held to them."""

from __future__ import annotations

import ast
import re
from inspect import cleandoc
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import pytest

from quant_sessions_provider import OnExpired, Session, Status
from quant_sessions_provider.core.model import COMPUTED, INPUTS, PROPERTIES, ROLES, Key, Property
from quant_sessions_provider.sdk import declared as declared_module
from quant_sessions_provider.sdk import existing, group
from quant_sessions_provider.sdk.declared import Role

if TYPE_CHECKING:
    from types import ModuleType

ANNOTATIONS = {
    "text": "pulumi.Input[str]",
    "minutes": "pulumi.Input[int | timedelta]",
    "timestamp": "pulumi.Input[str | datetime]",
    "messages": "pulumi.Input[Sequence[pulumi.Input[Message]]]",
    "object": "pulumi.Input[Mapping[str, Any]]",
    Key.ON_EXPIRED: "pulumi.Input[OnExpired]",
    Key.STATUS: "pulumi.Input[Status]",
}
OUTPUTS = {
    "text": "str",
    "word": "str",
    "minutes": "int",
    "count": "int",
    "flag": "bool",
    "timestamp": "str",
    "messages": "list[dict[str, str]]",
    "object": "dict[str, Any]",
}
KNOWN_OF_ALL = {"organization", "base_url", "expired"}
KNOWN_OF_DECLARED = {"user_id", "expires_at", "on_expired", "status", "granted_expires_at", "created_at"}
"""What is never None beside those."""
CLASSES = pytest.mark.parametrize(
    ("module", "name"), [(declared_module, "DeclaredSession"), (group, "GroupOfSessions")]
)


def class_in(module: ModuleType, name: str) -> ast.ClassDef:
    (found,) = (
        node
        for node in ast.parse(Path(str(module.__file__)).read_text()).body
        if isinstance(node, ast.ClassDef) and node.name == name
    )
    return found


def constructor(module: ModuleType, name: str) -> ast.FunctionDef:
    (found,) = (
        node for node in class_in(module, name).body if isinstance(node, ast.FunctionDef) and node.name == "__init__"
    )
    return found


def documented_arguments(function: ast.FunctionDef) -> dict[str, str]:
    """Read the ``Args:`` of a docstring, each as one line."""
    section = (ast.get_docstring(function) or "").partition("Args:\n")[2].partition("\n\n")[0]
    entries = re.split(r"^(\w+): ", cleandoc(section), flags=re.MULTILINE)[1:]
    return {name: " ".join(text.split()) for name, text in zip(entries[::2], entries[1::2], strict=True)}


def documented_attributes(cls: ast.ClassDef) -> dict[str, str]:
    """Read the string after each attribute."""
    found = {}
    for attribute, text in zip(cls.body, cls.body[1:], strict=False):
        target = attribute.targets[0] if isinstance(attribute, ast.Assign) else getattr(attribute, "target", None)
        if isinstance(target, ast.Name) and not target.id.startswith("_"):
            assert isinstance(text, ast.Expr), target.id
            found[target.id] = ast.literal_eval(text.value)
    return found


def declared_arguments(function: ast.FunctionDef) -> dict[str, tuple[str, str]]:
    """Return annotation and default of each keyword argument, as written."""
    pairs = zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)
    return {a.arg: (ast.unparse(a.annotation) if a.annotation else "", ast.unparse(d) if d else "") for a, d in pairs}


def declaration(row: Property) -> tuple[str, str]:
    """Return how the table declares an argument; a default that may not be sent is only documented."""
    plain = ANNOTATIONS.get(row.key) or ANNOTATIONS[row.kind]
    if row.required:
        return plain, ""
    return (plain, repr(row.default)) if row.words else (f"{plain} | None", "None")


@CLASSES
def test_each_argument_of_both_constructors_is_documented_and_declared_as_the_table_has_it(
    module: ModuleType, name: str
) -> None:
    rows = {row.name: row for row in (PROPERTIES[key] for key in INPUTS)}
    documented, declared = (read(constructor(module, name)) for read in (documented_arguments, declared_arguments))
    own = (
        {"name", "opts"} if name == "DeclaredSession" else {"name", "opts", "user_ids", "session_args", "session_opts"}
    )
    shared = rows.keys() - ({"user_id"} if name == "GroupOfSessions" else set())
    assert documented.keys() == own | shared
    assert {key: documented[key] for key in shared} == {key: rows[key].input for key in shared}
    assert {key: declared[key] for key in shared} == {key: declaration(rows[key]) for key in shared}
    # In the order in which they are declared.
    assert list(documented) == ["name", *declared]


def output_types(module: ModuleType, name: str) -> dict[str, str]:
    """Return the type of each output that a class has, as written."""
    assigned = (node for node in class_in(module, name).body if isinstance(node, ast.Assign))
    written = {ast.unparse(node.targets[0]): ast.unparse(node.value) for node in assigned}
    found = {key: re.fullmatch(r"StoredOutput\[(.*)\]\(\)", value) for key, value in written.items()}
    return {key: match[1] for key, match in found.items() if match}


@pytest.mark.parametrize(
    ("module", "name", "known"),
    [(existing, "SessionOutputs", KNOWN_OF_ALL), (declared_module, "DeclaredSession", KNOWN_OF_DECLARED)],
)
def test_each_output_is_documented_and_typed_as_the_table_has_it(
    module: ModuleType, name: str, known: set[str]
) -> None:
    rows = {row.name: row for row in PROPERTIES.values() if module is existing or row.name in known}
    assert documented_attributes(class_in(module, name)) == {key: row.output for key, row in rows.items()}
    assert {key: getattr(Session, key).__doc__ for key in rows} == {key: row.output for key, row in rows.items()}
    types = {key: OUTPUTS[row.kind] + ("" if key in known else " | None") for key, row in rows.items()}
    assert output_types(module, name) == types


def test_each_output_of_a_group_is_documented_as_that_of_a_session() -> None:
    documented = documented_attributes(class_in(group, "GroupOfSessions"))
    shared = {row.name: f"{row.output} By user id or key." for row in PROPERTIES.values() if row.name in documented}
    assert {"expires_at", "granted_expires_at"} == shared.keys()
    assert documented == documented | shared
    assert documented.keys() - shared.keys() == {"sessions", "session_ids"}


def test_the_words_that_editors_complete_are_those_of_the_table() -> None:
    assert get_args(OnExpired) == PROPERTIES[Key.ON_EXPIRED].words
    assert get_args(Status) == PROPERTIES[Key.STATUS].words
    assert get_args(Role) == ROLES


def test_limits_and_defaults_stand_in_the_texts() -> None:
    for row in PROPERTIES.values():
        stated = [row.default, *row.words, *((row.minimum, row.maximum) if row.key == Key.EXPIRATION_MINUTES else ())]
        assert all(str(value) in row.input for value in stated if value is not None), row.key
        assert ("replaces the session" in row.input) == (row.replaces or row.key == Key.MESSAGES), row.key
    assert [PROPERTIES[key].input for key in COMPUTED] == [""] * len(COMPUTED)
