"""A session for each participant of a workshop, all in one group and with the same expiry."""

import pulumi

from quant_sessions_provider import SessionGroup

config = pulumi.Config()
topic = config.require("topic")

workshop = SessionGroup(
    "workshop",
    user_ids=config.require_object("participants"),
    session_group=f"workshop-{pulumi.get_stack()}",
    expires_at=config.require("ends-at"),
    messages=[
        {"role": "system", "content": f"You tutor a workshop on {topic}. Give hints, not solutions."},
        {"role": "assistant", "content": f"Welcome! Where are you stuck with {topic}?"},
    ],
)

pulumi.export("participants", len(workshop.sessions))
pulumi.export("session_ids", workshop.session_ids)
pulumi.export("expires_at", workshop.expires_at)
