"""The functions ``getSession`` and ``listSessions``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from pulumi.runtime.proto import provider_pb2

from quant_sessions_provider.core.errors import RefusedError
from quant_sessions_provider.core.model import by_state_key
from quant_sessions_provider.operations.lookups import Lookups, require_limit, require_strings
from quant_sessions_provider.plugin.wire import from_wire, holds_secret, secret, to_wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.protobuf.struct_pb2 import Struct

_FILTERS: Final = {"userId": "user_id", "sessionGroup": "session_group", "model": "model"}
_SECRETS: Final = ("messages", "sessions", "title")
"""They hold what people wrote, or what the API made from it."""


def invoke(lookups: Lookups, request: provider_pb2.InvokeRequest) -> provider_pb2.InvokeResponse:
    """Call a function.

    Raises:
        RefusedError: there is no such function, an argument is wrong, or there is no such session.

    """
    name = request.tok.rpartition(":")[2]
    function = _FUNCTIONS.get(name)
    if function is None:
        raise RefusedError(f"there is no function {name}")
    found = to_wire(function(lookups, from_wire(request.args)))
    response = provider_pb2.InvokeResponse()
    # Its name is a word of Python's.
    getattr(response, "return").CopyFrom(_with_secrets(found))
    return response


def _with_secrets(found: Struct) -> Struct:
    for key in _SECRETS:
        if key in found.fields and not holds_secret(found.fields[key]):
            found.fields[key].CopyFrom(secret(found.fields[key]))
    return found


def _get_session(lookups: Lookups, arguments: dict[str, Any]) -> dict[str, Any]:
    given = {"id": arguments.get("id", ""), "organization": arguments.get("organization")}
    require_strings("getSession", given)
    return by_state_key(asdict(lookups.get("getSession", given["id"], given["organization"])))


def _list_sessions(lookups: Lookups, arguments: dict[str, Any]) -> dict[str, Any]:
    organization, limit = arguments.get("organization"), arguments.get("limit")
    require_strings("listSessions", {key: arguments.get(key) for key in (*_FILTERS, "organization")})
    require_limit("listSessions", limit)
    filters = {name: arguments.get(key) for key, name in _FILTERS.items()}
    listed = lookups.list("listSessions", filters, limit, organization)
    return {"sessions": [by_state_key(asdict(entry)) for entry in listed]}


_FUNCTIONS: Final[dict[str, Callable[[Lookups, dict[str, Any]], dict[str, Any]]]] = {
    "getSession": _get_session,
    "listSessions": _list_sessions,
}
