"""``docs/reference/settings.md``, from the settings, their docstrings and the rules that refuse them."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import griffe

from quant_sessions_provider.core.errors import ConfigurationError
from quant_sessions_provider.core.settings import DEBUG, NAMESPACES, VARIABLES, Settings, load
from tools.reference.tables import MADE, code, in_one_line, snake, table

_HEAD: Final = f"""{MADE}
# Settings

A setting is read from the stack configuration, else from its variable. `pulumi config set {NAMESPACES[0]}:KEY VALUE`
sets it for a stack; add `--secret` for the token. The dynamic provider, and lookups in Python, read
`{NAMESPACES[1]}:KEY` in between, which QuantCDN's own Pulumi provider reads too; [the plugin](../plugin.md) does not.
[Configuration](../configuration.md) says what follows from a change, and what is logged.

"""
_MORE: Final = f"""
A malformed value stops the run with one line, such as
`{NAMESPACES[0]}:maxRetries: must be a whole number from 0 to 999`.

`{DEBUG}=1` shows the log and adds tracebacks to errors. It is a variable only.
"""


def settings() -> str:
    """Return the page."""
    rows = [(code(key), code(name), _default(key), _rule(key)) for key, name in VARIABLES.items()]
    meanings = "".join(f"\n## `{key}`\n\n{_meaning(key)}\n" for key in VARIABLES)
    return f"{_HEAD}{table(('key', 'variable', 'default', 'value'), rows)}{_MORE}{meanings}"


def _default(key: str) -> str:
    value = getattr(load(lambda _: None, {}), snake(key))
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    if value is None:
        return "none; required" if hasattr(Settings, f"require_{snake(key)}") else "none"
    return code(value) if isinstance(value, str) else str(value)


def _rule(key: str) -> str:
    """Return what the error of an empty value requires."""
    full = f"{NAMESPACES[0]}:{key}"
    try:
        load(lambda asked: "" if asked == full else None, {})
    except ConfigurationError as error:
        return str(error).removeprefix(f"{full}: must ").removeprefix("be ").replace("not be ", "not ")
    raise AssertionError(f"{key} takes anything")


def _meaning(key: str) -> str:
    return in_one_line(_texts()[snake(key)])


@lru_cache
def _texts() -> dict[str, str]:
    docstring = griffe.load(Settings.__module__, docstring_parser="google")["Settings"].docstring
    sections = [part for part in docstring.parsed if isinstance(part, griffe.DocstringSectionParameters)]
    return {parameter.name: parameter.description for section in sections for parameter in section.value}
