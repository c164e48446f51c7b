"""Track updates of failed runs that the program reverted afterwards.

GET returns neither metadata nor status, and no request removes a message. An update that took effect in a failed run
therefore stays in the API if the program no longer declares it, and the provider cannot know.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from quant_sessions_provider.core.model import Properties

_DEFAULTS: Mapping[str, Any] = {"status": "active", "metadata": {}}


class Leftovers:
    """``left_over`` has the reverted parts of updates, by session name."""

    def __init__(self) -> None:
        self._unseen: dict[str, list[Properties]] = defaultdict(list)
        self.left_over: dict[str, list[Properties]] = {}

    def failed(self, requests: Iterable[Mapping[str, Any]]) -> None:
        """Record the updates that took effect in a failed run."""
        for request in requests:
            if request["method"] == "PUT" and request["effect"]:
                self._unseen[request["path"].rsplit("/", 1)[-1]].append(request["body"])

    def edited(self, name: str, declared: Properties, session_id: str, inputs: Properties) -> None:
        """Record what a program reverts in a session with these inputs in state."""
        for body in self._unseen.get(session_id, ()):
            taken_back = {key: body[key] for key in body if _is_taken_back(key, body, declared, inputs)}
            self.left_over[name] = [*self.left_over.get(name, []), taken_back]

    def succeeded(self, name: str, before: str | None, after: str | None) -> None:
        """Forget what a successful run has corrected. ``before`` and ``after`` are the session's ids."""
        self._unseen.pop(before or "", None)
        if before != after:
            self.left_over.pop(name, None)


def _is_taken_back(key: str, body: Properties, declared: Properties, inputs: Properties) -> bool:
    if key == "newMessages":
        appended = declared.get("messages", [])[len(inputs.get("messages", [])) :]
        return bool(appended[: len(body[key])] != body[key])
    if key not in _DEFAULTS:
        return False
    return bool(declared.get(key, _DEFAULTS[key]) == inputs.get(key, _DEFAULTS[key]))
