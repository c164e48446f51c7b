"""What routes ask FastAPI for: the application's state, path parameters, and how errors are documented."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends, Path, Request, Security
from fastapi.security import HTTPBearer
from pydantic import AfterValidator

from quant_sessions_provider.emulator.behaviours import Behaviours
from quant_sessions_provider.emulator.middleware import RequestLog
from quant_sessions_provider.emulator.schemas import Problem
from quant_sessions_provider.emulator.store import Store
from quant_sessions_provider.emulator.switches import Switches


async def store_of(request: Request) -> Store:
    """Hand a route the store of its application."""
    store: Store = request.app.state.store
    return store


async def log_of(request: Request) -> RequestLog:
    """Hand a route the request log of its application."""
    log: RequestLog = request.app.state.log
    return log


async def switches_of(request: Request) -> Switches:
    """Hand a route the switches of its application."""
    switches: Switches = request.app.state.switches
    return switches


async def behaviours_of(switches: Annotated[Switches, Depends(switches_of)]) -> Behaviours:
    """Hand a route what holds at this moment."""
    return switches.behaviours


def problems(codes: Mapping[int | str, str]) -> dict[int | str, dict[str, Any]]:
    """Document error codes; ``default`` also keeps out FastAPI's own 422, which is never answered."""
    known = {401: "Missing bearer token", 403: "Access denied", **codes, "default": "Any other error"}
    return {code: {"description": description, "model": Problem} for code, description in known.items()}


def _unescape(value: str) -> str:
    """Give an id its slashes back: the middleware leaves them escaped, so that they do not split the path."""
    return value.replace("%2F", "/")


ONE = "/{sessionId}"
SessionStore = Annotated[Store, Depends(store_of)]
Log = Annotated[RequestLog, Depends(log_of)]
Current = Annotated[Switches, Depends(switches_of)]
Rules = Annotated[Behaviours, Depends(behaviours_of)]
Organisation = Annotated[str, Path(description="The organisation ID"), AfterValidator(_unescape)]
SessionId = Annotated[str, Path(alias="sessionId", description="The session ID"), AfterValidator(_unescape)]
UuidSessionId = Annotated[
    str,
    Path(alias="sessionId", description="The session ID", json_schema_extra={"format": "uuid"}),
    AfterValidator(_unescape),
]
# The middleware checks the token; this only documents it.
bearer = Security(HTTPBearer(scheme_name="BearerAuth", auto_error=False))
