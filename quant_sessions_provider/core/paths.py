"""Paths to properties, as Pulumi's options take them: ``metadata.k``, ``messages[0].content``, ``["metadata"]["a.b"]``.

``*`` stands for any key or index.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from quant_sessions_provider.core.model import UNKNOWN, same

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Path = tuple["str | int", ...]

_ANY: Final = "*"
_MISSING: Final = object()
_PART: Final = re.compile(
    r'\.?\["(?P<quoted>(?:\\"|[^"])*)"\]|\.?\[(?P<index>\d+)\]|\.?\[(?P<any>\*)\]|\.?(?P<name>[^.\[]+)'
)


def parse(text: str) -> Path | None:
    """Return the keys and indices of a path, or None if the text is no path."""
    parts = list(_PART.finditer(text))
    whole = not text.startswith(".") and "".join(part[0] for part in parts) == text
    return tuple(_key(part) for part in parts) if parts and whole else None


def _key(part: re.Match[str]) -> str | int:
    if part["index"]:
        return int(part["index"])
    return part["name"] or part["any"] or part["quoted"].replace('\\"', '"')


def render(path: Path) -> str:
    """Return a path as :func:`parse` reads it."""
    return "".join(map(_rendered, path)).removeprefix(".")


def _rendered(part: str | int) -> str:
    if isinstance(part, int):
        return f"[{part}]"
    if re.fullmatch(r"[^.\[\]\"*]+", part):
        return f".{part}"
    quoted = part.replace('"', '\\"')
    return f'["{quoted}"]'


@dataclass(frozen=True)
class Difference:
    """A place at which two values differ, and the sides that have one there."""

    path: Path
    in_old: bool = True
    in_new: bool = True


def differences(old: object, new: object, path: Path = ()) -> Iterator[Difference]:
    """Yield the deepest places at which two values differ."""
    if old is new or same(old, new):
        return
    inside = (isinstance(old, dict) and isinstance(new, dict)) or (isinstance(old, list) and isinstance(new, list))
    if old is _MISSING or new is _MISSING or not inside:
        yield Difference(path, old is not _MISSING, new is not _MISSING)
        return
    for key in dict.fromkeys([*_keys_of(old), *_keys_of(new)]):
        yield from differences(_at(old, key), _at(new, key), (*path, key))


def covers(paths: Iterable[str], key: str) -> bool:
    """Return whether any of some paths names a property, or everything."""
    return any(path[0] in (key, _ANY) for path in map(parse, paths) if path)


def differ_at(path: Path, old: object, new: object) -> bool:
    """Return whether two values differ at a path or beneath it; a difference above it does not count.

    What is not known yet may differ anywhere.
    """
    if old is new or same(old, new):
        return False
    if new is UNKNOWN:
        return True
    if not path or old is _MISSING or new is _MISSING:
        return not path
    keys = {*_keys_of(old), *_keys_of(new)} if path[0] == _ANY else {path[0]}
    return any(differ_at(path[1:], _at(old, key), _at(new, key)) for key in keys)


def _keys_of(value: object) -> Iterable[str | int]:
    return value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()


def _at(value: object, key: str | int) -> object:
    if isinstance(value, dict):
        return value.get(key, _MISSING)
    is_index = isinstance(value, list) and isinstance(key, int) and key < len(value)
    return value[key] if is_index else _MISSING  # type: ignore[index] # it is a list
