"""Paths as Pulumi's options take them, read as the engine reads them."""

from __future__ import annotations

import pytest

from quant_sessions_provider.core.paths import Difference, Path, covers, differ_at, differences, parse, render


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("status", ("status",)),
        ("metadata.k", ("metadata", "k")),
        ("messages[0].content", ("messages", 0, "content")),
        ('["metadata"]["a.b"]', ("metadata", "a.b")),
        ('metadata["say \\"hi\\""].x', ("metadata", 'say "hi"', "x")),
        ("metadata.a-b", ("metadata", "a-b")),
        ("messages.[0]", ("messages", 0)),
        ("messages[*].role", ("messages", "*", "role")),
        ("*", ("*",)),
        ("__provider", ("__provider",)),
        ("", None),
        (".status", None),
        ("status.", None),
        ("metadata..k", None),
        ("messages[x]", None),
        ('metadata["k', None),
        ("messages[", None),
    ],
)
def test_every_form_is_read(text: str, path: Path | None) -> None:
    assert parse(text) == path


OLD = {"a": {"b": 1, "c": [1, {"d": 2}]}, "e": 0}


@pytest.mark.parametrize(
    ("path", "new", "differ"),
    [
        ("a.b", {"a": {"b": 2, "c": [1, {"d": 2}]}, "e": 0}, True),
        ("a.b", {"a": {"b": 1, "c": []}, "e": 0}, False),
        ("a", {"a": {"b": 2}}, True),
        ("*", {"a": OLD["a"]}, True),
        ("*.b", {"a": {"b": 2, "c": [1, {"d": 2}]}, "e": 0}, True),
        ("*.d", {"a": {"b": 2, "c": [1, {"d": 2}]}, "e": 0}, False),
        ("a.c[*].d", {"a": {"b": 1, "c": [1, {"d": 3}]}, "e": 0}, True),
        ("a.c[1]", {"a": {"b": 1, "c": [1]}, "e": 0}, True),
        ("a.c[2]", {"a": {"b": 1, "c": [1]}, "e": 0}, False),
        # What goes as a whole differs above the path.
        ("a.c[1].d", {"a": {"b": 1, "c": [1]}, "e": 0}, False),
        ("a.b", {"e": 0}, False),
        ("e.f", {"a": OLD["a"], "e": 1}, False),
        ("x", {"a": OLD["a"], "e": 1}, False),
        ("a.b", OLD, False),
        ("g", OLD | {"g": [float("1.5")]}, True),
    ],
)
def test_a_difference_counts_at_a_path_and_beneath_it(path: str, new: object, differ: object) -> None:
    parsed = parse(path)
    assert parsed
    assert differ_at(parsed, OLD, new) is differ


@pytest.mark.parametrize(
    ("paths", "key", "covered"),
    [
        (["status"], "status", True),
        (["metadata.status"], "status", False),
        (["messages[0]", "metadata.a"], "metadata", True),
        (["*"], "status", True),
        ([".status", ""], "status", False),
        ([], "status", False),
    ],
)
def test_a_path_covers_the_property_that_it_begins_with(paths: list[str], key: str, covered: object) -> None:
    assert covers(paths, key) is covered


@pytest.mark.parametrize(
    "text", ["status", "messages[0].content", 'metadata["a.b"]', 'metadata["*"]', '["a[0]"].b-c', '["a \\"b\\""]']
)
def test_a_path_is_rendered_as_it_is_read(text: str) -> None:
    assert render(parse(text) or ()) == text


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ({"a": [float("1.5")]}, {"a": [float("1.5")]}, []),  # equal, and not the same object
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}, [Difference(("a", "c"))]),
        ({"a": [1, 2]}, {"a": [1]}, [Difference(("a", 1), in_new=False)]),
        ({"a": 1}, {"a": 1, "b": [2]}, [Difference(("b",), in_old=False)]),
        ({"a": [1]}, {"a": {"0": 1}}, [Difference(("a",))]),
        ([1, 2], [2, 1], [Difference((0,)), Difference((1,))]),
        ({"a": None}, {}, [Difference(("a",), in_new=False)]),
    ],
)
def test_differences_are_the_deepest_places_that_differ(old: object, new: object, found: list[Difference]) -> None:
    assert list(differences(old, new)) == found


def test_equal_values_do_not_differ_though_they_are_two_objects() -> None:
    old, new = ({"a": {"b": float("1.5")}, "c": side} for side in "xy")
    assert [differ_at(path, old, new) for path in (("a",), ("a", "b"), ("*", "b"), ("*",))] == [
        False,
        False,
        False,
        True,
    ]
