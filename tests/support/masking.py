"""Mask in printed text what differs between runs."""

from __future__ import annotations

import re
from typing import Final

UUID: Final = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
SHOWN_ID: Final = "3f2a91c4-…"
CLOCK: Final = re.compile(r"(?<![\d:T])(?:\d{4}-\d\d-\d\d )?\d\d:\d\dZ")
"""A time of day, with its date where it has one."""


def masked(text: str) -> str:
    """Mask what may differ by a minute on a slow machine, and a date that only midnight adds."""
    text = CLOCK.sub("<time>", re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "<time>", text))
    return re.sub(r"\b\d+ minutes left|by \d+ minutes|Minutes\": \d+", "<minutes>", text)
