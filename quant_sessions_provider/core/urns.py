"""What a URN tells of a resource: ``urn:pulumi:STACK::PROJECT::TYPES OF PARENTS$TYPE::NAME``."""

from typing import Final

SESSION_TYPE: Final = "pulumi-python:dynamic/quant:Session"


def type_of(urn: str) -> str:
    """Give the type of a resource, without those of its parents."""
    return urn.split("::")[2].rpartition("$")[2]


def name_of(urn: str) -> str:
    """Give the name of a resource, which may hold anything."""
    return urn.split("::", 3)[3]
