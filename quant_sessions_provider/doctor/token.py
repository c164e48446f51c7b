"""The token: whether the configured host takes it, by listing one session at most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quant_sessions_provider.client.sessions import client_of
from quant_sessions_provider.core.errors import ApiError, QuantSessionsError
from quant_sessions_provider.doctor.check import Check

if TYPE_CHECKING:
    from quant_sessions_provider.core.settings import Settings
    from quant_sessions_provider.doctor.network import Reachability

_ADVICE: Final = {
    401: "make a new token (Profile > API Tokens in the dashboard) and set it where the old one is; one from a"
    " project's Integrations may belong to another address",
    403: "the token is known, but not allowed to see this organization's sessions: see `organization`, and its rights",
    404: "see `organization` and `baseUrl`: one of them is not known there",
}


def token_check(settings: Settings | None, configured: Reachability) -> Check:
    """Ask the configured host, if what is needed for it is set and the host can be reached."""
    missing = _missing(settings, configured)
    if missing or settings is None:
        return Check("token", "skipped", f"not asked: {missing}")
    try:
        list(client_of(settings).list(settings.require_organization(), limit=1))
    except ApiError as error:
        return Check("token", "problem", _plain(error), _ADVICE.get(error.status, "try again, or see baseUrl"))
    except QuantSessionsError as error:
        return Check("token", "problem", str(error), "see the addresses above")
    return Check("token", "ok", f"accepted (from {settings.bearer_source})")


def _missing(settings: Settings | None, configured: Reachability) -> str:
    if settings is None:
        return "a setting is malformed"
    if not settings.bearer or not settings.organization:
        return "token or organization is not set"
    return "" if configured.status else "the host cannot be reached"


def _plain(error: ApiError) -> str:
    """Leave out the advice that an error has for a run."""
    return str(error).partition("; ")[0]
