"""Elements of an SVG: each has a class, and a style sheet gives colours to classes."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement

Box = tuple[float, float, float, float]
"""Left, top, width and height."""


def rect(root: Element, box: Box, kind: str, *, round_: float = 0) -> Element:
    """Add a rectangle."""
    corners = numbers(rx=round_) if round_ else {}
    sides = dict(zip(("x", "y", "width", "height"), box, strict=True))
    return SubElement(root, "rect", numbers(**sides) | corners | {"class": kind})


def write(root: Element, x: float, y: float, text: str, kind: str, *, size: int = 13, bold: bool = False) -> Element:  # noqa: PLR0913 - given by name
    """Add a line of text; ``y`` is its base line."""
    look = {"class": kind, "font-size": str(size)} | ({"font-weight": "600"} if bold else {})
    return text_of(root, "text", text, **numbers(x=x, y=y), **look)


def text_of(parent: Element, tag: str, text: str, **attributes: str) -> Element:
    """Add an element with text in it."""
    element = SubElement(parent, tag, attributes)
    # Characters that XML forbids, such as control characters, would make the whole file invalid.
    element.text = "".join(letter if letter.isprintable() or letter in "\n " else " " for letter in text)
    return element


def numbers(**values: float) -> dict[str, str]:
    """Return coordinates as attributes, to a tenth of a point."""
    return {key: f"{value:.1f}".removesuffix(".0") for key, value in values.items()}
