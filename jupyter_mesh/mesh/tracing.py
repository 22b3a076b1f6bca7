"""OpenTelemetry traces: a span for each call, one below it for each try, sent in the background.

Without an endpoint there is no tracer, and a call pays one comparison with None.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ..errors import MeshError
from ..pipeline.call import Call
from ..pipeline.trace import Trace
from ..reporting import conventions as names
from ..reporting.egress import Egress
from ..reporting.otlp import NAME, Attribute, attributes, export, require_telemetry, resource
from ..schemas.record_policy import TelemetryRule
from ..spi.secrets import SecretStore

if TYPE_CHECKING:
    from opentelemetry.proto.trace.v1.trace_pb2 import Span

_MOST_WAITING = 4096
_AT_ONCE = 512
_log = logging.getLogger("jupyter_mesh")


def telemetry_of(rule: TelemetryRule, environ: Mapping[str, str]) -> TelemetryRule | None:
    """What is configured, else what OpenTelemetry's standard variables say; None: nothing."""
    if rule.endpoint is not None:
        return rule
    endpoint = environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    if endpoint is None and (base := environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")):
        endpoint = f"{base.rstrip('/')}/v1/traces"
    if not endpoint or environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return None
    pairs = environ.get("OTEL_EXPORTER_OTLP_HEADERS", "").split(",")
    given = dict(pair.strip().split("=", 1) for pair in pairs if "=" in pair)
    service = environ.get("OTEL_SERVICE_NAME", rule.service)
    changed = {"endpoint": endpoint, "headers": {**given, **rule.headers}, "service": service}
    return rule.model_copy(update=changed)


class Tracer:
    """Makes spans of calls that have ended, and sends them.

    Args:
        rule: Where to.
        secrets: Resolves what its headers refer to.

    Attributes:
        dropped: Spans that were never sent since too many waited.

    Raises:
        ConfigError: The messages of OpenTelemetry are not installed.
    """

    def __init__(self, rule: TelemetryRule, secrets: SecretStore) -> None:
        require_telemetry()
        self._rule = rule
        self._secrets = secrets
        self._waiting: deque[Span] = deque()
        self._failing = False
        self.dropped = 0

    def observe(self, call: Call, outcome: str, failure: BaseException | None) -> None:
        """Take a call that has ended; one whose caller does not sample it is left out."""
        if call.trace is None or not call.trace.sampled:
            return
        spans = _spans(call, call.trace, outcome, failure)
        if len(self._waiting) + len(spans) > _MOST_WAITING:
            self.dropped += len(spans)
            return
        self._waiting.extend(spans)

    async def flush(self) -> None:
        """Send what waits; what is not taken waits for the next time."""
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
            ExportTraceServiceRequest,
        )
        from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
        from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans

        rule = self._rule
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(_AT_ONCE, len(self._waiting)))]
            scope = ScopeSpans(
                scope=InstrumentationScope(name=NAME), spans=batch, schema_url=names.SCHEMA_URL
            )
            told = ResourceSpans(resource=resource(rule.service), scope_spans=[scope])
            headers = {
                name: self._secrets.resolve(value) if value.startswith(("env:", "file:")) else value
                for name, value in rule.headers.items()
            }
            egress = Egress(private=rule.private, ca_file=rule.ca_file)
            body = ExportTraceServiceRequest(resource_spans=[told])
            try:
                await export(egress, rule.endpoint or "", headers, body)
            except MeshError as error:
                self._waiting.extendleft(reversed(batch))
                if not self._failing:
                    _log.warning("Traces are not taken: %s", error)
                self._failing = True
                return
            self._failing = False


def _spans(call: Call, trace: Trace, outcome: str, failure: BaseException | None) -> list[Span]:
    from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

    began = int(call.started_at.timestamp() * 1e9)
    broken = outcome in ("failed", "refused", "blocked")
    whole = Span(
        trace_id=bytes.fromhex(trace.id),
        span_id=bytes.fromhex(trace.span),
        parent_span_id=bytes.fromhex(trace.above),
        name=f"{_operation(call)} {call.request.model}",
        kind=Span.SPAN_KIND_SERVER,
        start_time_unix_nano=began,
        end_time_unix_nano=began + int((call.report.total_ms or 0.0) * 1e6),
        attributes=attributes(_about(call, outcome, failure if broken else None)),
        status=Status(code=Status.STATUS_CODE_ERROR if broken else Status.STATUS_CODE_UNSET),
    )
    return [whole, *_tries(call, trace)]


def _operation(call: Call) -> str:
    return names.OPERATIONS.get(call.request.operation.value, call.request.operation.value)


def _about(call: Call, outcome: str, failure: BaseException | None) -> dict[str, Attribute]:
    report, usage = call.report, call.report.usage
    code = failure.code if isinstance(failure, MeshError) else type(failure).__name__
    return {
        names.OPERATION: _operation(call),
        names.PROVIDER: report.provider,
        names.REQUEST_MODEL: call.request.model,
        names.RESPONSE_MODEL: report.model,
        names.INPUT_TOKENS: usage.input if usage else None,
        names.OUTPUT_TOKENS: usage.output if usage else None,
        names.FINISH_REASONS: [report.finish_reason] if report.finish_reason else None,
        names.ERROR_TYPE: None if failure is None else code,
        names.CALL_ID: call.id,
        names.OUTCOME: outcome,
        names.CACHE: report.cache,
        names.COST: None if report.cost is None else f"{report.cost:f}",
        names.APPLICATION: call.principal.application,
        names.PURPOSE: call.purpose,
        names.FIRST_TOKEN: report.first_token_ms,
    }


def _tries(call: Call, trace: Trace) -> Iterator[Span]:
    from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

    operation = _operation(call)
    for one in trace.tries:
        about: dict[str, Attribute] = {
            names.OPERATION: operation,
            names.REQUEST_MODEL: one.model,
            names.ERROR_TYPE: one.error,
        }
        yield Span(
            trace_id=bytes.fromhex(trace.id),
            span_id=bytes.fromhex(one.span),
            parent_span_id=bytes.fromhex(trace.span),
            name=f"{operation} {one.model}",
            kind=Span.SPAN_KIND_CLIENT,
            start_time_unix_nano=one.began,
            end_time_unix_nano=one.ended,
            attributes=attributes(about),
            status=Status(code=Status.STATUS_CODE_ERROR if one.error else Status.STATUS_CODE_UNSET),
        )
