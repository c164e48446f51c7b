"""Finds out which kinds of secret a text seems to hold, by the patterns of detect-secrets, in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.plugins.base import BasePlugin, RegexBasedDetector
from detect_secrets.plugins.ip_public import IPPublicDetector

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PLUGINS: Final[Mapping[str, type[BasePlugin]]] = get_mapping_from_secret_type_to_class()
# Left out: what guesses by entropy, by words such as "password", or by IP addresses. In conversations these take
# ordinary sentences for secrets.
DETECTORS: Final = tuple(
    detector()
    for _, detector in sorted(_PLUGINS.items())
    if issubclass(detector, RegexBasedDetector) and detector is not IPPublicDetector
)

# Some patterns take quadratic time in the length of a line, so a long line is searched in pieces. Pieces overlap, so
# that a secret of up to 2048 characters lies whole in one of them.
_PIECE: Final = 8192
_STEP: Final = _PIECE - 2048


def kinds_of_secret(text: str) -> list[str]:
    """Return the kinds, such as "GitHub Token", each once; never a part of the text."""
    pieces = list(_pieces(text))
    return [d.secret_type for d in DETECTORS if any(next(d.analyze_string(piece), None) for piece in pieces)]


def _pieces(text: str) -> Iterator[str]:
    for line in text.splitlines():
        for start in range(0, max(len(line) - _PIECE + _STEP, 1), _STEP):
            yield line[start : start + _PIECE]
