"""What a release is made of: its metadata and files, its version and changelog, and the checks that stop it."""

from __future__ import annotations

import json
import re
import tarfile
import zipfile
from importlib import metadata
from typing import TYPE_CHECKING, cast

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

import quant_sessions_provider
from quant_sessions_provider.plugin.schema_parts import REPOSITORY
from tools.plugin_archive import plugin_version
from tools.release import changelog, check, environments, install_check
from tools.release.distribution import ROOT, ReleaseError, ran, wheel
from tools.release.extras import EXTRAS, Trial, check_packages

if TYPE_CHECKING:
    from pathlib import Path

VERSION = quant_sessions_provider.__version__
METADATA = metadata.metadata("quant-sessions-provider")


# --- metadata and files --------------------------------------------------------------------------------------


def test_all_addresses_are_of_one_repository() -> None:
    urls = dict(line.split(", ") for line in METADATA.get_all("Project-URL") or [])
    assert urls["Source"] == REPOSITORY
    assert urls["Issues"].startswith(REPOSITORY)
    assert urls["Changelog"].startswith(REPOSITORY)
    owner, name = REPOSITORY.rsplit("/", 2)[1:]
    assert urls["Documentation"] == f"https://{owner}.github.io/{name}/"
    texts = [(ROOT / file).read_text() for file in ("docs/report.md", "docs/plugin.md", "SECURITY.md", "RELEASING.md")]
    assert all(f"{owner}/{name}" in text for text in texts)


def test_the_pythons_of_the_metadata_are_those_that_are_tested() -> None:
    versions = environments.supported()
    assert METADATA["Requires-Python"] == f">={versions[0]}"
    workflow = (ROOT / ".github" / "workflows" / "check.yml").read_text()
    assert f"python: {json.dumps(versions)}" in workflow


def test_the_version_stands_in_one_place() -> None:
    files = [
        *ROOT.glob("[!.]*.*"),
        *_files("quant_sessions_provider"),
        *ROOT.glob("tools/*.*"),
        *_files("tools/release"),
    ]
    having = [file for file in files if re.search(rf"(?<![\d.]){re.escape(VERSION)}(?![\d.])", file.read_text())]
    assert {file.name for file in having} - {"CHANGELOG.md", "requirements.lock"} == {"pyproject.toml", "schema.json"}


def test_the_sdist_has_what_builds_the_wheel(tmp_path: Path) -> None:
    (built,) = SdistBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with tarfile.open(built) as sdist:
        names = {name.split("/", 1)[1] for name in sdist.getnames()}
    beside = {name for name in names if not name.startswith("quant_sessions_provider/")}
    assert beside == {".gitignore", "CHANGELOG.md", "LICENSE", "PKG-INFO", "README.md", "pyproject.toml"}
    assert names - beside == _package()


