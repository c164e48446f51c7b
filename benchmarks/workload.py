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
