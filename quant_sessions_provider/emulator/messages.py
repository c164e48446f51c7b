"""Messages as GET returns them, where the API does not return them as they were sent. What is stored stays as sent."""

import unicodedata
from typing import Any, Literal

MessageView = Literal["verbatim", "normalized", "withoutSystem", "window", "summary", "newestFirst"]


def view_messages(messages: list[Any], view: MessageView, window: int) -> list[Any]:
    """Return the messages in a view; ``window`` is how many of the last ones "window" and "summary" keep."""
    if view == "normalized":
        return [_normalize(message) for message in messages]
    if view == "withoutSystem":
        return [message for message in messages if not _is_system(message)]
    if view == "newestFirst":
        return messages[::-1]
    if view == "verbatim" or len(messages) <= window:
        return messages
    last = messages[-window:]
    return last if view == "window" else [_summary(len(messages) - window), *last]


def _normalize(message: object) -> object:
    """Return a message without white space around its content, with LF line ends, in Unicode's form NFC."""
    if not isinstance(message, dict) or not isinstance(message.get("content"), str):
        return message
    content = unicodedata.normalize("NFC", message["content"].replace("\r\n", "\n")).strip()
    return {**message, "content": content}


def _is_system(message: object) -> bool:
    return isinstance(message, dict) and message.get("role") == "system"


def _summary(count: int) -> dict[str, str]:
    return {"role": "system", "content": f"Summary of {count} earlier messages"}
