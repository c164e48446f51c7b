"""Finds live sessions of a stack's users and groups that its state does not know."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from quant_sessions_provider.core.model import Key
from quant_sessions_provider.core.state import StoredState
from quant_sessions_provider.operations.place import require_place
from quant_sessions_provider.status.parallel import in_parallel
from quant_sessions_provider.status.state import (
    account_of,
    comparable,
    declared_text,
    ids_in,
    read_stack,
)
from quant_sessions_provider.timeline.state import reading_export, sessions_in

if TYPE_CHECKING:
    from quant_sessions_provider.core.settings import Settings
    from quant_sessions_provider.operations.api import SessionsApi, SessionSummary
    from quant_sessions_provider.status.model import Text

_THREADS: Final = 8


@dataclass(frozen=True)
class Owner:
    """Whose sessions are listed; without a group, those of the user in all groups.

    ``account`` names the provider resource that the program gave the session; it is empty for the stack's.
    """

    organization: Text
    user: Text
    group: Text
    account: str = ""


@dataclass(frozen=True)
class Orphan:
    """A live session that the state does not know, and whose it is."""

    owner: Owner
    session: SessionSummary


@dataclass(frozen=True)
class Orphans:
    """The orphans of a stack. ``skipped`` are the provider resources whose sessions were not looked at."""

    found: list[Orphan]
    skipped: list[str]


def find_orphans(api: SessionsApi, document: object, settings: Settings) -> Orphans:
    """Return the orphans of an exported stack, as far as the configured account may tell.

    Raises:
        InvalidExportError: the document is not an export.
        RefusedError: a session was created at another host, where its owner's orphans would be; nothing was sent.
        QuantSessionsError: a list could not be read.

    """
    _require_places(document, settings)
    known, owners = ids_in(document), owners_in(document)
    ours = [owner for owner in owners if owner.user.value and not owner.account]
    organization = settings.require_organization()
    lists = in_parallel(partial(_listed, api, organization), ours, threads=_THREADS)
    found: dict[str, Orphan] = {}
    for owner, listed in zip(ours, lists, strict=True):
        for session in listed:
            if session.id and comparable(session.id) not in known:
                found.setdefault(session.id, Orphan(owner, session))
    skipped = dict.fromkeys(owner.account for owner in owners if owner.account)
    return Orphans([*found.values()], [*skipped])


def _require_places(document: object, settings: Settings) -> None:
    for session in read_stack(document):
        if session.role != "read" and not session.account:
            require_place(StoredState(session.id, session.outputs), settings.base_url)


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
    return Owner(
        declared_text(resource, Key.ORGANIZATION),
        declared_text(resource, Key.USER_ID),
        declared_text(resource, Key.SESSION_GROUP),
        account_of(resource),
    )


def _listed(api: SessionsApi, organization: str, owner: Owner) -> list[SessionSummary]:
    user, group = owner.user.value, owner.group.value
    return list(api.list(owner.organization.value or organization, user_id=user, session_group=group))
