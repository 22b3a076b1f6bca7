"""Every vendor behind a mesh: what stands in for it, and the connection to that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from jupyter_mesh.testing.fake_anthropic import FakeAnthropic
from jupyter_mesh.testing.fake_bedrock import FakeBedrock, Keys
from jupyter_mesh.testing.fake_cohere import FakeCohere
from jupyter_mesh.testing.fake_gemini import FakeGemini
from jupyter_mesh.testing.fake_openai import FakeOpenAI
from jupyter_mesh.testing.fake_upstream import Dialect, FakeUpstream
from jupyter_mesh.testing.fake_vendors import (
    AI21Dialect,
    AzureDialect,
    DatabricksDialect,
    HuggingFaceDialect,
    NimDialect,
    SnowflakeDialect,
)

SECRET = "vendor-key-0123456789abcdefABCDEF"
_KEYS = Keys("AKIDEXAMPLE", SECRET)
_KEY: dict[str, object] = {"api_key": "env:VENDOR_KEY"}
_SIGNED: dict[str, object] = {
    "region": "us-east-1",
    "access_key_id": "env:VENDOR_KEY_ID",
    "secret_access_key": "env:VENDOR_KEY",
}


@dataclass(frozen=True)
class Vendor:
    """One of them.

    Attributes:
        provider: Its name in `mesh.yaml`.
        model: The vendor's name of a model.
        fake: Makes what stands in for it.
        settings: Of the connection, beside its address.
        where: The settings that hold the address.
        path: Of the API there.
    """

    provider: str
    model: str
    fake: Callable[[], FakeUpstream]
    settings: dict[str, object]
    where: tuple[str, ...] = ("base_url",)
    path: str = ""

    def connection(self, fake: FakeUpstream, **settings: object) -> dict[str, object]:
        """A connection to `fake` that asks once, with one priced model."""
        return {
            "provider": self.provider,
            **dict.fromkeys(self.where, f"{fake.address}{self.path}"),
            "models": {self.model: {"price": {"input": 1, "output": 10}, "max_output": 4000}},
            "retries": 0,
            **self.settings,
            **settings,
        }


VENDORS = (
    Vendor("openai", "gpt-4o-mini", lambda: FakeOpenAI(api_key=SECRET), _KEY, path="/v1"),
    Vendor(
        "anthropic",
        "claude-sonnet-4-5",
        lambda: FakeAnthropic(api_key=SECRET),
        _KEY,
    ),
    Vendor(
        "bedrock",
        "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        lambda: FakeBedrock(keys=_KEYS),
        _SIGNED,
        ("base_url", "control_url"),
    ),
    Vendor(
        "vertex",
        "gemini-2.5-flash",
        lambda: FakeGemini(api_key=SECRET),
        {"project": "p", "access_token": "env:VENDOR_KEY"},
    ),
    Vendor(
        "cohere",
        "command-a-vision-07-2025",
        lambda: FakeCohere(api_key=SECRET),
        _KEY,
    ),
)
"""One for each wire format."""


def _fake(dialect: type[Dialect]) -> Callable[[], FakeUpstream]:
    return lambda: FakeUpstream(dialect(), api_key=SECRET)


OF_OPENAIS_SHAPE = (
    Vendor("azure_openai", "my-gpt", _fake(AzureDialect), _KEY),
    Vendor("databricks", "databricks-claude-sonnet-4", _fake(DatabricksDialect), _KEY),
    Vendor(
        "snowflake",
        "claude-sonnet-4-5",
        _fake(SnowflakeDialect),
        {**_KEY, "account": "my-org"},
        path="/api/v2/cortex/v1",
    ),
    Vendor("nvidia_nim", "meta/llama-3.2-90b-vision-instruct", _fake(NimDialect), _KEY, path="/v1"),
    Vendor(
        "huggingface_inference",
        "Qwen/Qwen2.5-VL-72B-Instruct",
        _fake(HuggingFaceDialect),
        _KEY,
        path="/v1",
    ),
)
"""Those that see pictures."""

BLIND = Vendor("ai21", "jamba-large", _fake(AI21Dialect), _KEY, path="/studio/v1")
"""Of OpenAI's shape too, but its models see no pictures."""


@pytest.fixture(params=VENDORS, ids=lambda vendor: vendor.provider)
def vendor(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Vendor:
    """Each in turn."""
    give_keys(monkeypatch)
    return request.param


def give_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the connections' references name."""
    monkeypatch.setenv("VENDOR_KEY", SECRET)
    monkeypatch.setenv("VENDOR_KEY_ID", _KEYS.access_key)
