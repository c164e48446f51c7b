"""Draws the timeline of ``docs/timeline.md`` from a state that no run wrote: ``make report``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from quant_sessions_provider.timeline import schedule
from quant_sessions_provider.timeline.simulate import forecasts
from quant_sessions_provider.timeline.state import read_sessions
from quant_sessions_provider.timeline.svg import svg
from quant_sessions_provider.timeline.view import Chart
from tests.support.exports import END, START, state

PICTURE: Final = Path(__file__).parents[2] / "docs" / "timeline.svg"


def drawn() -> str:
    """Return a week of runs every twelve hours as SVG."""
    runs = schedule.every("12h", START, END)
    found = forecasts(read_sessions(state())[0], runs, START, END)
    return svg(found, Chart(START, END, runs, "every 12h"))


if __name__ == "__main__":
    PICTURE.write_text(drawn())
    print(json.dumps(state()))
