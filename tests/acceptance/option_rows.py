"""Resource options with an edited program: what is planned, said and sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi import Alias, ResourceHook, ResourceHookArgs, ResourceHookBinding, ResourceHookOptions, ResourceOptions

from tests.support.minutes import extends
from tests.support.sentences import NOTHING_LOST

if TYPE_CHECKING:
    from tests.acceptance.wire import Sent
    from tests.support.minutes import Late

SYSTEM = {"role": "system", "content": "Be brief."}
HELLO = {"role": "user", "content": "Hello"}
SOON, LATER = ((datetime.now(timezone.utc) + timedelta(minutes=minutes)).isoformat() for minutes in (60, 120))
HOOK_RAN = "quant-test: my hook ran"

Options = Callable[[Mapping[str, pulumi.Resource]], ResourceOptions]
SAME = ["same"]
UPDATE = ["update"]
REPLACE = ["create-replacement", "replace", "delete-replaced"]
DELETE_FIRST = ["delete-replaced", "replace", "create-replacement"]
LOSS_QUERY: Sent = [("GET", "/ID", None)]
GONE: Sent = [("DELETE", "/ID", None)]


def _options(**options: Any) -> Options:  # noqa: ANN401 - those of Pulumi
    return lambda _: ResourceOptions(**options)


def _put(**body: Any) -> Sent:  # noqa: ANN401 - any JSON
    return [("PUT", "/ID", body)]


def _extend(minutes: int) -> Sent:
    return [("PUT", "/ID/extend", {"additionalMinutes": minutes})]


def _post(user: str, minutes: int = 60, **body: Any) -> Sent:  # noqa: ANN401 - any JSON
    return [("POST", "", {"userId": user, "expirationMinutes": minutes, **body})]


@dataclass(frozen=True)
class Row:
    """A session with an option, an edit of the program, and the expected result."""

    options: Options
    before: dict[str, Any] | None = field(default_factory=dict)
    after: dict[str, Any] | None = field(default_factory=dict)
    ops: list[str] = field(default_factory=lambda: SAME)
    changes: set[str] = field(default_factory=set)
    keys: list[str] = field(default_factory=list)
    sent: Sent = field(default_factory=list)
    said: str | Callable[[Late], str] = ""
    options_after: Options | None = None
    said_by_the_plugin: str = ""
    was: str = ""
    """The resource's name before the edit, if it is renamed."""


def _users(name: str) -> dict[str, Any]:
    return {"before": {"user_id": name}, "after": {"user_id": f"{name}-2"}}


def _with_hook() -> ResourceOptions:
    def run(args: ResourceHookArgs) -> None:
        pulumi.log.info(f"{HOOK_RAN} for {args.name}")

    hook = ResourceHook("mine", run, ResourceHookOptions(on_dry_run=True))
    return ResourceOptions(hooks=ResourceHookBinding(before_update=[hook], after_update=[hook]))


