"""Paths as Pulumi's options take them, read as the engine reads them."""

from __future__ import annotations

import pytest

from quant_sessions_provider.core.paths import Path, differ_at, parse


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
    ],
)
def test_a_difference_counts_at_a_path_and_beneath_it(path: str, new: object, differ: object) -> None:
    parsed = parse(path)
    assert parsed
    assert differ_at(parsed, OLD, new) is differ
