"""A customer's session that continues with the questions of an earlier one. Its tests are in test_program.py."""

import pulumi

from quant_sessions_provider import Message, Session, get_session, list_sessions

LIFETIMES = {"basic": 60, "premium": 480}

config = pulumi.Config()
customer, plan, earlier = config.require("customer"), config.require("plan"), config.get("earlier")
if plan not in LIFETIMES:
    raise pulumi.RunError(f"plan must be one of {', '.join(LIFETIMES)}, not {plan}")

messages: list[Message] = [{"role": "system", "content": "You are the support desk of a shop."}]
if earlier in {listed.id for listed in list_sessions(user_id=customer)}:
    asked = [message for message in get_session(earlier).messages or [] if message["role"] == "user"]
    messages += [{"role": "user", "content": message["content"]} for message in asked]

desk = Session(
    "desk",
    user_id=customer,
    session_group="support",
    expiration_minutes=LIFETIMES[plan],
    messages=messages,
    # Messages only seed the session. It must not be replaced when the earlier session expires.
    opts=pulumi.ResourceOptions(ignore_changes=["messages"]),
)

pulumi.export("session_id", desk.id)
