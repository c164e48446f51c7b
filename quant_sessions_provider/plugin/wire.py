"""Property values between the engine's wire format and the core.

What a call is given goes back as the same bytes wherever its value did not change, so that secrets stay secret at the
depth at which they were declared.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from google.protobuf.struct_pb2 import NULL_VALUE, ListValue, Struct, Value

from quant_sessions_provider.core.model import UNKNOWN, Key, Properties, with_whole_numbers
from quant_sessions_provider.core.text import without_half_pairs

SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
"""The key that marks an object as more than JSON; this and the following are of Pulumi's protocol, and never change."""
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - it is none, but marks one
OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
UNKNOWN_TEXT: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_UNKNOWNS: Final = {
    UNKNOWN_TEXT,
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    "030794c1-ac77-496b-92df-f27374a8bd58",
    "e48ece36-62e2-4504-bad9-02848725956a",
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
}
_NOT_JSON: Final = object()
"""An asset, an archive or the like; validation refuses it wherever it is."""


def from_wire(struct: Struct) -> Properties:
    """Return properties for the core: no marks, no keys of Pulumi's own, one value for unknowns, no top-level null."""
    found = {key: plain(field) for key, field in struct.fields.items() if not key.startswith("__")}
    return {key: value for key, value in found.items() if value is not None}


def plain(value: Value) -> Any:  # noqa: ANN401 - a property value
    """Return a value without its marks."""
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _plain_object(value.struct_value)
    if kind == "list_value":
        return [plain(inner) for inner in value.list_value.values]
    if kind == "number_value":
        return with_whole_numbers(value.number_value)
    if kind == "string_value":
        return UNKNOWN if value.string_value in _UNKNOWNS else value.string_value
    return value.bool_value if kind == "bool_value" else None


def _plain_object(struct: Struct) -> Any:  # noqa: ANN401 - a property value
    signature = _signature(struct)
    if signature in (SECRET, OUTPUT):
        # Of an output that is not known yet the value is missing.
        return plain(struct.fields["value"]) if "value" in struct.fields else UNKNOWN
    return _NOT_JSON if signature else {key: plain(inner) for key, inner in struct.fields.items()}


def _signature(struct: Struct) -> str:
    return struct.fields[SIGNATURE].string_value if SIGNATURE in struct.fields else ""


def to_wire(properties: Properties, *sources: Struct) -> Struct:
    """Return properties for the engine, secret wherever the first of the sources that holds the same value has it so.

    A value that no source holds is secret as a whole if any of them has a secret in its place. The title, which the API
    may make from messages, always is.
    """
    made = Struct()
    for key, value in properties.items():
        held = [source.fields[key] for source in sources if key in source.fields]
        made.fields[without_half_pairs(key)].CopyFrom(_marked(key, value, held))
    return made


def _marked(key: str, value: object, held: Sequence[Value]) -> Value:
    same = next((field for field in held if _identity(plain(field)) == _identity(value)), None)
    made = to_value(value) if same is None else same
    # What is kept as an older source spells it is secret as the newer one has it.
    is_secret = key == Key.TITLE or (bool(held) and same is not held[0] and any(map(holds_secret, held)))
    return made if not is_secret or holds_secret(made) else secret(made)


def _identity(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=lambda other: {SIGNATURE: repr(other)})


def holds_secret(value: Value) -> bool:
    """Return whether a value, or anything inside it, is secret."""
    if value.HasField("list_value"):
        return any(map(holds_secret, value.list_value.values))
    fields = value.struct_value.fields
    secret_output = "secret" in fields and fields["secret"].bool_value
    signature = _signature(value.struct_value)
    if signature == SECRET or (signature == OUTPUT and secret_output):
        return True
    return any(map(holds_secret, fields.values()))


def secret(value: Value) -> Value:
    """Return a value as a secret."""
    fields = {SIGNATURE: Value(string_value=SECRET), "value": value}
    return Value(struct_value=Struct(fields=fields))


def to_value(value: object) -> Value:
    """Return a value of the core for the wire."""
    if isinstance(value, Mapping):
        fields = {without_half_pairs(key): to_value(inner) for key, inner in value.items()}
        return Value(struct_value=Struct(fields=fields))
    if isinstance(value, list):
        return Value(list_value=ListValue(values=[to_value(inner) for inner in value]))
    return _scalar(value)


def _scalar(value: object) -> Value:
    if value is UNKNOWN:
        return Value(string_value=UNKNOWN_TEXT)
    if isinstance(value, str):
        return Value(string_value=without_half_pairs(value))
    if isinstance(value, bool):
        return Value(bool_value=value)
    return Value(number_value=value) if isinstance(value, (int, float)) else Value(null_value=NULL_VALUE)
