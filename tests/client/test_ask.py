from __future__ import annotations

import asyncio
import json
import threading
import traceback
from dataclasses import dataclass
from decimal import Decimal

import pytest
from pydantic import BaseModel

from jupyter_mesh import MeshError
from jupyter_mesh.client import ANSWER_MIME, Mesh, MeshClientError, connect
from jupyter_mesh.client.answer import answer_payload
from jupyter_mesh.client.caller import Notebook, find_notebooks_with
from tests.client.fake_gateway import TOKEN, FakeGateway, Script


class Label(BaseModel):
    sentiment: str
    stars: int


@dataclass
class Point:
    x: float
    y: float


def test_an_answer_holds_text_tokens_cost_and_the_model_that_answered(mesh: Mesh) -> None:
    answer = mesh.ask("Hi", model="fast")
    assert answer.text == str(answer) == "Hello world"
    assert answer.usage is not None
    assert (answer.usage.input, answer.usage.output, answer.usage.total) == (7, 2, 9)
    assert answer.cost == Decimal("0.0012")
    assert (answer.requested_model, answer.model) == ("fast", "openai/small")
    assert (answer.request_id, answer.finish_reason, answer.cache) == ("call-1", "stop", "miss")
    assert (answer.elapsed, answer.first_token) == (0.5, 0.25)  # as the gateway recorded them
    assert answer.tokens_per_second == 8.0


def test_an_unknown_cost_is_none_and_never_zero(mesh: Mesh, gateway: FakeGateway) -> None:
    gateway.answer = lambda body: Script(cost=None)
    answer = mesh.ask("Hi")
    assert answer.cost is None
    payload = answer._repr_mimebundle_()[ANSWER_MIME]
    assert payload["cost_usd"] is None
    assert payload["unpriced"] is True


def test_parameters_and_attribution_are_sent_as_they_are(mesh: Mesh, gateway: FakeGateway) -> None:
    find_notebooks_with(lambda: Notebook(document="Ordner/Prüfung 1.ipynb", purpose="research"))
    mesh.ask(
        "Hi", model="fast", system="Be brief.", temperature=0.2, max_tokens=5, tags={"k": "ü"},
        cache=False,
    )  # fmt: skip
    request = gateway.chats[-1]
    assert request.body == {
        "model": "fast",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hi"},
        ],
        "temperature": 0.2,
        "max_tokens": 5,
    }
    assert request.headers["X-Mesh-Document"] == "Ordner/Pr%C3%BCfung%201.ipynb"
    assert request.headers["X-Mesh-Purpose"] == "research"
    assert json.loads(request.headers["X-Mesh-Tags"]) == {"k": "ü"}
    assert request.headers["X-Mesh-Cache"] == "no-store"
    assert request.headers["X-Mesh-Details"] == "1"
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    ("notebook_model", "default", "asked"),
    [(None, "openai/small", "openai/small"), ("fast", "openai/small", "fast")],
)
def test_without_a_model_the_notebooks_comes_before_the_gateways_default(
    mesh: Mesh, gateway: FakeGateway, notebook_model: str | None, default: str, asked: str
) -> None:
    find_notebooks_with(lambda: Notebook(model=notebook_model))
    gateway.default_model = default
    mesh.ask("Hi")
    assert gateway.chats[-1].body["model"] == asked


def test_without_any_model_the_error_says_where_to_find_one(
    mesh: Mesh, gateway: FakeGateway
) -> None:
    gateway.default_model = None
    with pytest.raises(MeshClientError, match=r"Name a model.*list.*ask .+ to open") as failure:
        mesh.ask("Hi")
    assert failure.value.code == "invalid_argument"
    assert not gateway.chats


