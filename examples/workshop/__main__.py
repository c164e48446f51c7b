"""A session for each participant of a workshop, all in one group and with the same expiry.

The participants are the rows of participants.csv: each has a topic and a seat of their own.
"""

import csv
from pathlib import Path

import pulumi

from quant_sessions_provider import SessionArgs, SessionGroup

config = pulumi.Config()

# Excel begins its UTF-8 files with a byte order mark, which this encoding skips.
with Path(__file__).with_name("participants.csv").open(encoding="utf-8-sig", newline="") as file:
    rows = list(csv.DictReader(file))
row_of = {row["user"]: row for row in rows}


def own(user: str) -> SessionArgs:
    """Return what differs for a participant."""
    row = row_of[user]
    return {
        "messages": [
            {"role": "system", "content": f"You tutor a workshop on {row['topic']}. Give hints, not solutions."},
            {"role": "assistant", "content": f"Welcome! Where are you stuck with {row['topic']}?"},
        ],
        "metadata": {"seat": row["seat"]},
    }


workshop = SessionGroup(
    "workshop",
    user_ids=[row["user"] for row in rows],
    session_group=f"workshop-{pulumi.get_stack()}",
    expires_at=config.require("ends-at"),
    session_args=own,
)

pulumi.export("participants", len(workshop.sessions))
pulumi.export("session_ids", workshop.session_ids)
pulumi.export("expires_at", workshop.expires_at)
