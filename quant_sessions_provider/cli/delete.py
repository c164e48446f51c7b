"""``quant-sessions delete``: sessions that no stack is to delete, such as orphans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from quant_sessions_provider.cli.exits import INTERRUPTED, fail
from quant_sessions_provider.cli.list_stack import not_looked_at
from quant_sessions_provider.cli.settings import BaseUrl, Organization, Stack, account_settings, valid_text
from quant_sessions_provider.cli.stack import read_state
from quant_sessions_provider.client.sessions import client_of
from quant_sessions_provider.core.describe import about
from quant_sessions_provider.core.errors import ForbiddenError, NotFoundError, OtherSessionError, QuantSessionsError
from quant_sessions_provider.core.losses import deletion_sentence
from quant_sessions_provider.core.model import Key
from quant_sessions_provider.core.text import counted, one_line
from quant_sessions_provider.operations.crud import Operations
from quant_sessions_provider.status.state import comparable, ids_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quant_sessions_provider.core.settings import Settings
    from quant_sessions_provider.operations.api import SessionsApi
    from quant_sessions_provider.status.state import KnownId

_REASON: Final = "deleted by hand"
_NOTHING: Final = "Nothing was deleted."
_KNOWN: Final = {
    "declared": "stack {stack} declares it as {name}: remove it from the program, and `pulumi up` deletes it",
    "pending deletion": "stack {stack} had it as {name}: the next `pulumi up` deletes it",
    "read": "the program of stack {stack} reads it as {name}",
    "pending operation": "stack {stack} has an unfinished operation on it as {name}: run `pulumi refresh` first",
}


# Python 3.10 takes list[str] for a class, on which typer's look for its own types fails.
def _valid_ids(ids: Any) -> list[str]:  # noqa: ANN401 - as said above
    return [valid_text(one) or one for one in ids]


def delete(
    ids: Annotated[list[str], typer.Argument(metavar="ID", callback=_valid_ids, help="Ids of the sessions.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Delete without asking.")] = False,
    organization: Organization = None,
    base_url: BaseUrl = None,
    stack: Stack = None,
) -> None:
    """Delete sessions by id; those in the state of --stack are refused."""
    settings = account_settings(organization, base_url, stack)
    api, owner = client_of(settings), settings.require_organization()
    wanted = list(dict.fromkeys(ids))
    if stack is not None:
        _refuse_known(wanted, stack)
    there = [session_id for session_id in wanted if _is_there(api, owner, session_id)]
    if there:
        typer.echo(not_looked_at(stack, len(there)), err=True)
        if not yes:
            _ask(there, settings)
    deleted = [session_id for session_id in there if _delete(api, settings, session_id)]
    raise typer.Exit(int(deleted != wanted))


def _refuse_known(ids: Sequence[str], stack: str) -> None:
    known = read_state(stack, ids_in)
    refused = [(one, known[comparable(one)]) for one in ids if comparable(one) in known]
    for session_id, found in refused:
        _say(session_id, _why(found, stack), err=True)
    if refused:
        fail(_NOTHING)


def _why(known: KnownId, stack: str) -> str:
    return _KNOWN[known.role].format(stack=one_line(stack), name=one_line(known.name))


def _is_there(api: SessionsApi, organization: str, session_id: str) -> bool:
    """Say what the deletion of a session loses; return whether there is anything to delete."""
    try:
        _say(session_id, deletion_sentence(api.get(organization, session_id).messages))
    except NotFoundError:
        where = f"not found in organization {one_line(organization)}"
        _say(session_id, f"{where}: gone, or in another organization", err=True)
        return False
    except OtherSessionError as error:
        _say(session_id, f"not deleted: {error}", err=True)
        return False
    except ForbiddenError:
        raise
    except QuantSessionsError as error:
        _say(session_id, f"{deletion_sentence(None)} ({error})")
    return True


def _ask(ids: Sequence[str], settings: Settings) -> None:
    saved = f", after saving in {settings.transcript_dir}" if settings.transcript_dir else ""
    where = f"organization {one_line(settings.require_organization())} at {settings.base_url}"
    try:
        if typer.confirm(f"Delete {counted(len(ids), 'session')} of {where}{saved}?"):
            return
    except typer.Abort as abort:
        typer.echo()
        fail(_NOTHING, INTERRUPTED if isinstance(abort.__context__, KeyboardInterrupt) else 1)
    fail(_NOTHING)


def _delete(api: SessionsApi, settings: Settings, session_id: str) -> bool:
    operations = Operations(api, settings, lambda *_: None)
    try:
        operations.delete(session_id, {Key.ORGANIZATION: settings.require_organization()}, _REASON)
    except QuantSessionsError as error:
        _say(session_id, f"not deleted: {error}", err=True)
        return False
    _say(session_id, "deleted")
    return True


def _say(session_id: str, sentence: str, *, err: bool = False) -> None:
    typer.echo(about(one_line(session_id), one_line(sentence)), err=err)
