"""The two pages that the Pulumi Registry takes from ``docs/``."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

import pytest
import yaml

from quant_sessions_provider import plugin

DOCS: Final = Path(__file__).parents[2] / "docs"
PAGES: Final = ("_index", "installation-configuration")
SCHEMA: Final = json.loads(Path(plugin.__file__).with_name("schema.json").read_text())


def page(name: str) -> str:
    return (DOCS / f"{name}.md").read_text()


def blocks(name: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page(name), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_begins_as_the_registry_requires_and_has_no_heading_of_its_own(name: str) -> None:
    nothing, head, body = page(name).split("---\n", 2)
    assert nothing == ""
    meta = yaml.safe_load(head)
    assert set(meta) == {"title", "meta_desc", "layout"}
    assert meta["layout"] == "package"
    assert meta["title"].startswith(SCHEMA["displayName"])
    assert not re.search(r"^# ", re.sub(r"```.*?```", "", body, flags=re.DOTALL), re.MULTILINE)


def test_every_language_of_a_chooser_has_its_choice() -> None:
    choosers = re.findall(r'{{< chooser language "(.*?)" >}}\n(.*?){{< /chooser >}}', page("_index"), re.DOTALL)
    assert len(choosers) == 2
    for languages, body in choosers:
        choices = re.findall(r"{{% choosable language (\w+) %}}\n\n.*?\n\n{{% /choosable %}}\n", body, re.DOTALL)
        assert choices == languages.split(",")
    assert page("_index").count("{{") == sum(2 + body.count("{{") for _, body in choosers)


def test_the_programs_are_those_of_other_pages_which_run() -> None:
    assert blocks("_index", "python") == blocks("getting-started", "python")[:1]
    assert blocks("_index", "yaml")[-1] == blocks("plugin", "yaml")[0]


def test_the_program_in_go_imports_what_pulumi_generates() -> None:
    (path,) = SCHEMA["language"]["go"]["packageImportAliases"]
    assert f'"{path}"' in blocks("_index", "go")[0]
    assert f"-replace {path.rpartition('/')[0]}=./sdks/go" in page("_index")


def test_every_setting_is_listed() -> None:
    listed = re.findall(r"^\| `(\w+)` \|", page("installation-configuration"), re.MULTILINE)
    assert sorted(listed) == sorted(SCHEMA["config"]["variables"])
