"""Situations that need a stack of their own, because most of them fail."""

from __future__ import annotations

from tools.docs.situations import Situation, declare, until

ALONE: dict[str, Situation] = {
    "invalid": Situation(
        "Invalid input",
        "All problems are reported at once, and no declared value is repeated.",
        None,
        declare(
            user_id="",
            expiration_minutes=4,
            status="done",
            messages=[{"role": "robot", "content": "secret"}],
            metadata=["secret"],
        ),
        fails=True,
    ),
    "both": Situation(
        "Both `expires_at` and `expiration_minutes`",
        "The two exclude each other.",
        None,
        lambda at: {"expires_at": at(60), "expiration_minutes": 60},
        fails=True,
    ),
    "too-far": Situation(
        "`expires_at` too far ahead",
        "`expires_at` is more than a day ahead.",
        None,
        until(2000),
        fails=True,
    ),
    "too-late": Situation(
        "A new session whose `expires_at` has passed",
        "What has passed on creation or replacement would be refused by the API. A session that has it stays.",
        None,
        until(-30),
        fails=True,
    ),
    "no-token": Situation(
        "No token",
        "Neither the stack configuration nor the environment contains a token.",
        None,
        declare(),
        settings={"QUANTCDN_API_TOKEN": ""},
        fails=True,
    ),
    "short-grant": Situation(
        "The API granted less than requested",
        "A session of 120 minutes was granted 60. It has `renew_before_minutes=15`, and 10 minutes are left. No input"
        " changes, so the preview has no difference to show; the sentence says what happens.",
        declare(expiration_minutes=120, renew_before_minutes=15),
        declare(expiration_minutes=120, renew_before_minutes=15),
        age=50.5,
        grant=-60,
    ),
    "expired-error": Situation(
        "An expired session stops the run",
        'The session expired and has `on_expired="error"`. `pulumi refresh` and `pulumi destroy` still work.',
        declare(on_expired="error"),
        declare(on_expired="error"),
        age=90.5,
        fails=True,
    ),
    "refused-extend": Situation(
        "The API refuses an extension",
        "The preview cannot know. The run fails with the API's message and the command to run next; state is the same.",
        declare(),
        declare(expiration_minutes=120),
        age=20.5,
        refusal=400,
        fails=True,
    ),
    "gone-meanwhile": Situation(
        "A session is gone, and no refresh has run",
        "Something else deleted the session. The run fails and names the commands to run next.",
        declare(),
        declare(metadata={"team": "support"}),
        lost=True,
        fails=True,
    ),
}
