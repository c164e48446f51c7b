"""An AI session for the environment of a pull request: one stack per pull request, named after its number (pr-412)."""

import pulumi

from quant_sessions_provider import Session

config = pulumi.Config()
stack = pulumi.get_stack()
number = stack.removeprefix("pr-")
if not (stack.startswith("pr-") and number.isdecimal()):
    raise pulumi.RunError(f"stack {stack}: must be named after its pull request, such as pr-412")

assistant = Session(
    "assistant",
    user_id=f"shop-{stack}",
    session_group="pull-requests",
    expiration_minutes=config.require_int("minutes"),
    messages=[
        {"role": "system", "content": "You are the assistant of a shop. This is a test environment: take no orders."},
        {"role": "user", "content": "Which shoes do you have for the rain?"},
        {"role": "assistant", "content": "The Aran and the Skye are waterproof. Shall I show you their sizes?"},
    ],
    metadata={"pullRequest": number, "commit": config.require("commit")},
)

pulumi.export("session_id", assistant.id)
pulumi.export("expires_at", assistant.expires_at)
