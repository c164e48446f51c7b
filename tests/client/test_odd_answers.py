"""Unusual responses and inputs: none is misread, and none leaks anything."""

from __future__ import annotations

import gzip
import json
import re
from typing import TYPE_CHECKING, Any, Literal

import pytest

from quant_sessions_provider.core.errors import AnswerLostError, ApiError, ClientError, NotFoundError, RefusedError
from quant_sessions_provider.core.state import StoredState
from quant_sessions_provider.operations import transcripts
from quant_sessions_provider.operations.api import StoredSession
from tests.client.conftest import TOKEN, Answer, Host, Script, client_of
from tests.client.operations import OPERATIONS
from tests.support.emulator_server import Emulator
from tests.support.fakes import NOW

if TYPE_CHECKING:
    from pathlib import Path

    from quant_sessions_provider.client.sessions import Client

GZIPPED = {"Content-Encoding": "gzip"}
MOVED = "redirects are not followed, because the token is for one host: set baseUrl to the API's address"


def changes(operation: str) -> bool:
    return not operation.startswith(("reading", "listing"))


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(200, '{"sessionId": "3f'), "a body that is not JSON"),
        (Answer(202, "OK"), "a body that is not JSON"),
        (Answer(200, ""), "an empty body"),
        (Answer(200, "x" * 99, headers=GZIPPED), "a body that cannot be decompressed"),
    ],
)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_success_with_an_invalid_body_says_that_it_may_have_been_applied(
    host: Host, client: Client, operation: str, answer: Answer, kind: str
) -> None:
    host.play(answer)
    with pytest.raises(ApiError) as caught:
        OPERATIONS[operation](client)
    text = str(caught.value)
    assert text.startswith(f"{operation}: the API returned {answer.status} with {kind}")
    assert text.endswith("; the request may have been applied") == changes(operation)
    assert (caught.value.status, len(host.asked)) == (answer.status, 1)


@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize(
    "body", [None, 7, [], "text", {"sessionId": 7, "id": [], "message": {}, "messages": "", "expiresAt": 7}]
)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_unexpected_body_is_one_line(host: Host, client: Client, operation: str, body: object, status: int) -> None:
    if operation == "listing sessions":
        body = [body]
    host.play(Answer(status, json.dumps(body)))
    with pytest.raises(ApiError) as caught:
        OPERATIONS[operation](client)
    doubt = "; the request may have been applied" if changes(operation) else ""
    shape = rf"{operation}: the API returned {status} with an unexpected body: (field \w+ is )?not an? [a-z ]+{doubt}"
    assert re.fullmatch(shape, str(caught.value))
    assert (caught.value.status, len(host.asked)) == (status, 1)


@pytest.mark.parametrize("operation", [name for name in OPERATIONS if name != "creating the session"])
def test_missing_fields_are_none_and_extra_ones_ignored(host: Host, client: Client, operation: str) -> None:
    bodies: list[dict[str, Any]] = [{}, {"unheard_of": [1], "message": None}]
    for body in bodies:
        host.play(*([Answer(200, [body]), Answer(200, [])] if operation == "listing sessions" else [Answer(200, body)]))
    first, second = OPERATIONS[operation](client), OPERATIONS[operation](client)
    assert first == second
    (result,) = first if isinstance(first, list) else [first]
    assert set(vars(result).values()) == {None}


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (Answer(500, {"message": "Session not found"}), "500: Session not found"),
        (Answer(400, {"message": "x" * 2_000_000}), f"400: {'x' * 500}"),
        (Answer(400, "y" * 2_000_000), f"400: {'y' * 500}"),
        (Answer(422, {"message": "a\r\n\x1b[2Jb\u202e\u2028c"}), "422: a [2Jb c"),
        *((Answer(status, {"error": "moved"}), f"{status}: moved; {MOVED}") for status in (301, 302, 303, 307, 308)),
        (Answer(304, None), "304"),
        (Answer(401, {}), "401; the token from the stack configuration quant-sessions:bearer was not accepted"),
        (
            Answer(403, {}),
            "403; the token from the stack configuration quant-sessions:bearer is not allowed to do this",
        ),
        (
            Answer(429, {}, {"Retry-After": "3600"}),
            "429; retry after 3600 s, longer than timeoutSeconds allows",
        ),
    ],
)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_error_is_one_line_for_every_operation(host: Host, operation: str, answer: Answer, text: str) -> None:
    host.play(answer)
    with pytest.raises(ApiError) as caught:
        OPERATIONS[operation](client_of(host.url, maxRetries="0"))
    line = str(caught.value)
    assert line.startswith(f"{operation}: the API returned {text}")
    assert (len(line.splitlines()), len(host.asked)) == (1, 1)
    assert not isinstance(caught.value, NotFoundError)