def test_the_wheel_has_the_package_alone(tmp_path: Path) -> None:
    (built,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with zipfile.ZipFile(built) as file:
        names = set(file.namelist())
    about = f"quant_sessions_provider-{VERSION}.dist-info/"
    assert {name for name in names if not name.startswith(about)} == _package()
    assert f"{about}licenses/LICENSE" in names
    assert wheel(tmp_path).name in built


def _package() -> set[str]:
    return {file.relative_to(ROOT).as_posix() for file in _files("quant_sessions_provider")}


def _files(folder: str) -> list[Path]:
    return [file for file in (ROOT / folder).rglob("*.*") if file.is_file() and "__pycache__" not in file.parts]


def test_no_wheel_or_two_are_refused(tmp_path: Path) -> None:
    for number in (0, 2):
        for one in range(number):
            (tmp_path / f"quant_sessions_provider-0.{one}.0-py3-none-any.whl").touch()
        with pytest.raises(ReleaseError, match=f"has {number} wheels instead of one"):
            wheel(tmp_path)


# --- version and changelog -----------------------------------------------------------------------------------

UNRELEASED = "# Changelog\n\n## Unreleased\n\n- New.\n\n## 0.1.0 (2027-01-31)\n\n- Old.\n"
RELEASED = UNRELEASED.replace("Unreleased", "0.2.0 (2027-02-28)")


def test_the_changelog_is_of_this_version() -> None:
    assert changelog.current().text


@pytest.mark.parametrize(("text", "tag"), [(UNRELEASED, ""), (RELEASED, ""), (RELEASED, "v0.2.0")])
def test_the_newest_section_is_what_a_release_says(text: str, tag: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quant_sessions_provider, "__version__", "0.2.0", raising=False)
    assert changelog.newest(text, "0.2.0", tag).text == "- New."


@pytest.mark.parametrize(
    ("text", "version", "tag", "said"),
    [
        (UNRELEASED, "0.2.0", "v0.2.0", "the newest section Unreleased must be of one release"),
        (RELEASED, "0.2.0", "v0.3.0", "tag v0.3.0, version 0.2.0"),
        (RELEASED, "0.3.0", "", "version 0.3.0 is not 0.2.0, the newest section"),
        (UNRELEASED, "0.1.0", "", "version 0.1.0 must be newer than 0.1.0"),
        (RELEASED.replace(" (2027-02-28)", ""), "0.2.0", "", "a released section has a date"),
        (UNRELEASED.replace("Unreleased", "Soon, perhaps"), "0.2.0", "", "each section begins with"),
        (
            RELEASED.replace("0.1.0 (2027-01-31)", "Unreleased"),
            "0.2.0",
            "",
            "only the newest section may be Unreleased",
        ),
    ],
)
def test_a_version_that_disagrees_is_refused(
    text: str, version: str, tag: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quant_sessions_provider, "__version__", version, raising=False)
    with pytest.raises(ReleaseError, match=re.escape(said)):
        changelog.newest(text, version, tag)


# --- the checks ----------------------------------------------------------------------------------------------


def test_the_first_failure_ends_the_check(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise ReleaseError("not committed: README.md")

    done: list[str] = []
    steps = {"one": lambda: done.append("one"), "two": fail, "three": lambda: done.append("three")}
    monkeypatch.setattr(check, "STEPS", steps)
    assert check.main([]) == 1
    assert capsys.readouterr().err == "FAILED: two: not committed: README.md\n"
    assert check.main(["one", "three"]) == 0
    assert done == ["one", "one", "three"]


def test_a_step_that_does_not_exist_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert check.main(["version", "sbon"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("no such step: sbon; there are clean, empty, version, check,")


@pytest.mark.parametrize(
    "said", ["> Until the first release, install from a clone.", "There has been no\nrelease yet.", "Released."]
)
def test_a_tag_needs_pages_that_know_of_a_release(said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "start.md").write_text(said)
    (tmp_path / "README.md").write_text("Install it.")
    for name, value in {"ROOT": tmp_path, "DIST": tmp_path / "dist"}.items():
        monkeypatch.setattr(check, name, value)
    released = changelog.Section(VERSION, "2027-01-31", "- New.")
    monkeypatch.setattr(changelog, "current", lambda _: released)
    monkeypatch.setenv("TAG", plugin_version())
    code = check.main(["version"])
    assert (code, (tmp_path / "dist").exists()) == ((0, True) if said == "Released." else (1, False))


def test_a_failed_command_is_quoted_with_its_last_lines() -> None:
    with pytest.raises(ReleaseError) as failed:
        ran("sh", "-c", "seq 1 60; exit 1")
    first, *_, last = str(failed.value).splitlines()
    assert (first, last) == ("11", "`sh -c seq 1 60; exit 1` failed")


class FakeTrial:
    """What an environment would tell of itself."""

    def __init__(self, **seen: list[str]) -> None:
        self.seen = seen

    def run(self, *_command: str) -> str:
        return json.dumps({"requires": metadata.requires("quant-sessions-provider"), **self.seen})


NEEDED = ["pulumi", "requests", "urllib3", "detect-secrets", "pulumi-policy"]


@pytest.mark.parametrize(
    ("loaded", "installed", "said"),
    [
        (NEEDED[:-1], NEEDED, "policy requires what its modules do not import: pulumi-policy"),
        (NEEDED, [*NEEDED, "rich"], "policy installs what is for another extra: rich"),
    ],
)
def test_what_an_extra_does_not_need_is_refused(loaded: list[str], installed: list[str], said: str) -> None:
    check_packages("policy", cast("Trial", FakeTrial(loaded=NEEDED, installed=NEEDED)))
    with pytest.raises(ReleaseError, match=said):
        check_packages("policy", cast("Trial", FakeTrial(loaded=loaded, installed=installed)))


def test_every_extra_for_users_is_tried() -> None:
    provided = set(METADATA.get_all("Provides-Extra") or [])
    assert {"core", *provided} - {"dev"} == EXTRAS.keys()
    parts = {part.name.removesuffix(".py") for part in (ROOT / "quant_sessions_provider").glob("[a-z]*")}
    assert {module for extra in EXTRAS.values() for module in extra.modules} == parts - {"py.typed"}


def test_a_python_that_cannot_be_had_is_named_and_no_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(install_check, "find_python", lambda version: None if version == "3.14" else tmp_path)

    def succeed(python: Path, folder: Path) -> None:
        assert (python, list(folder.iterdir())) == (tmp_path, [])

    def fail(*_: Path) -> None:
        raise ReleaseError("no such package")

    assert install_check.report("3.14", {"core": fail})
    assert install_check.report("3.13", {"core": succeed})
    assert not install_check.report("3.13", {"core": fail})
    printed = capsys.readouterr()
    missing, passed, failed = printed.out.splitlines()
    assert missing == "  3.14   not checked: it is not on this machine, and uv could not download it"
    assert passed.split()[:3] == ["3.13", "core", "passed"]
    assert failed.split()[:3] == ["3.13", "core", "FAILED"]
    assert printed.err == "no such package\n"