def _transformed(version: int) -> Options:
    def transform(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult:
        return pulumi.ResourceTransformResult({**args.props, "metadata": {"v": version}}, args.opts)

    return _options(transforms=[transform])


VERSIONS: dict[str, Any] = {"before": {"metadata": {"v": 1}}, "after": {"metadata": {"v": 2}}}
RAISED: dict[str, Any] = {"before": {"expiration_minutes": 60}, "after": {"expiration_minutes": 120}}
LOWERED: dict[str, Any] = {"before": {"expiration_minutes": 120}, "after": {"expiration_minutes": 60}}
GROWN: dict[str, Any] = {"before": {"messages": [SYSTEM]}, "after": {"messages": [SYSTEM, HELLO]}}
METADATA: dict[str, Any] = {"ops": UPDATE, "changes": {"metadata.v"}, "said": "sends its metadata"}
USER_CHANGED = f"userId changed: {NOTHING_LOST}"

ROWS = {
    "ignored-minutes": Row(_options(ignore_changes=["expirationMinutes"]), **RAISED),
    "ignored-expiry": Row(
        _options(ignore_changes=["expiresAt"]),
        **RAISED,
        ops=UPDATE,
        changes={"expirationMinutes"},
        said="lives until about",
    ),
    "ignored-expires-at": Row(
        _options(ignore_changes=["expiresAt"]), {"expires_at": SOON}, {"expires_at": LATER, "on_expired": "recreate"}
    ),
    "ignored-messages": Row(_options(ignore_changes=["messages"]), {"messages": [SYSTEM]}, {"messages": [HELLO]}),
    "ignored-metadata": Row(_options(ignore_changes=["metadata"]), **VERSIONS),
    "ignored-key": Row(
        _options(ignore_changes=["metadata.build"]),
        {"metadata": {"v": 1, "build": 1}},
        {"metadata": {"v": 2, "build": 2}},
        **METADATA,
        sent=_put(metadata={"v": 2, "build": 1}),
    ),
    "ignored-user": Row(_options(ignore_changes=["userId"]), **_users("ignored-user")),
    "ignored-all": Row(
        _options(ignore_changes=["*"]), {"session_group": "a"}, {"session_group": "b", "expiration_minutes": 90}
    ),
    "replaced-on-lowering": Row(
        _options(replace_on_changes=["expirationMinutes"]),
        **LOWERED,
        ops=REPLACE,
        changes={"expirationMinutes"},
        keys=["expirationMinutes"],
        sent=LOSS_QUERY + _post("replaced-on-lowering") + GONE,
        said=f"expirationMinutes changed: {NOTHING_LOST}",
    ),
    "replaced-on-raising": Row(
        _options(replace_on_changes=["expirationMinutes"]),
        **RAISED,
        ops=REPLACE,
        changes={"expirationMinutes", "expiresAt"},
        keys=["expirationMinutes"],
        sent=LOSS_QUERY + _post("replaced-on-raising", 120) + GONE,
        said=f"expirationMinutes changed: {NOTHING_LOST}",
        said_by_the_plugin=f"expirationMinutes, expiresAt changed: {NOTHING_LOST}",
    ),
    "replaced-on-append": Row(
        _options(replace_on_changes=["messages"]),
        **GROWN,
        ops=REPLACE,
        changes={"messages[1]"},
        keys=["messages"],
        sent=LOSS_QUERY + _post("replaced-on-append", initialMessages=[SYSTEM, HELLO]) + GONE,
        said=f"messages changed: {NOTHING_LOST}",
    ),
    "replaced-on-all": Row(
        _options(replace_on_changes=["*"]),
        **VERSIONS,
        ops=REPLACE,
        changes={"metadata.v"},
        keys=["metadata"],
        sent=LOSS_QUERY + _post("replaced-on-all", metadata={"v": 2}) + GONE,
        said=f"metadata changed: {NOTHING_LOST}",
    ),
    "retained": Row(
        _options(retain_on_delete=True),
        **_users("retained"),
        ops=REPLACE,
        changes={"userId", "expiresAt"},
        keys=["userId"],
        sent=LOSS_QUERY + _post("retained-2"),
        said=USER_CHANGED,
    ),
    "retained-removed": Row(_options(retain_on_delete=True), {}, None, ops=["delete"]),
    "deleted-first": Row(
        _options(delete_before_replace=True),
        **_users("deleted-first"),
        ops=DELETE_FIRST,
        changes={"userId", "expiresAt"},
        keys=["userId"],
        sent=LOSS_QUERY + GONE + _post("deleted-first-2"),
        said=USER_CHANGED,
    ),
    "first": Row(
        _options(),
        **_users("first"),
        ops=REPLACE,
        changes={"userId", "expiresAt"},
        keys=["userId"],
        sent=LOSS_QUERY + _post("first-2") + GONE,
        said=USER_CHANGED,
    ),
    "depending": Row(lambda made: ResourceOptions(depends_on=[made["first"]])),
    "inner": Row(lambda made: ResourceOptions(parent=made["first"])),
    "replaced-with": Row(
        lambda made: ResourceOptions(replace_with=[made["first"]]),
        ops=REPLACE,
        keys=["replaceWith"],
        sent=_post("replaced-with") + GONE,
    ),
    "deleted-with": Row(
        lambda made: ResourceOptions(deleted_with=made["first"]),
        ops=REPLACE,
        keys=["deletedWith"],
        sent=_post("deleted-with"),
    ),
    "renamed": Row(_options(), options_after=_options(aliases=[Alias("old")]), was="old"),
    "moved": Row(
        _options(),
        options_after=lambda made: ResourceOptions(
            parent=made["component"], aliases=[Alias(parent=pulumi.ROOT_STACK_RESOURCE)]
        ),
    ),
    "hooked": Row(lambda _: _with_hook(), **VERSIONS, **METADATA, sent=_put(metadata={"v": 2})),
    "hidden": Row(
        _options(hide_diffs=["metadata", "expiresAt"]),
        {"metadata": {"v": 1}, "expiration_minutes": 60},
        {"metadata": {"v": 2}, "expiration_minutes": 120},
        ops=UPDATE,
        changes={"metadata.v", "expirationMinutes", "expiresAt"},
        sent=_put(metadata={"v": 2}) + _extend(60),
        said=extends(59, by=60, first="sends its metadata; "),
    ),
    "triggered": Row(
        _options(replacement_trigger="one"),
        options_after=_options(replacement_trigger="two"),
        ops=REPLACE,
        sent=_post("triggered") + GONE,
    ),
    "trigger-added": Row(_options(), options_after=_options(replacement_trigger="one")),
    "secret": Row(_options(additional_secret_outputs=["createdAt", "totalMessages"])),
    "transformed": Row(_transformed(1), options_after=_transformed(2), **METADATA, sent=_put(metadata={"v": 2})),
}
