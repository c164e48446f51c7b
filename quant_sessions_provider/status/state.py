"""Reads all sessions in the state of a stack, those that no run renews among them, and all ids in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote

from quant_sessions_provider.core.model import Key
from quant_sessions_provider.core.state import EXPIRY_OUTPUTS, is_secret
from quant_sessions_provider.core.urns import declared_provider, name_of, stack_of
from quant_sessions_provider.status.model import StackSession, Text
from quant_sessions_provider.timeline.state import (
    Unreadable,
    plain,
    read_times,
    reading_export,
    sessions_in,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quant_sessions_provider.status.model import Role


@dataclass(frozen=True)
class KnownId:
    """How a state has an id, and as which resource."""

    name: str
    role: Role | Literal["pending operation"]


def read_stack(document: object) -> list[StackSession]:
    """Return the sessions in an export, in its order.

    Raises:
        InvalidExportError: the document is not an export.

    """
    with reading_export():
        # A creation that is pending has no id yet.
        return [_read(resource) for resource in sessions_in(document) if resource.get("id")]


def comparable(session_id: str) -> str:
    """Return what the spellings of an id have in common: some APIs take a UUID in upper case, or without dashes."""
    return session_id.strip().lower().replace("-", "")


def ids_in(document: Any) -> dict[str, KnownId]:  # noqa: ANN401 - any JSON
    """Return all ids in an export, made :func:`comparable`: a program's own class may give sessions any type.

    An id that is imported ends with the session's, so that end counts too.

    Raises:
        InvalidExportError: the document is not an export.

    """
    with reading_export():
        deployment = document["deployment"]
        begun = [operation["resource"] for operation in deployment.get("pending_operations") or []]
        pending = {one: KnownId(name_of(each["urn"]), "pending operation") for each in begun for one in _ids_of(each)}
        recorded = deployment.get("resources") or []
        return pending | {one: KnownId(name_of(each["urn"]), _role(each)) for each in recorded for one in _ids_of(each)}


def _ids_of(resource: dict[str, Any]) -> Iterator[str]:
    for key in ("id", "importID"):
        if resource.get(key):
            whole = str(resource[key])
            yield from map(comparable, (whole, unquote(whole.rpartition("/")[2])))


def stack_name(document: Any) -> str:  # noqa: ANN401 - any JSON
    """Return the name of an exported stack; empty if nothing is in it.

    Raises:
        InvalidExportError: the document is not an export.

    """
    with reading_export():
        return next((stack_of(resource["urn"]) for resource in document["deployment"].get("resources") or []), "")


def _read(resource: dict[str, Any]) -> StackSession:
    times = read_times(resource)
    return StackSession(
        name_of(resource["urn"]),
        resource["urn"],
        str(resource["id"]),
        _role(resource),
        declared_text(resource, Key.USER_ID),
        declared_text(resource, Key.SESSION_GROUP),
        plain(resource.get("outputs") or {}),
        times=None if isinstance(times, Unreadable) else times,
        hidden=times.reason if isinstance(times, Unreadable) else "",
        shows_times=not any(declared_text(resource, key).is_secret for key in EXPIRY_OUTPUTS),
        account=account_of(resource),
    )


def _role(resource: dict[str, Any]) -> Role:
    if resource.get("external"):
        return "read"
    return "pending deletion" if resource.get("delete") else "declared"


def declared_text(resource: dict[str, Any], key: str) -> Text:
    """Return a text that a resource declares; secret if it is so on either side."""
    sides = {side: (resource.get(side) or {}).get(key) for side in ("inputs", "outputs")}
    values = [value for value in plain(sides).values() if isinstance(value, str)]
    return Text(values[-1] if values else None, any(map(is_secret, sides.values())))


def account_of(resource: dict[str, Any]) -> str:
    """Return the name of the provider that the program gave a resource; empty for one that the engine made."""
    reference = resource.get("provider") or ""  # URN::ID
    return declared_provider(reference.rpartition("::")[0])
