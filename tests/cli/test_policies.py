from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from quant_sessions_provider import policy
from quant_sessions_provider.cli import policies

if TYPE_CHECKING:
    from tests.cli.conftest import Command

EXAMPLE = Path(__file__).parents[2] / "examples" / "policies"


def test_a_pack_is_written_that_names_this_environment(tmp_path: Path, run: Command) -> None:
    pack = tmp_path / "infra" / "policies"
    result = run("policies", "init", str(pack))
    assert (result.code, result.out, result.error) == (0, f"Try it: pulumi preview --policy-pack {pack}\n", "")
    options = yaml.safe_load((pack / "PulumiPolicy.yaml").read_text())["runtime"]["options"]
    assert os.path.realpath(pack / options["virtualenv"]) == os.path.realpath(sys.prefix)
    assert (pack / "__main__.py").read_text() == (EXAMPLE / "__main__.py").read_text()
    assert policies.PROJECT.format(virtualenv=".venv") == (EXAMPLE / "PulumiPolicy.yaml").read_text()


@pytest.mark.parametrize("name", ["PulumiPolicy.yaml", "__main__.py"])
def test_an_existing_pack_is_left_alone(tmp_path: Path, run: Command, name: str) -> None:
    (tmp_path / name).write_text("mine")
    result = run("policies", "init", str(tmp_path))
    assert (result.code, result.error) == (2, f"{tmp_path / name} exists already; nothing was written\n")
    assert (tmp_path / name).read_text() == "mine"


def test_a_directory_that_cannot_be_made_is_one_line(tmp_path: Path, run: Command) -> None:
    (tmp_path / "file").write_text("")
    result = run("policies", "init", str(tmp_path / "file" / "pack"))
    assert (result.code, result.error) == (2, f"{tmp_path / 'file' / 'pack'}: Not a directory\n")


@pytest.mark.parametrize("directory", ["", " "], ids=repr)
def test_an_unset_variable_writes_nothing_into_the_current_directory(
    tmp_path: Path, run: Command, monkeypatch: pytest.MonkeyPatch, directory: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("policies", "init", directory)
    assert (result.code, list(tmp_path.glob("*.*"))) == (2, [])
    assert "must not be empty" in result.error


def test_without_the_extra_it_says_what_to_install(
    tmp_path: Path, run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy, "PACKAGES", ("no_such_package",))
    result = run("policies", "init", str(tmp_path / "pack"))
    line = "the policies need the extra 'policy': pip install 'quant-sessions-provider[policy]'\n"
    assert (result.code, result.error, (tmp_path / "pack").exists()) == (1, line, False)
