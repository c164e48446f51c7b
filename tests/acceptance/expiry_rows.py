"""Sessions of various ages, and what the next run must show and send."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from quant_sessions_provider.core.describe import DECLARED_EXPIRY
from tests.support.minutes import extends, renews

if TYPE_CHECKING:
    from collections.abc import Callable

    from quant_sessions_provider import Message
    from tests.acceptance.wire import Sent
    from tests.support.minutes import Late

    At = Callable[[float], str]
    Declared = Callable[[At], dict[str, Any]]

HELLO: Message = {"role": "user", "content": "Hello"}
REPLACED = ["create-replacement", "replace", "delete-replaced"]
GONE: Sent = [("GET", "/ID", None), ("GET", "", None)]
"""Its own 404, and a list without it."""
ALIVE: Sent = [("GET", "/ID", None), *[("GET", "", None)] * 2]
"""A list that holds a session is read until a page has nothing new."""


def _lives(**declared: Any) -> Declared:  # noqa: ANN401 - any properties
    return lambda _: declared


def _until(minutes: float, **declared: Any) -> Declared:  # noqa: ANN401 - any properties
    """Declare an expiry ``minutes`` after the creation of the session."""
    return lambda at: {"expires_at": at(minutes), **declared}


@dataclass(frozen=True)
class Row:
    """A session, its age in minutes, and what the next run must show and send, even if it is late.

    The ages leave a slow machine ten minutes. `tests/unit/core/test_expiry.py` tests due times to the second.
    """

    age: int
    before: Declared
    after: Declared | None = None
    ops: list[str] = field(default_factory=lambda: ["same"])
    changes: set[str] = field(default_factory=set)
    asked: Sent = field(default_factory=list)
    sent: Sent | Callable[[Late], Sent] = field(default_factory=list)
    said: str | Callable[[Late], str] = ""
    noted: str = ""
    kept_alive: bool = False


def extend(minutes: int) -> Sent:
    return [("PUT", "/ID/extend", {"additionalMinutes": minutes})]


def renew(minutes: int) -> Callable[[Late], Sent]:
    return lambda late: extend(minutes + late.planned)


def again(name: str, minutes: int = 60) -> Sent:
    """Return the requests that replace a session that is gone: its DELETE fails, and then its absence is proved."""
    post = ("POST", "", {"userId": name, "expirationMinutes": minutes})
    return [post, ("DELETE", "/ID", None), *GONE, ("GET", "", None)]


RECREATED = " and is gone; the new one lives until "
ROWS = {
    "young": Row(10, _lives()),
    "renewal-not-due": Row(35, _lives(renew_before_minutes=15)),
    "renewal-due-at-the-edge": Row(
        45,
        _lives(renew_before_minutes=15),
        ops=["update"],
        changes={"expiresAt"},
        sent=renew(46),
        said=renews(14, by=46),
    ),
    "renewal-due-late": Row(
        50,
        _lives(renew_before_minutes=15),
        ops=["update"],
        changes={"expiresAt"},
        sent=renew(51),
        said=renews(9, by=51),
    ),
    "expired-recreate": Row(
        61,
        _lives(),
        ops=REPLACED,
        changes={"expiresAt"},
        asked=GONE,
        sent=GONE + again("expired-recreate"),
        noted=RECREATED + "about ",
    ),
    "expired-ignore": Row(61, _lives(on_expired="ignore")),
    "expired-completed": Row(61, _lives(status="completed")),
    "expired-ignore-but-changed": Row(
        61,
        _lives(on_expired="ignore"),
        _lives(on_expired="ignore", metadata={"a": 1}),
        ops=REPLACED,
        changes={"metadata"},
        asked=GONE,
        sent=[
            *GONE,
            ("POST", "", {"userId": "expired-ignore-but-changed", "expirationMinutes": 60, "metadata": {"a": 1}}),
            ("DELETE", "/ID", None),
            *GONE,
            ("GET", "", None),
        ],
        noted=RECREATED + "about ",
    ),
    "expired-but-kept-alive": Row(
        61,
        _lives(),
        ops=["update"],
        changes={"expiresAt"},
        asked=ALIVE,
        # Planned from the run's own start, and counted from when it is sent.
        sent=lambda late: [*ALIVE, *extend(60 + late.planned - late.done)],
        said="was to expire at",
        kept_alive=True,
    ),
    "raised-renewal-not-due-then": Row(
        50,
        _lives(renew_before_minutes=15),
        _lives(renew_before_minutes=15, expiration_minutes=120),
        ops=["update"],
        changes={"expirationMinutes", "expiresAt"},
        sent=extend(60),
        said=extends(9, by=60),
    ),
    "raised-renewal-due-even-so": Row(
        50,
        _lives(renew_before_minutes=30),
        _lives(renew_before_minutes=30, expiration_minutes=70),
        ops=["update"],
        changes={"expirationMinutes", "expiresAt"},
        sent=renew(61),
        said=renews(9, by=61),
    ),
    "raised-with-renewal-and-messages": Row(
        50,
        _lives(renew_before_minutes=20),
        _lives(renew_before_minutes=20, messages=[HELLO], metadata={"a": 1}),
        ops=["update"],
        changes={"expiresAt", "messages", "metadata"},
        sent=lambda late: [
            ("GET", "/ID", None),
            ("PUT", "/ID", {"newMessages": [HELLO], "metadata": {"a": 1}}),
            *extend(51 + late.planned),
        ],
        said=renews(9, by=51, first="appends 1 message; sends its metadata; "),
    ),
    "raised-after-expiry": Row(
        61,
        _lives(on_expired="ignore"),
        _lives(on_expired="ignore", expiration_minutes=90),
        ops=REPLACED,
        changes={"expirationMinutes", "expiresAt"},
        asked=GONE,
        sent=GONE + again("raised-after-expiry", 90),
        noted=RECREATED + "about ",
    ),
    "lowered-after-expiry": Row(
        61,
        _lives(),
        _lives(expiration_minutes=30),
        ops=REPLACED,
        changes={"expirationMinutes", "expiresAt"},
        asked=GONE,
        sent=GONE + again("lowered-after-expiry", 30),
        noted=RECREATED + "about ",
    ),
    "expires-at-unchanged": Row(30, _until(60), _until(60)),
    "expires-at-later": Row(
        30,
        _until(60),
        _until(100),
        ops=["update"],
        changes={"expiresAt"},
        sent=extend(40),
        said=f"extends by 40 minutes, until {DECLARED_EXPIRY}",
    ),
    "expires-at-earlier": Row(
        30,
        _until(60),
        _until(40),
        ops=["update"],
        changes={"expiresAt"},
        said="cannot be shortened: lives on as granted",
    ),
    "expires-at-passed": Row(61, _until(60), _until(60)),
    "expires-at-passed-then-later": Row(
        61,
        _until(60),
        _until(160),
        ops=REPLACED,
        changes={"expiresAt"},
        asked=GONE,
        sent=lambda late: [*GONE, *again("expires-at-passed-then-later", 99 - late.done)],
        noted=RECREATED + DECLARED_EXPIRY,
    ),
    "expires-at-to-lifetime": Row(
        30,
        _until(60),
        _lives(expiration_minutes=90),
        ops=["update"],
        changes={"expirationMinutes"},
        said=f"lives at least until {DECLARED_EXPIRY}",
    ),
    "expires-at-to-renewed-lifetime": Row(
        50,
        _until(60),
        _lives(expiration_minutes=90, renew_before_minutes=15),
        ops=["update"],
        changes={"expirationMinutes", "expiresAt", "renewBeforeMinutes"},
        sent=renew(81),
        said=lambda late: f"extends by {81 + late.planned} minutes, until about ",
    ),
    "lifetime-to-expires-at": Row(
        30,
        _lives(),
        _until(95),
        ops=["update"],
        changes={"expirationMinutes", "expiresAt"},
        sent=extend(35),
        said=f"extends by 35 minutes, until {DECLARED_EXPIRY}",
    ),
    "settings-of-renewal": Row(
        30,
        _lives(renew_before_minutes=5),
        _lives(renew_before_minutes=10, on_expired="ignore"),
        ops=["update"],
        changes={"renewBeforeMinutes", "onExpired"},
        said="nothing is sent",
    ),
}
