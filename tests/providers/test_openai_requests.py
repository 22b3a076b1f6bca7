"""What is sent upstream: the body as it came, the headers the admin set, nothing else."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import pytest
from pydantic import ValidationError

from jupyter_mesh.errors import ConfigError, InvalidRequest, ProviderRejected
from jupyter_mesh.providers.openai_compatible import OpenAICompatible
from jupyter_mesh.providers.openai_config import OpenAIConfig
from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.schemas.request import Operation
from jupyter_mesh.testing.attempts import attempt, provider_context
from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI
from jupyter_mesh.testing.secrets import StaticSecrets
from tests.providers.conftest import SECRET, connect
from tests.providers.reading import answer_of, events_of

IMAGE: JsonObject = {
    "type": "image_url",
    "image_url": {"url": "data:image/png;base64,iVBORw0KGgo=", "detail": "low"},
}
TOOL: JsonObject = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}},
}
BODIES: list[JsonObject] = [
    {"temperature": 0.2, "seed": 7, "some_new_parameter": {"deep": [1, None, "x"]}},
    {"tools": [TOOL], "tool_choice": "auto", "parallel_tool_calls": False},
    {"messages": [{"role": "user", "content": [{"type": "text", "text": "what?"}, IMAGE]}]},
    {"logprobs": True, "top_logprobs": 3},
    {"max_tokens": 5},
    {"max_completion_tokens": 5},
    {"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {}}}},
]


@pytest.mark.parametrize("body", BODIES, ids=lambda body: next(iter(body)))
async def test_a_whole_request_keeps_every_field(upstream: FakeOpenAI, body: JsonObject) -> None:
    provider = connect(upstream)
    one = attempt(body=body, model="vendor-name")
    await events_of(provider, one)
    assert upstream.requests[0].json == {**one.request.body, "model": "vendor-name"}
    await provider.aclose()


@pytest.mark.parametrize("body", BODIES, ids=lambda body: next(iter(body)))
async def test_a_streamed_request_only_adds_the_wish_for_usage(
    upstream: FakeOpenAI, body: JsonObject
) -> None:
    provider = connect(upstream)
    one = attempt(body=body, model="vendor-name", stream=True)
    await events_of(provider, one)
    assert upstream.requests[0].json == {
        **one.request.body,
        "model": "vendor-name",
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    await provider.aclose()


async def test_other_stream_options_stay(upstream: FakeOpenAI) -> None:
    provider = connect(upstream)
    body: JsonObject = {"stream_options": {"include_usage": False, "include_obfuscation": False}}
    await events_of(provider, attempt(body=body, stream=True))
    assert upstream.requests[0].json["stream_options"] == {
        "include_usage": True,
        "include_obfuscation": False,
    }
    await provider.aclose()


async def test_a_client_that_streams_is_not_streamed_upstream_when_the_attempt_is_whole(
    upstream: FakeOpenAI,
) -> None:
    provider = connect(upstream)
    body: JsonObject = {"stream": True, "stream_options": {"include_usage": True}}
    await events_of(provider, attempt(body=body))
    assert "stream" not in upstream.requests[0].json
    assert "stream_options" not in upstream.requests[0].json
    await provider.aclose()


PATHS = [
    (Operation.CHAT, "/v1/chat/completions"),
    (Operation.COMPLETION, "/v1/completions"),
    (Operation.EMBEDDING, "/v1/embeddings"),
    (Operation.RERANK, "/v1/rerank"),
    (Operation.CLASSIFY, "/classify"),
]


@pytest.mark.parametrize(("operation", "path"), PATHS)
async def test_each_operation_has_its_path(
    upstream: FakeOpenAI, operation: Operation, path: str
) -> None:
    provider = connect(upstream)
    answer = await answer_of(provider, attempt(operation))
    assert upstream.requests[0].path == path
    assert {"choices", "data", "results"} & set(answer)
    await provider.aclose()


async def test_an_operation_the_api_does_not_have_is_refused_unsent(upstream: FakeOpenAI) -> None:
    provider = connect(upstream)
    with pytest.raises(ProviderRejected, match="token_classify") as raised:
        await events_of(provider, attempt(Operation.TOKEN_CLASSIFY))
    assert raised.value.status == 400
    assert not upstream.requests
    await provider.aclose()


async def test_headers_are_the_admins_and_the_key_is_resolved(upstream: FakeOpenAI) -> None:
    provider = connect(
        upstream,
        organization="org-1",
        headers={"X-Team": "blue", "X-Second-Key": "env:OTHER"},
    )
    await events_of(provider, attempt())
    sent = upstream.requests[0].headers
    assert sent["authorization"] == f"Bearer {SECRET}"
    assert sent["openai-organization"] == "org-1"
    assert sent["x-team"] == "blue"
    assert sent["x-second-key"] == "other-secret-value"
    assert sent["accept-encoding"] == "identity"
    assert sent["x-client-request-id"] == "call-1"
    assert "cookie" not in sent
    await provider.aclose()


async def test_without_a_key_none_is_sent(
    upstream: FakeOpenAI, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine 127.0.0.1 login ada password secret\ndefault login x password y\n")
    monkeypatch.setenv("NETRC", str(netrc))
    provider = connect(upstream, api_key=None)
    await events_of(provider, attempt())
    assert "authorization" not in upstream.requests[0].headers
    await provider.aclose()


async def test_a_secret_that_is_missing_or_broken_is_named_by_its_reference(
    upstream: FakeOpenAI,
) -> None:
    config = OpenAIConfig(base_url=upstream.base_url, api_key="env:BROKEN")
    for secrets in (StaticSecrets(), StaticSecrets({"env:BROKEN": "two\nlines"})):
        provider = OpenAICompatible(config, provider_context(secrets=secrets))
        with pytest.raises(ConfigError, match="env:BROKEN") as raised:
            await events_of(provider, attempt())
        assert "lines" not in raised.value.message
        await provider.aclose()
    assert not upstream.requests


class SlowSecrets(StaticSecrets):
    """Notes the threads that it is asked in."""

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(values)
        self.threads: list[int] = []

    def resolve(self, reference: str) -> str:
        self.threads.append(threading.get_ident())
        return super().resolve(reference)


@pytest.mark.parametrize("known", [True, False])
async def test_secrets_are_read_in_a_thread_when_the_connection_opens(
    upstream: FakeOpenAI, known: bool
) -> None:
    secrets = SlowSecrets({"env:TEST_KEY": SECRET} if known else {})
    config = OpenAIConfig(base_url=upstream.base_url, api_key="env:TEST_KEY")
    context = provider_context(secrets=secrets, models={"m": {}})
    provider = OpenAICompatible(config, context)
    assert [one.name for one in await provider.models()] == ["m"], "a call says what is wrong"
    assert secrets.threads
    assert threading.get_ident() not in secrets.threads
    await provider.aclose()


async def test_half_a_surrogate_pair_is_refused_by_name(upstream: FakeOpenAI) -> None:
    provider = connect(upstream)
    body: JsonObject = {"messages": [{"role": "user", "content": "half \ud83d"}]}
    with pytest.raises(InvalidRequest, match="surrogate"):
        await events_of(provider, attempt(body=body))
    await provider.aclose()


async def test_one_connection_serves_call_after_call_also_after_streams(
    upstream: FakeOpenAI,
) -> None:
    # With one connection allowed, each call waits until the last bytes of the stream before are in.
    provider = connect(upstream, max_connections=1)
    for stream in (False, True, True, False):
        await events_of(provider, attempt(stream=stream))
    assert len({one.client_port for one in upstream.requests}) == 1
    await provider.aclose()


async def test_a_stream_that_was_broken_off_does_not_leave_its_connection_to_others(
    upstream: FakeOpenAI,
) -> None:
    provider = connect(upstream, max_connections=1)
    upstream.script(Behaviour(text="word " * 100, piece_delay=0.01))
    events = provider.stream(attempt(stream=True))
    await anext(events)
    await events.aclose()
    await events_of(provider, attempt())
    first, second = upstream.requests
    assert first.client_port != second.client_port
    await provider.aclose()


async def test_a_limit_of_connections_makes_further_calls_wait(upstream: FakeOpenAI) -> None:
    import asyncio

    upstream.default = Behaviour(delay=0.1)
    provider = connect(upstream, max_connections=2)
    await asyncio.gather(*(events_of(provider, attempt()) for _ in range(6)))
    spans = sorted((one.accepted_ns, one.ended_ns or 0) for one in upstream.requests)
    for start, _ in spans:
        assert sum(begin <= start < end for begin, end in spans) <= 2
    await provider.aclose()


REFUSED_SETTINGS: list[tuple[dict[str, object], str]] = [
    ({"base_url": "api.openai.com/v1"}, "http://"),
    ({"base_url": "ftp://example.com"}, "http://"),
    ({"base_url": "https://user:pw@example.com/v1"}, "without user"),
    ({"base_url": "https://example.com/v1?key=1"}, "without user"),
    ({"api_key": "sk-0123456789abcdef"}, "reference"),
    ({"headers": {"Host": "elsewhere"}}, "cannot be set"),
    ({"headers": {"Accept-Encoding": "gzip"}}, "cannot be set"),
    ({"headers": {"X Bad": "1"}}, "cannot be set"),
    ({"connect_timeout": 0}, "greater than 0"),
    ({"proxy": "http://x"}, "Extra inputs"),
]


@pytest.mark.parametrize(("settings", "reason"), REFUSED_SETTINGS)
def test_settings_that_cannot_be_right_are_refused(
    settings: dict[str, object], reason: str
) -> None:
    with pytest.raises(ValidationError, match=reason) as raised:
        OpenAIConfig.model_validate(settings)
    assert "0123456789abcdef" not in str(raised.value)


def test_prices_are_looked_up_by_address_unless_the_admin_names_the_list(
    upstream: FakeOpenAI,
) -> None:
    assert connect(upstream).price_lookup == ("openai", upstream.base_url)
    assert connect(upstream, price_provider="mistral").price_lookup == ("mistral", None)
