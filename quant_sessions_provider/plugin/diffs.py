"""A decision of the core as the engine reads it: which paths changed, and which of them replace the session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pulumi.runtime.proto import provider_pb2

from quant_sessions_provider.core.paths import Difference, differences, render

if TYPE_CHECKING:
    from collections.abc import Collection

    from quant_sessions_provider.core.model import Properties
    from quant_sessions_provider.operations.crud import Diff

_KINDS: Final = {
    (False, True): provider_pb2.PropertyDiff.ADD,
    (True, False): provider_pb2.PropertyDiff.DELETE,
    (True, True): provider_pb2.PropertyDiff.UPDATE,
}
_REPLACING: Final = {
    provider_pb2.PropertyDiff.ADD: provider_pb2.PropertyDiff.ADD_REPLACE,
    provider_pb2.PropertyDiff.DELETE: provider_pb2.PropertyDiff.DELETE_REPLACE,
    provider_pb2.PropertyDiff.UPDATE: provider_pb2.PropertyDiff.UPDATE_REPLACE,
}


def to_response(  # noqa: PLR0913 - both sides, and what is known of them
    decision: Diff,
    moved: list[str],
    outputs: Properties,
    new: Properties,
    *,
    old_inputs: Properties,
    sealed: Collection[str],
) -> provider_pb2.DiffResponse:
    """Return the engine's form of a decision about a session with these outputs.

    ``sealed`` are the properties that hold a secret: a path into one would show its keys.
    """
    if decision.changes is False:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)
    # Where no input moved there is no path either: the engine would replace for one that replaceOnChanges names.
    keys = list(dict.fromkeys([*moved, *decision.replaces]))
    # After a run that got half through, the inputs in state are those of the program: outputs alone tell what differs.
    inputs = {difference.path[0] for difference in differences(old_inputs, new)}
    places = [place for key in keys for place in _places(key, outputs, new, whole=key in sealed)]
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME,
        replaces=decision.replaces,
        diffs=keys,
        hasDetailedDiff=True,
        detailedDiff={
            render(place.path): provider_pb2.PropertyDiff(
                kind=_kind(place, replaces=place.path[0] in decision.replaces), inputDiff=place.path[0] in inputs
            )
            for place in places
        },
    )


def _places(key: str, outputs: Properties, new: Properties, *, whole: bool) -> list[Difference]:
    if whole:
        return [Difference((key,), key in outputs, key in new)]
    before, after = ({key: side[key]} if key in side else {} for side in (outputs, new))
    return list(differences(before, after)) or [Difference((key,))]


def _kind(place: Difference, *, replaces: bool) -> provider_pb2.PropertyDiff.Kind.ValueType:
    kind = _KINDS[place.in_old, place.in_new]
    return _REPLACING[kind] if replaces else kind
