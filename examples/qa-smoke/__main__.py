"""The session that smoke tests talk to, with exactly the prompt and history in conversation.yaml."""

from pathlib import Path

import pulumi
import yaml

from quant_sessions_provider import Session

config = pulumi.Config()
conversation = yaml.safe_load(Path(__file__).with_name("conversation.yaml").read_text(encoding="utf-8"))

smoke = Session(
    "smoke",
    user_id="smoke-test",
    session_group=config.require("group"),
    expiration_minutes=config.require_int("minutes"),
    messages=conversation,
)

pulumi.export("session_id", smoke.id)
pulumi.export("starts_with_messages", len(conversation))
