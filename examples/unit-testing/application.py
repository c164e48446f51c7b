"""A part of the shop's application, beside the Pulumi program. Its tests are in test_application.py."""

from quant_sessions_provider import get_session, list_sessions


def open_questions(customer: str) -> list[str]:
    """Return what a customer has asked in the support desk's live sessions, and nobody has answered yet."""
    sessions = list_sessions(user_id=customer, session_group="support")
    conversations = [get_session(session.id).messages or [] for session in sessions]
    return [talk[-1]["content"] for talk in conversations if talk and talk[-1]["role"] == "user"]
