"""Everything in a request is text, but structure at its own place and payloads at theirs."""

from __future__ import annotations

from base64 import b64encode

import pytest

from jupyter_mesh.errors import InvalidRequest
from jupyter_mesh.schemas.json import Json, JsonObject
from jupyter_mesh.schemas.request import Operation, Request, parse_request
from jupyter_mesh.schemas.tokens import input_tokens_bound

MAIL = "bob@corp.com"
IMAGE = "data:image/png;base64,iVBORw0KGgo="
SOUND = "UklGR" + "A" * 91


SEAL = "EqQBCgIYAhIM1gbcDa9GJwZA2b3hGgxBdjrkzLoky3dl1pkiMOYds" * 2 + "=="


def thought(**fields: Json) -> JsonObject:
    return {"role": "assistant", "content": None, "reasoning_details": [fields]}


def beside(signature: str) -> JsonObject:
    return {"extra_content": {"google": {"thought_signature": signature}}}


def calling(**more: Json) -> JsonObject:
    call: JsonObject = {"id": "call_1", "type": "function", "function": {}, **more}
    return {"content": None, "tool_calls": [call]}


def chat(message: JsonObject | None = None, **body: Json) -> Request:
    asked: Json = {"role": "user", **(message or {"content": "hi"})}
    return parse_request(Operation.CHAT, {"model": "m", "messages": [asked], **body})


def part(**fields: Json) -> JsonObject:
    return {"content": [{"type": "custom", **fields}]}


TEXT: list[tuple[str, Request]] = [
    ("what begins like a payload", chat({"content": f"data: {MAIL}"})),
    ("a payload with more after it", chat({"content": f"{IMAGE} {MAIL}"})),
    ("no base64 declared", chat(part(image_url={"url": f"data:text/plain,{MAIL}"}))),
    ("an ordinary URL", chat(part(image_url={"url": f"https://x.example/?u={MAIL}"}))),
    ("a long field called data", chat(part(data=MAIL + " x" * 400))),
    ("sound that is none", chat(part(input_audio={"data": MAIL, "format": "wav"}))),
    ("an id in a part", chat(part(id=MAIL))),
    ("a role elsewhere", chat(metadata={"role": MAIL})),
    *((f"metadata.{name}", chat(metadata={name: MAIL})) for name in ("id", "type", "format")),
    *((f"tools.x.{name}", chat(tools=[{"x": {name: MAIL}}])) for name in ("index", "detail")),
    ("a word that is none", chat(part(type=MAIL))),
    ("an id that is none", chat({"content": "hi", "tool_call_id": MAIL})),
    *((name, chat(**{name: MAIL})) for name in ("seed", "user", "service_tier", "encoding_format")),
    ("a stop word", chat(stop=[MAIL])),
    ("a name of a field", chat(metadata={MAIL: 1})),
    ("a name at the top", chat(**{MAIL: None})),
    ("a name in a schema", chat(tools=[{"function": {"parameters": {"properties": {MAIL: {}}}}}])),
    ("the name of a file", chat(part(file={"file_data": IMAGE, "filename": MAIL}))),
    ("what a model thought", chat(thought(text=f"It is {MAIL}."))),
    ("a signature that is none", chat(thought(signature=MAIL))),
    ("a signature too short to be one", chat(thought(signature=f"{SEAL[:40]} {MAIL}"))),
    ("sealed thoughts that are none", chat(thought(data=f"{SEAL} {MAIL}"))),
    ("a signature of Google's that is none", chat({"content": None, **beside(MAIL)})),
    ("one of a call that is none", chat(calling(**beside(f"{SEAL} {MAIL}")))),
    ("more beside a signature", chat({"content": None, "extra_content": {"x": MAIL}})),
    ("a signature elsewhere", chat(part(signature=f"{SEAL} {MAIL}"))),
    ("the way to think", chat(thinking={"type": MAIL})),
    ("how long to cache", chat(part(cache_control={"type": "ephemeral", "ttl": MAIL}))),
    ("the title of a document", chat(part(file={"file_data": IMAGE}, title=MAIL))),
    ("the context of a document", chat(part(file={"file_data": IMAGE}, context=f"of {MAIL}"))),
    ("what is cited of a document", chat(part(citations={"enabled": True, "from": MAIL}))),
    ("a choice of a tool", chat(tool_choice={"type": "function", "function": {"name": MAIL}})),
]


