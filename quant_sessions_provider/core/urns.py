"""Parse URNs: ``urn:pulumi:STACK::PROJECT::PARENT TYPES$TYPE::NAME``."""

import re
from typing import Final

SESSION_TYPE: Final = "pulumi-python:dynamic/quant:Session"
"""The type of the dynamic provider's sessions."""
PLUGIN_TYPE: Final = "quant-sessions:index:Session"
"""The type of the plugin's."""
GROUP_TYPE: Final = "quant-sessions:index:SessionGroup"
"""The type of the plugin's groups."""
PYTHON_GROUP_TYPE: Final = "quant:SessionGroup"
"""The type of the groups that a Python program makes itself, on either host."""
SESSION_TYPES: Final = (SESSION_TYPE, PLUGIN_TYPE)
"""They lie in people's state, so they never change."""
_DEFAULT_PROVIDER: Final = re.compile("default(_.*)?")
"""The names of the providers that the engine makes from the stack's configuration."""


def type_of(urn: str) -> str:
    """Return the type of a resource, without its parents' types."""
    return urn.split("::")[2].rpartition("$")[2]


def name_of(urn: str) -> str:
    """Return the name of a resource. It may contain any characters, such as ``::``."""
    return urn.split("::", 3)[3]


def declared_provider(urn: str) -> str:
    """Return the name by which a program declares a provider resource; empty for one that the engine makes, or none."""
    name = name_of(urn) if urn else ""
    return "" if _DEFAULT_PROVIDER.fullmatch(name) else name


def stack_of(urn: str) -> str:
    """Return the name of the stack that a resource is in."""
    return urn.split("::", maxsplit=1)[0].rpartition(":")[2]
