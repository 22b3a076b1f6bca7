"""Fake upstreams, each on a port of its own, and an environment without anybody's keys."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jupyter_mesh.providers.discover import hosted_services
from jupyter_mesh.testing.fake_openai import FakeOpenAI

KEY_VARIABLES = (
    *("OPENAI_API_KEY", "OPENAI_BASE_URL", "MISTRAL_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"),
    *("GROQ_API_KEY", "DEEPSEEK_API_KEY", "TOGETHER_API_KEY", "OPENROUTER_API_KEY"),
    "NVIDIA_API_KEY",
)


@pytest.fixture(autouse=True)
def no_keys_around(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the keys of whoever runs the tests."""
    for name in KEY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    import os

    assert hosted_services(os.environ) == []


@pytest.fixture
def upstream() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as fake:
        yield fake


@pytest.fixture
def other() -> Iterator[FakeOpenAI]:
    """A second upstream."""
    with FakeOpenAI() as fake:
        yield fake
