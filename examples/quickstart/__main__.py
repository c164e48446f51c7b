"""A support desk with an AI session, one for each environment."""

import pulumi

from quant_sessions_provider import Session

config = pulumi.Config()

desk = Session(
    "desk",
    user_id="support-desk",
    session_group=config.require("group"),
    expiration_minutes=60,
    messages=[
        {
            "role": "system",
            "content": "You answer customers of an online shop. Be short and kind; hand refunds to a person.",
        },
    ],
)

pulumi.export("session_id", desk.id)
pulumi.export("expires_at", desk.granted_expires_at)
