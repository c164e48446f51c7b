"""What users may edit in a program."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

MESSAGES = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(("system", "user", "assistant")), "content": st.sampled_from("abc")}
    ),
    max_size=4,
)
METADATA = st.dictionaries(
    st.sampled_from(("user_id", "teamName", "ключ")),
    st.sampled_from((1, 2.5, True, "x", [1, "y"], {"a": {"b": 2**53 - 1}})),
    max_size=2,
)
EDITS: dict[str, st.SearchStrategy[Any]] = {
    "userId": st.sampled_from(("u1", "u2")),
    "sessionGroup": st.sampled_from((None, "g1", "g2")),
    "expirationMinutes": st.sampled_from((None, 5, 30, 60, 61, 240, 1440)),
    "expiresAt": st.sampled_from((6, 45, 200, 1439)),
    "renewBeforeMinutes": st.sampled_from((None, 1, 4, 29, 59)),
    "onExpired": st.sampled_from(("recreate", "ignore", "error")),
    "status": st.sampled_from(("active", "completed")),
    "messages": st.none() | MESSAGES,
    "metadata": st.none() | METADATA,
}
LONGER = (
    {"expirationMinutes": 240},
    {"expirationMinutes": 1440},
    {"expirationMinutes": 60, "renewBeforeMinutes": 59},
    {"expirationMinutes": 1440, "renewBeforeMinutes": 1439},
)
"""Edits that extend a session. The last one goes beyond a day in total."""
