"""What a program asks: which users are those of the stack that it runs as."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final, TypeVar, overload

import pulumi

from quant_sessions_provider.fleet.shards import shard_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_T = TypeVar("_T")

NAMESPACE: Final = "fleet"
"""Namespace of a stack's configuration, in which a run says which shard the stack is, and of how many."""
SHARD: Final = f"{NAMESPACE}:shard"
SHARDS: Final = f"{NAMESPACE}:shards"
_NOBODY: Final = (
    "fleet.members: users is empty, which would delete every session; may_be_empty=True allows that, and"
    " `quant-sessions fleet destroy` is the way to delete them all"
)


@overload
def members(users: Iterable[str], *, may_be_empty: bool = False) -> list[str]: ...


@overload
def members(users: Iterable[_T], user_id: Callable[[_T], str], *, may_be_empty: bool = False) -> list[_T]: ...


def members(
    users: Iterable[Any], user_id: Callable[[Any], str] = lambda user: user, *, may_be_empty: bool = False
) -> list[Any]:
    """Return those users whose sessions this stack has, in their order; outside of a fleet all of them.

    ``users`` are user ids, or anything else with ``user_id``, a function of one that returns its user id, as for the
    rows of a CSV file or of a database: ``members(rows, lambda row: row["email"])``. It is read once. A user whose id
    changes is another user: the old session is deleted, perhaps in another stack, and a new one is created.

    In a fleet, no users at all are refused unless they ``may_be_empty``: a list that failed to load would otherwise
    delete every session, and ``fleet up`` asks nobody.

    Raises:
        pulumi.RunError: there are no users, a user id is no text, or the stack's ``fleet:shard`` and ``fleet:shards``
            make no sense.

    """
    place, every = _place(), enumerate(users)
    first = [*islice(every, 1)]
    if place and not (first or may_be_empty):
        raise pulumi.RunError(_NOBODY)
    mine, shards = place or (0, 1)
    return [user for index, user in chain(first, every) if shard_of(_text(user_id(user), index), shards) == mine]


def _place() -> tuple[int, int] | None:
    """Return which shard this stack is, and of how many; None outside of a fleet."""
    config = pulumi.Config(NAMESPACE)
    shard, shards = config.get("shard"), config.get("shards")
    if shard is None and shards is None:
        return None
    if not (shard and shards and shard.isdecimal() and shards.isdecimal() and int(shard) < int(shards)):
        raise pulumi.RunError(f"{SHARD} and {SHARDS} must be whole numbers, the first less than the second")
    return int(shard), int(shards)


def _text(value: object, index: int) -> str:
    if not isinstance(value, str) or not value.strip():
        raise pulumi.RunError(f"fleet.members: the user id of users[{index}] must be a non-empty string")
    return value
