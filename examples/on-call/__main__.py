"""A session shared by an on-call shift: scheduled runs of `up` keep it alive, the end of the shift completes it."""

import pulumi

from quant_sessions_provider import Session

config = pulumi.Config()

shift = Session(
    "shift",
    user_id=f"on-call-{config.require('shift')}",
    session_group="operations",
    expiration_minutes=config.require_int("minutes"),
    renew_before_minutes=config.require_int("renew-before-minutes"),
    status="completed" if config.require_bool("shift-over") else "active",
    messages=[
        {
            "role": "system",
            "content": "You assist engineers on call. Keep a list of open incidents and who works on each.",
        },
    ],
)

pulumi.export("session_id", shift.id)
pulumi.export("status", shift.status)
pulumi.export("expires_at", shift.granted_expires_at)
