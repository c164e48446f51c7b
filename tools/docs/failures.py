"""Situations that need a stack of their own: most of them fail."""

from __future__ import annotations

from tools.docs.situations import Situation, declare, until

ALONE: dict[str, Situation] = {
    "invalid": Situation(
        "Bad input",
        "Everything that is wrong is told at once, and no text that was declared is repeated.",
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
        "Two kinds of expiry",
        "`expires_at` and `expiration_minutes` were both declared.",
        None,
        lambda at: {"expires_at": at(60), "expiration_minutes": 60},
        fails=True,
    ),
    "too-far": Situation(
        "A moment too far ahead",
        "`expires_at` lies more than a day ahead.",
        None,
        until(2000),
        fails=True,
    ),
    "no-token": Situation(
        "No token",
        "Neither the stack configuration nor the environment has one.",
        None,
        declare(),
        settings={"QUANTCDN_API_TOKEN": ""},
        fails=True,
    ),
    "short-grant": Situation(
        "The API granted less than was asked for",
        "A session of 120 minutes was granted 60. It has `renew_before_minutes=15`, and 10 minutes are left. No input"
        " moves, so there is no difference to show; the sentence tells.",
        declare(expiration_minutes=120, renew_before_minutes=15),
        declare(expiration_minutes=120, renew_before_minutes=15),
        age=50.5,
        grant=-60,
    ),
    "expired-error": Situation(
        "An expired session stops the run",
        'The session expired and has `on_expired="error"`. `pulumi refresh` and `pulumi destroy` work as ever.',
        declare(on_expired="error"),
        declare(on_expired="error"),
        age=90.5,
        fails=True,
    ),
    "refused-extend": Situation(
        "The API refuses an extension",
        "The preview cannot know. The run fails with the API's words and a command that leads on; state is as before.",
        declare(),
        declare(expiration_minutes=120),
        age=20.5,
        refusal=400,
        fails=True,
    ),
    "gone-meanwhile": Situation(
        "A session that is gone, before any refresh",
        "Something else deleted the session, and nothing has looked since. The run fails and names what leads on.",
        declare(),
        declare(metadata={"team": "support"}),
        lost=True,
        fails=True,
    ),
}
