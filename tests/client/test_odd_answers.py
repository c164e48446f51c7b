"""Answers and inputs that are odd: none is taken for something else, and none gives anything away."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from quant_sessions_provider import transcripts
from quant_sessions_provider.errors import ApiError, RefusedError
from quant_sessions_provider.model import StoredSession
from tests.client.conftest import Answer, Host, client_of

if TYPE_CHECKING:
    from pathlib import Path

    from quant_sessions_provider.client import Client


def test_what_people_declare_is_blanked_out_where_a_host_echoes_it(host: Host, client: Client) -> None:
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


def test_a_429_whose_retry_after_makes_no_sense_is_repeated_as_one_without(host: Host, client: Client) -> None:
    host.play(Answer(429, {}, headers={"Retry-After": "soon"}), Answer(201, {"sessionId": "1"}))
    assert client.create("acme", user_id="u").session_id == "1"
    assert len(host.asked) == 2


def test_a_number_that_json_cannot_carry_is_refused_before_it_is_sent(host: Host, client: Client) -> None:
    with pytest.raises(RefusedError, match="not sent, since it holds a number that JSON cannot carry"):
        client.create("acme", user_id="u", metadata={"a": float("nan")})
    assert host.asked == []


def test_a_redirect_without_a_place_to_go_is_no_success(host: Host, client: Client) -> None:
    host.play(Answer(304, None))
    with pytest.raises(ApiError, match="the API answered 304"):
        client.get("acme", "3f2a")


def test_ids_repeated_within_a_page_are_listed_once(host: Host, client: Client) -> None:
    host.play(Answer(200, [{"id": "1"}, {"id": "1"}, {"id": "2"}]))
    assert [session.id for session in client.list("acme")] == ["1", "2"]


def test_an_id_that_is_no_unicode_is_refused_before_a_byte_is_sent(host: Host) -> None:
    with pytest.raises(RefusedError, match="no valid Unicode"):
        client_of(host.url).get("acme", "\ud800")
    assert host.asked == []


def test_half_a_surrogate_pair_in_a_conversation_can_be_saved(tmp_path: Path) -> None:
    messages = [{"role": "user", "content": "\ud83d ü"}]
    transcripts.save(str(tmp_path), "3f2a", StoredSession("3f2a", None, None, messages, None))
    assert json.loads((tmp_path / "3f2a.json").read_text())["messages"] == messages


def test_a_conversation_that_the_api_does_not_tell_is_not_taken_for_saved(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="the API told no messages to save"):
        transcripts.save(str(tmp_path), "3f2a", StoredSession("3f2a", None, None, None, None))
    assert list(tmp_path.iterdir()) == []
