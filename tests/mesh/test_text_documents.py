"""A document of text is text: to guards, in its price and in the record, with every vendor and by
every way a document comes in.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
from jupyter_mesh_server import messages_request, responses_request

from jupyter_mesh.errors import Blocked, BudgetExceeded, InvalidRequest, UnsupportedParameter
from jupyter_mesh.schemas.json import Json, JsonObject
from jupyter_mesh.schemas.request import Operation, Request, parse_request
from jupyter_mesh.testing.conformance.requests import PIXEL

from .test_screening import EMAIL, PLANTED, PROMPT
from .vendors import Vendor, vendor
from .world import ADA, ask, mesh_of

__all__ = ["vendor"]

_LONG_BASE64 = re.compile(r"[A-Za-z0-9+/]{40,}={0,2}")
EXTERNAL: list[dict[str, object]] = [{"for": {"residency": "external"}}]
NO_CACHE = {"exact": {"enabled": False}}


def document(text: str, model: str) -> Request:
    """As Anthropic's clients send it."""
    source: Json = {"type": "text", "media_type": "text/plain", "data": text}
    block: Json = {"type": "document", "source": source, "title": "Notes"}
    question: Json = {"type": "text", "text": "Sum it up."}
    messages: Json = [{"role": "user", "content": [block, question]}]
    body: JsonObject = {"model": model, "max_tokens": 5, "messages": messages}
    return parse_request(Operation.CHAT, messages_request.chat_body(body))


def input_file(text: str, model: str) -> Request:
    """As clients of the Responses API send it."""
    data = f"data:text/plain;base64,{b64encode(text.encode()).decode()}"
    file: Json = {"type": "input_file", "file_data": data, "filename": "notes.txt"}
    question: Json = {"type": "input_text", "text": "Sum it up."}
    message: Json = {"role": "user", "content": [file, question]}
    body: JsonObject = {"model": model, "max_output_tokens": 5, "input": [message]}
    return parse_request(Operation.CHAT, responses_request.chat_body(body))


WAYS = pytest.mark.parametrize("sent_as", [document, input_file])
Way = Callable[[str, str], Request]


def readable(raw: bytes) -> str:
    """A body with what stands in base64 in it."""
    text = raw.decode()
    held = (b64decode(one + "=" * (-len(one) % 4)) for one in _LONG_BASE64.findall(text))
    return text + "".join(one.decode(errors="replace") for one in held)


@WAYS
async def test_what_policy_blocks_is_not_sent_as_a_document_either(
    tmp_path: Path, vendor: Vendor, sent_as: Way
) -> None:
    rules = [{"for": {"residency": "external"}, "entities": {"*": "block"}}]
    with vendor.fake() as fake:
        connections = {"v": vendor.connection(fake)}
        async with mesh_of(tmp_path, connections, screening=rules) as mesh:
            outcome = await ask(mesh, sent_as(PROMPT, f"v/{vendor.model}"))
            assert isinstance(outcome.error, Blocked)
            assert fake.requests == []


@WAYS
async def test_what_is_redacted_in_a_document_reaches_neither_the_vendor_nor_the_record(
    tmp_path: Path, vendor: Vendor, sent_as: Way
) -> None:
    with vendor.fake() as fake:
        async with mesh_of(tmp_path, {"v": vendor.connection(fake)}) as mesh:
            outcome = await ask(mesh, sent_as(PROMPT, f"v/{vendor.model}"))
            if isinstance(outcome.error, UnsupportedParameter):
                assert vendor.provider == "cohere", "it has no documents in messages"
                assert fake.requests == []
                return
            assert outcome.error is None
            sent = readable(fake.requests[-1].body)
            kept = readable(
                (await mesh.call_detail(ADA, outcome.call.id)).model_dump_json().encode()
            )
            for seen in (sent, kept):
                assert "<EMAIL_ADDRESS_1>" in seen
                assert not any(planted in seen for planted in PLANTED)


@pytest.mark.parametrize(("screening", "refused"), [(EXTERNAL, True), ([], False)])
async def test_what_claims_to_be_text_and_is_not_leaves_only_where_no_rule_acts(
    tmp_path: Path, vendor: Vendor, screening: list[dict[str, object]], refused: bool
) -> None:
    data = b64encode(EMAIL.encode("utf-16")).decode()
    file: Json = {"type": "file", "file": {"file_data": f"data:text/plain;base64,{data}"}}
    messages: Json = [{"role": "user", "content": [file]}]
    body = {"model": f"v/{vendor.model}", "messages": messages}
    with vendor.fake() as fake:
        async with mesh_of(tmp_path, {"v": vendor.connection(fake)}, screening=screening) as mesh:
            outcome = await ask(mesh, parse_request(Operation.CHAT, body))
            if refused:
                assert isinstance(outcome.error, InvalidRequest)
                assert "cannot be screened" in outcome.error.message
                assert fake.requests == []
            else:
                assert "cannot be screened" not in str(outcome.error)


@WAYS
async def test_a_long_document_is_held_against_the_budget_before_it_is_sent(
    tmp_path: Path, vendor: Vendor, sent_as: Way
) -> None:
    budgets = [{"limit_usd": "0.05", "window": "total"}]
    with vendor.fake() as fake:
        connections = {"v": vendor.connection(fake)}
        async with mesh_of(tmp_path, connections, budgets=budgets, cache=NO_CACHE) as mesh:
            outcome = await ask(mesh, sent_as("word " * 60_000, f"v/{vendor.model}"))
            assert isinstance(outcome.error, BudgetExceeded)
            assert fake.requests == []


async def test_a_picture_in_a_system_message_is_passed_on_or_refused_never_lost(
    tmp_path: Path, vendor: Vendor
) -> None:
    picture: Json = {"type": "image_url", "image_url": {"url": PIXEL}}
    system: Json = {"role": "system", "content": [{"type": "text", "text": "Be brief."}, picture]}
    messages: Json = [system, {"role": "user", "content": "Hi"}]
    body = {"model": f"v/{vendor.model}", "messages": messages}
    with vendor.fake() as fake:
        async with mesh_of(tmp_path, {"v": vendor.connection(fake)}) as mesh:
            outcome = await ask(mesh, parse_request(Operation.CHAT, body))
            if vendor.provider == "openai":
                assert PIXEL.partition(",")[2] in fake.requests[-1].body.decode()
                return
            assert isinstance(outcome.error, UnsupportedParameter)
            assert outcome.error.param == "messages"
            assert fake.requests == []
