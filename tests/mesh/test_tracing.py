"""Traces as a real receiver of OTLP gets them: names, times, parents, and no words of anybody."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from jupyter_mesh.mesh.tracing import telemetry_of
from jupyter_mesh.schemas.record_policy import TelemetryRule
from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI

from .receivers import Receiver, web_receiver
from .world import ADA, ask, chat, connection, mesh_of

TRACE, ABOVE = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def spans(receiver: Receiver) -> list[Span]:
    return [
        span
        for one in receiver.received
        for part in ExportTraceServiceRequest.FromString(one.raw).resource_spans
        for scope in part.scope_spans
        for span in scope.spans
    ]


def named(span: Span) -> dict[str, object]:
    return {
        one.key: getattr(one.value, one.value.WhichOneof("value") or "string_value")
        for one in span.attributes
    }


async def test_a_call_is_a_span_with_one_below_it_for_each_try(
    tmp_path: Path, upstream: FakeOpenAI, other: FakeOpenAI
) -> None:
    upstream.script(Behaviour(fault="server_error"))
    connections = {"up": connection(upstream), "other": connection(other)}
    aliases = {"both": {"models": ["up/m", "other/m"]}}
    async with web_receiver() as receiver:
        telemetry = {"endpoint": f"{receiver.url}v1/traces"}
        sections = {"aliases": aliases, "telemetry": telemetry}
        async with mesh_of(tmp_path, connections, **sections) as mesh:
            said = "a word nobody else should read"
            parent = f"00-{TRACE}-{ABOVE}-01"
            outcome = await ask(mesh, chat(said, "both"), traceparent=parent)
            assert outcome.error is None
        call, failed, answered = spans(receiver)
    assert {one.trace_id.hex() for one in (call, failed, answered)} == {TRACE}
    assert call.parent_span_id.hex() == ABOVE
    assert failed.parent_span_id == answered.parent_span_id == call.span_id
    about = named(call)
    assert about["gen_ai.operation.name"] == "chat"
    assert (about["gen_ai.request.model"], about["gen_ai.response.model"]) == ("both", "other/m")
    assert about["gen_ai.usage.input_tokens"] == outcome.call.report.usage.input  # type: ignore[union-attr]
    assert about["jupyter_mesh.call.id"] == outcome.call.id
    assert named(failed)["error.type"] == "provider_unavailable"
    assert (failed.status.code, answered.status.code) == (2, 0)
    assert call.start_time_unix_nano <= failed.start_time_unix_nano
    assert failed.end_time_unix_nano <= answered.start_time_unix_nano < answered.end_time_unix_nano
    assert all(said.encode() not in one.raw for one in receiver.received)


async def test_a_trace_its_caller_does_not_sample_and_a_wrong_header(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    async with web_receiver() as receiver:
        telemetry = {"endpoint": f"{receiver.url}v1/traces"}
        async with mesh_of(tmp_path, {"up": connection(upstream)}, telemetry=telemetry) as mesh:
            await ask(mesh, chat("one"), traceparent=f"00-{TRACE}-{ABOVE}-00")
            await ask(mesh, chat("two"), traceparent="00-nonsense")
        found = spans(receiver)
    assert len(found) == 2
    assert found[0].parent_span_id == b""
    assert found[0].trace_id.hex() != TRACE


async def test_a_collector_that_is_down_holds_up_nothing_and_gets_it_later(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    async with web_receiver() as receiver:
        receiver.answers = [503, 200]
        telemetry = {"endpoint": f"{receiver.url}v1/traces"}
        async with mesh_of(tmp_path, {"up": connection(upstream)}, telemetry=telemetry) as mesh:
            assert (await ask(mesh, chat())).error is None
            tracer = mesh._parts.tracer
            assert tracer is not None
            await tracer.flush()
        assert len(spans(receiver)) == 4  # the same two, twice sent, once taken


async def test_without_an_endpoint_nothing_is_noted(tmp_path: Path, upstream: FakeOpenAI) -> None:
    async with mesh_of(tmp_path, {"up": connection(upstream)}) as mesh:
        outcome = await ask(mesh, chat())
        assert mesh._parts.tracer is None
        assert outcome.call.trace is None


SENT_ON = {
    "local": {"residency": "local"},
    "region": {"residency": "region"},
    "external": {"residency": "external"},
    "nobody said where": {},
    "external, switched on": {"send_trace": True},
    "local, switched off": {"residency": "local", "send_trace": False},
}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("about", SENT_ON)
async def test_a_request_carries_the_span_of_its_try_where_that_may_be_sent(
    tmp_path: Path, upstream: FakeOpenAI, about: str, stream: bool
) -> None:
    sent = about in ("local", "region", "external, switched on")
    up = connection(upstream, **SENT_ON[about], retries=1)
    upstream.script(Behaviour(fault="server_error"))
    async with web_receiver() as receiver:
        telemetry = {"endpoint": f"{receiver.url}v1/traces"}
        async with mesh_of(tmp_path, {"up": up}, telemetry=telemetry) as mesh:
            given = f"00-{TRACE}-{ABOVE}-01"
            outcome = await ask(mesh, chat(stream=stream), traceparent=given)
            assert outcome.error is None
        _, failed, answered = spans(receiver)
    expected = [f"00-{TRACE}-{one.span_id.hex()}-01" for one in (failed, answered)]
    got = [one.headers.get("traceparent") for one in upstream.requests]
    assert got == (expected if sent else [None, None])
    assert all("tracestate" not in one.headers for one in upstream.requests)


async def test_who_wants_no_spans_is_heard_by_the_upstream_too(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    up = connection(upstream, residency="local")
    async with web_receiver() as receiver:
        telemetry = {"endpoint": f"{receiver.url}v1/traces"}
        async with mesh_of(tmp_path, {"up": up}, telemetry=telemetry) as mesh:
            await ask(mesh, chat(), traceparent=f"00-{TRACE}-{ABOVE}-00")
        assert receiver.received == []
    (request,) = upstream.requests
    _, trace, span, flags = request.headers["traceparent"].split("-")
    assert (trace, flags) == (TRACE, "00")
    assert span != ABOVE


async def test_while_no_traces_are_made_nothing_is_sent_on(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    up = connection(upstream, residency="local", send_trace=True)
    async with mesh_of(tmp_path, {"up": up}) as mesh:
        await ask(mesh, chat(), traceparent=f"00-{TRACE}-{ABOVE}-01")
    (request,) = upstream.requests
    assert "traceparent" not in request.headers


async def test_a_try_says_its_own_error_also_after_one_that_was_never_made(
    tmp_path: Path, upstream: FakeOpenAI, other: FakeOpenAI
) -> None:
    upstream.script(*[Behaviour(fault="server_error")] * 5)
    other.script(*[Behaviour(fault="rate_limited")] * 5, Behaviour(fault="rate_limited"))
    connections = {"up": connection(upstream), "other": connection(other)}
    aliases = {"both": {"models": ["up/m", "other/m"]}}
    async with web_receiver() as receiver:
        telemetry = {"endpoint": f"{receiver.url}v1/traces"}
        async with mesh_of(tmp_path, connections, aliases=aliases, telemetry=telemetry) as mesh:
            for _ in range(5):
                await ask(mesh, chat(model="up/m"))
            last = await ask(mesh, chat(model="both"))
            codes = [one["code"] for one in last.call.report.attempts]
        found = spans(receiver)
    assert len(codes) == 2
    below = [one for one in found if one.parent_span_id == found[-2].span_id]
    assert [named(one)["error.type"] for one in below] == ["provider_rate_limited"]


async def test_a_call_made_for_a_call_is_a_span_below_it(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    up = connection(upstream)
    async with web_receiver() as receiver:
        telemetry = {"endpoint": f"{receiver.url}v1/traces"}
        async with mesh_of(tmp_path, {"up": up}, telemetry=telemetry) as mesh:
            call = mesh.call(ADA, chat(stream=True), traceparent=f"00-{TRACE}-{ABOVE}-01")
            async with aclosing(mesh.run(call)) as events:
                async for _ in events:
                    inner = mesh.stream(chat("inner"), parent=call.id, purpose="rag")
                    async with aclosing(inner) as more:
                        async for _ in more:
                            pass
                    break
        found = {one.span_id: one for one in spans(receiver)}
    assert call.trace is not None
    nested = [one for one in found.values() if one.kind == Span.SPAN_KIND_SERVER]
    assert {one.trace_id.hex() for one in found.values()} == {TRACE}
    (inner_span,) = [one for one in nested if one.span_id.hex() != call.trace.span]
    assert inner_span.parent_span_id.hex() == call.trace.span


@pytest.mark.parametrize(
    ("environ", "endpoint"),
    [
        ({}, None),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318/"}, "http://c:4318/v1/traces"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c/t"}, "http://c/t"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_SDK_DISABLED": "true"}, None),
    ],
)
def test_the_standard_variables_name_the_collector(
    environ: dict[str, str], endpoint: str | None
) -> None:
    found = telemetry_of(TelemetryRule(), environ)
    assert (found.endpoint if found else None) == endpoint
