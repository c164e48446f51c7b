"""``docs/reference/arguments.md`` and ``outputs.md``, from the property table and the plugin's schema."""

from __future__ import annotations

import inspect
from typing import Final

from quant_sessions_provider.core.model import INPUTS, PROPERTIES, Key, Property
from quant_sessions_provider.core.urns import GROUP_TYPE
from quant_sessions_provider.plugin.schema import schema
from quant_sessions_provider.plugin.schema_parts import ALWAYS_SET, GROUP_INPUT
from quant_sessions_provider.sdk.declared import DeclaredSession, Message
from tools.reference.tables import MADE, code, in_one_line, snake, table

_KINDS: Final = {
    "text": "a non-empty string",
    "word": "one of the words",
    "minutes": "whole minutes",
    "count": "a whole number",
    "flag": "true or false",
    "timestamp": "an RFC 3339 timestamp with an offset",
    "messages": "a list of messages",
    "object": "a JSON object",
}
_IN_STATE: Final = {"timestamp": "an RFC 3339 timestamp", "text": "a string", "word": "a string", "minutes": "a number"}
_REPLACES: Final = {Key.MESSAGES: "yes, but for messages added at the end"}
"""Where the answer depends on how it is changed."""

_ARGUMENTS_HEAD: Final = f"""{MADE}
# Arguments

What a program declares of a `Session`. `SessionGroup` takes the same, but for `user_id` ([more](#a-group)). Python's
name is on the left, that of YAML, TypeScript and state beside it; Go's begins with a capital. Every argument may be an
Output, and a secret.

"""
_GROUP_ARGUMENTS: Final = """
## A group

A `SessionGroup` takes this in place of `user_id`. In Python `user_ids` may also be a list, and `session_args` and
`session_opts` return [what differs](../lookups-and-groups.md#what-differs) for one session.

"""
_OUTPUTS_HEAD: Final = f"""{MADE}
# Outputs

What a session has after a run. Every argument is an output too, as it was applied. An output that is not always set is
`None` in Python, and absent in other languages: an argument that is not declared, or what the API has not returned.
`id` is the session's own id.

"""
_GROUP_HEAD: Final = """
`title` is always secret. Another output is secret if its argument is.

## Of a group

Each is an object by the names of the sessions: a user id, or the key that stands for one. In Python, `sessions` is a
dict of the `Session` resources themselves.

"""


def arguments() -> str:
    """Return the page of what people declare."""
    rows = [
        (code(row.name), code(row.key), _limits(row), _default(row), _replaces(row))
        for row in map(PROPERTIES.__getitem__, INPUTS)
    ]
    heads = ("Python", "YAML, state", "value", "default", "does a change replace the session?")
    return _ARGUMENTS_HEAD + table(heads, rows) + "".join(_argument(PROPERTIES[key]) for key in INPUTS) + _rest()


def outputs() -> str:
    """Return the page of what a session has after a run."""
    rows = [_output(row) for row in PROPERTIES.values()]
    group = schema()["resources"][GROUP_TYPE]["properties"]
    of_group = [(code(snake(key)), code(key), str(value["description"])) for key, value in group.items()]
    one = table(("Python", "YAML, state", "value", "always set?", "meaning"), rows)
    return _OUTPUTS_HEAD + one + _GROUP_HEAD + table(("Python", "YAML, state", "meaning"), of_group)


def _limits(row: Property) -> str:
    if row.words:
        return ", ".join(map(code, row.words))
    if row.kind == "minutes":
        more = " less 1" if row.key == Key.RENEW_BEFORE_MINUTES else ""
        upper = "the lifetime" if more else str(row.maximum)
        return f"{_KINDS[row.kind]} from {row.minimum} to {upper}{more}; in Python also a `timedelta`"
    more = "; in Python also a `datetime`" if row.kind == "timestamp" else ""
    return _KINDS[row.kind] + more


def _default(row: Property) -> str:
    if row.required:
        return "none; required"
    if row.key == Key.EXPIRATION_MINUTES:
        return f"{row.default}, without `expires_at`"
    if row.key == Key.ORGANIZATION:
        return "the [configured](settings.md) one"
    return "none" if row.default is None else code(row.default)


def _replaces(row: Property) -> str:
    return _REPLACES.get(row.key, "yes" if row.replaces else "no")


def _argument(row: Property) -> str:
    typed = inspect.signature(DeclaredSession.__init__).parameters[row.name].annotation
    return f"\n## `{row.name}`\n\n{row.input}\n\nType in Python: `{typed}`.\n"


def _rest() -> str:
    group = "".join(
        f"- `{snake(key)}`, in YAML `{key}`: {value['description']}\n" for key, value in GROUP_INPUT.items()
    )
    return f"{_message()}{_GROUP_ARGUMENTS}{group}"


def _message() -> str:
    fields = ", ".join(map(code, Message.__annotations__))
    roles = ", ".join(map(code, _enum("Role")))
    return (
        f"\n## A message\n\n{in_one_line(Message.__doc__ or '')} It has {fields} and nothing else. A role is {roles}.\n"
    )


def _enum(name: str) -> list[str]:
    return [value["value"] for value in schema()["types"][f"quant-sessions:index:{name}"]["enum"]]


def _output(row: Property) -> tuple[str, ...]:
    always = "yes" if row.key in ALWAYS_SET else ""
    return code(row.name), code(row.key), _IN_STATE.get(row.kind, _KINDS[row.kind]), always, row.output
