"""Records as JSON by POST, several at once, signed."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from pydantic import Field

from ..schemas.channels import WebAddress
from ..schemas.json import JsonObject
from ..spi.sink import AuditSink, SinkConfig
from .egress import Egress
from .webhook import signed


class WebhookSinkConfig(SinkConfig):
    """Settings of the receiver.

    Attributes:
        url: Where records are posted; `env:NAME` or `file:PATH` where it is a secret.
        secret: `env:NAME` or `file:PATH` of what `X-Mesh-Signature` is made with.
        private: Allow addresses of this machine and of private networks.
        ca_file: Certificates to trust instead of the system's.
    """

    url: WebAddress
    secret: str | None = Field(default=None, pattern=r"^(env|file):.")
    private: bool = False
    ca_file: str | None = None


class WebhookSink(AuditSink):
    """POSTs `{"records": […]}`; what is not answered with a 2xx comes again."""

    Config: type[SinkConfig] = WebhookSinkConfig
    name = "webhook"

    async def write(self, records: Sequence[JsonObject]) -> None:
        config = self.config
        assert isinstance(config, WebhookSinkConfig)
        secret = None if config.secret is None else self.secrets.resolve(config.secret)
        url = config.url if "://" in config.url else self.secrets.resolve(config.url)
        body = orjson.dumps({"records": list(records)})
        egress = Egress(private=config.private, ca_file=config.ca_file)
        await egress.post(url, body, signed(body, secret))
