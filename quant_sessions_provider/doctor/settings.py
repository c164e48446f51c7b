"""The settings: each with where it came from. The token is never shown."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Final

from quant_sessions_provider.core import settings as config
from quant_sessions_provider.core.errors import ConfigurationError
from quant_sessions_provider.core.model import camel
from quant_sessions_provider.core.text import one_line
from quant_sessions_provider.doctor.check import Check

if TYPE_CHECKING:
    from quant_sessions_provider.cli.settings import Sources

_ATTRIBUTES: Final = {camel(field.name): field.name for field in fields(config.Settings)}
_REQUIRED: Final = ("bearer", "organization")
_STACK: Final = "; here the configuration of a stack is read with --stack NAME only"


def setting_checks(sources: Sources) -> list[Check]:
    """Look at each setting by itself, so that one that is malformed hides no other."""
    return [_setting(key, sources) for key in config.VARIABLES]


def _setting(key: str, sources: Sources) -> Check:
    name, value = config.find(key, sources.lookup, sources.environ)
    place = sources.place(key)
    alone = {} if value is None else {name: str(value)}
    try:
        settings = config.load(alone.get, alone)
    except ConfigurationError as error:
        return Check(key, "problem", f"malformed, from {place}", str(error))
    if key in _REQUIRED and place is None:
        return Check(key, "problem", "not set", settings.missing(key) + ("" if sources.stack else _STACK))
    return Check(key, "ok", f"{_shown(key, settings)} ({f'from {place}' if place else 'default'})")


def _shown(key: str, settings: config.Settings) -> str:
    if key == "bearer":
        return "set"
    value = getattr(settings, _ATTRIBUTES[key])
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if value is None else one_line(f"{value:g}" if isinstance(value, float) else str(value))
