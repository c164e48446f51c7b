"""Elements of an SVG: what is drawn says what it is by its class, and a style sheet gives colours to classes. Pure."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement

Box = tuple[float, float, float, float]
"""Left, top, width and height."""


def rect(root: Element, box: Box, kind: str, *, round_: float = 0) -> Element:
    """Draw a rectangle."""
    corners = numbers(rx=round_) if round_ else {}
    sides = dict(zip(("x", "y", "width", "height"), box, strict=True))
    return SubElement(root, "rect", numbers(**sides) | corners | {"class": kind})


def write(root: Element, x: float, y: float, text: str, kind: str, *, size: int = 13, bold: bool = False) -> Element:  # noqa: PLR0913 - given by name
    """Write a line of text; ``y`` is its base line."""
    look = {"class": kind, "font-size": str(size)} | ({"font-weight": "600"} if bold else {})
    return text_of(root, "text", text, **numbers(x=x, y=y), **look)


def text_of(parent: Element, tag: str, text: str, **attributes: str) -> Element:
    """Add an element that holds text."""
    element = SubElement(parent, tag, attributes)
    # What XML cannot hold, such as control characters, would make the whole file useless.
    element.text = "".join(letter if letter.isprintable() or letter in "\n " else " " for letter in text)
    return element


def numbers(**values: float) -> dict[str, str]:
    """Write coordinates to a tenth of a point."""
    return {key: f"{value:.1f}".removesuffix(".0") for key, value in values.items()}
