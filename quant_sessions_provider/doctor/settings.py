"""The settings: each with where it came from. The token is never shown."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Final

from quant_sessions_provider.core import settings as config
from quant_sessions_provider.core.errors import ConfigurationError
from quant_sessions_provider.core.model import camel
from quant_sessions_provider.core.text import one_line
from quant_sessions_provider.doctor.check import Check

if TYPE_CHECKING:
    from collections.abc import Iterable

_ATTRIBUTES: Final = {camel(field.name): field.name for field in fields(config.Settings)}
_REQUIRED: Final = ("bearer", "organization")
_STACK: Final = "; here the configuration of a stack is read with --stack NAME only"


@dataclass(frozen=True)
class FoundSetting:
    """A setting before it is read: the name that it was found under, its value, and the place in words."""

    key: str
    name: str
    value: str | None = field(default=None, repr=False)
    place: str | None = None


def setting_checks(found: Iterable[FoundSetting], *, with_stack: bool) -> list[Check]:
    """Check each setting on its own, so that a malformed one hides no other.

    ``with_stack`` tells whether a stack's configuration is among the places.
    """
    return [_check(setting, with_stack=with_stack) for setting in found]


def _check(found: FoundSetting, *, with_stack: bool) -> Check:
    key, place = found.key, found.place
    alone = {} if found.value is None else {found.name: found.value}
    try:
        settings = config.load(alone.get, alone)
    except ConfigurationError as error:
        return Check(key, "problem", f"malformed, from {place}", str(error))
    if key in _REQUIRED and place is None:
        return Check(key, "problem", "not set", settings.missing(key) + ("" if with_stack else _STACK))
    return Check(key, "ok", f"{_shown(key, settings)} ({f'from {place}' if place else 'default'})")


def _shown(key: str, settings: config.Settings) -> str:
    if key == "bearer":
        return "set"
    value = getattr(settings, _ATTRIBUTES[key])
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if value is None else one_line(f"{value:g}" if isinstance(value, float) else str(value))
