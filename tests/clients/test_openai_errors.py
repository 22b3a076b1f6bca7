"""What goes wrong arrives as the client's own exceptions; nothing that routes is taken."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from jupyter_mesh.schemas.request import FORBIDDEN_PARAMETERS
from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI, Fault

from .conftest import PROVIDER_KEY, Gateway
from .test_openai_client import HELLO

FAULTS: list[tuple[Fault, type[openai.APIStatusError], int, str]] = [
    ("rate_limited", openai.RateLimitError, 429, "provider_rate_limited"),
    ("rejected", openai.BadRequestError, 400, "provider_rejected"),
    ("server_error", openai.InternalServerError, 502, "provider_unavailable"),
    ("html_error", openai.InternalServerError, 502, "provider_unavailable"),
    ("unauthorized", openai.InternalServerError, 502, "all_candidates_failed"),
    ("wrong_type", openai.InternalServerError, 502, "provider_protocol_error"),
]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(("fault", "error", "status", "code"), FAULTS)
def test_what_an_upstream_does_before_it_answers_is_an_exception_of_its_kind(
    gateway: Gateway,
    upstream: FakeOpenAI,
    client: openai.OpenAI,
    fault: Fault,
    error: type[openai.APIStatusError],
    status: int,
    code: str,
    stream: bool,
) -> None:
    upstream.script(Behaviour(fault=fault, retry_after="30" if fault == "rate_limited" else None))
    with pytest.raises(error) as raised:
        client.chat.completions.create(model="up/m", messages=HELLO, stream=stream)
    found = raised.value
    assert type(found) is error
    assert (found.status_code, found.code) == (status, code)
    assert found.response.headers.get("retry-after") == ("30" if status == 429 else None)
    assert PROVIDER_KEY not in found.response.text
    call = gateway.last_call()
    assert (call["outcome"], call["error_code"]) == ("failed", code)
    # What came with a 200 the provider has worked on: it will be charged, readable or not.
    assert (call["cost_usd"] != "0") == (fault == "wrong_type")
    assert call["id"] == found.response.headers["x-mesh-request-id"]
    # Works again; and too many failures in a row would have the model given a rest.
    assert client.chat.completions.create(model="up/m", messages=HELLO).choices


@pytest.mark.parametrize("fault", ["cut", "reset_after", "error_event", "invalid_json"])
def test_what_breaks_in_mid_stream_raises_after_the_words_that_came(
    gateway: Gateway, upstream: FakeOpenAI, client: openai.OpenAI, fault: Fault
) -> None:
    upstream.script(Behaviour(fault=fault, text="one two three four five six"))
    stream = client.chat.completions.create(model="up/m", messages=HELLO, stream=True)
    words: list[str] = []
    with pytest.raises(openai.APIError) as raised:
        words.extend(chunk.choices[0].delta.content or "" for chunk in stream)
    assert client.chat.completions.create(model="up/m", messages=HELLO).choices
    text = "".join(words)
    assert text
    assert "one two three four five six".startswith(text)
    assert raised.value.body is not None, "an error event, not a connection that just ends"
    _, call = gateway.request("api/calls?limit=2").body["calls"]
    assert (call["outcome"], call["tokens"]["estimated"]) == ("failed", True)


REFUSALS: list[tuple[dict[str, Any], type[openai.APIStatusError], int, str]] = [
    ({"model": "up/none"}, openai.NotFoundError, 404, "model_not_found"),
    ({"messages": []}, openai.BadRequestError, 400, "invalid_request"),
    ({"n": 0}, openai.BadRequestError, 400, "invalid_request"),
    ({"model": "up/dear"}, openai.APIStatusError, 402, "budget_exceeded"),
    ({"model": "up/e"}, openai.BadRequestError, 400, "invalid_request"),
    ({"model": "echo/echo", "logprobs": True}, openai.BadRequestError, 400, "provider_rejected"),
]


@pytest.mark.parametrize(("fields", "error", "status", "code"), REFUSALS)
def test_what_the_gateway_refuses_is_an_exception_and_reaches_nobody(
    upstream: FakeOpenAI,
    client: openai.OpenAI,
    fields: dict[str, Any],
    error: type[openai.APIStatusError],
    status: int,
    code: str,
) -> None:
    with pytest.raises(error) as raised:
        client.chat.completions.create(**{"model": "up/m", "messages": HELLO, **fields})
    assert (raised.value.status_code, raised.value.code) == (status, code)
    assert raised.value.message
    assert upstream.requests == []


@pytest.mark.parametrize("key", ["wrong", "", PROVIDER_KEY])
def test_a_wrong_key_is_an_authentication_error(
    gateway: Gateway, upstream: FakeOpenAI, key: str
) -> None:
    stranger = openai.OpenAI(base_url=gateway.base_url, api_key=key or "x", max_retries=0)
    with pytest.raises(openai.AuthenticationError) as raised:
        stranger.chat.completions.create(model="up/m", messages=HELLO)
    assert raised.value.code == "invalid_api_key"
    assert (key or "nothing") not in raised.value.response.text
    with pytest.raises(openai.AuthenticationError):
        stranger.models.list()
    assert upstream.requests == []


@pytest.mark.parametrize("name", sorted(FORBIDDEN_PARAMETERS))
def test_routing_fields_are_refused_by_name(
    upstream: FakeOpenAI, client: openai.OpenAI, name: str
) -> None:
    with pytest.raises(openai.BadRequestError) as raised:
        client.chat.completions.create(
            model="up/m", messages=HELLO, extra_body={name: "http://127.0.0.1:1/v1"}
        )
    assert (raised.value.code, raised.value.param) == ("unknown_parameter", name)
    assert upstream.requests == []


@pytest.mark.parametrize("name", ["api_base", "base_url", "custom_llm_provider"])
def test_routing_fields_in_the_address_are_refused_too(
    upstream: FakeOpenAI, client: openai.OpenAI, name: str
) -> None:
    with pytest.raises(openai.BadRequestError) as raised:
        client.chat.completions.create(
            model="up/m", messages=HELLO, extra_query={name: "http://127.0.0.1:1/v1"}
        )
    assert (raised.value.code, raised.value.param) == ("unknown_parameter", name)
    assert upstream.requests == []


ROUTING = ["X-Api-Base", "api_base", "X-LiteLLM-Api-Base", "x-portkey-custom-host", "Base-URL"]


@pytest.mark.parametrize("name", ROUTING)
def test_headers_that_would_route_are_refused_by_name(
    upstream: FakeOpenAI, client: openai.OpenAI, name: str
) -> None:
    with pytest.raises(openai.BadRequestError) as raised:
        client.chat.completions.create(
            model="up/m", messages=HELLO, extra_headers={name: "http://127.0.0.1:1/v1"}
        )
    assert raised.value.code == "unknown_parameter"
    assert (raised.value.param or "").lower() == name.lower()
    assert upstream.requests == []


def test_what_a_caller_puts_into_headers_does_not_go_upstream(
    gateway: Gateway, upstream: FakeOpenAI
) -> None:
    client = openai.OpenAI(
        base_url=gateway.base_url, api_key=gateway.key, organization="evil", project="evil"
    )
    extra = {"X-Forwarded-Host": "evil", "Cookie": "evil=1", "X-Api-Bass": "http://evil"}
    client.chat.completions.create(model="up/m", messages=HELLO, extra_headers=extra)
    (received,) = upstream.requests
    assert "evil" not in str(received.headers)
    assert received.token == PROVIDER_KEY


def test_parameters_nobody_here_knows_pass_both_ways(
    upstream: FakeOpenAI, client: openai.OpenAI
) -> None:
    upstream.script(Behaviour.model_validate({"extra": {"system_fingerprint": "fp", "x_new": [1]}}))
    known: Any = {
        "temperature": 0.25,
        "seed": 7,
        "stop": ["END"],
        "logit_bias": {"50256": -100},
        "metadata": {"team": "a"},
        "parallel_tool_calls": False,
    }
    unknown: Any = {"top_k": 5, "guided_regex": "[a-z]+", "deep": {"er": [1, None, True, 0.5]}}
    answer = client.chat.completions.create(
        model="up/m", messages=HELLO, extra_body=unknown, **known
    )
    assert upstream.requests[0].json == {"model": "m", "messages": HELLO, **known, **unknown}
    assert answer.system_fingerprint == "fp"
    assert (answer.model_extra or {})["x_new"] == [1]


BODIES = [
    pytest.param(b"", 400, id="nothing"),
    pytest.param(b"[" * 1000 + b"]" * 1000, 400, id="a thousand levels"),
    pytest.param(b'{"model":"up/m","model":"up/e","messages":[]}', 400, id="a key twice"),
    pytest.param(b'{"model":"up/m","seed":' + b"9" * 5000 + b"}", 400, id="a huge integer"),
    pytest.param(b'{"model":"up/m","temperature":NaN}', 400, id="NaN"),
    pytest.param(
        b'{"model":"up/m","messages":[{"role":"user","content":"\\ud800"}]}', 400, id="surrogate"
    ),
    pytest.param(
        b'{"model":"up/m","messages":[' + b",".join([b'{"role":"user"}'] * 100_000) + b"]}",
        400,
        id="a hundred thousand messages",
    ),
    pytest.param(b'{"model":"up/m","x":"' + b"a" * 50_000_000 + b'"}', 413, id="50 MB"),
]


@pytest.mark.parametrize(("body", "status"), BODIES)
def test_odd_bodies_are_refused_in_one_shape_and_reach_nobody(
    gateway: Gateway, upstream: FakeOpenAI, body: bytes, status: int
) -> None:
    reply = gateway.request("v1/chat/completions", body)
    assert reply.status == status
    assert set(reply.body["error"]) == {"message", "type", "param", "code", "request_id"}
    assert upstream.requests == []
