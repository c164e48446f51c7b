"""Check, Diff, Create, Read, Update and Delete of a session, as the engine calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2

from quant_sessions_provider.core.changes import Change
from quant_sessions_provider.core.errors import ConfigurationError, QuantSessionsError, RefusedError
from quant_sessions_provider.core.model import DEFAULT_LIFETIME, Key, is_by_hand, same
from quant_sessions_provider.core.paths import covers
from quant_sessions_provider.core.state import StoredState
from quant_sessions_provider.dynamic.properties import refusals
from quant_sessions_provider.operations.adopt import NOT_DELETED, conflicts
from quant_sessions_provider.plugin.diffs import to_response
from quant_sessions_provider.plugin.plans import Plan, Plans
from quant_sessions_provider.plugin.wire import from_wire, holds_secret, to_wire

if TYPE_CHECKING:
    from quant_sessions_provider.core.model import Properties
    from quant_sessions_provider.operations.crud import Operations
    from quant_sessions_provider.plugin.lines import Lines


class Verbs:
    """The verbs under one configuration; safe to share between threads."""

    def __init__(self, operations: Operations | ConfigurationError, lines: Lines) -> None:
        self._configured, self._lines, self._plans = operations, lines, Plans()

    @property
    def _operations(self) -> Operations:
        if isinstance(self._configured, ConfigurationError):
            raise self._configured
        return self._configured

    def check(self, request: provider_pb2.CheckRequest) -> provider_pb2.CheckResponse:
        """Return the inputs with defaults and the planned expiry, and what is wrong with them."""
        imported = self._plans.check(request.urn)
        old, inputs = from_wire(request.olds), from_wire(request.news)
        failures = refusals(inputs)
        if not failures:
            inputs, failures = self._check(old, _with_lifetime(old, inputs))
            failures += conflicts(old, inputs) if imported and old else []
        # If a failure named its property, the engine would print its value.
        failed = [provider_pb2.CheckFailure(property="", reason=line) for line in failures]
        return provider_pb2.CheckResponse(inputs=to_wire(inputs, request.news, request.olds), failures=failed)

    def _check(self, old: Properties, new: Properties) -> tuple[Properties, list[str]]:
        try:
            return self._operations.check(old, new)
        except ConfigurationError as error:
            return new, [str(error)]

    def diff(self, request: provider_pb2.DiffRequest) -> provider_pb2.DiffResponse:
        """Return whether to do nothing, update or replace; a replacement is said here, an update where it is made."""
        in_plan, outputs, new = self._plans.compares(request.urn), from_wire(request.olds), from_wire(request.news)
        ignores = covers(request.ignoreChanges, Key.EXPIRES_AT)
        decision = self._operations.diff(request.id, outputs, new, in_plan=in_plan, ignores_expiry=ignores)
        self._plans.decide(request.urn, Plan(request.id, outputs, new, decision), in_plan=in_plan)
        if decision.replaces and decision.sentence:
            (self._lines.warn if decision.loses else self._lines.inform)(request.id, decision.sentence)
        moved = Change(StoredState(request.id, outputs), new).moved
        sides = (request.olds, request.news)
        sealed = {key for side in sides for key, value in side.fields.items() if holds_secret(value)}
        old_inputs = from_wire(request.old_inputs)
        return to_response(decision, moved, outputs, new, old_inputs=old_inputs, sealed=sealed)

    def create(self, request: provider_pb2.CreateRequest) -> provider_pb2.CreateResponse:
        """Create the session; in a preview, return what is known of it."""
        inputs = from_wire(request.properties)
        self._say_creation(request.urn, inputs)
        if request.preview:
            session_id, outputs = "", self._operations.planned_creation(inputs)
        else:
            session_id, outputs = self._operations.create(inputs)
        return provider_pb2.CreateResponse(id=session_id, properties=to_wire(outputs, request.properties))

    def _say_creation(self, urn: str, inputs: Properties) -> None:
        """Say how long it lives, or the price where the engine replaces by ``replaceOnChanges``: diff cannot know."""
        plan = self._plans.creates(urn)
        if plan is None:
            self._lines.inform("", self._operations.describe_creation(inputs))
        elif not plan.decision.replaces:
            self._say_price(plan)

    def _say_price(self, plan: Plan) -> None:
        try:
            forced = self._operations.diff(plan.session_id, plan.outputs, plan.new, replace_on_changes=["*"])
        except QuantSessionsError:
            # A sentence stops no creation.
            return
        (self._lines.warn if forced.loses else self._lines.inform)(plan.session_id, forced.sentence)

    def read(self, request: provider_pb2.ReadRequest) -> provider_pb2.ReadResponse:
        """Read the session, or import it where nothing is known but its id; an empty id removes it from state."""
        self._plans.read(request.urn)
        if not request.properties.fields and not request.inputs.fields:
            return self._imported(request)
        found = self._operations.read(request.id, from_wire(request.properties))
        if found is None:
            return provider_pb2.ReadResponse()
        outputs = to_wire(found, request.properties, request.inputs)
        return provider_pb2.ReadResponse(id=request.id, properties=outputs, inputs=request.inputs)

    def _imported(self, request: provider_pb2.ReadRequest) -> provider_pb2.ReadResponse:
        adopted = self._operations.adopt(request.id)
        self._plans.imports(request.urn, adopted.id)
        self._lines.inform(adopted.id, adopted.sentence)
        inputs, outputs = to_wire(adopted.inputs), to_wire(adopted.outputs)
        return provider_pb2.ReadResponse(id=adopted.id, properties=outputs, inputs=inputs)

    def update(self, request: provider_pb2.UpdateRequest) -> provider_pb2.UpdateResponse:
        """Send what moved, and say so; in a preview, say so and raise what will stop the run."""
        outputs, new = from_wire(request.olds), from_wire(request.news)
        ignores = covers(request.ignoreChanges, Key.EXPIRES_AT)
        self._say_update(request)
        verb = self._operations.planned_update if request.preview else self._operations.update
        updated = verb(request.id, outputs, new, ignores_expiry=ignores)
        return provider_pb2.UpdateResponse(properties=to_wire(updated, request.news, request.olds))

    def _say_update(self, request: provider_pb2.UpdateRequest) -> None:
        plan = self._plans.take(request.urn)
        if plan is None:
            return
        if request.preview and plan.decision.stops:
            raise RefusedError(plan.decision.stops)
        if plan.decision.sentence:
            self._lines.inform(request.id, plan.decision.sentence)

    def delete(self, request: provider_pb2.DeleteRequest) -> Empty:
        """Delete the session, unless another entry in state has it: an import leaves an older one to be deleted."""
        outputs = from_wire(request.properties)
        if self._plans.has_imported(request.id) or self._plans.keeps_elsewhere(request.id, outputs):
            self._lines.inform(request.id, NOT_DELETED)
            return Empty()
        forced = self._plans.deletes(request.urn, request.id)
        if forced:
            self._say_price(forced)
        self._operations.delete(request.id, outputs, self._plans.reasons.of(request.urn, request.id))
        return Empty()


def _with_lifetime(old: Properties, new: Properties) -> Properties:
    """Return the inputs of a program with the lifetime that it leaves to its default, if they are.

    ``ignoreChanges`` puts the planned expiry of the last run among them, as if the program declared it.
    """
    kept = Key.EXPIRES_AT in new and not is_by_hand(old) and same(old.get(Key.EXPIRES_AT), new[Key.EXPIRES_AT])
    return {Key.EXPIRATION_MINUTES: DEFAULT_LIFETIME} | new if kept else new
