"""Sentences that tests of several areas expect."""

from __future__ import annotations

from typing import Final

NOTHING_LOST: Final = "replacing it loses nothing: it holds only declared messages"
