"""A gateway over servers that stand in for OpenAI and for Anthropic."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jupyter_mesh.testing.fake_anthropic import FakeAnthropic
from jupyter_mesh.testing.fake_openai import FakeOpenAI
from jupyter_mesh.testing.gateway_process import GatewayProcess

from .conftest import PROVIDER_KEY, Gateway

CLAUDE = "claude-sonnet-4-5"
PRICE = {"input": 3, "output": 15, "cache_read": "0.3", "cache_write": "3.75"}
PLUGIN = {
    "METADATA": "Metadata-Version: 2.1\nName: claude-of-the-tests\nVersion: 1\n",
    "entry_points.txt": "[jupyter_mesh.provider.v1]\n"
    "claude_of_the_tests = jupyter_mesh.providers.anthropic:Anthropic\n",
}
"""The provider under a name of the tests' own, as a package that somebody has installed."""


@contextmanager
def two_vendors(folder: Path) -> Iterator[tuple[Gateway, FakeAnthropic]]:
    """The gateway, whose `upstream` is OpenAI's, and Anthropic's server."""
    with FakeOpenAI(api_key=PROVIDER_KEY) as openai, FakeAnthropic(api_key=PROVIDER_KEY) as claude:
        process = GatewayProcess(folder)
        common = {"api_key": "env:PROVIDER_KEY", "retries": 0}
        up = {"provider": "openai_compatible", "base_url": openai.base_url, **common}
        claudes = {"provider": "claude_of_the_tests", "base_url": claude.base_url, **common}
        price = {"price": {"input": 1, "output": 10}, "max_output": 4096, "context_window": 9000}
        process.configure(
            {
                "connections": {
                    "up": {**up, "models": {"m": price}},
                    "claude": {**claudes, "models": {CLAUDE: {"price": PRICE, "max_output": 5000}}},
                },
                "cache": {"exact": {"enabled": False}},
                "budgets": [{"limit_usd": 1000}],
            }
        )
        installed = folder / "plugins" / "claude_of_the_tests-1.dist-info"
        installed.mkdir(parents=True)
        for name, text in PLUGIN.items():
            (installed / name).write_text(text)
        known = [str(installed.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
        process.start(PROVIDER_KEY=PROVIDER_KEY, PYTHONPATH=os.pathsep.join(known))
        try:
            yield Gateway(process, openai), claude
        finally:
            process.stop()
