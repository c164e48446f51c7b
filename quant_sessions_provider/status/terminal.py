"""Shows a status in a terminal of any width: what matters least is left out first, and no two names become one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len, set_cell_size
from rich.table import Table
from rich.text import Text

from quant_sessions_provider.core.text import one_line
from quant_sessions_provider.status import view

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quant_sessions_provider.status.model import Row, Status

_STYLES: Final = {"alive": "green", "expired": "red", "gone": "bold red", "completed": "dim", "unknown": "yellow"}
_NAME, _OWNER, _LIFE, _LEFT, _UNTIL, _NEXT, _MESSAGES, _ID = (
    "session",
    "user",
    "status",
    "min left",
    "until",
    "pulumi up",
    "msgs",
    "id",
)
_ALL: Final = (_NAME, _OWNER, _LIFE, _LEFT, _UNTIL, _NEXT, _MESSAGES, _ID)
_MIN_CELLS: Final = {_OWNER: 8, _NAME: 12}
"""Cells of owners and names at least, in the order in which they are cut."""
_DIGITS: Final = 4
"""Those of the minutes of a day."""


@dataclass(frozen=True)
class _Layout:
    """The columns, how far apart they are, and the cells of a bar; ``cuts``: whether names and owners are cut."""

    columns: tuple[str, ...]
    bar: int
    gap: int = 2
    cuts: bool = False


def _without(*columns: str) -> tuple[str, ...]:
    return tuple(column for column in _ALL if column not in columns)


_LAYOUTS: Final = (
    _Layout(_ALL, bar=20),
    _Layout(_without(_ID), bar=20),
    _Layout(_without(_ID), bar=10),
    _Layout(_without(_ID), bar=5),
    _Layout(_without(_ID), bar=5, gap=1, cuts=True),
    _Layout(_without(_ID, _OWNER), bar=5, gap=1, cuts=True),
    _Layout(_without(_ID, _OWNER, _MESSAGES), bar=5, gap=1, cuts=True),
    _Layout(_without(_ID, _OWNER, _MESSAGES, _UNTIL), bar=0, gap=1, cuts=True),
    _Layout(_without(_ID, _OWNER, _MESSAGES, _UNTIL, _NEXT), bar=0, gap=1, cuts=True),
)
"""From the widest to the narrowest."""


@dataclass(frozen=True)
class Picture:
    """What is shown, from the top, and the cells that its table takes."""

    title: Text
    table: Table | None
    remarks: list[Text]
    width: int

    @property
    def parts(self) -> list[Text | Table]:
        """All of it in order; without sessions there is no table."""
        return [self.title, *([self.table] if self.table else []), *self.remarks]


def picture(status: Status, width: int | None, *, unicode: bool) -> Picture:
    """Return a status for a terminal of a width; None for a file, where nothing is cut."""
    table, cells = _table(status, width, unicode=unicode) if status.rows else (None, 0)
    below = [Text(one_line(line)) for line in view.remarks(status)]
    return Picture(Text(one_line(view.title(status)), "bold"), table, below, cells)


def _table(status: Status, width: int | None, *, unicode: bool) -> tuple[Table, int]:
    """Return a table with a row a session, and the cells that it takes."""
    texts = _texts(status.rows, status)
    layout, widths = _fitted(texts, width)
    _cut(texts, widths, "…" if unicode else "~")
    made = Table(box=None, pad_edge=False, padding=(0, layout.gap, 0, 0), header_style="bold")
    for column in layout.columns:
        made.add_column(column, width=widths[column], no_wrap=column != _NAME, overflow="fold")
    blocks = "█░" if unicode else "#."
    for place, row in enumerate(status.rows):
        bar = _bar(view.fraction_left(row, status.at), layout.bar, blocks)
        texts[_LEFT][place] = f"{bar} {texts[_LEFT][place]}" if bar else texts[_LEFT][place]
        made.add_row(*(Text(texts[column][place], _style(column, row, status)) for column in layout.columns))
    return made, _total(widths, layout)


def _texts(rows: Sequence[Row], status: Status) -> dict[str, list[str]]:
    """Return the text of each cell, without bars."""
    now = status.at
    return {
        _NAME: [one_line(name) for name in view.names(rows)],
        _OWNER: [one_line(owner) for owner in view.owners(rows)],
        _LIFE: [row.seen.life for row in rows],
        _LEFT: [_minutes(view.minutes_left(row, now)) for row in rows],
        _UNTIL: [view.until(row.session, now) for row in rows],
        _NEXT: [view.next_run(row, now) for row in rows],
        _MESSAGES: [view.messages(row) for row in rows],
        _ID: [one_line(row.session.id) for row in rows],
    }


def _minutes(left: int | None) -> str:
    return ("-" if left is None else str(left)).rjust(_DIGITS)


def _fitted(texts: Mapping[str, Sequence[str]], width: int | None) -> tuple[_Layout, dict[str, int]]:
    """Return the widest layout that fits, and the cells of each of its columns."""
    for layout in _LAYOUTS:
        bars = {_LEFT: layout.bar + bool(layout.bar)}
        widths = {
            column: max(len(column), bars.get(column, 0) + max(map(cell_len, texts[column])))
            for column in layout.columns
        }
        if layout.cuts and width is not None:
            _shrink(widths, _total(widths, layout) - width)
        if width is None or _total(widths, layout) <= width:
            break
    return layout, widths


def _shrink(widths: dict[str, int], surplus: int) -> None:
    for column, least in _MIN_CELLS.items():
        taken = min(max(surplus, 0), max(widths.get(column, 0) - least, 0))
        if taken:
            widths[column] -= taken
            surplus -= taken


def _total(widths: Mapping[str, int], layout: _Layout) -> int:
    return sum(widths.values()) + layout.gap * (len(widths) - 1)


def _cut(texts: dict[str, list[str]], widths: Mapping[str, int], mark: str) -> None:
    """Cut names and owners; names that would then be the same are kept, and take more lines."""
    for column in _MIN_CELLS.keys() & widths.keys():
        short = [_shortened(text, widths[column], mark) for text in texts[column]]
        if column != _NAME or len(set(short)) == len(set(texts[column])):
            texts[column] = short


def _shortened(text: str, cells: int, mark: str) -> str:
    """Cut a text in its middle: what tells names apart is mostly at their end."""
    if cell_len(text) <= cells:
        return text
    end = (cells - 1) // 2
    tail = next(text[start:] for start in range(len(text) + 1) if cell_len(text[start:]) <= end)
    return set_cell_size(text, cells - 1 - cell_len(tail)) + mark + tail


def _bar(fraction: float | None, cells: int, blocks: str) -> str:
    if fraction is None:
        return " " * cells
    # A session that lives has some of its bar left.
    full = min(max(round(fraction * cells), bool(fraction)), cells)
    return blocks[0] * full + blocks[1] * (cells - full)


def _style(column: str, row: Row, status: Status) -> str:
    if column in (_LIFE, _LEFT):
        return _STYLES[row.seen.life]
    return "bold yellow" if column == _NEXT and view.next_run(row, status.at).endswith(" now") else ""
