"""Checks the settings, each with its source. The token is never shown."""

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
_STACK: Final = "; doctor reads a stack's configuration only with --stack NAME"


@dataclass(frozen=True)
class FoundSetting:
    """A setting before it is parsed: the name that it was found under, its value, and its source in words."""

    key: str
    name: str
    value: str | None = field(default=None, repr=False)
    source: str | None = None


def setting_checks(found: Iterable[FoundSetting], *, with_stack: bool) -> list[Check]:
    """Return a check for each setting on its own, so that a malformed one hides no other.

    ``with_stack`` says whether a stack's configuration is one of the sources.
    """
    return [_check(setting, with_stack=with_stack) for setting in found]


def _check(found: FoundSetting, *, with_stack: bool) -> Check:
    key, source = found.key, found.source
    alone = {} if found.value is None else {found.name: found.value}
    try:
        settings = config.load(alone.get, alone)
    except ConfigurationError as error:
        return Check(key, "problem", f"malformed, from {source}", str(error))
    if key in _REQUIRED and source is None:
        return Check(key, "problem", "not set", settings.missing(key) + ("" if with_stack else _STACK))
    return Check(key, "ok", f"{_shown(key, settings)} ({f'from {source}' if source else 'default'})")


def _shown(key: str, settings: config.Settings) -> str:
    if key == "bearer":
        return "set"
    value = getattr(settings, _ATTRIBUTES[key])
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if value is None else one_line(f"{value:g}" if isinstance(value, float) else str(value))
