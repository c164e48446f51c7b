"""Finds live sessions of a stack's users and groups that its state does not know."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from quant_sessions_provider.core.model import Key
from quant_sessions_provider.status.parallel import in_parallel
from quant_sessions_provider.status.state import comparable, declared_text, ids_in
from quant_sessions_provider.timeline.state import plain, reading_export, sessions_in

if TYPE_CHECKING:
    from quant_sessions_provider.operations.api import SessionsApi, SessionSummary
    from quant_sessions_provider.status.model import Text

_THREADS: Final = 8


@dataclass(frozen=True)
class Owner:
    """Whose sessions are listed; without a group, those of the user in all groups."""

    organization: str | None
    user: Text
    group: Text


@dataclass(frozen=True)
class Orphan:
    """A live session that the state does not know, and whose it is."""

    owner: Owner
    session: SessionSummary


def find_orphans(api: SessionsApi, document: object, organization: str) -> list[Orphan]:
    """Return the orphans of an exported stack; ``organization`` is that of sessions whose state has none.

    Raises:
        InvalidExportError: the document is not an export.
        QuantSessionsError: a list could not be read.

    """
    known = ids_in(document)
    owners = [owner for owner in owners_in(document) if owner.user.value]
    lists = in_parallel(partial(_listed, api, organization), owners, threads=_THREADS)
    found: dict[str, Orphan] = {}
    for owner, listed in zip(owners, lists, strict=True):
        for session in listed:
            if session.id and comparable(session.id) not in known:
                found.setdefault(session.id, Orphan(owner, session))
    return [*found.values()]


def owners_in(document: object) -> list[Owner]:
    """Return the users and groups in an exported stack, each once; those of creations that are pending among them.

    A user is None that is secret and was not decrypted.

    Raises:
        InvalidExportError: the document is not an export.

    """
    with reading_export():
        # A creation that was killed is where orphans come from.
        resources = [*sessions_in(document), *sessions_in(document, pending=True)]
        return [*dict.fromkeys(_owner(resource) for resource in resources if not resource.get("external"))]


def _owner(resource: dict[str, Any]) -> Owner:
    organization = plain((resource.get("inputs") or {}) | (resource.get("outputs") or {})).get(Key.ORGANIZATION)
    return Owner(
        organization if isinstance(organization, str) else None,
        declared_text(resource, Key.USER_ID),
        declared_text(resource, Key.SESSION_GROUP),
    )


def _listed(api: SessionsApi, organization: str, owner: Owner) -> list[SessionSummary]:
    user, group = owner.user.value, owner.group.value
    return list(api.list(owner.organization or organization, user_id=user, session_group=group))
