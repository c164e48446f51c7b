"""The result of one check."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["ok", "warning", "problem", "skipped"]


@dataclass(frozen=True)
class Check:
    """What was looked at, what was seen, and what to do about it.

    ``problem``: runs will fail. ``warning``: they may. ``skipped``: could not be asked, or does not matter.
    """

    name: str
    verdict: Verdict
    seen: str
    advice: str = ""
