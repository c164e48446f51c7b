"""The schema of the package, made from the property table; ``schema.json`` is what it was when last written."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import quant_sessions_provider
from quant_sessions_provider.core.model import (
    INPUTS,
    ON_EXPIRED,
    PROPERTIES,
    PYTHON_ONLY,
    ROLES,
    STATUSES,
    Key,
    Property,
    camel,
)
from quant_sessions_provider.core.urns import GROUP_TYPE, PLUGIN_TYPE, SESSION_TYPE
from quant_sessions_provider.plugin.configuration import PACKAGE
from quant_sessions_provider.plugin.schema_parts import (
    ALWAYS_SET,
    FUNCTIONS,
    GROUP_INPUT,
    GROUP_OUTPUTS,
    LANGUAGES,
    LISTED,
    REPOSITORY,
    SETTINGS,
)

FILE: Final = Path(__file__).with_name("schema.json")

_TYPES: Final[dict[str, dict[str, Any]]] = {
    "text": {"type": "string"},
    "timestamp": {"type": "string"},
    "minutes": {"type": "integer"},
    "count": {"type": "integer"},
    "flag": {"type": "boolean"},
    "messages": {"type": "array", "items": {"$ref": f"#/types/{PACKAGE}:index:Message"}},
    "object": {"type": "object", "additionalProperties": {"$ref": "pulumi.json#/Any"}},
}
_WORDS: Final = {Key.ON_EXPIRED: "OnExpired", Key.STATUS: "Status"}
_DESCRIPTION: Final = "A QuantCDN AI session: a conversation that lives from 5 minutes to 24 hours."


def text() -> str:
    """Return the schema as it is written to the file."""
    return json.dumps(schema(), indent=2) + "\n"


def schema() -> dict[str, Any]:
    """Return the schema."""
    return {
        "name": PACKAGE,
        "displayName": "QuantCDN AI sessions",
        "version": semver(quant_sessions_provider.__version__),
        "description": "QuantCDN AI sessions as Pulumi resources.",
        "keywords": ["pulumi", "quantcdn", "ai", "sessions", "category/infrastructure"],
        "homepage": REPOSITORY,
        "license": "Apache-2.0",
        "repository": REPOSITORY,
        "meta": {"supportPack": True},
        "config": {"variables": SETTINGS},
        "types": _types(),
        "provider": {"description": "Where and how requests are sent.", "inputProperties": SETTINGS},
        "resources": {PLUGIN_TYPE: _session(), GROUP_TYPE: _group()},
        "functions": {f"{PACKAGE}:index:{name}": function for name, function in FUNCTIONS.items()},
        "language": LANGUAGES,
    }


def semver(python_version: str) -> str:
    """Return a version of Python's as the engine reads it: X.Y.Zrc1 is X.Y.Z-rc.1."""
    return re.sub(r"^(\d+\.\d+\.\d+)\.?(a|b|rc|dev)(\d+)$", r"\1-\2.\3", python_version)


def _types() -> dict[str, Any]:
    return {
        f"{PACKAGE}:index:OnExpired": _enum("What a run does once a session has expired.", ON_EXPIRED),
        f"{PACKAGE}:index:Status": _enum("Whether a session goes on.", STATUSES),
        f"{PACKAGE}:index:Role": _enum("Who wrote a message.", ROLES),
        f"{PACKAGE}:index:Message": {
            "type": "object",
            "description": "One message of a conversation.",
            "properties": {
                "role": {"$ref": f"#/types/{PACKAGE}:index:Role", "description": "Who wrote it."},
                "content": {"type": "string", "description": "Its text."},
            },
            "required": ["role", "content"],
        },
        f"{PACKAGE}:index:ListedSession": LISTED,
    }


def _enum(description: str, words: tuple[str, ...]) -> dict[str, Any]:
    return {"type": "string", "description": description, "enum": [{"value": word} for word in words]}


def _session() -> dict[str, Any]:
    organization = {Key.ORGANIZATION: _input(PROPERTIES[Key.ORGANIZATION])}
    filters = {key: _input(PROPERTIES[key]) for key in (Key.USER_ID, Key.SESSION_GROUP)}
    return {
        "description": _DESCRIPTION,
        "properties": {key: _output(row) for key, row in PROPERTIES.items()},
        "required": list(ALWAYS_SET),
        "inputProperties": {key: _input(PROPERTIES[key]) for key in INPUTS},
        "requiredInputs": [key for key in INPUTS if PROPERTIES[key].required],
        "stateInputs": {"type": "object", "properties": organization},
        "listInputs": {"type": "object", "properties": filters | organization, "required": [Key.USER_ID]},
        "aliases": [{"type": SESSION_TYPE}],
    }


def _group() -> dict[str, Any]:
    shared = {key: _input(PROPERTIES[key]) for key in INPUTS if key != Key.USER_ID}
    return {
        "isComponent": True,
        "description": "One session for each user, all with the same settings. Each is named NAME-USER.",
        "properties": GROUP_OUTPUTS,
        "required": list(GROUP_OUTPUTS),
        "inputProperties": GROUP_INPUT | shared,
        "requiredInputs": list(GROUP_INPUT),
    }


def _output(row: Property) -> dict[str, Any]:
    made = _typed(row) | {"description": in_other_languages(row.output)}
    return made | {"secret": True} if row.key == Key.TITLE else made


def _input(row: Property) -> dict[str, Any]:
    made = _typed(row) | {"description": in_other_languages(row.input)}
    if row.replaces:
        made["willReplaceOnChanges"] = True
    # A default lifetime would be sent beside a declared expiry.
    return made | {"default": row.default} if row.kind == "word" else made


def _typed(row: Property) -> dict[str, Any]:
    if row.key in _WORDS:
        return {"$ref": f"#/types/{PACKAGE}:index:{_WORDS[row.key]}"}
    return dict(_TYPES[row.kind])


def in_other_languages(python_text: str) -> str:
    """Return a text of the property table without what only Python has, names as other languages spell them."""
    for phrase in PYTHON_ONLY:
        python_text = python_text.replace(phrase, "")
    named = re.sub(r"`([a-z]+(?:_[a-z]+)+)`", lambda name: f"`{camel(name[1])}`", python_text)
    return re.sub(r"\bNone\b", "absent", named)


if __name__ == "__main__":
    FILE.write_text(text())
