"""Records as OpenTelemetry logs, by OTLP over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import orjson
from pydantic import Field

from ..schemas.channels import WebAddress
from ..schemas.json import JsonObject, as_str, dig
from ..spi.secrets import SecretStore
from ..spi.sink import AuditSink, SinkConfig
from .egress import Egress
from .otlp import NAME, attributes, export, require_telemetry, resource

if TYPE_CHECKING:
    from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord


class OtelSinkConfig(SinkConfig):
    """Settings of the collector.

    Attributes:
        endpoint: Of its logs, such as `https://collector.example.org:4318/v1/logs`.
        headers: Sent along; values may be `env:NAME` or `file:PATH`.
        private: Allow addresses of this machine and of private networks.
        ca_file: Certificates to trust instead of the system's.
        service: Its `service.name`.
    """

    endpoint: WebAddress
    headers: dict[str, str] = Field(default_factory=dict)
    private: bool = False
    ca_file: str | None = None
    service: str = NAME


class OtelSink(AuditSink):
    """One log record for each; its body is the record as JSON."""

    Config: type[SinkConfig] = OtelSinkConfig
    name = "otel"

    def __init__(self, config: SinkConfig, secrets: SecretStore) -> None:
        require_telemetry()
        super().__init__(config, secrets)

    async def write(self, records: Sequence[JsonObject]) -> None:
        from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
        from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
        from opentelemetry.proto.logs.v1.logs_pb2 import ResourceLogs, ScopeLogs

        config = self.config
        assert isinstance(config, OtelSinkConfig)
        logs = ScopeLogs(scope=InstrumentationScope(name=NAME), log_records=map(_log, records))
        body = ExportLogsServiceRequest(
            resource_logs=[ResourceLogs(resource=resource(config.service), scope_logs=[logs])]
        )
        headers = {
            name: self.secrets.resolve(value) if value.startswith(("env:", "file:")) else value
            for name, value in config.headers.items()
        }
        egress = Egress(private=config.private, ca_file=config.ca_file)
        await export(egress, config.endpoint, headers, body)


def _log(record: JsonObject) -> LogRecord:
    from opentelemetry.proto.common.v1.common_pb2 import AnyValue
    from opentelemetry.proto.logs.v1.logs_pb2 import SEVERITY_NUMBER_INFO, LogRecord

    started = as_str(dig(record, "call", "summary", "started_at"))
    at = int(datetime.fromisoformat(started).timestamp() * 1e9) if started else 0
    return LogRecord(
        time_unix_nano=at,
        severity_number=SEVERITY_NUMBER_INFO,
        severity_text="INFO",
        event_name="jupyter_mesh.call",
        body=AnyValue(string_value=orjson.dumps(record).decode()),
        attributes=attributes(
            {
                "jupyter_mesh.call.id": as_str(record.get("id")),
                "jupyter_mesh.call.outcome": as_str(dig(record, "call", "summary", "outcome")),
                "gen_ai.request.model": as_str(dig(record, "call", "summary", "requested_model")),
                "gen_ai.response.model": as_str(dig(record, "call", "summary", "model")),
            }
        ),
    )
