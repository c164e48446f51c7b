"""The result of one check."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["ok", "warning", "problem", "skipped"]


@dataclass(frozen=True)
class Check:
    """What was checked, what was seen, and what to do about it.

    ``problem``: runs will fail. ``warning``: they may. ``skipped``: it could not be checked, or does not matter.
    """

    name: str
    verdict: Verdict
    seen: str
    advice: str = ""