@pytest.mark.parametrize(("place", "request_"), TEXT, ids=[name for name, _ in TEXT])
def test_no_place_hides_text(place: str, request_: Request) -> None:
    assert any(MAIL in text for text in request_.texts())
    hidden = request_.change(lambda text: text.replace(MAIL, "<MAIL>"))
    assert MAIL not in str(hidden.body)


STRUCTURE: list[Request] = [
    chat(part(image_url={"url": IMAGE, "detail": "high"})),
    chat(part(image_url=IMAGE)),
    chat(part(file={"file_data": "data:application/pdf;base64,JVBERi0=", "file_id": "file-1"})),
    chat(part(input_audio={"data": SOUND, "format": "wav"})),
    chat(part(input_audio={"data": "data:audio/wav;codecs=1;base64,UklGRiQAAABXQVZF"})),
    chat(
        {"content": None, "tool_calls": [{"id": "call_1", "type": "function", "function": {}}]},
        encoding_format="float",
        modalities=["text", "audio"],
        response_format={"type": "json_object"},
        tool_choice="auto",
        reasoning_effort="low",
        stream_options={"include_usage": True},
    ),
    chat({"role": "tool", "content": None, "tool_call_id": "call_1"}),
    chat(
        part(cache_control={"type": "ephemeral", "ttl": "1h"}),
        thinking={"type": "enabled", "budget_tokens": 2_000, "display": "summarized"},
    ),
    chat(
        thought(
            type="reasoning.text",
            format="anthropic-claude-v1",
            model="claude-opus-5-5",
            index=0,
            signature=SEAL,
        )
    ),
    chat(calling(**beside(SEAL))),
    chat({"content": None, **beside(SEAL)}),
]


@pytest.mark.parametrize("request_", STRUCTURE)
def test_structure_and_payloads_at_their_places_are_no_text(request_: Request) -> None:
    assert request_.texts() == ()
    assert request_.change(lambda text: "changed") is request_


PLACES: list[tuple[str, str]] = [
    ("file", "file_data"),
    ("image_url", "url"),
    ("input_audio", "data"),
]


def encoded(text: str | bytes) -> str:
    return b64encode(text if isinstance(text, bytes) else text.encode()).decode()


@pytest.mark.parametrize(("kind", "name"), PLACES)
def test_a_file_of_text_is_text_and_is_written_back_as_it_came(kind: str, name: str) -> None:
    def holding(text: str) -> Request:
        held: Json = {name: f"data:text/plain;base64,{encoded(text)}"}
        return chat(part(**{kind: held}))

    request = holding(f"Ask {MAIL}, é.")
    assert request.contents == ((f"Ask {MAIL}, é.",), (), ())
    assert request.change(str, str) is request
    assert request.change(lambda text: text.replace(MAIL, "<M>")) == holding("Ask <M>, é.")


def test_a_file_of_text_belongs_to_the_message_around_it() -> None:
    held: JsonObject = {"file": {"file_data": f"data:text/csv;base64,{encoded('bob@')}"}}
    assert chat({"content": [held, {"text": "corp.com"}]}).split_texts() == (("bob@", "corp.com"),)


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/json", "text/csv;charset=utf-16", "application/vnd.ms-excel"],
)
def test_a_file_that_nobody_can_read_is_refused_where_guards_must_see_it(kind: str) -> None:
    held = f"data:{kind};base64,{encoded(MAIL.encode('utf-16'))}"
    request = chat(part(file={"file_data": held}))
    assert request.contents == ((), (held,), (held,))
    with pytest.raises(InvalidRequest, match="UTF-8") as error:
        request.require_text()
    assert error.value.param == "messages"
    chat(part(file={"file_data": f"data:text/plain;base64,{encoded(MAIL)}"})).require_text()
    chat(part(image_url=IMAGE)).require_text()


@pytest.mark.parametrize(
    "request_",
    [
        chat(thought(signature=encoded(f"the mail is {MAIL} " * 5))),
        chat(thought(data=encoded(f"the mail is {MAIL} " * 5))),
        chat({"content": None, **beside(encoded(f"the mail is {MAIL} " * 5))}),
    ],
)
def test_text_in_place_of_a_seal_is_text(request_: Request) -> None:
    assert request_.texts() == (f"the mail is {MAIL} " * 5,)
    hidden = request_.change(lambda text: text.replace(MAIL, "<MAIL>"))
    assert hidden.texts() == ("the mail is <MAIL> " * 5,)


