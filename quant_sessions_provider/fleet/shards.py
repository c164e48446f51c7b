"""Which shard a user belongs to, what its stack is called, and which shards a run takes. Pure."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from quant_sessions_provider.core.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAX_SHARDS: Final = 100_000
MAX_STACK_NAME: Final = 100
"""Characters; Pulumi's own limit."""
_MIN_DIGITS: Final = 4
_DIGEST_BYTES: Final = 8
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")


def shard_of(user_id: str, shards: int) -> int:
    """Return the shard of a user, from 0 to ``shards`` - 1; the same on every machine, for ever.

    It is BLAKE2b of the user id in UTF-8, as it is written, with a digest of 8 bytes and neither key, salt nor
    personalization, read as a big-endian number, modulo ``shards``.
    """
    return int.from_bytes(blake2b(user_id.encode(), digest_size=_DIGEST_BYTES).digest(), "big") % shards


def stack_name(fleet: str, shard: int, shards: int) -> str:
    """Return the name of a shard's stack, such as ``support-0007``; all of a fleet's are equally long."""
    return f"{fleet}-{shard:0{digits_of(shards)}}"


def digits_of(shards: int) -> int:
    """Return how many digits the numbers of shards have."""
    return max(_MIN_DIGITS, len(str(shards - 1)))


def problem_with_name(name: str, shards: int) -> str:
    """Return why a fleet cannot have a name; empty if it can."""
    if "_" in name:
        return "must not contain _: a stack with one in its name can crash Pulumi's Postgres backend"
    if not _NAME.fullmatch(name):
        return "must be letters, digits, hyphens and periods, beginning with a letter or a digit"
    longest = MAX_STACK_NAME - 1 - digits_of(shards)
    return f"must be at most {longest} characters" if len(name) > longest else ""


def in_slice(text: str) -> Callable[[int], bool]:
    """Return which shards a slice such as ``3/16`` takes: every 16th, beginning with the third.

    Raises:
        ConfigurationError: it is not a slice.

    """
    found = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text)
    part, parts = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= part <= parts:
        raise ConfigurationError("a slice must be a number of a number, such as 3/16: from 1/16 to 16/16")
    return lambda shard: shard % parts == part - 1


def named(text: str, shards: int) -> list[int]:
    """Return the shards in a list such as ``0007,12``, in order.

    Raises:
        ConfigurationError: it is not a list of shards of this fleet.

    """
    parts = [part.strip() for part in text.split(",")]
    if not all(re.fullmatch(r"[0-9]{1,6}", part) and int(part) < shards for part in parts):
        raise ConfigurationError(f"shards must be numbers from 0 to {shards - 1}, separated by commas")
    return sorted({int(part) for part in parts})


def listed(numbers: Sequence[int], shards: int) -> str:
    """Return shards as :func:`named` reads them."""
    return ",".join(f"{number:0{digits_of(shards)}}" for number in numbers)