@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_json_with_a_404_is_the_apis_own(host: Host, client: Client, operation: str, status: int) -> None:
    host.play(Answer(status, {"message": "Session not found"}))
    told = rf"^{operation}: the API returned {status}: Session not found($|; baseUrl or the organization is )"
    with pytest.raises(NotFoundError, match=told):
        OPERATIONS[operation](client)


@pytest.mark.parametrize(
    ("body", "content"),
    [
        ("default backend - 404", "a body that is not JSON"),
        ("", "an empty body"),
    ],
)
@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_404_of_a_gateway_is_not(  # noqa: PLR0913, PLR0917 - fixtures and rows
    host: Host, client: Client, operation: str, status: int, body: str, content: str
) -> None:
    host.play(Answer(status, body))
    with pytest.raises(ClientError, match=rf"^{operation}: the API returned {status} with {content}") as caught:
        OPERATIONS[operation](client)
    assert not isinstance(caught.value, NotFoundError)


def test_two_megabytes_of_messages_are_read(host: Host, client: Client) -> None:
    messages = [{"role": "user", "content": f"{number} " + "ü" * 1000} for number in range(1000)]
    packed = gzip.compress(json.dumps({"messages": messages}).encode())
    host.play(Answer(200, {"messages": messages}), Answer(200, packed, headers=GZIPPED))
    assert client.get("acme", "3f2a").messages == client.get("acme", "3f2a").messages == messages
    assert len({request.connection for request in host.asked}) == 1


def test_two_megabytes_of_messages_are_sent(host: Host, client: Client) -> None:
    messages = [{"role": "user", "content": f"{number} " + "ü" * 300} for number in range(1000)]
    client.create("acme", user_id="ada", initial_messages=messages)
    assert host.asked[0].json == {"userId": "ada", "initialMessages": messages}


@pytest.mark.parametrize("packed", [False, True])
def test_the_size_of_a_body_is_limited(host: Host, monkeypatch: pytest.MonkeyPatch, packed: bool) -> None:  # noqa: FBT001 - a case
    monkeypatch.setattr("quant_sessions_provider.client.response.MAX_BODY", 1_000_000)
    body = b'"' + b"x" * 3_000_000 + b'"'
    answer = Answer(200, gzip.compress(body), headers=GZIPPED) if packed else Answer(200, body)
    host.play(answer, Answer(200, b'"' + b"x" * 999_998 + b'"'))
    client = client_of(host.url)
    with pytest.raises(ApiError, match=r" returned 200 with a body of more than 1 MB$"):
        client.get("acme", "3f2a")
    with pytest.raises(ApiError, match=r" an unexpected body: not an object$"):
        client.get("acme", "3f2a")


def test_only_the_beginning_of_an_error_is_read(host: Host, client: Client) -> None:
    host.play(Answer(400, '{"message": "' + "x" * 9_000_000), Answer())
    with pytest.raises(ApiError, match=r' returned 400: {"message": "x{487}$'):
        client.get("acme", "3f2a")
    client.get("acme", "3f2a")


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (
            b"HTTP/1.1 401 No\r\nContent-Length: 99\r\n\r\nbad token",
            ": the API returned 401: bad token; the token from",
        ),
        (b"HTTP/1.1 400 No\r\nContent-Encoding: gzip\r\n\r\nbad gzip", ": the API returned 400"),
        (b"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbad\r\nx", ": the API returned 500: bad"),
    ],
)
def test_a_truncated_error_is_still_that_error(said: bytes, text: str) -> None:
    with Script(said) as host, pytest.raises(ApiError) as caught:
        client_of(f"http://{host.address}").create("acme", user_id="ada")
    assert text in str(caught.value)


def test_a_truncated_429_is_retried() -> None:
    with (
        Script(b"HTTP/1.1 429 No\r\nContent-Length: 99\r\n\r\n{") as host,
        pytest.raises(ApiError, match="returned 429"),
    ):
        client_of(f"http://{host.address}", maxRetries="2").create("acme", user_id="ada")
    assert len(host.heard) == 3


@pytest.mark.parametrize("kind", ["drop", "truncate", "slow"])
def test_faults_of_the_emulator_are_retried_or_reported(kind: Literal["drop", "truncate", "slow"]) -> None:
    with Emulator() as emulator:
        client = client_of(emulator.url, bearer=emulator.token)
        hasty = client_of(emulator.url, bearer=emulator.token, timeoutSeconds="0.3")
        emulator.fault(kind, "after", method="POST", pauseMs=50)
        with pytest.raises(AnswerLostError, match=r"may have been applied$"):
            hasty.create("acme", user_id="ada")
        (made,) = emulator.sessions("acme")
        emulator.fault(kind, method="GET", count=2, chunkBytes=999)
        assert client.get("acme", made["id"]).id == made["id"]


