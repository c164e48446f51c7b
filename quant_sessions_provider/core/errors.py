"""What can go wrong, as one tree.

::

    QuantSessionsError
    ├── ConfigurationError           a setting is missing or malformed; nothing was sent
    ├── RefusedError                 the plan cannot be carried out as it stands; says what to do instead
    ├── UnreachableError             no connection, or rate limited here: surely not processed
    ├── AnswerLostError              the request may have been processed
    ├── HalfDoneError                a first request took effect, a second did not; says what holds now
    └── ApiError                     the API returned an error (5xx and such), or with an invalid body
        ├── OtherSessionError        it returned another session's data
        └── ClientError              it refused the request (4xx), which therefore had no effect
            ├── ForbiddenError       401 or 403: not with this token
            ├── InvalidRequestError  400, 409 or 422: the same request will be refused again
            ├── NotFoundError        404 or 410
            └── GatewayNotFoundError 404 or 410 without JSON, so not the API's own

Exceptions of HTTP libraries are translated in ``client/failures.py`` and nowhere else.
A text never holds a token, nor what people declare in users, groups, messages or metadata.
"""

from __future__ import annotations

from typing import Any, ClassVar

from quant_sessions_provider.core.text import one_line


class QuantSessionsError(Exception):
    """Root of all errors of this package; its text is one line for people, whatever an id in it holds."""

    maybe_applied: ClassVar[bool] = False
    """Whether the request may have had an effect all the same."""

    def __init__(self, text: str) -> None:
        super().__init__(one_line(text))


class ConfigurationError(QuantSessionsError):
    """A setting is missing or malformed; names the key and the variable that set it."""


class RefusedError(QuantSessionsError):
    """The plan cannot be carried out as it stands; the text says what to do instead."""


class UnreachableError(QuantSessionsError):
    """The request did not get through: one that is not idempotent (create, append, extend, delete) was not processed.

    There was no connection, to the host or to a proxy on the way, or no secure one (the TLS handshake failed), or
    ``requestsPerSecond`` left no turn within ``timeoutSeconds``.
    """


class AnswerLostError(QuantSessionsError):
    """The request may have been processed: no answer came, or one that does not tell."""

    maybe_applied = True


class HalfDoneError(QuantSessionsError):
    """A creation or an update got half through: a first request took effect, a second did not.

    ``outputs`` are the session's as they are now, with every input as it was applied; state is to keep them, and
    ``unrecorded`` is the text where it cannot.
    """

    def __init__(self, text: str, session_id: str, outputs: dict[str, Any], *, unrecorded: str) -> None:
        super().__init__(text)
        self.session_id, self.outputs, self.unrecorded = session_id, outputs, one_line(unrecorded)


class ApiError(QuantSessionsError):
    """The API answered with an error status, or with a success that cannot be understood.

    ``status`` is the HTTP status.
    """

    maybe_applied = True

    def __init__(self, text: str, *, status: int) -> None:
        super().__init__(text)
        self.status = status


class OtherSessionError(ApiError):
    """A success with the data of another session than was asked for."""


class ClientError(ApiError):
    """The API refused the request, which therefore had no effect: 4xx, but for 408, which comes after a wait for it."""

    maybe_applied = False


class ForbiddenError(ClientError):
    """401 or 403: the API does not accept the token, or does not allow this with it."""


class InvalidRequestError(ClientError):
    """400, 409 or 422: the API will refuse the same request again, with any token."""


class NotFoundError(ClientError):
    """404 or 410: no such session, or not for this organization and token."""


class GatewayNotFoundError(ClientError):
    """404 or 410 without a JSON body: not the API's own, so it says nothing about a session."""


def in_doubt(error: ApiError | AnswerLostError, advice: str) -> QuantSessionsError:
    """Return an error that says what follows if the request took effect after all; a refused one did not."""
    return AnswerLostError(f"{error}. {advice}") if error.maybe_applied else error
