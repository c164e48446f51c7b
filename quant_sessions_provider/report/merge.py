"""Makes one report of the previews of several stacks, as those of a fleet. Pure."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from quant_sessions_provider.report.model import Report
from quant_sessions_provider.report.preview import rank

if TYPE_CHECKING:
    from collections.abc import Sequence

_NUMBER: Final = re.compile("-[0-9]+$")


def merged(reports: Sequence[Report]) -> Report:
    """Return one report, the worst rows of all stacks first; each error begins with the stack that it is of."""
    if len(reports) == 1:
        return reports[0]
    others: Counter[str] = Counter()
    for each in reports:
        others.update(each.others)
    return Report(
        stack=_place(reports),
        rows=sorted((row for each in reports for row in each.rows), key=rank),
        others=dict(sorted(others.items())),
        unlisted=sum(each.unlisted for each in reports),
        errors=[f"{each.stack}: {error}" if each.stack else error for each in reports for error in each.errors],
        failed=any(each.failed for each in reports),
    )


def _place(reports: Sequence[Report]) -> str:
    """Return whose stacks they are, the fleet or the project, whichever of its stacks there are."""
    places = [each.stack for each in reports if each.stack]
    fleets = {_NUMBER.sub("", place) for place in places}
    projects = {place.partition("/")[0] for place in places}
    return next((one.pop() for one in (fleets, projects) if len(one) == 1), "")
