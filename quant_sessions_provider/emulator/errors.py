"""The emulator's errors, and the JSON in which they are returned.

StartError                    the emulator cannot start: port in use, database unusable
EmulatorError                 returned as {"error": true, "message": "..."}
├── BadRequestError           400
├── SessionNotFoundError      404, also for an expired session
├── SessionGoneError          410 for an expired session, if the behaviours say so
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

# The published description words the 500 of each operation.
FAILURE_MESSAGES = {
    "listAISessions": "Failed to fetch sessions",
    "createAISession": "Failed to create session",
    "getAISession": "Failed to fetch session",
    "updateAISession": "Failed to update session",
    "extendAISession": "Failed to extend session",
    "deleteAISession": "Failed to delete session",
}


class StartError(Exception):
    """The emulator cannot start; the message is one line."""


class EmulatorError(Exception):
    """A request that fails with ``status``."""

    status = 500


class BadRequestError(EmulatorError):
    """The request is invalid; the message names the field."""

    status = 400


class SessionNotFoundError(EmulatorError):
    """The organisation has no session of this id, or the session has expired."""

    status = 404

    def __init__(self) -> None:
        super().__init__("Session not found")


class SessionGoneError(EmulatorError):
    """The session has expired, and the API says so."""

    status = 410

    def __init__(self) -> None:
        super().__init__("Session has expired")


class OperationFailedError(EmulatorError):
    """The operation failed, and the description documents no other status for it."""


def error_response(status: int, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return an error as the API words it."""
    return JSONResponse({"error": True, "message": message}, status, headers)


def describe_validation_errors(errors: Sequence[Mapping[str, Any]]) -> str:
    """Return the name of the first invalid field and why, as ``initialMessages[0].role: ...``; never its value."""
    first = errors[0]
    _, *location = first["loc"]
    name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return f"{name.lstrip('.') or 'body'}: {first['msg'].removeprefix('Value error, ')}"


def _allowed_methods(routes: Iterable[BaseRoute], scope: Scope) -> set[str]:
    """Return the methods of a path. Each has its own route, and Starlette reports only those of the first."""
    matching = [route for route in routes if isinstance(route, Route) and route.matches(scope)[0] is not Match.NONE]
    return {method for route in matching for method in route.methods or ()}


def register_handlers(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Return every error of the application as JSON; ``routes`` are all but the documentation's."""

    @app.exception_handler(EmulatorError)
    async def on_emulator_error(_: Request, error: EmulatorError) -> JSONResponse:
        return error_response(error.status, str(error))

    @app.exception_handler(RequestValidationError)
    async def on_validation_error(_: Request, error: RequestValidationError) -> JSONResponse:
        return error_response(400, describe_validation_errors(error.errors()))

    @app.exception_handler(HTTPException)
    async def on_http_exception(request: Request, error: HTTPException) -> JSONResponse:
        not_allowed = error.status_code == HTTPStatus.METHOD_NOT_ALLOWED
        methods = _allowed_methods(routes, request.scope) if not_allowed else ()
        headers = {"Allow": ", ".join(sorted(methods))} if methods else error.headers
        return error_response(error.status_code, str(error.detail), headers)

    @app.exception_handler(sqlite3.Error)
    async def on_database_error(request: Request, _: sqlite3.Error) -> JSONResponse:
        operation = getattr(request.scope.get("route"), "operation_id", None)
        return error_response(500, FAILURE_MESSAGES.get(operation or "", "Database error in the emulator"))

    @app.exception_handler(Exception)
    async def on_exception(_: Request, __: Exception) -> JSONResponse:
        # uvicorn closes the connection after an exception: the client must not reuse it.
        message = "Internal error in the emulator: see its standard error"
        return error_response(500, message, {"Connection": "close"})
