"""Whatever is sent, a parser of the server takes it or refuses it; it never falls over."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st
from jupyter_mesh_server.api_routes import parsed
from jupyter_mesh_server.call_options import call_options
from jupyter_mesh_server.credentials import credential
from jupyter_mesh_server.exchange import HttpRequest
from jupyter_mesh_server.json_body import parse_json
from jupyter_mesh_server.moments import moment
from jupyter_mesh_server.route import Table
from jupyter_mesh_server.routes import ROUTES
from jupyter_mesh_server.routing_headers import refuse_routing_headers

from jupyter_mesh.errors import MeshError
from jupyter_mesh.schemas.api import DryRunRequest, Preference
from jupyter_mesh.schemas.json import Json
from jupyter_mesh.schemas.request import Operation, parse_request
from jupyter_mesh.schemas.tokens import input_tokens_bound

from .headers import FewHeaders

SOME = settings(max_examples=150, deadline=None)
TEXT = st.text(max_size=20)
WORDS = st.sampled_from(
    [
        "role",
        "content",
        "type",
        "text",
        "function",
        "tool_calls",
        "arguments",
        "name",
        "url",
        "user",
    ]
)
VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
    | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | TEXT, inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from(
    [
        *("messages", "prompt", "input", "query", "documents", "stream", "stream_options", "tools"),
        *("max_tokens", "max_completion_tokens", "n", "best_of", "top_n", "stop", "logit_bias"),
        *("response_format", "metadata", "user", "modalities", "audio", "encoding_format"),
    ]
)
MESSAGES = st.lists(st.dictionaries(WORDS, VALUES, max_size=4), max_size=3)


def refused(read: Callable[[], object]) -> None:
    """It may refuse, in one sentence."""
    with suppress(MeshError):
        read()


@SOME
@given(
    st.sampled_from(Operation),
    st.dictionaries(FIELDS, VALUES | MESSAGES, max_size=6),
    st.just("m") | VALUES,
)
def test_a_request_of_any_shape_is_read_or_refused(
    operation: Operation, fields: dict[str, Json], model: Json
) -> None:
    def read() -> None:
        request = parse_request(operation, {**fields, "model": model})
        list(request.texts())
        assert request.choices >= 1
        assert request.max_tokens is None or request.max_tokens >= 1
        assert input_tokens_bound(request) >= 0
        assert request.stream in (True, False)
        assert request.wants_usage_chunk in (True, False)

    refused(read)


@SOME
@given(VALUES)
def test_a_body_that_is_no_object_is_refused(body: Json) -> None:
    for operation in Operation:
        refused(lambda operation=operation: parse_request(operation, body))
    for model in (DryRunRequest, Preference):
        refused(lambda model=model: parsed(model, body))


@SOME
@given(st.binary(max_size=60) | VALUES.map(lambda value: orjson.dumps(value)[:-1]))
def test_any_bytes_are_json_or_refused(body: bytes) -> None:
    refused(lambda: parse_json(body))


def test_a_nest_of_any_depth_is_json_or_refused() -> None:
    for depth in (99, 100, 101, 1_000, 200_000):
        for body in (b"[" * depth, b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1"):
            refused(lambda body=body: parse_json(body))


HEADERS = st.sampled_from(
    [
        *("Authorization", "x-api-key", "api-key", "X-Mesh-Purpose", "X-Mesh-Document"),
        *("X-Mesh-Kernel", "X-Mesh-Tags", "X-Mesh-Cache", "X-Mesh-Details", "Idempotency-Key"),
    ]
)
VALUE_OF_HEADER = (
    TEXT
    | st.binary(max_size=20).map(lambda raw: raw.decode("utf-8", "surrogateescape"))
    | st.sampled_from(["Bearer a", "token ", "max-age=1", "max-age=²", "{}", '{"a":', "%ff", "%E4"])
)


@SOME
@given(st.lists(st.tuples(HEADERS | TEXT, VALUE_OF_HEADER), max_size=5), TEXT)
def test_any_headers_are_read_or_refused(pairs: list[tuple[str, str]], query: str) -> None:
    headers = FewHeaders(*pairs)
    refused(lambda: credential(headers, query))
    refused(lambda: refuse_routing_headers(headers))
    refused(lambda: call_options(headers))
    options = None
    with suppress(MeshError):
        options = call_options(headers)
    if options is not None and options.cache.max_age is not None:
        assert math.isfinite(options.cache.max_age)


async def nothing() -> bytes:
    return b""


ASCII = st.characters(min_codepoint=33, max_codepoint=126)


@SOME
@given(st.text(ASCII, max_size=40) | st.sampled_from(["a=%ff", "a=%00", "=", "&&&", "a;b", "%"]))
def test_any_query_is_read_or_refused(query: str) -> None:
    request = HttpRequest(
        method="GET", path="/api/usage", query=query, headers=FewHeaders(), read=nothing
    )
    refused(request.pairs)
    refused(lambda: request.fields("a", "b"))
    refused(lambda: credential(FewHeaders(), query))


ZONES = st.sampled_from(["", "Z", "+14:00", "-14:00", "+23:59", "-23:59:59", "+24:00"])
DIGITS = st.integers(0, 9999).map("{:04d}".format)
PARTS = st.integers(0, 99).map("{:02d}".format)
TIMES = st.builds("{}-{}-{}T{}:{}:{}{}".format, DIGITS, PARTS, PARTS, PARTS, PARTS, PARTS, ZONES)
DATES = st.builds("{}-{}-{}{}".format, DIGITS, *[st.sampled_from(["01", "12", "31"])] * 2, ZONES)


@SOME
@given(TIMES | DATES | TEXT | st.sampled_from(["0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00"]))
def test_any_time_is_read_or_refused(text: str) -> None:
    refused(lambda: moment({"since": text}, "since"))


@SOME
@given(st.text(max_size=40))
def test_any_path_is_found_or_not(path: str) -> None:
    table = Table(ROUTES)
    for base in ("", "/api/calls/", "/v1/models/", "/api/settings/"):
        table.find(base + path)
