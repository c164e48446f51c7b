"""What the session at hand declares, to be blanked out of the API's words: an API may echo what it stores.

A request alone does not tell: that of an appended message names neither user nor earlier messages.
"""

from __future__ import annotations

from contextvars import ContextVar
from functools import wraps
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

from quant_sessions_provider.core.redaction import declared_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from quant_sessions_provider.core.model import Properties

_P = ParamSpec("_P")
_R = TypeVar("_R")

# The title may be made from messages.
_KEYS: Final = ("userId", "sessionGroup", "metadata", "messages", "title")

# Between a verb and the request that fails lie calls which have no use for what is declared.
_at_hand: Final[ContextVar[tuple[Properties, ...]]] = ContextVar("at_hand", default=())


def discreet(verb: Callable[_P, _R]) -> Callable[_P, _R]:
    """Have a verb's errors repeat nothing of the properties that it is called with."""

    @wraps(verb)
    def verb_at_hand(*args: _P.args, **named: _P.kwargs) -> _R:
        before = _at_hand.set(tuple(value for value in (*args, *named.values()) if isinstance(value, dict)))
        try:
            return verb(*args, **named)
        finally:
            _at_hand.reset(before)

    return verb_at_hand


def texts_at_hand() -> Iterator[str]:
    """List the texts of this thread's running verb that people declare."""
    for properties in _at_hand.get():
        yield from declared_texts({key: properties[key] for key in _KEYS if key in properties})
