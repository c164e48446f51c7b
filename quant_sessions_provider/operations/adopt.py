"""Takes over a session that nobody declared: the API returns neither its user and group nor its expiry."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import quote, unquote

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.changes import Change
from quant_sessions_provider.core.describe import session
from quant_sessions_provider.core.errors import RefusedError
from quant_sessions_provider.core.model import DEFAULT_LIFETIME, PROPERTIES, Key, Properties, contains_unknown
from quant_sessions_provider.core.state import StoredState
from quant_sessions_provider.core.text import counted

if TYPE_CHECKING:
    from datetime import datetime

    from quant_sessions_provider.operations.api import StoredSession
    from quant_sessions_provider.operations.inspect import Inspector

_NAMES: Final = ("ORGANIZATION", "USER", "GROUP", "ID")
_FORM: Final = (
    f"import takes {'/'.join(_NAMES)}, each part percent-encoded and GROUP empty for none, such as acme/ada//3f2a"
)
_GET: Final = "get takes the session's id, and its organization as state"
_ENCODED: Final = re.compile("(?:[^%]|%[0-9A-Fa-f]{2})*")
_HELD: Final = "after a failed `pulumi up`, state has the session: `pulumi state delete` its URN before you drop it"
_DIFFERS: Final = f"is not what the id to import by says; declare that ({_HELD})"
_STARTS: Final = (
    f"an import replaces nothing; declare none, or only user and assistant messages, which are appended ({_HELD})"
)

NOT_DELETED: Final = "was imported and is declared, so only an older entry of it leaves state; it is not deleted"


class Address(NamedTuple):
    """Whose session it is, as the id to import it by says."""

    organization: str
    user_id: str
    session_group: str
    id: str


class Adopted(NamedTuple):
    """An imported session, and what is to be said about it."""

    id: str
    inputs: Properties
    outputs: Properties
    sentence: str


def to_import_id(address: Address) -> str:
    """Return the id to import a session by."""
    return "/".join(quote(part, safe="") for part in address)


def parse_import_id(text: str) -> Address:
    """Return what an id to import a session by says.

    Raises:
        RefusedError: it has another form; the text is not repeated, since user and group may be secret.

    """
    parts = text.split("/")
    if len(parts) != len(_NAMES):
        raise RefusedError(f"{_FORM}, but this has {counted(len(parts), 'part')}; {_GET}")
    return Address(*(_decoded(name, part) for name, part in zip(_NAMES, parts, strict=True)))


def _decoded(name: str, part: str) -> str:
    try:
        decoded = unquote(part, errors="strict")
    except UnicodeDecodeError:
        decoded = ""
    if not _ENCODED.fullmatch(part) or (part and not decoded):
        raise RefusedError(f"{_FORM}, but {name} is not percent-encoded UTF-8")
    if part != part.strip():
        raise RefusedError(f"{_FORM}, but there is a space around {name}")
    if not decoded.strip() and (part or name != "GROUP"):
        raise RefusedError(f"{_FORM}, but {name} is empty; {_GET}")
    return decoded


def declared(address: Address) -> Properties:
    """Return the inputs that the id to import a session by says."""
    group = {Key.SESSION_GROUP: address.session_group} if address.session_group else {}
    return {Key.USER_ID: address.user_id, **group, Key.ORGANIZATION: address.organization}


def require_active(state: StoredState, inspector: Inspector) -> StoredSession:
    """Return the session to import as the API has it.

    Raises:
        RefusedError: there is none, or it is no active one of that user and group: a later plan would take it for
            expired, and replace it.

    """
    found = inspector.find(state)
    if found is None:
        raise RefusedError(f"{session(state.id)} was not found: nothing to import")
    if not inspector.is_listed(state):
        raise RefusedError(
            f"{session(state.id)} is not imported: it is not listed as an active session of this user and group"
        )
    return found


def adopt(state: StoredState, found: StoredSession, outputs: Properties, now: datetime) -> Adopted:
    """Return a session as if its expiry had been declared: so nothing recreates it until somebody says otherwise.

    ``state`` holds what the id to import it by says, ``outputs`` also what was ``found``.

    Raises:
        RefusedError: its creation time is not known.

    """
    expiry = _assumed_expiry(found.created_at)
    if expiry is None:
        raise RefusedError(f"{session(state.id)} cannot be imported: the API does not tell when it was created")
    defaults = {key: PROPERTIES[key].default for key in (Key.ON_EXPIRED, Key.STATUS)}
    inputs = state.outputs | {Key.EXPIRES_AT: timestamps.render(expiry)} | defaults
    return Adopted(_spelled(state.id, found), inputs, outputs | inputs, _sentence(expiry, now))


def _assumed_expiry(created_at: str | None) -> datetime | None:
    created = timestamps.parse_or_none(created_at)
    try:
        return created and created + timedelta(minutes=DEFAULT_LIFETIME)
    except OverflowError:
        return None


def _spelled(session_id: str, found: StoredSession) -> str:
    """Return an id as the API spells it: a UUID in upper case finds the session too."""
    same = found.id is not None and found.id.casefold() == session_id.casefold()
    return found.id if same and found.id else session_id


def _sentence(expiry: datetime, now: datetime) -> str:
    assumed = (
        f"the API does not tell its expiry: expiresAt is assumed to be {timestamps.render(expiry)},"
        f" {DEFAULT_LIFETIME} minutes after its creation, as if set by hand"
    )
    if expiry > now:
        return assumed
    return (
        f"{assumed}; that has passed and it lives, so no run extends or recreates it until another expiry is declared"
    )


def conflicts(imported: Properties, new: Properties) -> list[str]:
    """Return what a program declares that the session which it imports cannot take over, one line each.

    What is not known yet passes, and is compared by the run that knows it.
    """
    replaces = Change(StoredState("", imported), new).replaces
    known = [key for key in replaces if not contains_unknown(new.get(key))]
    return [f"{key}: {_STARTS if key == Key.MESSAGES else _DIFFERS}" for key in known]
