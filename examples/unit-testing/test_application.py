"""Tests of the application on the emulator: real requests, without engine, network or account."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pytest
from application import open_questions

if TYPE_CHECKING:
    from quant_sessions_provider.testing import QuantSessions

QUESTION = {"role": "user", "content": "Is it open?"}


@pytest.fixture(autouse=True)
def desk(quant_sessions: QuantSessions) -> None:
    """Store a session of Ada, who has just asked something."""
    quant_sessions.seed("desk-of-ada", userId="ada", sessionGroup="support", messages=[QUESTION])


def test_a_question_is_open_until_it_is_answered(quant_sessions: QuantSessions) -> None:
    assert open_questions("ada") == ["Is it open?"]
    quant_sessions.append("desk-of-ada", "assistant", "Until six.")
    assert open_questions("ada") == []


def test_questions_of_others_are_not_read(quant_sessions: QuantSessions) -> None:
    assert open_questions("bob") == []
    assert [request["method"] for request in quant_sessions.requests()] == ["GET"]


def test_an_expired_session_has_no_open_questions(quant_sessions: QuantSessions) -> None:
    quant_sessions.advance(61)
    assert open_questions("ada") == []


def test_one_failure_is_repeated_and_an_outage_is_an_error(quant_sessions: QuantSessions) -> None:
    quant_sessions.fail_next(503)
    assert open_questions("ada") == ["Is it open?"]
    quant_sessions.fail_next(503, times=4)
    with pytest.raises(pulumi.RunError, match="503"):
        open_questions("ada")
