"""Schemathesis tests the emulator against the published description, with all of its checks.

It sends examples, the limits of every field, random requests and random sequences, the same in each run;
``OPENAPI_EXAMPLES`` sets their number. What the description leaves out is added here, with the reason, so that no check
has to be turned off.
"""

import copy
import os
import subprocess
import sys
from functools import reduce
from pathlib import Path

import yaml

from tests.emulator.calls import ORGANISATION, create_id
from tests.emulator.contract import Json, operations, published
from tests.support.emulator_server import Emulator

COMMAND = str(Path(sys.executable).with_name("schemathesis"))
EXAMPLES = int(os.environ.get("OPENAPI_EXAMPLES", "10"))

SESSIONS = "/api/v3/organizations/{organisation}/ai/sessions"
LIST, DELETE = f"paths {SESSIONS} get", f"paths {SESSIONS}/{{sessionId}} delete"
CREATION, UPDATE = "components schemas createAISession_request", "components schemas updateAISession_request"
GONE = {
    "type": "object",
    "required": ["error", "message"],
    "properties": {"error": {"enum": [True]}, "message": {"enum": ["Failed to delete session"]}},
}
LEFT_OUT: list[tuple[str, list[str], str, object]] = [
    (
        "every operation needs a token, and none says what it answers without one",
        [f"paths {path} {method}" for path, method in operations(published())],
        "responses 401",
        {"description": "No token, or a wrong one"},
    ),
    (
        "`limit` has bounds, and the list no answer for what lies beyond them",
        [LIST],
        "responses 400",
        {"description": "Invalid request"},
    ),
    ("nothing comes before the first entry of a list", [LIST], "parameters 4 schema minimum", 0),
    (
        "400 is for a missing userId, and an empty one is taken for missing",
        [CREATION],
        "properties userId minLength",
        1,
    ),
    (
        "neither role nor content is required, and a message without one of them is none",
        [f"{CREATION}_initialMessages_inner", f"{UPDATE}_newMessages_inner"],
        "required",
        ["role", "content"],
    ),
    ("what is counted is not negative", [UPDATE], "properties tokensUsed minimum", 0),
    ("and is a number that JSON carries exactly", [UPDATE], "properties tokensUsed maximum", 2**53 - 1),
    (
        "500 is the stated answer to deleting what is gone, and no other failure may pass for it",
        [DELETE],
        "responses 500 content",
        {"application/json": {"schema": GONE}},
    ),
]

# With a cache or a database, runs would differ.
CONFIGURATION = """
continue-on-failure = true
cache.enabled = false
generation = {{ deterministic = true, database = "none", max-examples = {examples} }}
auth.openapi.BearerAuth.bearer = "{token}"
warnings.fail-on = true

[[operations]]
include-operation-id = "deleteAISession"
checks.not_a_server_error.expected-statuses = ["2xx", "4xx", 500]  # held to what LEFT_OUT says of it

[[operations]]
include-operation-id = "extendAISession"  # of an unknown session it would only ever say 404
parameters = {{ organisation = "{organisation}", sessionId = "{session_id}" }}
"""


def add(document: Json, place: str, addition: object) -> None:
    *way, last = place.split()
    inner = reduce(lambda part, key: part[int(key) if isinstance(part, list) else key], way, document)
    assert last not in inner, f"{place}: is documented now"
    inner[last] = addition


def completed() -> Json:
    document = copy.deepcopy(published())
    for _, owners, place, addition in LEFT_OUT:
        for owner in owners:
            add(document, f"{owner} {place}", addition)
    return document


def test_schemathesis_finds_nothing(odd: Emulator, tmp_path: Path) -> None:
    odd.behave(token=odd.token)
    known = {"organisation": ORGANISATION, "session_id": create_id(odd)}
    configuration = CONFIGURATION.format(examples=EXAMPLES, token=odd.token, **known)
    (tmp_path / "openapi.yaml").write_text(yaml.safe_dump(completed()))
    (tmp_path / "schemathesis.toml").write_text(configuration)
    run = subprocess.run(  # noqa: S603 - a package of ours, on a file of ours
        [COMMAND, "run", "openapi.yaml", "--url", odd.url, "--no-color"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120 + EXAMPLES,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    # Every operation was reached, with each of its outcomes.
    answered = {(entry["method"], entry["path"].count("/"), entry["status"]) for entry in odd.requests()}
    assert answered >= {
        *(("POST", 6, status) for status in (201, 400, 401)),
        *(("GET", 6, status) for status in (200, 400, 401)),
        *(("GET", 7, status) for status in (200, 401, 404)),
        *(("PUT", 7, status) for status in (200, 400, 401, 404)),
        *(("PUT", 8, status) for status in (200, 400, 401)),
        *(("DELETE", 7, status) for status in (200, 401, 500)),
    }
