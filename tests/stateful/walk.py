"""A fixed sequence of runs on the real engine, under one combination of behaviours.

Each session depends on one behaviour that the API's description leaves open.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from quant_sessions_provider import Session, native
from quant_sessions_provider.core import timestamps
from tests.stateful.refusals import BEYOND_A_DAY, REPLACE_HINT, STAYS_COMPLETED
from tests.support.ageing import age
from tests.support.engine import Stack
from tests.support.minutes import created, extends, foretold, lates, renews
from tests.support.sentences import NOTHING_LOST

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from tests.stateful.choices import Combination
    from tests.support.emulator_server import Emulator
    from tests.support.engine import Run
    from tests.support.minutes import Late

ORGANIZATION: Final = "acme"
REPLACED: Final = ["create-replacement", "replace", "delete-replaced"]
HELLO: Final = {"role": "user", "content": "Hello"}

Declared = dict[str, dict[str, Any]]
SessionClass = type[Session] | type[native.Session]


def sessions() -> Declared:
    """Return the first declarations, by name."""
    return {
        "tagged": {"metadata": {"a": 1, "b": 2}},
        "longer": {"expiration_minutes": 60},
        "day": {"expiration_minutes": 1440},
        "done": {"status": "completed", "expiration_minutes": 240},
        "old": {"expiration_minutes": 50},
        "left": {"expiration_minutes": 50, "on_expired": "ignore"},
    }


class Walk:
    """A stack and the API. Each step asserts what must be true under the combination."""

    def __init__(self, emulator: Emulator, combination: Combination, session: SessionClass, folder: Path) -> None:
        self.emulator, self.combination, self.declared = emulator, combination, sessions()
        self._session = session
        self._made: dict[str, datetime] = {}
        self.stack = Stack(folder / "stack", emulator.variables(ORGANIZATION), self._program)

    def _program(self) -> None:
        for name, arguments in self.declared.items():
            self._session(name, user_id=name, **arguments)

    def run(self) -> None:
        """Do all steps, from the first plan to the last DELETE."""
        self.emulator.behave(**self.combination)
        try:
            first = self.stack.up()
            self._all_are("create", first)
            self._made = {n: created(resource["inputs"], first) for n, resource in self.stack.resources().items()}
            self._age(20)
            self._edits_in_place()
            self._renewal_beyond_a_day()
            self._reopening()
            self._age(31)
            self._expiry()
            self._destroy()
        finally:
            self.emulator.reset_behaviours()

    # --- steps -----------------------------------------------------------------------------------------------

    def _edits_in_place(self) -> None:
        self.declared["tagged"] |= {"metadata": {"b": 3}, "messages": [HELLO]}
        self.declared["longer"] |= {"expiration_minutes": 120}
        up = self.stack.up()
        (said,) = up.said("tagged")
        assert said.startswith("tagged: appends 1 message; sends its metadata without 1 key (the API does not state ")
        self._says(up, "longer", extends(39, by=60, first="longer: "))
        merged = {"a": 1} if self.combination["metadata"] == "merge" else {}
        assert self._row("tagged")["metadata"] == {**merged, "b": 3}
        assert self._row("tagged")["messages"] == [HELLO]
        assert self._lifetime("longer") in (119, 120)
        self._nothing_is_planned()

    def _renewal_beyond_a_day(self) -> None:
        self.declared["day"] |= {"renew_before_minutes": 1439}
        up, cap = self.stack.up(), self.combination["cap"]
        self._says(up, "day", renews(1419, by=21, first="day: "))
        beyond = [1440 + 20 + late.planned for late in lates(up, self._made["day"])]
        possible = beyond if cap == "none" else [1439]
        assert self._lifetime("day") in {lived + rounded for lived in possible for rounded in (0, 1)}
        assert any(line.startswith("day: asked to live until ") for line in up.said("day")) == (cap == "cut")
        if cap == "refuse":
            self._refused(up, "day", BEYOND_A_DAY)
        else:
            assert not up.failed
        # After a short grant the renewal stays due, until the user reverts the edit.
        del self.declared["day"]["renew_before_minutes"]
        assert not self.stack.up().failed
        self._nothing_is_planned()

    def _reopening(self) -> None:
        self.declared["done"]["status"] = "active"
        up = self.stack.up()
        if self.combination["reopen"]:
            assert not up.failed
        else:
            self._refused(up, "done", STAYS_COMPLETED)
            assert self._row("done")["status"] == "completed"
            assert self.stack.up(replace=[self.stack.resources()["done"]["urn"]]).ops("done") == REPLACED
        assert self._row("done")["status"] == "active"
        self._nothing_is_planned()

    def _expiry(self) -> None:
        old, lingers = self._id("old"), self.combination["expired"] == "lingering"
        assert not self.stack.refresh().failed
        for name in ("old", "left"):
            assert self.stack.resources()[name]["outputs"]["expired"] is not lingers
        up = self.stack.up()
        assert (up.ops("old"), up.ops("left"), up.failed) == (REPLACED, ["same"], False)
        fate = f", no longer listed as active: {NOTHING_LOST}" if lingers else " and is gone"
        assert any(line.startswith("old: expired at ") and f"{fate}; the new one" in line for line in up.said("old"))
        assert not lingers or old not in self._rows()
        self._nothing_is_planned()

    def _destroy(self) -> None:
        self.emulator.delete(ORGANIZATION, self._id("tagged"))
        self.emulator.clear()
        assert not self.stack.destroy().failed
        assert self.stack.resources() == {}
        answers = [request["status"] for request in self.emulator.requests() if request["method"] == "DELETE"]
        done = 204 if self.combination["noContent"] else 200
        gone = {"error": 500, "notFound": 404, "ok": done}[self.combination["deleteGone"]]
        lingers = self.combination["expired"] == "lingering"
        assert sorted(answers) == sorted([done] * 4 + [gone] * (1 if lingers else 2) + [done] * lingers)

    # --- checks ----------------------------------------------------------------------------------------------

    def _says(self, run: Run, name: str, sentence: Callable[[Late], str]) -> None:
        assert run.said(name)[0].startswith(tuple(foretold(sentence, run, self._made[name])))

    def _refused(self, up: Run, name: str, why: str) -> None:
        assert up.failed
        assert why in up.refusal(name)
        assert up.refusal(name).endswith(REPLACE_HINT)

    def _nothing_is_planned(self) -> None:
        self.emulator.clear()
        self._all_are("same", self.stack.preview())
        assert self.emulator.requests() == []
        for name, resource in self.stack.resources().items():
            granted, row = timestamps.parse(resource["outputs"]["grantedExpiresAt"]), self._rows()[resource["id"]]
            assert abs(granted - timestamps.parse(row["expiresAt"])) < timedelta(minutes=1), name

    def _all_are(self, op: str, run: Run) -> None:
        assert not run.failed, run.text
        assert {name: run.ops(name) for name in self.declared} == {name: [op] for name in self.declared}

    def _age(self, minutes: float) -> None:
        age(self.stack, self.emulator, dict.fromkeys(self.declared, minutes))

    def _id(self, name: str) -> str:
        return str(self.stack.resources()[name]["id"])

    def _rows(self) -> dict[str, dict[str, Any]]:
        return {session["id"]: session for session in self.emulator.sessions(ORGANIZATION)}

    def _row(self, name: str) -> dict[str, Any]:
        return self._rows()[self._id(name)]

    def _lifetime(self, name: str) -> int:
        """Return the minutes from creation to expiry in the API."""
        row = self._row(name)
        return round((timestamps.parse(row["expiresAt"]) - timestamps.parse(row["createdAt"])).total_seconds() / 60)
