"""Random programs and random edits."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from quant_sessions_provider.core import timestamps

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from quant_sessions_provider.core.model import Properties

NAMES = ("desk", "shift", "lesson")
_MAX_MESSAGES = 6


def edited(program: Mapping[str, Properties], chance: random.Random, now: datetime) -> dict[str, Properties]:
    """Return the next version of a program: sessions are added, removed and changed.

    An explicit ``expiresAt`` is always set to a later time.
    """
    after = copy.deepcopy(dict(program))
    name = chance.choice(NAMES)
    if name not in after:
        after[name] = {"userId": name, "messages": [_message(chance, ("system", "user"))]}
    elif chance.random() < 1 / 8:
        del after[name]
    for declared in after.values():
        for edit in chance.sample(_EDITS, chance.choice((0, 1, 1, 2))):
            edit(declared, chance)
        if "expiresAt" in declared:
            declared["expiresAt"] = timestamps.render(now + timedelta(minutes=chance.choice((45, 200, 900))))
    return after


def settled(program: Mapping[str, Properties], now: datetime) -> dict[str, Properties]:
    """Return the last version of a program: sessions are recreated, and an explicit ``expiresAt`` is in the future."""
    later = {"expiresAt": timestamps.render(now + timedelta(minutes=60))}
    return {
        name: {**declared, **(later if "expiresAt" in declared else {}), "onExpired": "recreate"}
        for name, declared in program.items()
    }


def _message(chance: random.Random, roles: tuple[str, ...] = ("user", "assistant")) -> dict[str, str]:
    return {"role": chance.choice(roles), "content": f"message {chance.randrange(100)}"}


def _append(declared: Properties, chance: random.Random) -> None:
    messages = declared.setdefault("messages", [])
    if len(messages) < _MAX_MESSAGES:
        messages += [_message(chance) for _ in range(chance.randint(1, 2))]


def _rewrite(declared: Properties, chance: random.Random) -> None:
    messages = declared.setdefault("messages", [])
    del messages[chance.randint(0, len(messages)) :]
    messages += [_message(chance)] if chance.random() < 1 / 2 else []


def _raise(declared: Properties, chance: random.Random) -> None:
    declared.pop("expiresAt", None)
    declared["expirationMinutes"] = min(declared.get("expirationMinutes", 60) + chance.choice((15, 60, 240)), 1440)


def _lower(declared: Properties, chance: random.Random) -> None:
    declared.pop("expiresAt", None)
    declared["expirationMinutes"] = chance.choice((30, 60))


def _by_hand(declared: Properties, _chance: random.Random) -> None:
    for key in ("expirationMinutes", "renewBeforeMinutes"):
        declared.pop(key, None)
    declared["expiresAt"] = ""  # `edited` sets the time


def _renew(declared: Properties, chance: random.Random) -> None:
    if "expiresAt" not in declared:
        declared["renewBeforeMinutes"] = chance.choice((10, 30, 59))


def _choose(key: str, values: tuple[Any, ...]) -> Callable[[Properties, random.Random], None]:
    def choose(declared: Properties, chance: random.Random) -> None:
        value = chance.choice(values)
        if value is None:
            declared.pop(key, None)
        else:
            declared[key] = value

    return choose


_EDITS: tuple[Callable[[Properties, random.Random], None], ...] = (
    _append,
    _append,
    _append,
    _rewrite,
    _raise,
    _raise,
    _by_hand,
    _renew,
    _choose("metadata", (None, {"team": "a"}, {"team": "b", "n": 1.5})),
    _choose("metadata", (None, {"team": "c"}, {"x": [1, {"y": True}]})),
    _choose("status", ("active", "completed")),
    _choose("sessionGroup", (None, "g1", "g2")),
    _choose("onExpired", ("recreate", "ignore")),
    _lower,
)
