"""A field that an API gets, or a route that is added, without anybody having said what guards make
of it, fails here.
"""

from __future__ import annotations

from jupyter_mesh_server.routes import ROUTES

from .api_fields import APIS, TABLE, table

ROWS = TABLE.read_text("utf-8").splitlines()


def test_what_becomes_of_every_field_is_written_down() -> None:
    now = table()
    assert now == ROWS, (
        "look at each new line, then write it down: python -m tests.schemas.api_fields; new: "
        f"{sorted({*now} - {*ROWS})[:5]}, gone: {sorted({*ROWS} - {*now})[:5]}"
    )


def test_no_field_but_the_models_name_takes_text_past_the_guards() -> None:
    passing = {row for row in ROWS if row.endswith(": passes")}
    assert passing == {f"{route} model: passes" for route, api in APIS.items() if api.declared}


def test_every_route_that_asks_a_model_is_read() -> None:
    asking = {route.path for route in ROUTES if route.asks is not None}
    assert asking <= set(APIS)
    assert set(APIS) <= {route.path for route in ROUTES}


WORDS = {
    "type", "role", "id", "call_id", "tool_call_id", "tool_use_id", "format", "detail", "ttl",
    "voice", "file_id", "encoding_format", "modalities[]", "reasoning_effort", "effort",
    "service_tier", "verbosity", "tool_choice", "display", "data",
}  # fmt: skip


def test_only_names_of_the_api_may_be_words_that_nobody_looks_through() -> None:
    rows = [row.split(": ")[0] for row in ROWS if row.endswith("words of the API")]
    assert {row.rpartition(".")[2].rpartition(" ")[2] for row in rows} <= WORDS


NOT_READ = {
    "id", "model", "object", "role", "type", "finish_reason", "service_tier", "system_fingerprint",
    "format", "data", "index", "obfuscation",
}  # fmt: skip


def test_of_an_answer_all_is_read_that_a_model_writes() -> None:
    rows = [row.split(": ")[0] for row in ROWS if row.endswith("not read")]
    unread = {row for row in rows if row.rpartition(".")[2] not in NOT_READ}
    said_again = (".logprobs", ".metadata", ".moderation")
    assert all(any(one in row for one in said_again) for row in unread), unread
