"""Checks the token: whether the configured host accepts it, by listing at most one session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quant_sessions_provider.client.sessions import client_of
from quant_sessions_provider.core.errors import ApiError, QuantSessionsError
from quant_sessions_provider.doctor.check import Check

if TYPE_CHECKING:
    from quant_sessions_provider.core.settings import Settings
    from quant_sessions_provider.doctor.network import Reachability

_ADVICE: Final = {
    401: "create a new token (Profile > API Tokens in the dashboard) and set it where the old one is; a token from a"
    " project's Integrations may be for another host",
    403: "the token is valid, but not allowed to list this organization's sessions: check `organization` and the"
    " token's permissions",
    404: "check `organization` and `baseUrl`: the host does not know one of them",
}


def token_check(settings: Settings | None, configured: Reachability) -> Check:
    """Return the check of the token; it is skipped if a setting is missing or the host cannot be reached."""
    missing = _missing(settings, configured)
    if missing or settings is None:
        return Check("token", "skipped", f"not checked: {missing}")
    try:
        list(client_of(settings).list(settings.require_organization(), limit=1))
    except ApiError as error:
        return Check("token", "problem", _plain(error), _advice(error, configured))
    except QuantSessionsError as error:
        return Check("token", "problem", str(error), "see the addresses above")
    return Check("token", "ok", f"accepted (from {settings.bearer_source})")


def _advice(error: ApiError, configured: Reachability) -> str:
    if configured.page:
        return "the host returned a web page, so the token could not be checked: see the address above"
    return _ADVICE.get(error.status, "try again, or check `baseUrl`")


def _missing(settings: Settings | None, configured: Reachability) -> str:
    if settings is None:
        return "a setting is malformed"
    if not settings.bearer or not settings.organization:
        return "token or organization is not set"
    return "" if configured.status else "the host cannot be reached"


def _plain(error: ApiError) -> str:
    """Return an error's text without its advice for a run."""
    return str(error).partition("; ")[0]
