"""Which requests may be sent again. Apart from what sends them, which is slow to import."""

from __future__ import annotations

from enum import Enum


class Repeat(Enum):
    """When a request may be sent again."""

    IF_NOT_PROCESSED = "only when it surely was not processed: no connection, or 429"
    ALWAYS = "also after a lost answer and errors that pass: sending it twice changes nothing"
