"""Options of a resource that Pulumi would accept and silently ignore."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Final

import pulumi

from quant_sessions_provider.core.model import INPUTS, PROPERTIES
from quant_sessions_provider.core.paths import parse

_SPECIAL_ROOTS: Final = ("*", "__provider", "#initerror")
"""What a path may begin with beside a property: everything, the provider itself, and a creation that failed halfway."""


def refuse_unknown_paths(name: str, opts: pulumi.ResourceOptions) -> None:
    """Refuse paths that lead to no property of a session.

    Raises:
        pulumi.RunError: says what to use instead.

    """
    for option in ("ignore_changes", "replace_on_changes", "hide_diffs", "additional_secret_outputs"):
        for path in getattr(opts, option) or []:
            problem = _problem_with_path(path)
            if problem:
                raise pulumi.RunError(f"session {name}: {option} {problem}")


def _problem_with_path(path: str) -> str:
    """Return why a path leads to no property of a session; empty if it does."""
    parts = parse(path)
    if parts is None:
        return "takes property paths, such as metadata.key or messages[0]"
    root = str(parts[0])
    if root in PROPERTIES or root in _SPECIAL_ROOTS:
        return ""
    names = {row.name: row.key for row in PROPERTIES.values()} | {key.lower(): key for key in PROPERTIES}
    near = get_close_matches(root.lower(), names, n=1)
    if near:
        return f"takes state keys: use {names[near[0]]} instead of {root}"
    return f"takes state keys, and {root} is none of {', '.join(INPUTS)}"
