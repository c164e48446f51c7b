"""The fleet file: what it may say, and the one line that names the key and the rule where it says something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from quant_sessions_provider.core.errors import ConfigurationError
from quant_sessions_provider.fleet.definition import Definition, read

if TYPE_CHECKING:
    from pathlib import Path

SMALLEST = "name: support\nshards: 16\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for place in (tmp_path, tmp_path / "program"):
        place.mkdir(exist_ok=True)
        (place / "Pulumi.yaml").write_text("name: desk\nruntime: python\n")
    return tmp_path


def written(folder: Path, text: str) -> Path:
    (folder / "fleet.yaml").write_text(text)
    return folder / "fleet.yaml"


def test_the_smallest_file_is_a_name_and_a_number(folder: Path) -> None:
    assert read(written(folder, SMALLEST)) == Definition("support", str(folder), "desk", 16)


def test_a_file_names_all_that_is_run(folder: Path) -> None:
    text = """\
        name: support
        program: program
        shards: 200
        backend: s3://state
        secretsProvider: hashivault://desk
        parallel: 6
        config: {quant-sessions:requestsPerSecond: 10, topic: parcels}
        """
    config = {"quant-sessions:requestsPerSecond": 10, "topic": "parcels"}
    expected = ("support", str(folder / "program"), "desk", 200, "s3://state", "hashivault://desk", 6, config)
    found = read(written(folder, text))
    assert found == Definition(*expected)
    assert (found.secrets_provider, found.backend) == ("hashivault://desk", "s3://state")


@pytest.mark.parametrize(
    ("backend", "read_as"),
    [
        ("file://state", "file://{}/state"),
        ("file://./state", "file://{}/state"),
        ("file://~/state", "file://~/state"),
        ("file:///var/state", "file:///var/state"),
        ("postgres://me@host/pulumi", "postgres://me@host/pulumi"),
    ],
)
def test_a_folder_of_state_is_beside_the_file(folder: Path, backend: str, read_as: str) -> None:
    assert read(written(folder, f"{SMALLEST}backend: {backend}\n")).backend == read_as.format(folder)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "must be a mapping, with at least name and shards"),
        ("- a", "must be a mapping, with at least name and shards"),
        ("name: [", "not YAML, line 1"),
        ("name: support", "shards: is required"),
        ("shards: 16", "name: is required"),
        (f"{SMALLEST}shard: 3", "shard: is not a key of a fleet; use shards"),
        (f"{SMALLEST}zzz: 3", "zzz: is not a key of a fleet"),
        ("name: team_a\nshards: 3", "name: must not contain _: a stack with one in its name can crash"),
        ("name: 7\nshards: 3", "name: must be a non-empty string"),
        ("name: a\nshards: 0", "shards: must be a whole number from 1 to 100000"),
        ("name: a\nshards: true", "shards: must be a whole number from 1 to 100000"),
        ("name: a\nshards: '3'", "shards: must be a whole number from 1 to 100000"),
        (f"{SMALLEST}parallel: 1.5", "parallel: must be a whole number from 1 to 1000"),
        (f"{SMALLEST}program: elsewhere", "program: must be a folder with a Pulumi.yaml, and "),
        (f"{SMALLEST}backend: state", "backend: must be a URL, such as file://~"),
        (f"{SMALLEST}backend: postgres://me:xyzzy@host/state", "backend: must not contain a password: set PGPASSWORD"),
        (f"{SMALLEST}backend: postgres://me@host/state?password=xyzzy", "backend: must not contain a password: set"),
        (f"{SMALLEST}secretsProvider: 3", "secretsProvider: must be a non-empty string"),
        (f"{SMALLEST}config: [1]", "config: must be a mapping of keys to values"),
        (f"{SMALLEST}config: {{fleet:shard: 3}}", "config: fleet:shard is set by the fleet itself"),
        (f"{SMALLEST}config: {{quant-sessions:bearer: xyzzy}}", "config: quant-sessions:bearer is a secret, which"),
        (
            f"{SMALLEST}config: {{quant-sessions:orgnization: acme}}",
            "config: quant-sessions:orgnization is not a setting; use quant-sessions:organization",
        ),
        (f"{SMALLEST}config: {{pin: {{secure: xyzzy}}}}", "config: pin is a secret, which a fleet file must not"),
    ],
)
def test_what_cannot_be_used_is_one_line_with_the_key_and_the_rule(folder: Path, text: str, problem: str) -> None:
    file = written(folder, text)
    with pytest.raises(ConfigurationError) as raised:
        read(file)
    line = str(raised.value)
    assert line.startswith(f"{file}: {problem}")
    assert "\n" not in line
    assert "xyzzy" not in line


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"fleet.yaml: No such file or directory"):
        read(tmp_path / "fleet.yaml")


def test_a_program_without_a_name_is_refused(folder: Path) -> None:
    (folder / "Pulumi.yaml").write_text("runtime: python\n")
    with pytest.raises(ConfigurationError, match=r"program: .*Pulumi.yaml has no name"):
        read(written(folder, SMALLEST))


def test_a_backend_that_the_program_names_is_to_be_named_here(folder: Path) -> None:
    (folder / "Pulumi.yaml").write_text("name: desk\nruntime: python\nbackend: {url: s3://state}\n")
    with pytest.raises(ConfigurationError, match=r"backend: is required, since the program's Pulumi.yaml names one"):
        read(written(folder, SMALLEST))
    assert read(written(folder, f"{SMALLEST}backend: s3://state\n")).backend == "s3://state"


def test_what_is_configured_does_not_reach_reprs(folder: Path) -> None:
    assert "parcels" not in repr(read(written(folder, f"{SMALLEST}config: {{topic: parcels}}")))
