"""Takes over a session that nobody declared: the API returns neither its user and group nor its expiry."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, NamedTuple
from urllib.parse import quote, unquote

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.describe import session
from quant_sessions_provider.core.errors import RefusedError
from quant_sessions_provider.core.model import DEFAULT_LIFETIME, PROPERTIES, Key, Properties

_FORM: Final = "ORGANIZATION/USER/GROUP/ID"


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
    parts = [unquote(part) for part in text.split("/")]
    if len(parts) != len(Address._fields) or not all(part.strip() for part in (parts[0], parts[1], parts[3])):
        raise RefusedError(
            f"import takes {_FORM}, each part percent-encoded and GROUP empty for none, such as acme/ada//3f2a;"
            " get takes the session's id, and its organization as state"
        )
    return Address(*parts)


def declared(address: Address) -> Properties:
    """Return the inputs that the id to import a session by says."""
    group = {Key.SESSION_GROUP: address.session_group} if address.session_group else {}
    return {Key.USER_ID: address.user_id, **group, Key.ORGANIZATION: address.organization}


def adopt(address: Address, found: Properties | None, *, is_listed: bool) -> Adopted:
    """Return a session as if its expiry had been declared: so nothing recreates it until somebody says otherwise.

    ``found`` are its outputs as they were read, None if it is gone.

    Raises:
        RefusedError: there is no such session, it is no active one of that user and group, or its creation time is not
            known.

    """
    if found is None:
        raise RefusedError(f"{session(address.id)} was not found: nothing to import")
    if not is_listed:
        raise RefusedError(
            f"{session(address.id)} is not imported: it is not listed as an active session of this user and group"
        )
    created = timestamps.parse_or_none(found.get(Key.CREATED_AT))
    if created is None:
        raise RefusedError(f"{session(address.id)} cannot be imported: the API does not tell when it was created")
    expires_at = timestamps.render(created + timedelta(minutes=DEFAULT_LIFETIME))
    defaults = {key: PROPERTIES[key].default for key in (Key.ON_EXPIRED, Key.STATUS)}
    inputs = declared(address) | {Key.EXPIRES_AT: expires_at} | defaults
    return Adopted(address.id, inputs, found | inputs, _sentence(expires_at))


def _sentence(expires_at: str) -> str:
    return (
        f"the API does not tell its expiry: expiresAt is assumed to be {expires_at}, {DEFAULT_LIFETIME} minutes after"
        " its creation, as if set by hand"
    )
