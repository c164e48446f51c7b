"""What the emulator refuses, and the one shape in which it says so.

StartError                    the emulator cannot start: port in use, database unusable
EmulatorError                 answered as {"error": true, "message": "..."}
├── InvalidRequestError       400
├── SessionNotFoundError      404, also for an expired session
├── SessionGoneError          410 for an expired session, if that is the behaviour
└── OperationFailedError      500
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

# The words of the published description; a failing database answers with the one of the operation.
FAILURES = {
    "listAISessions": "Failed to fetch sessions",
    "createAISession": "Failed to create session",
    "getAISession": "Failed to fetch session",
    "updateAISession": "Failed to update session",
    "extendAISession": "Failed to extend session",
    "deleteAISession": "Failed to delete session",
}


class StartError(Exception):
    """The emulator cannot start; the message is one line for a person."""


class EmulatorError(Exception):
    """A request that is answered with an error."""

    status = 500


class InvalidRequestError(EmulatorError):
    """A request that the API does not allow; the message names the field."""

    status = 400


class SessionNotFoundError(EmulatorError):
    """No session has this id in this organisation, or only an expired one."""

    status = 404

    def __init__(self) -> None:
        super().__init__("Session not found")


class SessionGoneError(EmulatorError):
    """The session has expired, and the API still knows it."""

    status = 410

    def __init__(self) -> None:
        super().__init__("Session has expired")


class OperationFailedError(EmulatorError):
    """The API's answer to what it cannot do and documents no other code for."""


def problem(status: int, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Answer an error in the API's shape."""
    return JSONResponse({"error": True, "message": message}, status, headers)


def describe(errors: Sequence[Mapping[str, Any]]) -> str:
    """Name the first field that is wrong, as ``initialMessages[0].role: ...``; never its value."""
    first = errors[0]
    _, *place = first["loc"]
    name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return f"{name.lstrip('.') or 'body'}: {first['msg'].removeprefix('Value error, ')}"


def _methods(routes: Iterable[BaseRoute], scope: Scope) -> set[str]:
    """Name the methods of a path; each is a route of its own, and the router would name that of the first alone."""
    here = [route for route in routes if isinstance(route, Route) and route.matches(scope)[0] is not Match.NONE]
    return {method for route in here for method in route.methods or ()}


def register(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Let every error leave the application as JSON; ``routes`` are those that it has of us."""

    @app.exception_handler(EmulatorError)
    async def refused(_: Request, error: EmulatorError) -> JSONResponse:
        return problem(error.status, str(error))

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        return problem(400, describe(error.errors()))

    @app.exception_handler(HTTPException)
    async def unrouted(request: Request, error: HTTPException) -> JSONResponse:
        methods = _methods(routes, request.scope) if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED else ()
        headers = {"Allow": ", ".join(sorted(methods))} if methods else error.headers
        return problem(error.status_code, str(error.detail), headers)

    @app.exception_handler(sqlite3.Error)
    async def unstored(request: Request, _: sqlite3.Error) -> JSONResponse:
        operation = getattr(request.scope.get("route"), "operation_id", None)
        return problem(500, FAILURES.get(operation or "", "The emulator's database failed"))

    @app.exception_handler(Exception)
    async def broken(_: Request, __: Exception) -> JSONResponse:
        # The server closes the connection after this one: a client must not send its next request into it.
        return problem(500, "The emulator failed: see its standard error", {"Connection": "close"})