@pytest.mark.parametrize("echo", ["I have\na fever", "I have\\na fever", "x" * 495 + "I have\na fever"])
def test_declared_texts_are_redacted_across_lines_and_where_the_message_is_truncated(
    host: Host, client: Client, echo: str
) -> None:
    host.play(Answer(400, {"message": f"cannot take {echo} of {TOKEN}"}))
    with pytest.raises(ApiError) as caught:
        client.update("acme", "3f2a", new_messages=[{"role": "user", "content": "I have\na fever"}])
    assert not {"I", "have", "fever", TOKEN, TOKEN[:4]} & set(str(caught.value).split())


def test_declared_texts_are_redacted_where_a_host_echoes_them(host: Host, client: Client) -> None:
    declared: dict[str, Any] = {
        "user_id": "jane@example.org",
        "session_group": "clinic-7",
        "metadata": {"diagnosis": ["influenza"]},
        "initial_messages": [{"role": "user", "content": "I have a fever"}],
    }
    host.play(Answer(400, {"message": f"role user, active: cannot take {json.dumps(declared)}"}))
    with pytest.raises(ApiError) as error:
        client.create("acme", **declared)
    text = str(error.value)
    for secret in ("jane", "clinic-7", "diagnosis", "influenza", "fever"):
        assert secret not in text
    assert "role user, active: cannot take" in text


def test_a_part_of_the_token_or_of_a_declared_text_is_redacted_too(host: Host) -> None:
    token, content = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9", "Since Monday I have a fever and a cough"
    host.play(Answer(400, {"message": f"token {token[:20]}... cannot take {content[:-7]}... by {content[5:30]}"}))
    with pytest.raises(ApiError) as caught:
        client_of(host.url, bearer=token).create(
            "acme", user_id="ada", initial_messages=[{"role": "user", "content": content}]
        )
    assert str(caught.value).endswith(" returned 400: token ***... cannot take ***... by ***")


def test_a_429_with_an_invalid_retry_after_is_retried_like_one_without(host: Host, client: Client) -> None:
    host.play(Answer(429, {}, headers={"Retry-After": "soon"}), Answer(201, {"sessionId": "1"}))
    assert client.create("acme", user_id="u").session_id == "1"
    assert len(host.asked) == 2


def test_a_number_that_json_cannot_represent_is_refused_before_it_is_sent(host: Host, client: Client) -> None:
    with pytest.raises(RefusedError, match="not sent: it contains a number that JSON cannot represent"):
        client.create("acme", user_id="u", metadata={"a": float("nan")})
    assert host.asked == []


def test_duplicate_ids_within_a_page_are_listed_once(host: Host, client: Client) -> None:
    host.play(Answer(200, [{"id": "1"}, {"id": "1"}, {"id": "2"}]), Answer(200, [{"id": "2"}]))
    assert [session.id for session in client.list("acme")] == ["1", "2"]


def test_an_id_that_is_not_unicode_is_refused_before_a_byte_is_sent(host: Host) -> None:
    with pytest.raises(RefusedError, match="not valid Unicode"):
        client_of(host.url).get("acme", "\ud800")
    assert host.asked == []


def test_half_a_surrogate_pair_in_a_conversation_can_be_saved(tmp_path: Path) -> None:
    messages = [{"role": "user", "content": "\ud83d ü"}]
    found = StoredSession("3f2a", None, None, messages, None)
    transcripts.save(str(tmp_path), StoredState("3f2a", {"userId": "\ud83d ü"}), found, "replaced", NOW)
    assert json.loads((tmp_path / "3f2a.json").read_text())["messages"] == messages


def test_a_conversation_that_the_api_does_not_tell_is_not_taken_for_saved(tmp_path: Path) -> None:
    found = StoredSession("3f2a", None, None, None, None)
    with pytest.raises(RefusedError, match="the API returned no messages to save"):
        transcripts.save(str(tmp_path), StoredState("3f2a", {}), found, "replaced", NOW)
    assert list(tmp_path.iterdir()) == []


def test_filters_are_redacted_too(host: Host, client: Client) -> None:
    host.play(Answer(400, {"message": "unknown user jane-private in clinic-7"}))
    with pytest.raises(ApiError, match=r"unknown user \*\*\* in \*\*\*$"):
        list(client.list("acme", user_id="jane-private", session_group="clinic-7"))