@pytest.mark.parametrize(
    ("schema", "text", "data"),
    [
        (Label, '{"sentiment": "good", "stars": 5}', Label(sentiment="good", stars=5)),
        (Label, 'Sure:\n```json\n{"sentiment": "bad", "stars": 1}\n```\nDone.',
         Label(sentiment="bad", stars=1)),
        (Label, 'The label is {"sentiment": "so-so", "stars": 3}, I think.',
         Label(sentiment="so-so", stars=3)),
        (Point, '{"x": 1, "y": 2}', Point(1.0, 2.0)),
        ({"type": "object", "required": ["a"]}, '{"a": [1]}', {"a": [1]}),
    ],
)  # fmt: skip
def test_an_answer_is_validated_into_its_schema(
    mesh: Mesh, gateway: FakeGateway, schema: object, text: str, data: object
) -> None:
    gateway.answer = lambda body: Script(pieces=[text])
    answer = mesh.ask("Label it", schema=schema)
    assert answer.data == data
    assert len(gateway.chats) == 1
    asked = gateway.chats[0].body["response_format"]
    assert asked["type"] == "json_schema"
    assert asked["json_schema"]["schema"]["type"] == "object"


def test_a_wrong_answer_gets_one_repair_and_both_attempts_are_counted(
    mesh: Mesh, gateway: FakeGateway
) -> None:
    texts = ['{"sentiment": "good"}', '{"sentiment": "good", "stars": 4}']
    gateway.answer = lambda body: Script(pieces=[texts[len(gateway.chats) - 1]])
    answer = mesh.ask("Label it", schema=Label)
    assert answer.data == Label(sentiment="good", stars=4)
    assert answer.cost == Decimal("0.0024")
    assert answer.usage is not None
    assert answer.usage.input == 14
    assert [notice.code for notice in answer.notices] == ["schema_repaired"]
    second = gateway.chats[1].body["messages"]
    assert second[-2] == {"role": "assistant", "content": texts[0]}
    assert "stars" in second[-1]["content"]


def test_a_schema_is_not_said_to_be_missed_where_a_filter_stopped_the_answer(
    mesh: Mesh, gateway: FakeGateway
) -> None:
    why = {"code": "content_filter", "message": "Stopped: hate (rule: house)."}
    gateway.answer = lambda body: Script(pieces=[], notices=[why], finish="content_filter")
    with pytest.raises(MeshClientError, match="hate") as caught:
        mesh.ask("Label it", schema=Label)
    assert caught.value.code == "content_blocked"
    assert len(gateway.chats) == 1


@pytest.mark.parametrize("text", ["no JSON at all", '{"sentiment": 1, "stars": "many"}', "[]"])
def test_a_second_wrong_answer_is_a_clear_error_and_not_a_third_call(
    mesh: Mesh, gateway: FakeGateway, text: str
) -> None:
    gateway.answer = lambda body: Script(pieces=[text])
    with pytest.raises(MeshClientError, match="does not fit the schema") as failure:
        mesh.ask("Label it", schema=Label)
    assert failure.value.code == "invalid_answer"
    assert len(gateway.chats) == 2


@pytest.mark.parametrize("schema", [3, str, "Label", {"type": "no such type"}])
def test_what_is_no_schema_is_refused_before_anything_is_sent(
    mesh: Mesh, gateway: FakeGateway, schema: object
) -> None:
    with pytest.raises(MeshClientError) as failure:
        mesh.ask("Label it", model="fast", schema=schema)
    assert failure.value.code == "invalid_argument"
    assert not gateway.chats


def test_a_thread_remembers_and_another_does_not(mesh: Mesh, gateway: FakeGateway) -> None:
    mesh.ask("I am Ada.", model="fast", thread="a")
    mesh.ask("Who am I?", model="fast", thread="a")
    mesh.ask("Who am I?", model="fast", thread="b")
    mesh.ask("Who am I?", model="fast")
    sent = [[message["content"] for message in chat.body["messages"]] for chat in gateway.chats]
    assert sent[1] == ["I am Ada.", "Hello world", "Who am I?"]
    assert sent[2] == sent[3] == ["Who am I?"]


