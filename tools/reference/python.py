"""``docs/reference/python.md``: the public names of the package with their signatures and docstrings."""

from __future__ import annotations

from typing import Final

import griffe

from tools.reference.tables import MADE, code, from_docstring, in_one_line, table

_PACKAGE: Final = "quant_sessions_provider"
_HEAD: Final = f"""{MADE}
# Python

The public names of `{_PACKAGE}`. Programs on [the plugin](../plugin.md) import `Session`
and `SessionGroup` from `{_PACKAGE}.native`, with the same arguments.
The [arguments](arguments.md) and [outputs](outputs.md) of a session have pages of their own. The fixtures of pytest are
in [testing](../testing.md).
"""
_MODULES: Final = {
    _PACKAGE: (),
    f"{_PACKAGE}.native": ("Provider",),
    f"{_PACKAGE}.policy": ("policies",),
    f"{_PACKAGE}.testing": ("QuantSessions",),
}
"""Which names of a module are shown; none for all public ones."""


def python() -> str:
    """Return the page."""
    package = griffe.load(_PACKAGE, docstring_parser="google")
    parts = [_HEAD]
    for path, names in _MODULES.items():
        module = package[path.removeprefix(_PACKAGE).lstrip(".")] if path != _PACKAGE else package
        shown = names or [str(name).strip("'\"") for name in module.exports or ()]
        parts += [_described(f"{path}.{name}", name, _target(module[name])) for name in shown]
    return "".join(parts)


def _target(found: griffe.Object | griffe.Alias) -> griffe.Object:
    return found.final_target if isinstance(found, griffe.Alias) else found


def _described(path: str, name: str, found: griffe.Object) -> str:
    parts = [f"\n## `{name}`\n", f"`from {path.rpartition('.')[0]} import {name}`\n"]
    if isinstance(found, griffe.Attribute):
        return "\n".join([*parts, f"`{found.value}`\n"])
    parts.append(_sections(found))
    if isinstance(found, griffe.Function):
        parts.insert(1, _signature(found, name))
    if isinstance(found, griffe.Class):
        parts += _members(found, name)
    return "\n".join(part for part in parts if part)


def _members(found: griffe.Class, name: str) -> list[str]:
    members = found.all_members
    made = [member for key, member in members.items() if key == "__init__" and found.bases and member.docstring]
    methods = [member for key, member in members.items() if not key.startswith("_") and member.is_function]
    parts = [_constructor(name, _target(member)) for member in made]
    parts += [_method(name, member.name, _target(member)) for member in methods]
    if not (made or methods):
        parts.append(_fields(found))
    return parts


def _constructor(name: str, made: griffe.Object) -> str:
    assert isinstance(made, griffe.Function)
    return f"{_signature(made, name)}\n{_sections(made)}"


def _method(owner: str, name: str, found: griffe.Object) -> str:
    assert isinstance(found, griffe.Function)
    return f"### `{owner}.{name}`\n\n{_signature(found, f'{owner}.{name}')}\n{_sections(found)}"


def _fields(found: griffe.Class) -> str:
    fields = [member for member in found.members.values() if isinstance(member, griffe.Attribute)]
    rows = [
        (code(field.name), code(field.annotation or ""), in_one_line(field.docstring.value) if field.docstring else "")
        for field in fields
    ]
    if not rows:
        return ""
    if not any(text for *_, text in rows):
        return table(("field", "type"), [row[:2] for row in rows])
    return table(("field", "type", "meaning"), rows)


def _signature(found: griffe.Function, name: str) -> str:
    lines: list[str] = []
    for parameter in found.parameters:
        if parameter.name in ("self", "cls"):
            continue
        if parameter.kind is griffe.ParameterKind.keyword_only and "    *," not in lines:
            lines.append("    *,")
        stars = {griffe.ParameterKind.var_keyword: "**", griffe.ParameterKind.var_positional: "*"}.get(
            parameter.kind or griffe.ParameterKind.keyword_only, ""
        )
        default = f" = {parameter.default}" if parameter.default is not None and not stars else ""
        lines.append(f"    {stars}{parameter.name}: {parameter.annotation}{default},")
    inside = "\n".join(lines)
    returns = "" if found.name == "__init__" else f" -> {found.returns}"
    return f"```python\n{name}({f'{chr(10)}{inside}{chr(10)}' if lines else ''}){returns}\n```\n"


def _sections(found: griffe.Object) -> str:
    return "\n".join(filter(None, map(_section, found.docstring.parsed if found.docstring else ())))


def _section(section: griffe.DocstringSection) -> str:
    if isinstance(section, griffe.DocstringSectionText):
        return f"{from_docstring(section.value).strip()}\n"
    if isinstance(section, griffe.DocstringSectionParameters | griffe.DocstringSectionAttributes):
        return table(("name", "meaning"), [(code(one.name), in_one_line(one.description)) for one in section.value])
    if isinstance(section, griffe.DocstringSectionRaises):
        return table(("raises", "if"), [(code(one.annotation), in_one_line(one.description)) for one in section.value])
    if isinstance(section, griffe.DocstringSectionReturns):
        return "".join(f"Returns: {in_one_line(one.description)}\n" for one in section.value)
    raise AssertionError(f"a docstring has an unknown section: {section.kind}")
