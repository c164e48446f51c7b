"""The rules of ``rules.py`` as policies of a pack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from pulumi_policy import (
    Policy,
    PolicyConfigSchema,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy import policy as _library
from pulumi_policy.deserialize import SPECIAL_SECRET_SIG, SPECIAL_SIG_KEY, deserialize_properties
from pulumi_policy.proxy import UnknownValueError

from quant_sessions_provider.core.model import UNKNOWN, Key
from quant_sessions_provider.core.paths import covers
from quant_sessions_provider.core.urns import SESSION_TYPES
from quant_sessions_provider.policy.rules import SESSION_RULES, STACK_RULES, Declared, Rule, SecretText

if TYPE_CHECKING:
    from collections.abc import Callable


def policies() -> list[Policy]:
    """Return one policy for each rule, with the enforcement level of the pack; ``docs/policies.md`` has the settings.

    Call it in the process of the pack: it replaces a private function of ``pulumi_policy`` there, to see which strings
    are marked secret. Other policies of the pack still get strings, of a subclass of ``str``.
    """
    _keep_secret_marks()
    on_sessions = [
        ResourceValidationPolicy(validate=_session_check(rule), **_arguments(rule)) for rule in SESSION_RULES
    ]
    on_stacks = [StackValidationPolicy(validate=_stack_check(rule), **_arguments(rule)) for rule in STACK_RULES]
    return [*on_sessions, *on_stacks]


def _arguments(rule: Rule[Any]) -> dict[str, Any]:
    return {
        "name": rule.name,
        "description": rule.description,
        "config_schema": PolicyConfigSchema(rule.schema),
        "remediation_steps": rule.remedy,
    }


def _session_check(rule: Rule[Declared]) -> Callable[[ResourceValidationArgs, ReportViolation], None]:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        if args.resource_type in SESSION_TYPES:
            for text in rule.violations(_declared(args), args.get_config()):
                report(text, None)

    return validate


def _stack_check(rule: Rule[Sequence[Declared]]) -> Callable[[StackValidationArgs, ReportViolation], None]:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        sessions = [_declared(found) for found in args.resources if found.resource_type in SESSION_TYPES]
        for text in rule.violations(sessions, args.get_config()):
            report(text, None)

    return validate


def _declared(resource: ResourceValidationArgs | PolicyResource) -> Declared:
    # What is protected makes the run fail instead.
    left = resource.opts.protect or covers(resource.opts.ignore_changes, Key.EXPIRES_AT)
    return Declared(_plain(resource.props), datetime.now(timezone.utc), left_expired=left)


def _plain(value: Any) -> Any:  # noqa: ANN401 - a property value
    """Return a value without the library's proxies, which raise an error for a value that is not known yet."""
    if isinstance(value, Mapping):
        return {key: _entry(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_entry(value, index) for index in range(len(value))]
    return value


def _entry(container: Any, key: str | int) -> Any:  # noqa: ANN401 - a proxy and what it holds
    try:
        return _plain(container[key])
    except UnknownValueError:
        return UNKNOWN


def _keep_secret_marks() -> None:
    """Keep the mark of secrets, which the library removes before a policy sees the properties.

    The engine sends the mark, and the library has no setting to keep it
    (https://github.com/pulumi/pulumi-policy/issues/241). If a later release stops calling this function,
    ``no-secrets`` reports marked strings too: more than it should, never less.
    """
    vars(_library)["deserialize_properties"] = _deserialize


def _deserialize(props: dict[str, Any], proxy_secrets: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002 - theirs
    return deserialize_properties(_marked(props, secret=False), proxy_secrets)


def _marked(value: Any, *, secret: bool) -> Any:  # noqa: ANN401 - a property value as it comes over the wire
    if isinstance(value, str):
        return SecretText(value) if secret else value
    if isinstance(value, list):
        return [_marked(inner, secret=secret) for inner in value]
    if not isinstance(value, dict):
        return value
    if value.get(SPECIAL_SIG_KEY) == SPECIAL_SECRET_SIG:
        return {**value, "value": _marked(value.get("value"), secret=True)}
    return {_marked(key, secret=secret): _marked(inner, secret=secret) for key, inner in value.items()}
