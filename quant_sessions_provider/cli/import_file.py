"""The JSON that ``pulumi import --file`` takes."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any, Final

from quant_sessions_provider.core.urns import PLUGIN_TYPE
from quant_sessions_provider.operations.adopt import Address, to_import_id

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHORT: Final = 8
"""Characters of an id that tell most sessions apart: the first part of a UUID."""


def import_file(organization: str, user: str, group: str | None, ids: Sequence[str]) -> dict[str, Any]:
    """Return the resources to import, each under a name that programs can use."""
    addresses = [Address(organization, user, group or "", session_id) for session_id in ids]
    named = zip(_names(f"{group or ''} {user}", ids), addresses, strict=True)
    return {"resources": [{"type": PLUGIN_TYPE, "name": name, "id": to_import_id(one)} for name, one in named]}


def _names(owner: str, ids: Sequence[str]) -> list[str]:
    """Return names of ASCII letters, digits and hyphens, which every language makes a variable of."""
    base, whole = _words(owner), [_words(session_id) for session_id in ids]
    short = [end[:_SHORT].rstrip("-") for end in whole]
    numbered = [f"{end}-{number}" for number, end in enumerate(whole, 1)]
    ends = next(ends for ends in (short, whole, numbered) if len(set(ends)) == len(ids))
    names = ["-".join(part for part in (base, end) if part) for end in ends]
    return [name if name[:1].isalpha() else f"session-{name}".rstrip("-") for name in names]


def _words(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub("[^a-z0-9]+", "-", plain.lower()).strip("-")
