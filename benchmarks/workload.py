"""The sessions that the programs and the official client create."""

from __future__ import annotations

from typing import Any, Final

ORGANIZATION: Final = "bench"
GROUP: Final = "support"
FIRST_MINUTES: Final = 60
LATER_MINUTES: Final = 120
METADATA: Final[dict[str, Any]] = {"team": "support", "ticket": "A-1042", "locale": "en"}
OPENING: Final = (
    {
        "role": "system",
        "content": "You are the support desk of a shop. Answer in short sentences, ask for the number of the order"
        " before you look anything up, never promise a refund, and hand over to a person when somebody asks for one.",
    },
    {"role": "user", "content": "Hello, where is my parcel?"},
)
LATER: Final = ({"role": "assistant", "content": "What is the number of your order, please?"},)


def user(number: int) -> str:
    """Return the user id of a session."""
    return f"customer-{number:05}"


CREATED: Final = {
    "grantedExpiresAt": "2026-01-01T00:00:00.000Z",
    "createdAt": "2026-01-01T00:00:00.000Z",
    "baseUrl": "http://127.0.0.1:40000",
    "expired": False,
}
"""What a floor's creation returns beside the inputs."""
READ: Final = {"title": "A customer asks where a parcel is", "model": "emulator", "totalMessages": 2}
UPDATED: Final = {"totalMessages": 3, "totalTokens": 100, "updatedAt": "2026-01-01T00:00:00.000Z"}
NO_OUTPUTS: Final[dict[str, Any]] = dict.fromkeys((*CREATED, *READ, *UPDATED, "organization", "expiresAt"))
"""A floor's outputs, by which its program names them."""


def inputs_of(name: str, minutes: int, messages: list[Any]) -> dict[str, Any]:
    """Return a session's inputs by state key, for resources that do nothing."""
    return {
        "userId": name,
        "sessionGroup": GROUP,
        "expirationMinutes": minutes,
        "messages": messages,
        "metadata": METADATA,
        "status": "active",
        "onExpired": "recreate",
    }


def planned_expiry(minutes: int) -> str:
    """Return an expiry that depends on the lifetime alone."""
    return f"2026-01-01T{minutes // 60:02}:{minutes % 60:02}:00Z"
