"""Makes one report of the previews of several stacks, as those of a fleet. Pure."""

from __future__ import annotations

from collections import Counter
from posixpath import commonprefix
from typing import TYPE_CHECKING

from quant_sessions_provider.report.model import Report
from quant_sessions_provider.report.preview import rank

if TYPE_CHECKING:
    from collections.abc import Sequence


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
    """Return whose stacks they are, as a title that does not depend on which of a fleet's previews there are."""
    places = [each.stack for each in reports if each.stack]
    return commonprefix(places).rstrip("0123456789").rstrip("-/")