CARD = 4111111111111111
LONG_NUMBERS: list[tuple[Request, JsonObject]] = [
    (chat(metadata={"card": CARD}), {"metadata": {"card": "<1>"}}),
    (chat(metadata={"card": float(CARD)}), {"metadata": {"card": "<1>"}}),
    (chat(tools=[{"x": {"enum": [1, CARD]}}]), {"tools": [{"x": {"enum": [1, "<1>"]}}]}),
    (chat(seed=CARD), {"seed": "<1>"}),
]


@pytest.mark.parametrize(("request_", "hidden"), LONG_NUMBERS)
def test_a_long_number_is_text_and_stays_a_number_where_nothing_is_changed(
    request_: Request, hidden: JsonObject
) -> None:
    assert str(CARD) in request_.texts()
    assert request_.change(str) is request_
    changed = request_.change(lambda text: text.replace(str(CARD), "<1>")).body
    assert {**changed, **hidden} == changed


@pytest.mark.parametrize(
    "fields",
    [{"seed": 1_732_300_000}, {"max_tokens": 2_000_000}, {"metadata": {"a": 999_999, "b": True}}],
)
def test_short_numbers_and_settings_are_no_text(fields: JsonObject) -> None:
    assert chat(**fields).texts() == (("hi", "a", "b") if "metadata" in fields else ("hi",))


def test_payloads_are_told_apart_and_can_be_changed() -> None:
    request = chat(
        {"content": [{"type": "text", "text": "see"}, *part(image_url=IMAGE)["content"]]}
    )
    assert request.contents == (("see",), (IMAGE,), ())
    noted = request.change(str, lambda payload: f"[{len(payload)} characters]")
    assert IMAGE not in str(noted.body)
    assert "[34 characters]" in str(noted.body)


def test_texts_come_in_reading_order_with_repetitions() -> None:
    assert chat({"content": ["a", {"text": "b"}, "a"]}, stop="c").texts() == ("a", "b", "a", "c")


@pytest.mark.parametrize(
    ("content", "split"),
    [
        ([{"text": "a"}, {"text": "b"}], (("a", "b"),)),
        ([{"text": "a"}, {"image_url": IMAGE}, {"text": "b"}], (("a", "b"),)),
        (["a", "b"], (("a", "b"),)),
        ([{"text": "a"}, {"text": ""}], ()),
        ([{"text": "ab"}], ()),
        ("ab", ()),
        (None, ()),
    ],
)
def test_parts_of_one_message_are_known_to_belong_together(
    content: Json, split: tuple[tuple[str, ...], ...]
) -> None:
    assert chat({"content": content}).split_texts() == split


NEIGHBOURS: list[tuple[Request, tuple[str, str]]] = [
    (chat(metadata={"4111 1111": "1111 1111"}), ("4111 1111", "1111 1111")),
    (chat(tools=[{"x": {"4111": ["1", "11"]}}]), ("4111", "11")),
    (
        parse_request(Operation.COMPLETION, {"model": "m", "prompt": "4111", "suffix": "1111"}),
        ("4111", "1111"),
    ),
]


@pytest.mark.parametrize(("request_", "pair"), NEIGHBOURS)
def test_what_is_read_in_one_go_is_known_as_neighbours(
    request_: Request, pair: tuple[str, str]
) -> None:
    assert pair in request_.neighbours()
    assert set(pair) <= set(request_.texts())


def test_a_name_of_the_api_is_no_neighbour_of_its_value() -> None:
    assert chat(metadata={"title": "1", "user": "2"}).neighbours() == ()


NUMBERS: list[tuple[Operation, JsonObject, int]] = [
    (Operation.EMBEDDING, {"input": [[1, 2, 3] * 20_000]}, 60_000),
    (Operation.EMBEDDING, {"input": [5, 6]}, 2),
    (Operation.COMPLETION, {"prompt": [[1, 2], "text", [3]]}, 3),
    (Operation.COMPLETION, {"prompt": ["1", "2"]}, 0),
    (Operation.EMBEDDING, {"input": ["1"], "dimensions": 512}, 0),
]


@pytest.mark.parametrize(("operation", "body", "count"), NUMBERS)
def test_token_numbers_are_counted_and_told(
    operation: Operation, body: JsonObject, count: int
) -> None:
    request = parse_request(operation, {"model": "m", **body})
    assert request.token_numbers == count
    assert input_tokens_bound(request) >= count
    if count:
        with pytest.raises(InvalidRequest, match="check_embedding_ctx_length") as error:
            request.require_text()
        assert error.value.param in body
    else:
        request.require_text()
