"""Headers by which other gateways and proxies let a caller choose where a request goes.

Here an admin's connections decide. None of them would be passed on; but who sends one expects it
to act, and must hear that it does not. `OpenAI-Organization` and `OpenAI-Project` are not among
them: ordinary OpenAI clients send them on their own, so they are only left behind.
"""

from __future__ import annotations

from functools import lru_cache

from jupyter_mesh.errors import UnknownParameter

from .exchange import Headers

ROUTING_HEADERS = frozenset(
    {
        "api-base", "x-api-base", "openai-api-base", "x-openai-api-base",
        "base-url", "x-base-url", "openai-base-url", "x-openai-base-url",
        "api-url", "x-api-url", "api-host", "x-api-host", "api-type", "x-api-type",
        "endpoint", "x-endpoint", "azure-endpoint", "x-azure-endpoint",
        "deployment-id", "x-deployment-id",
        "target-url", "x-target-url", "target-host", "x-target-host",
        "helicone-target-url", "helicone-target-provider", "helicone-openai-api-base",
        "forward-to", "x-forward-to", "x-forward-url", "x-route-to",
        "proxy", "proxy-url", "x-proxy-url", "x-proxy-target", "x-proxy-host",
        "llm-provider", "x-llm-provider", "x-provider", "x-model-provider",
        "custom-llm-provider", "x-custom-llm-provider",
        "extra-headers", "x-extra-headers", "extra-body", "x-extra-body",
        "timeout-url", "aws-access-key-id", "aws-secret-access-key", "aws-session-token",
    }
)  # fmt: skip
"""In lower case, with `-` for `_`."""
ROUTING_PREFIXES = ("x-upstream-", "upstream-", "x-litellm-", "x-portkey-", "cf-aig-")
"""Families of such headers; some of their members would only annotate, but all ask for a gateway
that this one is not.
"""


def refuse_routing_headers(headers: Headers) -> None:
    """Refuse a call that brings one of them.

    Raises:
        UnknownParameter: `param` is the first one's name.
    """
    for name in headers:
        if _routes(name):
            raise UnknownParameter(
                f"The gateway decides where a call goes, not the header {name[:80]!r}: leave it "
                "out and choose a `model`, or ask an admin to add a connection.",
                param=name[:80],
            )


@lru_cache(maxsize=512)  # clients send the same names with every call
def _routes(name: str) -> bool:
    plain = name.lower().replace("_", "-")
    return plain in ROUTING_HEADERS or plain.startswith(ROUTING_PREFIXES)
