"""``quant-sessions emulator advance``: time passes for a stack, in its state and in the emulator."""

from __future__ import annotations

import json
import tempfile
from datetime import timedelta
from typing import Annotated, Any, Final

import typer

from quant_sessions_provider.cli.exits import fail
from quant_sessions_provider.cli.settings import valid_text
from quant_sessions_provider.cli.stack import import_state, read_state
from quant_sessions_provider.core import durations
from quant_sessions_provider.core.ageing import TIMESTAMPS, aged
from quant_sessions_provider.core.model import Key, is_by_hand
from quant_sessions_provider.core.state import is_secret
from quant_sessions_provider.core.text import counted, one_line
from quant_sessions_provider.core.urns import name_of
from quant_sessions_provider.timeline.state import reading_export, sessions_in

Resource = dict[str, Any]

_LONGEST: Final = timedelta(days=366)
_SIDES: Final = ("inputs", "outputs")
_NOTHING: Final = "nothing was changed"


def _duration(text: str) -> timedelta:
    try:
        by = durations.parse(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    if by > _LONGEST:
        raise typer.BadParameter(f"must be at most {_LONGEST.days}d")
    return by


def advance(
    by: Annotated[
        timedelta, typer.Argument(metavar="DURATION", parser=_duration, help="How much: 50m, 2h, 1h30m, 1d.")
    ],
    *,
    stack: Annotated[str, typer.Option(callback=valid_text, help="Stack of the project in this directory.")],
) -> None:
    """Advance time for the sessions of a stack, in its state and in the emulator that holds them."""
    document, sessions = read_state(stack, _read)
    _require_emulator(sessions, stack)
    moving = [session for session in sessions if not _hidden(session)]
    for session in sessions:
        _remark(session, by)
    if not moving:
        fail(f"stack {one_line(stack)} has no session whose times can be moved: {_NOTHING}")
    saved = _save(document)
    typer.echo(f"The state as it was: {saved}")
    if read_state(stack, _read)[0] != document:
        fail(f"another run changed stack {one_line(stack)} meanwhile: {_NOTHING}")
    for session in moving:
        session.update({side: aged(session[side], by) for side in _SIDES})
    import_state(stack, document)
    _age(moving, by, f"`pulumi stack import --stack {one_line(stack)} --file {saved}` takes the state back")
    typer.echo(f"Advanced {counted(len(moving), 'session')} of stack {one_line(stack)} by {_minutes(by)}.")


def _read(document: Any) -> tuple[object, list[Resource]]:  # noqa: ANN401 - any JSON
    """Return an export and the sessions in it, whose properties can be changed in place."""
    with reading_export():
        sessions = [session for session in sessions_in(document) if session.get("id") and name_of(session["urn"])]
        for session in sessions:
            session.update({side: dict(session.get(side) or {}) for side in _SIDES})
    return document, sessions


def _require_emulator(sessions: list[Resource], stack: str) -> None:
    """Fail unless an emulator on this machine answers wherever a session was created."""
    from quant_sessions_provider.cli import emulator_control  # noqa: PLC0415 - HTTP is slow to import

    places = {json.dumps(session["outputs"].get(Key.BASE_URL)): session for session in sessions}
    for session in places.values():
        place = session["outputs"].get(Key.BASE_URL)
        if not emulator_control.is_emulator(place):
            where = one_line(place) if isinstance(place, str) else "a host that state does not tell"
            name = one_line(name_of(session["urn"]))
            fail(f"{name} of stack {one_line(stack)} is at {where}, where no emulator answers: {_NOTHING}")


def _hidden(session: Resource) -> list[str]:
    """Return the times of a session that are secret."""
    return [key for key in TIMESTAMPS if any(is_secret(session[side].get(key)) for side in _SIDES)]


def _remark(session: Resource, by: timedelta) -> None:
    name, hidden = one_line(name_of(session["urn"])), _hidden(session)
    if hidden:
        verb = "is" if len(hidden) == 1 else "are"
        typer.echo(f"{name}: left as it is, since its {', '.join(hidden)} {verb} secret", err=True)
    elif Key.EXPIRES_AT in session["inputs"] and is_by_hand(session["inputs"]):
        kept = f"its expiresAt is declared: the next run extends it by {_minutes(by)}, unless the program changes too"
        typer.echo(f"{name}: {kept}", err=True)


def _save(document: object) -> str:
    """Write an export to a new file that only this user can read; return its name."""
    with tempfile.NamedTemporaryFile("w", prefix="quant-sessions-state-", suffix=".json", delete=False) as file:
        json.dump(document, file)
    return file.name


def _age(sessions: list[Resource], by: timedelta, undo: str) -> None:
    """Move sessions in the emulator. A stack may hold one session twice, as its own and as one that it reads."""
    from quant_sessions_provider.cli import emulator_control  # noqa: PLC0415 - HTTP is slow to import

    places = {(session["outputs"][Key.BASE_URL], session["id"]): session for session in sessions}
    for done, ((base_url, session_id), session) in enumerate(places.items()):
        try:
            found = emulator_control.age(base_url, session_id, by)
        except OSError:
            fail(f"the emulator moved {done} of {len(places)} sessions and stopped answering: {undo}")
        if not found:
            typer.echo(f"{one_line(name_of(session['urn']))}: the emulator has no such session", err=True)


def _minutes(by: timedelta) -> str:
    return counted(by // timedelta(minutes=1), "minute")
