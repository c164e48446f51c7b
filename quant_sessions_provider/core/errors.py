"""What can go wrong, as one tree.

::

    QuantSessionsError
    ├── ConfigurationError      a setting is missing or malformed; nothing was sent
    ├── RefusedError            the plan cannot be carried out as it stands; says what to do instead
    ├── UnreachableError        no connection, or no turn to send: it surely was not processed
    ├── AnswerLostError         the request may have been processed
    └── ApiError                the API answered, with an error status or without sense
        └── NotFoundError       404 or 410

Exceptions of HTTP libraries are translated in ``transport.py`` and nowhere else.
A text never holds a token, nor what people declare in users, groups, messages or metadata.
"""

from __future__ import annotations

from typing import Final

_CLIENT_ERROR: Final = 4
_TIMED_OUT: Final = 408


class QuantSessionsError(Exception):
    """Root of all errors of this package; its text is one line for people."""

    @property
    def is_refusal(self) -> bool:
        """Whether the API refused, so that the request surely had no effect."""
        return False


class ConfigurationError(QuantSessionsError):
    """A setting is missing or malformed; names the key and the variable that set it."""


class RefusedError(QuantSessionsError):
    """The plan cannot be carried out as it stands; the text says what to do instead."""


class UnreachableError(QuantSessionsError):
    """The request did not get through: what is not safe to repeat (create, append, extend, delete) was not processed.

    There was no connection, to the host or to a proxy on the way, or no secure one (the TLS handshake failed), or
    ``requestsPerSecond`` left no turn within ``timeoutSeconds``.
    """


class AnswerLostError(QuantSessionsError):
    """The connection ended or timed out before an answer came: the request may have been processed."""


class ApiError(QuantSessionsError):
    """The API answered with an error status, or with a success that cannot be understood.

    ``status`` is the HTTP status.
    """

    def __init__(self, text: str, *, status: int) -> None:
        super().__init__(text)
        self.status = status

    @property
    def is_refusal(self) -> bool:
        """4xx is, but for 408, which comes after a wait for the request."""
        return self.status // 100 == _CLIENT_ERROR and self.status != _TIMED_OUT


class NotFoundError(ApiError):
    """404 or 410: no such session, or not for this organisation and token."""


def in_doubt(error: ApiError | AnswerLostError, advice: str) -> QuantSessionsError:
    """Say what follows if the request took effect after all; a refused one did not."""
    return error if error.is_refusal else AnswerLostError(f"{error}. {advice}")
