from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import orjson
import pytest

from jupyter_mesh.errors import (
    ContextTooLong,
    MeshError,
    ProviderError,
    ProviderProtocolError,
    ProviderRateLimited,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)
from jupyter_mesh.outbound.faults import Faults, retry_after
from jupyter_mesh.schemas.json import Json

FAULTS = Faults("The connection 'x'", str)

STATUSES: list[tuple[int, type[ProviderError], int]] = [
    (400, ProviderRejected, 400),
    (401, ProviderRejected, 401),
    (403, ProviderRejected, 403),
    (404, ProviderRejected, 404),
    (408, ProviderTimeout, 504),
    (413, ProviderRejected, 413),
    (422, ProviderRejected, 422),
    (424, ProviderUnavailable, 502),
    (425, ProviderUnavailable, 502),
    (429, ProviderRateLimited, 429),
    (500, ProviderUnavailable, 502),
    (503, ProviderUnavailable, 502),
    (504, ProviderTimeout, 504),
    (529, ProviderUnavailable, 502),
    (301, ProviderProtocolError, 502),
    (204, ProviderUnavailable, 502),
]


@pytest.mark.parametrize(("status", "error", "becomes"), STATUSES)
def test_each_status_has_its_error(status: int, error: type[ProviderError], becomes: int) -> None:
    raised = FAULTS.from_status(status, {}, b"")
    assert type(raised) is error
    assert raised.status == becomes
    assert str(status) in raised.message


BODIES: list[tuple[Json, str]] = [
    ({"error": {"message": "No such model.", "param": "model"}}, "No such model."),
    ({"error": "No such model"}, "No such model."),
    ({"message": "No such model."}, "No such model."),
    ({"Message": "No such model."}, "No such model."),
    ({"detail": "No such model."}, "No such model."),
    ({"detail": [{"msg": "field required"}, {"msg": "too long"}]}, "field required; too long."),
    ([{"error": {"message": "No such model."}}], "No such model."),
    ({"errors": [{"message": "No such model."}]}, "No such model."),
    ({"object": "error", "message": "No such model.", "code": 404}, "No such model."),
]


@pytest.mark.parametrize(("body", "said"), BODIES)
def test_the_upstreams_words_are_found_however_they_are_wrapped(body: Json, said: str) -> None:
    error = FAULTS.from_status(404, {}, orjson.dumps(body))
    assert error.message == f"The connection 'x' refused the request (404): {said}"


@pytest.mark.parametrize(
    "body",
    [b"<html>gone</html>", b"  <!doctype html>", b"{broken", b"\xff\xfe", b"", b"null", b"[]"],
)
def test_pages_and_rubble_are_not_quoted(body: bytes) -> None:
    message = FAULTS.from_status(500, {}, body).message
    assert "html" not in message
    assert "broken" not in message


def test_plain_text_is_quoted() -> None:
    assert "no healthy upstream" in FAULTS.from_status(503, {}, b"no healthy upstream").message


@pytest.mark.parametrize("status", [404, 405])
def test_where_the_list_of_models_is_not_there_the_address_is_what_to_check(status: int) -> None:
    listing = replace(FAULTS, listing=True, address=": with most servers it ends with /v1")
    advice = "Check its base URL: with most servers it ends with /v1."
    assert listing.from_status(status, {}, b"").message.endswith(advice)
    assert advice not in FAULTS.from_status(status, {}, b"").message
    assert advice not in listing.from_status(400, {}, b"").message
    plain = replace(FAULTS, listing=True).from_status(status, {}, b"").message
    assert plain.endswith("Check its base URL.")


def test_an_address_that_does_not_answer_is_to_be_checked_only_where_it_is_tried() -> None:
    listing = replace(FAULTS, listing=True)
    assert "host and port of its base URL" in listing.unreachable("cannot be reached").message
    assert FAULTS.unreachable("cannot be reached").message.endswith("Try again in a moment.")


ERRORS: list[tuple[Json, type[MeshError]]] = [
    ({"code": 429, "message": "m"}, ProviderRateLimited),
    ({"code": "429", "message": "m"}, ProviderRateLimited),
    ({"code": "rate_limit_exceeded"}, ProviderRateLimited),
    ({"type": "insufficient_quota"}, ProviderRateLimited),
    ({"type": "invalid_request_error"}, ProviderRejected),
    ({"code": "context_length_exceeded"}, ContextTooLong),
    ({"status": "RESOURCE_EXHAUSTED"}, ProviderRateLimited),
    ({"code": 400}, ProviderRejected),
    ({"code": 1234}, ProviderUnavailable),
    ({"type": "server_error"}, ProviderUnavailable),
    ("something", ProviderUnavailable),
    (True, ProviderUnavailable),
    ({}, ProviderUnavailable),
]


@pytest.mark.parametrize(("error", "expected"), ERRORS)
def test_an_error_inside_an_answer_is_sorted_by_what_it_says(
    error: Json, expected: type[MeshError]
) -> None:
    assert type(FAULTS.from_error(error)) is expected


