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
from jupyter_mesh.testing.fake_upstream import FakeUpstream

SECRET = "vendor-key-0123456789abcdefABCDEF"
_KEYS = Keys("AKIDEXAMPLE", SECRET)
_SIGNED = {
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
    """

    provider: str
    model: str
    fake: Callable[[], FakeUpstream]
    settings: dict[str, object]
    where: tuple[str, ...] = ("base_url",)

    def connection(self, fake: FakeUpstream, **settings: object) -> dict[str, object]:
        """A connection to `fake` that asks once, with one priced model."""
        address = f"{fake.address}/v1" if isinstance(fake, FakeOpenAI) else fake.address
        return {
            "provider": self.provider,
            **dict.fromkeys(self.where, address),
            "models": {self.model: {"price": {"input": 1, "output": 10}, "max_output": 4000}},
            "retries": 0,
            **self.settings,
            **settings,
        }


VENDORS = (
    Vendor(
        "openai", "gpt-4o-mini", lambda: FakeOpenAI(api_key=SECRET), {"api_key": "env:VENDOR_KEY"}
    ),
    Vendor(
        "anthropic",
        "claude-sonnet-4-5",
        lambda: FakeAnthropic(api_key=SECRET),
        {"api_key": "env:VENDOR_KEY"},
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
        {"api_key": "env:VENDOR_KEY"},
    ),
)


@pytest.fixture(params=VENDORS, ids=lambda vendor: vendor.provider)
def vendor(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Vendor:
    """Each in turn."""
    give_keys(monkeypatch)
    return request.param


def give_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the connections' references name."""
    monkeypatch.setenv("VENDOR_KEY", SECRET)
    monkeypatch.setenv("VENDOR_KEY_ID", _KEYS.access_key)
