"""``docs/reference/functions.md``: the lookups, from the plugin's schema."""

from __future__ import annotations

from typing import Any, Final

from quant_sessions_provider.plugin.configuration import PACKAGE
from quant_sessions_provider.plugin.schema_parts import FUNCTIONS, LISTED
from tools.reference.tables import MADE, code, snake, table

_HEAD: Final = f"""{MADE}
# Functions

Lookups of sessions that a program does not declare. They send requests, in previews too. In YAML they are
`fn::invoke: {{function: {PACKAGE}:getSession, arguments: {{id: …}}}}`. In Python they are
[functions of the package](python.md#get_session). These return plain values, also where the tables say secret; their
forms with `_output` take Outputs, and return secret ones. [Lookups](../lookups-and-groups.md#lookups) says what they do
not find.
"""
_HEADS: Final = ("Python", "YAML", "required", "meaning")


def functions() -> str:
    """Return the page."""
    return _HEAD + "".join(_function(name, one) for name, one in FUNCTIONS.items()) + _entry()


def _function(name: str, one: dict[str, Any]) -> str:
    takes, returns = one["inputs"], one["outputs"]["properties"]
    arguments = [
        (*_names(key), _required(key, takes), value["description"]) for key, value in takes["properties"].items()
    ]
    results = [(*_names(key), value["description"]) for key, value in returns.items()]
    return (
        f"\n## `{name}`\n\n{one['description']} In Python `{snake(name)}`.\n\n"
        f"{table(_HEADS, arguments)}\nIt returns:\n\n{table(('Python', 'YAML', 'meaning'), results)}"
    )


def _entry() -> str:
    entry: dict[str, Any] = LISTED
    rows = [(*_names(key), value["description"]) for key, value in entry["properties"].items()]
    return f"\n## An entry of a list\n\n{table(('Python', 'YAML', 'meaning'), rows)}"


def _names(key: str) -> tuple[str, str]:
    return code(snake(key)), code(key)


def _required(key: str, takes: dict[str, Any]) -> str:
    return "yes" if key in takes.get("required", ()) else ""