TOO_LONG: list[tuple[int, Json, bool]] = [
    (400, {"code": "context_length_exceeded", "message": "m"}, True),
    (400, {"message": "This model's maximum context length is 4096 tokens."}, True),
    (400, {"message": "the request exceeds the available context size (2048 tokens)"}, True),
    (400, {"message": "prompt is too long: 210000 tokens > 200000 maximum"}, True),
    (413, {"message": "Input is too long for requested model."}, True),
    (
        400,
        {
            "status": "INVALID_ARGUMENT",
            "message": "The input token count (1048577) exceeds the maximum number of tokens "
            "allowed (1048576).",
        },
        True,
    ),
    (400, {"message": "The input token count is not a number"}, False),
    (400, {"code": "string_above_max_length", "message": "`user` is too long"}, False),
    (400, {"message": "the context is not understood"}, False),
    (403, {"message": "context length above 8k is not in your plan"}, False),
]


@pytest.mark.parametrize(("status", "error", "too_long"), TOO_LONG)
def test_a_prompt_too_long_is_told_from_other_refusals(
    status: int, error: Json, too_long: bool
) -> None:
    fault = FAULTS.from_status(status, {}, orjson.dumps({"error": error}))
    assert type(fault) is (ContextTooLong if too_long else ProviderRejected)


NOT_FOUND: list[tuple[Json, bool]] = [
    ({"code": "model_not_found", "message": "m"}, True),
    ({"message": "The model `m` does not exist.", "param": "model", "code": 404}, True),
    ({"message": "The model `m` does not exist."}, True),
    ({"message": "model 'm' not found"}, True),
    ({"type": "not_found_error", "message": "model: m"}, True),
    ({"message": "models/m is not found for API version v1main"}, True),
    (
        {"message": "Publisher Model `projects/p/locations/l/publishers/google/m` was not found"},
        True,
    ),
    ({"message": "Publisher `google` was not found"}, False),
    ({"message": "No such file object: file-123", "param": "file_id"}, False),
    ({"message": "No such file object: model 'm' not found"}, False),
    ({"message": "model-123 is no file of yours"}, False),
    ({"code": "not_found", "message": "m"}, False),
]


@pytest.mark.parametrize(("error", "of_the_model"), NOT_FOUND)
def test_a_model_that_is_gone_is_told_from_what_a_caller_named(
    error: Json, of_the_model: bool
) -> None:
    fault = FAULTS.from_status(404, {}, orjson.dumps({"error": error}))
    assert (fault.param == "model") is of_the_model


RETRY_INFO = "type.googleapis.com/google.rpc.RetryInfo"
DETAILS: list[tuple[Json, float | None]] = [
    ([{"@type": RETRY_INFO, "retryDelay": "7s"}], 7.0),
    ([{"@type": RETRY_INFO, "retryDelay": "34.074824224s"}], 34.074824224),
    ([{"@type": "other", "reason": "r"}, {"@type": RETRY_INFO, "retryDelay": "0s"}], 0.0),
    ([{"@type": RETRY_INFO, "retryDelay": "-3s"}], 0.0),
    ([{"@type": RETRY_INFO, "retryDelay": "1e9s"}], 86_400.0),
    ([{"@type": RETRY_INFO, "retryDelay": "nans"}], None),
    ([{"@type": RETRY_INFO, "retryDelay": "soon"}], None),
    ([{"@type": RETRY_INFO, "retryDelay": 7}], None),
    ([], None),
    ("7s", None),
]


@pytest.mark.parametrize(("details", "seconds"), DETAILS)
def test_a_wait_that_stands_in_the_error_is_kept(details: Json, seconds: float | None) -> None:
    error: Json = {"code": 429, "message": "m", "status": "RESOURCE_EXHAUSTED", "details": details}
    fault = FAULTS.from_status(429, {}, orjson.dumps({"error": error}))
    assert fault.retry_after == seconds
    assert FAULTS.from_error(error).retry_after == seconds
    headed = FAULTS.from_status(429, {"Retry-After": "2"}, orjson.dumps({"error": error}))
    assert headed.retry_after == 2.0, "the header is what the vendor promises"


def test_what_breaks_once_the_answer_has_begun_was_processed() -> None:
    answering = FAULTS.once(200)
    for fault in (answering.protocol("broke off"), answering.unreachable("was lost")):
        assert fault.processed
    for fault in (FAULTS.once(500).protocol("broke off"), FAULTS.unreachable("was lost")):
        assert not fault.processed
    reported = answering.from_error({"message": "overloaded"})
    assert isinstance(reported, ProviderError)
    assert not reported.processed, "it says itself that there is no answer"


WAITS: list[tuple[dict[str, str], float | None]] = [
    ({}, None),
    ({"Retry-After": "12"}, 12.0),
    ({"Retry-After": "1.5"}, 1.5),
    ({"Retry-After": "-3"}, 0.0),
    ({"Retry-After": "1e9"}, 86_400.0),
    ({"Retry-After": "nan"}, None),
    ({"Retry-After": "inf"}, 86_400.0),
    ({"Retry-After": "later"}, None),
    ({"retry-after-ms": "250", "Retry-After": "1"}, 0.25),
    ({"retry-after-ms": "x", "Retry-After": "1"}, 1.0),
    ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
]


@pytest.mark.parametrize(("headers", "seconds"), WAITS)
def test_the_wait_is_read_from_numbers_and_dates(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_after(headers) == seconds


def test_a_date_in_the_future_is_a_wait() -> None:
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    wait = retry_after({"Retry-After": then})
    assert wait is not None
    assert 80 < wait <= 90
