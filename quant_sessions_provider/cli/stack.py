"""A stack's configuration and state, from the Pulumi CLI."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any, Final, TypeVar

from quant_sessions_provider.core.errors import ConfigurationError
from quant_sessions_provider.core.text import error_line, one_line
from quant_sessions_provider.pulumi_cli import output_of
from quant_sessions_provider.timeline.state import InvalidExportError

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")
_PULUMI_SECONDS: Final = 60


def stack_configuration(stack: str | None) -> dict[str, str]:
    """Return the configuration of a stack, or of the selected one, by full key; secrets are decrypted.

    Raises:
        ConfigurationError: it cannot be read; says why in Pulumi's words.

    """
    found = _read("configuration", stack, "config", "--json", "--show-secrets")
    return {key: str(entry["value"]) for key, entry in found.items() if "value" in entry}


def read_state(stack: str | None, read: Callable[[object], _T], *, show_secrets: bool = False) -> _T:
    """Return what ``read`` returns of the exported state of a stack, or of the selected one.

    Raises:
        ConfigurationError: it cannot be read; says why in Pulumi's words.

    """
    document = _read("state", stack, "stack", "export", *(["--show-secrets"] if show_secrets else []))
    try:
        return read(document)
    except InvalidExportError as error:
        raise ConfigurationError(f"{_refused('state', stack, 'read')}: {error}") from error


def import_state(stack: str, document: object) -> None:
    """Replace the state of a stack by an export that was changed.

    Raises:
        ConfigurationError: it cannot be imported; says why in Pulumi's words.

    """
    _pulumi(_refused("state", stack, "imported"), stack, "stack", "import", stdin=json.dumps(document))


def _read(what: str, stack: str | None, *command: str) -> Any:  # noqa: ANN401 - any JSON
    refused = _refused(what, stack, "read")
    printed = _pulumi(refused, stack, *command)
    try:
        return json.loads(printed)
    except ValueError:
        raise ConfigurationError(f"{refused}: pulumi did not print JSON") from None


def _pulumi(refused: str, stack: str | None, *command: str, stdin: str = "") -> str:
    of_stack = [] if stack is None else ["--stack", stack]
    try:
        return output_of("pulumi", *command, "--non-interactive", *of_stack, seconds=_PULUMI_SECONDS, stdin=stdin)
    except subprocess.CalledProcessError as error:
        reason = error_line(str(error.stderr)) or "pulumi printed no reason"
    except subprocess.TimeoutExpired:
        reason = f"pulumi did not finish within {_PULUMI_SECONDS} seconds"
    except OSError:
        reason = "the Pulumi CLI is not on PATH"
    except ValueError:
        reason = "pulumi did not print text"
    raise ConfigurationError(f"{refused}: {reason}")


def _refused(what: str, stack: str | None, done: str) -> str:
    named = "the selected stack" if stack is None else f"stack {one_line(stack)}"
    return f"the {what} of {named} cannot be {done}"
