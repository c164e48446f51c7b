"""What routes declare to FastAPI: the application's state, path parameters, and the documentation of errors."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends, Path, Request, Security
from fastapi.security import HTTPBearer
from pydantic import AfterValidator

from quant_sessions_provider.emulator.behaviours import Behaviours
from quant_sessions_provider.emulator.request_log import RequestLog
from quant_sessions_provider.emulator.schemas import ErrorResponse
from quant_sessions_provider.emulator.store import Store
from quant_sessions_provider.emulator.switches import Switches


async def get_store(request: Request) -> Store:
    """Return the application's store."""
    store: Store = request.app.state.store
    return store


async def get_request_log(request: Request) -> RequestLog:
    """Return the application's request log."""
    log: RequestLog = request.app.state.log
    return log


async def get_switches(request: Request) -> Switches:
    """Return the application's switches."""
    switches: Switches = request.app.state.switches
    return switches


async def get_behaviours(switches: Annotated[Switches, Depends(get_switches)]) -> Behaviours:
    """Return the behaviours in force."""
    return switches.behaviours


def error_responses(codes: Mapping[int | str, str]) -> dict[int | str, dict[str, Any]]:
    """Return the documentation of error statuses; ``default`` replaces FastAPI's own 422, which is never returned."""
    known = {401: "Missing bearer token", 403: "Access denied", **codes, "default": "Any other error"}
    return {code: {"description": description, "model": ErrorResponse} for code, description in known.items()}


def _unescape_slashes(value: str) -> str:
    """Return an id with its slashes, which the middleware leaves escaped so that they do not split the path."""
    return value.replace("%2F", "/")


SESSION_PATH = "/{sessionId}"
CurrentStore = Annotated[Store, Depends(get_store)]
CurrentRequestLog = Annotated[RequestLog, Depends(get_request_log)]
CurrentSwitches = Annotated[Switches, Depends(get_switches)]
CurrentBehaviours = Annotated[Behaviours, Depends(get_behaviours)]
Organisation = Annotated[str, Path(description="The organisation ID"), AfterValidator(_unescape_slashes)]
SessionId = Annotated[str, Path(alias="sessionId", description="The session ID"), AfterValidator(_unescape_slashes)]
UuidSessionId = Annotated[
    str,
    Path(alias="sessionId", description="The session ID", json_schema_extra={"format": "uuid"}),
    AfterValidator(_unescape_slashes),
]
# The middleware checks the token; this only documents it.
bearer = Security(HTTPBearer(scheme_name="BearerAuth", auto_error=False))
