"""Reads the sessions of an exported stack."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from quant_sessions_provider.core.model import Key, is_by_hand, with_whole_numbers
from quant_sessions_provider.core.paths import covers
from quant_sessions_provider.core.state import EXPIRY_OUTPUTS, Expiry, is_secret
from quant_sessions_provider.core.urns import SESSION_TYPES, name_of
from quant_sessions_provider.timeline.model import ExportedSession

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quant_sessions_provider.core.model import Properties

_INPUTS: Final = (Key.EXPIRES_AT, Key.EXPIRATION_MINUTES, Key.RENEW_BEFORE_MINUTES, Key.ON_EXPIRED, Key.STATUS)
_FACTS: Final = (Key.GRANTED_EXPIRES_AT, Key.UNSENT_EXPIRY_SECONDS, Key.EXPIRED, Key.CREATED_AT)
_PLACEHOLDER_OWNER: Final = {Key.USER_ID: "-", Key.ORGANIZATION: "-"}
"""While the program does not change, it makes no difference whose session it is."""


class InvalidExportError(ValueError):
    """The document is not what ``pulumi stack export`` prints."""


@dataclass(frozen=True)
class Unreadable:
    """A session whose times cannot be read: its name, why, and what to do about it."""

    name: str
    reason: str
    advice: str = ""

    def __str__(self) -> str:
        """Return one line."""
        return f"{self.name}: {self.reason}{f': {self.advice}' if self.advice else ''}"


def read_sessions(document: object) -> tuple[list[ExportedSession], list[str]]:
    """Return the sessions of an exported stack, and one line for each session that cannot be read.

    Raises:
        InvalidExportError: the document is not an export.

    """
    with reading_export():
        # Runs do not renew a session that was only looked up; one that is pending deletion has a successor.
        owned = (each for each in sessions_in(document) if not each.get("external") and not each.get("delete"))
        found = [read_times(resource) for resource in owned]
    sessions = [session for session in found if isinstance(session, ExportedSession)]
    return sessions, [str(session) for session in found if isinstance(session, Unreadable)]


@contextmanager
def reading_export() -> Iterator[None]:
    """Raise an InvalidExportError wherever a document lacks what an export has."""
    try:
        yield
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise InvalidExportError("not what `pulumi stack export` prints") from error


def sessions_in(document: Any, *, pending: bool = False) -> list[dict[str, Any]]:  # noqa: ANN401 - any JSON
    """Return the resources of an exported stack that are sessions, for use in :func:`reading_export`.

    ``pending``: instead those on which an operation was begun whose end is not recorded.
    """
    deployment = document["deployment"]
    if pending:
        resources = [operation["resource"] for operation in deployment.get("pending_operations") or []]
    else:
        resources = deployment.get("resources") or []
    return [resource for resource in resources if resource["type"] in SESSION_TYPES]


def read_times(resource: dict[str, Any]) -> ExportedSession | Unreadable:
    """Return what decides about the life of a session."""
    name = name_of(resource["urn"])
    inputs, outputs = (plain(resource.get(side) or {}) for side in ("inputs", "outputs"))
    times = dict.fromkeys((*_INPUTS, *EXPIRY_OUTPUTS))
    hidden = [key for key in times if any(isinstance(side.get(key), dict) for side in (inputs, outputs))]
    if hidden:
        verb = "is" if len(hidden) == 1 else "are"
        advice = "export the stack with --show-secrets to see its times"
        return Unreadable(name, f"{', '.join(hidden)} {verb} secret", advice)
    if Expiry.of(outputs).known is None or Key.EXPIRES_AT not in inputs:
        return Unreadable(name, "state has no expiry")
    inputs = _only(inputs, *_INPUTS)
    declared = {key: value for key, value in inputs.items() if key != Key.EXPIRES_AT}
    ignores_expiry = covers(resource.get("ignoreChanges") or [], Key.EXPIRES_AT)
    if is_by_hand(inputs) or ignores_expiry:
        declared = inputs
    return ExportedSession(
        name,
        resource["urn"],
        declared,
        inputs,
        _only(outputs, *_INPUTS, *_FACTS),
        protected=bool(resource.get("protect")),
        ignores_expiry=ignores_expiry,
        replaced_by_renewal=covers(resource.get("replaceOnChanges") or [], Key.EXPIRES_AT),
        pending=bool(resource.get("pendingReplacement")),
        replaced_with=frozenset([*(resource.get("replaceWith") or []), resource.get("deletedWith") or ""]),
    )


def _only(properties: Properties, *keys: str) -> Properties:
    return {key: properties[key] for key in keys if key in properties} | _PLACEHOLDER_OWNER


def plain(properties: dict[str, Any]) -> Properties:
    """Return properties with those secrets decoded that were exported in plain text."""
    return {key: with_whole_numbers(_decoded(value)) for key, value in properties.items()}


def _decoded(value: object) -> object:
    if is_secret(value) and "plaintext" in value:
        return json.loads(value["plaintext"])
    return value
