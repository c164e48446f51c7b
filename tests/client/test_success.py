"""Success has to look like success: a 2xx whose body reports a failure, or names no created session, is an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from quant_sessions_provider.core.errors import ApiError, ClientError
from quant_sessions_provider.operations.api import DeletedSession, UpdatedSession
from tests.client.conftest import TOKEN, Answer, Host, client_of

if TYPE_CHECKING:
    from quant_sessions_provider.client.sessions import Client
    from tests.client.operations import Operation

ONES: dict[str, Operation] = {
    "creating the session": lambda c: c.create("acme", user_id="ada@example.org"),
    "reading session 3f2a": lambda c: c.get("acme", "3f2a"),
    "updating session 3f2a": lambda c: c.update("acme", "3f2a", status="completed"),
    "extending session 3f2a": lambda c: c.extend("acme", "3f2a"),
    "deleting session 3f2a": lambda c: c.delete("acme", "3f2a"),
}
FAILED: list[tuple[dict[str, Any], str]] = [
    ({"error": True, "message": "Not today"}, ": Not today"),
    ({"error": "Not today"}, ": Not today"),
    ({"error": {"code": 7, "message": "Not today"}}, ": Not today"),
    ({"error": 500}, ""),
    ({"success": False, "message": {"msg": "Not today"}}, ": Not today"),
    ({"success": False}, ""),
    ({"success": True, "error": True}, ""),
]
FINE: list[dict[str, Any]] = [
    {"error": False},
    {"error": None, "success": True},
    {"error": ""},
    {"error": {}},
    {"error": [], "success": None},
    {"success": "false"},
    {"status": "failed"},
    {"status": "error"},
]
IDS = {"id": "3f2a", "sessionId": "3f2a"}


def doubt(operation: str) -> str:
    return "" if operation.startswith("reading") else "; the request may have been applied"


@pytest.mark.parametrize("status", [200, 201, 202])
@pytest.mark.parametrize("failed", FAILED, ids=str)
@pytest.mark.parametrize("operation", ONES)
def test_a_failure_inside_a_success_is_an_error(
    host: Host, client: Client, operation: str, failed: tuple[dict[str, Any], str], status: int
) -> None:
    body, said = failed
    host.play(Answer(status, IDS | body))
    with pytest.raises(ApiError) as caught:
        ONES[operation](client)
    text = f"{operation}: the API returned {status}, but reports a failure{said}{doubt(operation)}"
    assert str(caught.value) == text
    assert (caught.value.status, caught.value.maybe_applied) == (status, True)
    assert not isinstance(caught.value, ClientError)
    assert len(host.asked) == 1


@pytest.mark.parametrize("body", FINE)
@pytest.mark.parametrize("operation", ONES)
def test_what_reports_no_failure_is_a_success(host: Host, client: Client, operation: str, body: dict[str, Any]) -> None:
    host.play(Answer(200, IDS | body))
    ONES[operation](client)
    assert len(host.asked) == 1


def test_entries_of_a_list_report_nothing(host: Host, client: Client) -> None:
    host.play(Answer(200, [{"id": "1", "error": True}, {"id": "2", "success": False}]))
    assert len(list(client.list("acme", limit=2))) == 2


@pytest.mark.parametrize("body", [{"error": True, "message": "Not today"}, {"success": False, "message": "Not today"}])
def test_an_object_instead_of_a_list_reports_its_failure(host: Host, client: Client, body: dict[str, Any]) -> None:
    host.play(Answer(200, body))
    with pytest.raises(ApiError, match=r"^listing sessions: the API returned 200, but reports a failure: Not today$"):
        list(client.list("acme"))


def test_a_reported_failure_shows_neither_token_nor_declared_text(host: Host) -> None:
    host.play(Answer(200, {"error": f"cannot serve ada@example.org with {TOKEN}"}))
    with pytest.raises(ApiError, match=r"reports a failure: cannot serve \*\*\* with \*\*\*; the request may "):
        client_of(host.url).create("acme", user_id="ada@example.org")


# --- what a success lacks ------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize("body", [{}, {"sessionId": None}, {"sessionId": ""}, {"id": "3f2a"}, {"message": "created"}])
def test_a_creation_without_an_id_names_its_status(
    host: Host, client: Client, body: dict[str, Any], status: int
) -> None:
    host.play(Answer(status, body))
    with pytest.raises(ApiError) as caught:
        client.create("acme", user_id="ada")
    assert str(caught.value) == (
        f"creating the session: the API returned {status} with an unexpected body: it has no sessionId;"
        " the request may have been applied"
    )
    assert (caught.value.status, caught.value.maybe_applied) == (status, True)


def test_204_is_a_success_of_update_and_delete(host: Host, client: Client) -> None:
    host.play(Answer(204, ""), Answer(204, ""), Answer(204, ""))
    # It names no other session, and so is an answer to this request.
    done = UpdatedSession("3f2a", None, None, None, None)
    assert client.update("acme", "3f2a", status="completed") == done
    told = [{"role": "user", "content": "A"}]
    assert client.update("acme", "3f2a", new_messages=told) == done
    assert client.delete("acme", "3f2a") == DeletedSession("")
    assert len({request.connection for request in host.asked}) == 1


@pytest.mark.parametrize("operation", ["creating the session", "reading session 3f2a", "extending session 3f2a"])
def test_204_lacks_what_the_other_operations_need(host: Host, client: Client, operation: str) -> None:
    host.play(Answer(204, ""))
    with pytest.raises(ApiError) as caught:
        ONES[operation](client)
    assert str(caught.value) == f"{operation}: the API returned 204 with an empty body{doubt(operation)}"


@pytest.mark.parametrize("status", [200, 202])
def test_another_status_without_a_body_is_not(host: Host, client: Client, status: int) -> None:
    host.play(Answer(status, ""))
    with pytest.raises(ApiError, match=rf" returned {status} with an empty body; the request may have been applied$"):
        client.delete("acme", "3f2a")
