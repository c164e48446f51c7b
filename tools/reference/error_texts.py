"""Finds the texts of all errors that the package can end with, by reading its code.

A text is a string of two words or more in an expression that makes an error: what a ``raise`` names, the arguments of
an error's class or of a function that never returns, and, from there, the constants, variables and functions that such
an expression names. Parts of a sentence that are joined later are texts of their own.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final

import quant_sessions_provider

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_ROOT: Final = Path(quant_sessions_provider.__file__).parent
_ENDS: Final = re.compile(r"(\w*(Error|Parameter|Failure)|exit|abort|in_doubt|error_response|__init__)\b")
"""Names of what is called with the text of an error. So is what never returns, and what takes ``err``, which writes to
standard error."""
_ROOTS: Final = {
    "client.failures": ("transport", "status", "reported", "body", "rate_limited"),
    "core.settings": ("missing",),
    "core.validation": ("failures",),
    "operations.adopt": ("conflicts",),
    "sdk.values": ("problems",),
}
"""Functions whose results become errors elsewhere, called through an object."""
_WORDS: Final = re.compile(r"[A-Za-z]{2,}[.,:;]? -{0,2}[a-zA-Z]")
_BRACES: Final = re.compile(r"\{[^}]*\}")
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class _Module:
    name: str
    tree: ast.Module
    names: dict[str, Any]
    """What its names are when it runs."""
    functions: dict[str, list[_Function]] = field(default_factory=dict)
    """All functions and methods, by name."""
    values: dict[str, ast.expr] = field(default_factory=dict)
    """Its constants, by name."""

    def __post_init__(self) -> None:
        for node in ast.walk(self.tree):
            if isinstance(node, _Function):
                self.functions.setdefault(node.name, []).append(node)
        for node in self.tree.body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
                self.values[node.target.id] = node.value
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                self.values[node.targets[0].id] = node.value


def error_texts() -> dict[str, str]:
    """Return all texts with the module where each was first found. A value in it is its name in braces."""
    modules = {module.name: module for module in _modules()}
    search, ends = _Search(modules), _never_returning(modules.values())
    for module in modules.values():
        for function, expression in _raised(module.tree, None, ends):
            search.add(module, function, expression)
        for name in _ROOTS.get(module.name, ()):
            search.add_function(module, name)
    return dict(sorted(search.texts.items()))


def _modules() -> Iterator[_Module]:
    for file in sorted(_ROOT.rglob("*.py")):
        parts = file.relative_to(_ROOT).with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__")
        loaded = import_module(".".join(filter(None, (_ROOT.name, name))))
        yield _Module(name, ast.parse(file.read_text(encoding="utf-8")), vars(loaded))


def _never_returning(modules: Iterable[_Module]) -> set[str]:
    functions = [one for module in modules for same_name in module.functions.values() for one in same_name]
    return {one.name for one in functions if one.returns and ast.unparse(one.returns) == "NoReturn"}


def _raised(node: ast.AST, function: _Function | None, ends: set[str]) -> Iterator[tuple[_Function | None, ast.expr]]:
    """Yield the expressions that make errors, with the function that they are in."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Raise) and child.exc:
            yield function, child.exc
        elif isinstance(child, ast.Call) and _is_end(child, ends):
            for argument in (*child.args, *(keyword.value for keyword in child.keywords)):
                yield function, argument
        yield from _raised(child, child if isinstance(child, _Function) else function, ends)


def _is_end(call: ast.Call, ends: set[str]) -> bool:
    name = ast.unparse(call.func).rpartition(".")[2]
    return name in ends or bool(_ENDS.fullmatch(name)) or any(keyword.arg == "err" for keyword in call.keywords)


class _Search:
    def __init__(self, modules: dict[str, _Module]) -> None:
        self._modules, self._done = modules, set[ast.AST]()
        self.texts: dict[str, str] = {}

    def add(self, module: _Module, function: _Function | None, expression: ast.expr) -> None:
        """Take the texts of an expression, and of what it names."""
        if expression in self._done:
            return
        self._done.add(expression)
        for text in _strings(expression, module.names):
            if _WORDS.search(_BRACES.sub("", text)):
                self.texts.setdefault(text, module.name)
        for node in ast.walk(expression):
            if isinstance(node, ast.Name):
                self._follow(module, function, node.id)
            elif isinstance(node, ast.Attribute):
                self._follow_attribute(module, node)

    def add_function(self, module: _Module, name: str) -> None:
        """Take what the functions of this name return."""
        for function in module.functions.get(name, ()):
            for node in ast.walk(function):
                if isinstance(node, (ast.Return, ast.Yield, ast.YieldFrom)) and node.value:
                    self.add(module, function, node.value)

    def _follow(self, module: _Module, function: _Function | None, name: str) -> None:
        for value in _variables(function).get(name, ()) if function else ():
            self.add(module, function, value)
        if name in module.values:
            self.add(module, None, module.values[name])
        self._follow_value(module, module.names.get(name), name)

    def _follow_attribute(self, module: _Module, node: ast.Attribute) -> None:
        if isinstance(node.value, ast.Name):
            if node.value.id in ("self", "cls"):
                self.add_function(module, node.attr)
            else:
                owner = module.names.get(node.value.id)
                self._follow_value(module, getattr(owner, node.attr, None), node.attr)

    def _follow_value(self, module: _Module, value: object, name: str) -> None:
        if isinstance(value, FunctionType):
            home = value.__module__.removeprefix(f"{_ROOT.name}.")
            if home in self._modules:
                self.add_function(self._modules[home], value.__name__)
        elif isinstance(value, str) and name not in module.values:
            home_of = next(
                (one for one in self._modules.values() if one.values.get(name) and one.names[name] == value), None
            )
            if home_of:
                self.add(home_of, None, home_of.values[name])


@cache
def _variables(function: _Function) -> dict[str, list[ast.expr]]:
    """Return what is assigned to each variable of a function."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(function):
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)) and node.value:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                for name in ast.walk(target):
                    if isinstance(name, ast.Name):
                        found.setdefault(name.id, []).append(node.value)
    return found


def _strings(node: ast.AST, names: dict[str, Any]) -> Iterator[str]:
    """Yield the strings of an expression; those inside of the braces of another after it."""
    if isinstance(node, ast.JoinedStr):
        yield "".join(_part(part, names) for part in node.values)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
        return
    for child in ast.iter_child_nodes(node):
        if not (isinstance(node, ast.JoinedStr) and isinstance(child, ast.Constant)):
            yield from _strings(child, names)


def _part(part: ast.expr, names: dict[str, Any]) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    assert isinstance(part, ast.FormattedValue)
    constant = _constant(part.value, names)
    return f"{{{_label(part.value)}}}" if constant is None else str(constant)


def _constant(node: ast.expr, names: dict[str, Any]) -> str | int | None:
    """Return the value of a constant of the module, or of a class or a module that it names."""
    if isinstance(node, ast.Name):
        found = names.get(node.id)
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        found = getattr(names.get(node.value.id), node.attr, None)
    else:
        return None
    return found if isinstance(found, (str, int)) else None


def _label(node: ast.expr) -> str:
    """Return what stands in braces for a value: the name of what is shown, however it is rendered."""
    if isinstance(node, ast.Call):
        return _label(node.args[0] if node.args else node.func)
    if isinstance(node, ast.Attribute):
        return "type" if node.attr == "__name__" else node.attr.strip("_")
    return node.id.strip("_") if isinstance(node, ast.Name) else "…"
