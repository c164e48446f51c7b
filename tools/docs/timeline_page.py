"""Draws the timeline of ``docs/timeline.md`` from a state that no run wrote: ``make report``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from quant_sessions_provider.timeline import schedule
from quant_sessions_provider.timeline.simulate import forecast
from quant_sessions_provider.timeline.state import read_sessions
from quant_sessions_provider.timeline.svg import svg
from quant_sessions_provider.timeline.view import Chart
from tests.support.exports import END, START, state

PICTURE: Final = Path(__file__).parents[2] / "docs" / "timeline.svg"


def drawn() -> str:
    """Return a week of runs every twelve hours as SVG."""
    runs = schedule.every("12h", START, END)
    forecasts = [forecast(session, runs, START, END) for session in read_sessions(state())[0]]
    return svg(forecasts, Chart(START, END, runs, "every 12h"))


if __name__ == "__main__":
    PICTURE.write_text(drawn())
    print(json.dumps(state()))
