"""The emulator against the published description: its own description, and its responses."""

import re
from collections.abc import Iterator
from typing import cast
from uuid import UUID

import pytest
import requests

from tests.emulator.calls import ORGANISATION, create_id, extend, get, parse_timestamp, put
from tests.emulator.contract import Json, operations, published
from tests.support.emulator_server import Emulator

LIMITS = ("type", "format", "minimum", "maximum", "default", "enum")
USER = {"role": "user", "content": "Hello"}


@pytest.fixture(scope="module")
def described(running: Emulator) -> Json:
    return cast("Json", running.http.get(f"{running.url}/openapi.json", timeout=10).json())


def resolved(document: Json, schema: Json) -> Json:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def limits(schema: Json) -> Json:
    return {name: schema[name] for name in LIMITS if name in schema}


def parameters(operation: Json) -> dict[tuple[str, str], Json]:
    return {
        (item["in"], item["name"]): {"required": item["required"], **limits(item["schema"])}
        for item in operation["parameters"]
    }


def fields(document: Json, schema: Json, name: str = "") -> Iterator[tuple[str, Json]]:
    """Yield each field of a schema with its limits, including those of nested objects and lists."""
    schema = resolved(document, schema)
    yield name, limits(schema)
    for key, value in schema.get("properties", {}).items():
        yield from fields(document, value, f"{name}.{key}")
    if "items" in schema:
        yield from fields(document, schema["items"], f"{name}[]")


def content(part: Json) -> Json:
    return cast("Json", part["content"]["application/json"]["schema"])


def test_same_operations(described: Json) -> None:
    ours, theirs = operations(described), operations(published())
    assert ours.keys() == theirs.keys()
    assert len(ours) == 6
    assert {k: v["operationId"] for k, v in ours.items()} == {k: v["operationId"] for k, v in theirs.items()}


@pytest.mark.parametrize("key", operations(published()), ids=" ".join)
class TestOperation:
    def test_same_parameters(self, described: Json, key: tuple[str, str]) -> None:
        ours, theirs = (parameters(operations(document)[key]) for document in (described, published()))
        # The published description states no default for the offset; FastAPI shows one.
        ours.get(("query", "offset"), {}).pop("default", None)
        assert ours == theirs

    def test_same_body(self, described: Json, key: tuple[str, str]) -> None:
        ours, theirs = (operations(document)[key].get("requestBody") for document in (described, published()))
        assert (ours is None) == (theirs is None)
        if ours is None or theirs is None:
            return
        assert ours.get("required", False) == theirs["required"]
        assert dict(fields(described, content(ours))) == dict(fields(published(), content(theirs)))
        required = [
            resolved(document, content(body)).get("required", [])
            for document, body in ((described, ours), (published(), theirs))
        ]
        assert required[0] == required[1]

    def test_same_responses(self, described: Json, key: tuple[str, str]) -> None:
        ours, theirs = (operations(document)[key]["responses"] for document in (described, published()))
        assert theirs.keys() <= ours.keys()
        assert "422" not in ours
        for code in theirs.keys() & {"200", "201"}:
            ours_fields = dict(fields(described, content(ours[code])))
            assert ours_fields == dict(fields(published(), content(theirs[code])))


def conforms(schema: Json, value: object) -> None:
    """Assert that a value matches a published schema: types, formats, and no other fields."""
    schema = resolved(published(), schema)
    if schema["type"] == "array":
        assert isinstance(value, list)
        for item in value:
            conforms(schema["items"], item)
    elif schema["type"] == "object":
        assert isinstance(value, dict)
        # A schema without properties allows any.
        assert not schema.get("properties") or value.keys() <= schema["properties"].keys()
        for name, inner in schema.get("properties", {}).items():
            if name in value:
                conforms(inner, value[name])
    else:
        scalar(schema, value)


def scalar(schema: Json, value: object) -> None:
    assert type(value) is {"string": str, "integer": int}[schema["type"]]
    assert value in schema.get("enum", [value])
    if schema.get("format") == "date-time":
        parse_timestamp(str(value))
    if schema.get("format") == "uuid":
        assert str(UUID(str(value))) == value


def expect(answer: requests.Response, operation_id: str, path: str) -> None:
    assert re.fullmatch(path, answer.request.path_url.partition("?")[0].removeprefix("/api/v3/organizations/acme"))
    operation = next(o for o in operations(published()).values() if o["operationId"] == operation_id)
    assert str(answer.status_code) in operation["responses"]
    described_answer = operation["responses"][str(answer.status_code)]
    if "content" in described_answer:
        conforms(content(described_answer), answer.json())
    else:
        assert answer.json().keys() == {"error", "message"}


def test_every_response_conforms(emulator: Emulator) -> None:
    sessions, one = "/ai/sessions", "/ai/sessions/[^/]+"
    session_id = create_id(emulator, initialMessages=[USER])
    body = {"userId": "ada", "initialMessages": [USER]}
    expect(emulator.api("POST", ORGANISATION, json=body), "createAISession", sessions)
    expect(emulator.api("POST", ORGANISATION, json={}), "createAISession", sessions)
    expect(emulator.api("GET", ORGANISATION), "listAISessions", sessions)
    expect(get(emulator, session_id), "getAISession", one)
    expect(put(emulator, session_id, {"newMessages": [USER], "tokensUsed": 1}), "updateAISession", one)
    expect(put(emulator, session_id, {"tokensUsed": "1"}), "updateAISession", one)
    expect(extend(emulator, session_id), "extendAISession", f"{one}/extend")
    expect(extend(emulator, session_id, {"additionalMinutes": 0}), "extendAISession", f"{one}/extend")
    for _ in range(2):
        expect(emulator.api("DELETE", ORGANISATION, f"/{session_id}"), "deleteAISession", one)
    expect(get(emulator, session_id), "getAISession", one)
    expect(put(emulator, session_id, {}), "updateAISession", one)
    expect(extend(emulator, session_id), "extendAISession", f"{one}/extend")
