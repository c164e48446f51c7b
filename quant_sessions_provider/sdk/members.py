"""What differs for one session of a group, and what its group gives it."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

import pulumi

from quant_sessions_provider.core.model import INPUTS, PROPERTIES
from quant_sessions_provider.dynamic.properties import is_deferred

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_ARGUMENTS: Final = {PROPERTIES[key].name: key for key in INPUTS}
_MEANT: Final = {
    **{name: name for name in _ARGUMENTS},
    **{key.lower(): name for name, key in _ARGUMENTS.items()},
    "opts": "session_opts",
}
"""What people may write, and what takes it."""

_SETS_ASIDE: Final = {
    "expires_at": ("expiration_minutes", "renew_before_minutes"),
    "expiration_minutes": ("expires_at",),
}
"""What a session's own argument excludes of what its group shares."""


def arguments_of(
    group: str,
    user_ids: Mapping[str, pulumi.Input[str]],
    shared: Mapping[str, Any],
    session_args: Callable[[str], Mapping[str, Any] | None],
) -> dict[str, dict[str, Any]]:
    """Return the arguments of each session: its own, and those that the group shares and they do not exclude.

    Raises:
        pulumi.RunError: ``session_args`` returns no mapping, or one with an unknown argument, or gives two sessions the
            same user.

    """
    if not callable(session_args):
        raise pulumi.RunError(
            f"session group {group}: session_args must be a function of a user id or key, such as the get of a dict"
        )
    members = {
        key: _with_own({**shared, "user_id": user_id}, _own(f"session {group}-{key}: session_args", session_args(key)))
        for key, user_id in user_ids.items()
    }
    _require_different_users(group, [arguments["user_id"] for arguments in members.values()])
    return members


def _with_own(shared: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    excluded = {name for chosen, others in _SETS_ASIDE.items() if own.get(chosen) is not None for name in others}
    return {name: value for name, value in shared.items() if name not in excluded} | dict(own)


def _own(at: str, arguments: Any) -> Mapping[str, Any]:  # noqa: ANN401 - what people return
    if arguments is None:
        return {}
    if is_deferred(arguments):
        raise pulumi.RunError(f"{at} must be known when the program runs; its values may be Outputs")
    if not isinstance(arguments, Mapping):
        raise pulumi.RunError(f"{at} must be a mapping of a session's arguments to values")
    for name in arguments:
        if name not in _ARGUMENTS:
            raise pulumi.RunError(f"{at} {_instead_of(name)}")
    return arguments


def _instead_of(name: object) -> str:
    """Return what to use instead of an unknown name, which is repeated only if it is nearly one of ours."""
    near = get_close_matches(name.lower(), _MEANT, n=1) if isinstance(name, str) else []
    if near:
        return f"takes the arguments of a session: use {_MEANT[near[0]]} instead of {name}"
    return f"takes the arguments of a session, and one of these is none: {', '.join(_ARGUMENTS)}"


def _require_different_users(group: str, user_ids: Iterable[object]) -> None:
    known = [user_id for user_id in user_ids if isinstance(user_id, str)]
    if len(set(known)) < len(known):
        raise pulumi.RunError(f"session group {group}: user_ids: two keys have the same user id")