def test_a_stream_gives_text_as_it_comes_and_then_the_answer(
    mesh: Mesh, gateway: FakeGateway
) -> None:
    details = {"findings": [{"entity": "PERSON", "count": 2}]}
    notice = {"code": "fallback", "message": "small answered.", "details": details}
    gateway.answer = lambda body: Script(pieces=["a", "b", "ü"], notices=[notice])
    stream = mesh.stream("Hi", model="fast")
    assert "".join(stream) == "abü"
    assert stream.answer.text == "abü"
    assert stream.answer.cost == Decimal("0.0012")
    assert stream.answer.first_token is not None
    assert [notice.message for notice in stream.answer.notices] == ["small answered."]
    assert answer_payload(stream.answer, "done")["notices"] == [notice]
    assert gateway.chats[0].body["stream_options"] == {"include_usage": True}


def test_leaving_a_stream_closes_the_connection(mesh: Mesh, gateway: FakeGateway) -> None:
    gateway.answer = lambda body: Script(pieces=["a"], hang=True)
    for piece in mesh.stream("Hi", model="fast"):
        assert piece == "a"
        break
    assert gateway.disconnected.wait(5)


@pytest.mark.parametrize(
    ("script", "code", "text"),
    [
        (Script(error_after={"code": "provider_error", "message": "It broke."}), "provider_error",
         "It broke."),
        (Script(cut=True), "stream_cut", "before the answer was complete"),
    ],
)  # fmt: skip
def test_a_stream_that_fails_midway_raises_after_what_came(
    mesh: Mesh, gateway: FakeGateway, script: Script, code: str, text: str
) -> None:
    gateway.answer = lambda body: script
    seen: list[str] = []
    with pytest.raises(MeshClientError, match=text) as failure:
        seen.extend(mesh.stream("Hi", model="fast"))
    assert failure.value.code == code
    assert "".join(seen) == "Hello world"


def test_an_error_carries_the_gateways_code_status_and_sentence(
    mesh: Mesh, gateway: FakeGateway
) -> None:
    problem = {"code": "budget_exceeded", "message": "The budget of analysts is spent."}
    gateway.answer = lambda body: Script(status=402, error=problem, retry_after="7")
    with pytest.raises(MeshError, match="budget of analysts") as failure:
        mesh.ask("Hi", model="fast")
    error = failure.value
    assert isinstance(error, MeshClientError)
    assert (error.code, error.status, error.retry_after) == ("budget_exceeded", 402, 7.0)
    assert error.request_id == "call-0"
    assert len(gateway.chats) == 1


def test_a_script_keeps_its_traceback(mesh: Mesh, gateway: FakeGateway) -> None:
    gateway.answer = lambda body: Script(status=402, error={"code": "x", "message": "Spent."})
    with pytest.raises(MeshClientError) as failure:
        mesh.ask("Hi", model="fast")
    assert "Traceback" in "".join(traceback.format_exception(failure.value))


def test_the_client_works_inside_a_running_loop(mesh: Mesh) -> None:
    async def cell() -> str:
        return mesh.ask("Hi", model="fast").text

    assert asyncio.run(cell()) == "Hello world"


async def test_the_asynchronous_client_asks_streams_and_cancels(gateway: FakeGateway) -> None:
    async with connect(gateway.url, TOKEN).async_ as mesh:
        assert (await mesh.ask("Hi", model="fast")).text == "Hello world"
        stream = await mesh.stream("Hi", model="fast")
        assert "".join([piece async for piece in stream]) == "Hello world"
        gateway.answer = lambda body: Script(hang=True)
        gateway.streaming.clear()
        task = asyncio.create_task(mesh.ask("Hi", model="fast"))
        assert await asyncio.to_thread(gateway.streaming.wait, 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(gateway.disconnected.wait, 5)


def test_threads_of_the_process_may_share_a_client(mesh: Mesh, gateway: FakeGateway) -> None:
    gateway.answer = lambda body: Script(pieces=[body["messages"][-1]["content"]])
    answers: dict[str, str] = {}

    def work(name: str) -> None:
        answers[name] = mesh.ask(name, model="fast").text

    threads = [threading.Thread(target=work, args=(str(n),)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert answers == {str(n): str(n) for n in range(8)}
