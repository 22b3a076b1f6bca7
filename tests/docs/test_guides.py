"""The guides say what the code does."""

from __future__ import annotations

import importlib
import re
import tomllib
from pathlib import Path

import aiohttp
import pytest
import yaml
from jupyter_mesh_server import call_options

from jupyter_mesh.cli import main
from jupyter_mesh.config import Config
from jupyter_mesh.guards.database import Database
from jupyter_mesh.guards.expressions import Expressions
from jupyter_mesh.kernel.options import OPTIONS
from jupyter_mesh.mesh.plugins import validate_settings
from jupyter_mesh.spi.guard import Detector
from jupyter_mesh.testing.fake_openai import FakeOpenAI

ROOT = Path(__file__).parents[2]
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(name: str, language: str) -> list[str]:
    """The fenced code blocks of a document in one language."""
    text = (ROOT / "docs" / name).read_text("utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def merged(name: str) -> dict[str, object]:
    """All YAML of a guide as one `mesh.yaml`."""
    whole: dict[str, object] = {}
    for block in blocks(name, "yaml"):
        for section, value in yaml.safe_load(block).items():
            known = whole.get(section)
            if isinstance(known, dict):
                known |= value
            elif isinstance(known, list):
                known += value
            else:
                whole[section] = value
    return whole


def test_the_admin_guides_configuration_is_valid() -> None:
    config = Config.model_validate(merged("admin-guide.md"))
    assert config.connections["openai"].models["our-fine-tune"].price is not None
    assert {budget.window for budget in config.budgets} == {"month", "rolling 1d"}


def test_the_providers_take_the_settings_of_the_admin_guides_connections() -> None:
    config = Config.model_validate(merged("admin-guide.md"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    declared = project["entry-points"]["jupyter_mesh.provider.v1"]
    for name, rule in config.connections.items():
        module, _, kind = declared[rule.provider].partition(":")
        provider = getattr(importlib.import_module(module), kind)
        validate_settings(provider.Config, rule.options, f"connections.{name}")


def test_the_admin_guide_names_every_section_of_the_file() -> None:
    text = (ROOT / "docs" / "admin-guide.md").read_text("utf-8")
    silent = {"default_model", "offers", "admin_contact"}
    missing = {name for name in Config.model_fields if f"{name}:" not in text} - silent
    assert missing == set()


def test_the_user_guide_names_every_option_of_the_magic() -> None:
    text = (ROOT / "docs" / "user-guide.md").read_text("utf-8")
    missing = [flag for option in OPTIONS for flag in option.flags if flag not in text]
    assert missing == []


@pytest.mark.parametrize("document", DOCS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", document.read_text("utf-8")):
        if "://" not in target:
            assert (document.parent / target).exists(), f"{document.name}: {target}"


@pytest.mark.parametrize("document", DOCS, ids=lambda path: path.name)
def test_the_commands_in_the_documents_exist(
    document: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in set(re.findall(r"jupyter mesh ([a-z]+)", document.read_text("utf-8"))):
        with pytest.raises(SystemExit) as ended:
            main([command, "--help"])
        assert ended.value.code == 0, command
        capsys.readouterr()


def test_the_user_guide_names_every_header_that_describes_a_call() -> None:
    text = (ROOT / "docs" / "user-guide.md").read_text("utf-8")
    source = Path(call_options.__file__).read_text("utf-8")
    names = set(re.findall(r'"(X-Mesh-[A-Za-z-]+|Idempotency-Key)"', source))
    assert len(names) == 8
    assert {name for name in names if f"`{name}`" not in text} == set()


async def test_the_plugin_guides_script_of_the_fake_upstream_is_what_it_takes() -> None:
    (order,) = (block for block in blocks("plugin-guide.md", "json") if "behaviours" in block)
    async with FakeOpenAI() as fake, aiohttp.ClientSession() as session:
        url = f"{fake.base_url.removesuffix('/v1')}/_script"
        async with session.post(url, data=order) as reply:
            assert (reply.status, await reply.json()) == (200, {"waiting": 2})
    assert fake.default.text == "Everything after that."


def test_the_guards_guides_configuration_is_valid() -> None:
    config = Config.model_validate(merged("guards-guide.md"))
    assert {rule.mode for rule in config.screening} == {"enforce", "monitor"}
    assert config.screening[1].target.application == "report-*"
    plugins: dict[str, type[Detector]] = {"database": Database, "expressions": Expressions}
    checked = {
        rule.guard: plugins[rule.guard].Config.model_validate(rule.model_extra)
        for rule in config.guards.values()
        if rule.guard in plugins
    }
    assert checked.keys() == plugins.keys()
