from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pydantic import BaseModel

from jupyter_mesh.client import Mesh, MeshClientError
from tests.client.fake_gateway import TOKEN, FakeGateway, Script


class Label(BaseModel):
    sentiment: str
    stars: int


def echo(body: dict[str, Any]) -> Script:
    """Answers with the prompt, in capitals."""
    return Script(pieces=[body["messages"][-1]["content"].upper()])


def reviews(count: int) -> pd.DataFrame:
    return pd.DataFrame({"text": [f"review {n}" for n in range(count)]}, index=range(5, count + 5))


def test_every_row_of_a_frame_gets_its_answer_cost_and_model(
    mesh: Mesh, gateway: FakeGateway
) -> None:
    gateway.answer = echo
    frame = reviews(20)
    out = mesh.map(frame, "Say: {{text}}", model="fast", progress=False)
    assert list(out.columns) == ["text", "answer", "error", "cost_usd", "model"]
    assert list(out.index) == list(frame.index)
    assert list(out["answer"]) == [f"SAY: REVIEW {n}" for n in range(20)]
    assert out["cost_usd"].sum() == Decimal("0.0240")
    assert out["error"].isna().all()
    assert set(out["model"]) == {"openai/small"}
    assert list(frame.columns) == ["text"]


@pytest.mark.parametrize(
    ("data", "template", "prompts"),
    [
        (pd.Series(["a", "b"], name="word"), "<{{word}}>", ["<a>", "<b>"]),
        (pd.Series(["a", None]), "<{{value}}>", ["<a>", "<>"]),
        (["a", 2], "<{{value}}>", ["<a>", "<2>"]),
        ([{"x y": "a", "z": 1.5}], "{{x y}}/{{ z }}", ["a/1.5"]),
        (pd.DataFrame({1: ["a"], "b": [pd.NA]}), "<{{1}}{{b}}>", ["<a>"]),
        ([{"a": "{{b}}", "b": "secret"}], "{{a}}", ["{{b}}"]),
        (["x"], '{"k": {{{value}}}}', ['{"k": {x}}']),
    ],
)
def test_a_template_is_filled_once_per_row(
    mesh: Mesh, gateway: FakeGateway, data: Any, template: str, prompts: list[str]
) -> None:
    mesh.map(data, template, model="fast", progress=False, concurrency=1)
    assert [chat.body["messages"][-1]["content"] for chat in gateway.chats] == prompts


def test_a_list_comes_back_as_a_list(mesh: Mesh, gateway: FakeGateway) -> None:
    gateway.answer = echo
    out = mesh.map(["a"], "{{value}}", model="fast", progress=False)
    assert out == [
        {"value": "a", "answer": "A", "error": None, "cost_usd": Decimal("0.0012"),
         "model": "openai/small"}
    ]  # fmt: skip


def test_a_schema_becomes_columns_and_a_taken_name_gets_a_prefix(
    mesh: Mesh, gateway: FakeGateway
) -> None:
    gateway.answer = lambda body: Script(pieces=['{"sentiment": "good", "stars": 4}'])
    frame = pd.DataFrame({"stars": [1], "text": ["x"]})
    out = mesh.map(frame, "{{text}}", schema=Label, model="fast", progress=False)
    assert list(out.columns) == [
        "stars", "text", "sentiment", "llm_stars", "error", "cost_usd", "model",
    ]  # fmt: skip
    assert (out.loc[0, "sentiment"], out.loc[0, "llm_stars"]) == ("good", 4)


@pytest.mark.parametrize(
    ("data", "template", "line"),
    [
        (pd.DataFrame({"text": ["a"]}), "{{txet}}", "did you mean 'text'"),
        (pd.DataFrame({"text": ["a"]}), "{{x.y}}", "there are text"),
        (pd.DataFrame([["a", "b"]], columns=["t", "t"]), "{{t}}", "same name"),
        ("text", "{{value}}", "A str has no rows"),
        ({"a": 1}, "{{a}}", "A dict has no rows"),
    ],
)
def test_what_cannot_be_mapped_is_refused_before_anything_is_sent(
    mesh: Mesh, gateway: FakeGateway, data: Any, template: str, line: str
) -> None:
    with pytest.raises(MeshClientError, match=line):
        mesh.map(data, template, model="fast", progress=False)
    assert not gateway.chats


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"resume": pd.DataFrame({"answer": ["yes"]})}, "resume takes the path of a file or True"),
        ({"resume": 3}, "not a int"),
        ({"concurrency": 0}, "concurrency takes a whole number of rows from 1 on, not 0"),
        ({"concurrency": "8"}, "concurrency takes a whole number"),
        ({"max_cost": "a dollar"}, "max_cost takes an amount in USD such as 0.05, not 'a dollar'"),
        ({"max_cost": -1}, "max_cost takes an amount"),
    ],
)
def test_a_wrong_option_is_refused_with_what_it_takes(
    mesh: Mesh, gateway: FakeGateway, options: dict[str, Any], line: str
) -> None:
    with pytest.raises(MeshClientError) as failure:
        mesh.map(["a"], "{{value}}", model="fast", progress=False, **options)
    assert line in failure.value.message
    assert failure.value.code == "invalid_argument"
    assert not gateway.chats


def test_a_failed_row_keeps_its_reason_and_the_others_go_on(
    mesh: Mesh, gateway: FakeGateway
) -> None:
    problem = {"code": "content_blocked", "message": "A card number was found."}

    def answer(body: dict[str, Any]) -> Script:
        bad = "review 1" in body["messages"][-1]["content"]
        return Script(status=400, error=problem) if bad else Script()

    gateway.answer = answer
    out = mesh.map(reviews(3), "{{text}}", model="fast", progress=False)
    assert list(out["error"]) == [None, "A card number was found.", None]
    assert list(out["answer"]) == ["Hello world", None, "Hello world"]


def test_a_busy_gateway_is_asked_again_after_the_time_it_names(
    mesh: Mesh, gateway: FakeGateway
) -> None:
    problem = {"code": "rate_limit_exceeded", "message": "Too many."}
    gateway.answer = lambda body: (
        Script(status=429, error=problem, retry_after="0") if len(gateway.chats) <= 2 else Script()
    )
    out = mesh.map(["a"], "{{value}}", model="fast", progress=False)
    assert out[0]["answer"] == "Hello world"
    assert len(gateway.chats) == 3


@pytest.mark.parametrize("code", ["budget_exceeded", "model_not_found"])
def test_a_failure_that_all_rows_would_meet_stops_the_rest(
    mesh: Mesh, gateway: FakeGateway, code: str
) -> None:
    problem = {"code": code, "message": "No more."}
    gateway.answer = lambda body: Script(status=402, error=problem)
    out = mesh.map([str(n) for n in range(50)], "{{value}}", model="fast", progress=False,
                   concurrency=2)  # fmt: skip
    assert len(gateway.chats) == 2
    assert [row["error"] for row in out[2:]] == ["not sent: No more."] * 48


def test_never_more_rows_at_a_time_than_asked(mesh: Mesh, gateway: FakeGateway) -> None:
    gateway.answer = lambda body: Script(pause=0.02)
    highest = 0
    original = gateway._whole

    async def counted(*args: Any) -> Any:
        nonlocal highest
        gateway.running = getattr(gateway, "running", 0) + 1  # type: ignore[attr-defined]
        highest = max(highest, gateway.running)  # type: ignore[attr-defined]
        try:
            return await original(*args)
        finally:
            gateway.running -= 1  # type: ignore[attr-defined]

    gateway._whole = counted  # type: ignore[method-assign]
    mesh.map(list(range(30)), "{{value}}", model="fast", progress=False, concurrency=4)
    assert highest == 4


def test_max_cost_stops_cleanly(mesh: Mesh, gateway: FakeGateway) -> None:
    gateway.answer = lambda body: Script(cost="0.10")
    out = mesh.map(reviews(20), "{{text}}", model="fast", max_cost="0.35", progress=False,
                   concurrency=1)  # fmt: skip
    assert len(gateway.chats) == 3
    assert out["cost_usd"].dropna().sum() == Decimal("0.30")
    assert list(out["error"])[3:] == ["not sent: max_cost of $0.35 is reached"] * 17


def test_a_limit_is_refused_for_a_model_without_a_price(mesh: Mesh, gateway: FakeGateway) -> None:
    with pytest.raises(MeshClientError, match="price of local/free-of-price is unknown"):
        mesh.map(["a"], "{{value}}", model="local/free-of-price", max_cost=1, progress=False)
    assert not gateway.chats


def test_the_estimate_comes_first_and_says_that_it_is_one(
    mesh: Mesh, capsys: pytest.CaptureFixture[str]
) -> None:
    mesh.map(["a"] * 4, "{{value}}", model="fast")
    shown = capsys.readouterr().err.splitlines()
    assert shown[0].startswith("4 rows with fast: about $0.000")
    assert "at most $" in shown[0]
    assert "(estimated from 3 rows)" in shown[0]
    assert shown[-1].startswith("█" * 24 + " 4/4 · $0.0048")


def test_a_journal_resumes_and_asks_only_what_is_missing_or_failed(
    mesh: Mesh, gateway: FakeGateway, tmp_path: Path
) -> None:
    path = tmp_path / "deep" / "map.jsonl"
    problem = {"code": "provider_error", "message": "It broke."}
    gateway.answer = lambda body: (
        Script(status=502, error=problem) if "review 1" in str(body) else echo(body)
    )
    frame = reviews(3)
    first = mesh.map(frame, "{{text}}", model="fast", resume=path, progress=False)
    assert list(first["error"].notna()) == [False, True, False]
    gateway.answer = echo
    more = pd.concat([pd.DataFrame({"text": ["new"]}), frame.iloc[::-1]])
    second = mesh.map(more, "{{text}}", model="fast", resume=path, progress=False)
    assert list(second["answer"]) == ["NEW", "REVIEW 2", "REVIEW 1", "REVIEW 0"]
    assert len(gateway.chats) == 3 + 2
    mesh.map(more, "{{text}}!", model="fast", resume=path, progress=False)
    mesh.map(more, "{{text}}", model="openai/large", resume=path, progress=False)
    mesh.map(more, "{{text}}", model="fast", temperature=1, resume=path, progress=False)
    assert len(gateway.chats) == 5 + 3 * 4  # another prompt, model or parameter is another row


def test_equal_rows_are_asked_separately_and_resumed_separately(
    mesh: Mesh, gateway: FakeGateway, tmp_path: Path
) -> None:
    path = tmp_path / "map.jsonl"
    mesh.map(["a", "a"], "{{value}}", model="fast", resume=path, progress=False)
    mesh.map(["a", "a", "a"], "{{value}}", model="fast", resume=path, progress=False)
    assert len(gateway.chats) == 3


def test_a_line_that_a_crash_cut_short_is_passed_over(
    mesh: Mesh, gateway: FakeGateway, tmp_path: Path
) -> None:
    path = tmp_path / "map.jsonl"
    mesh.map(["a", "b"], "{{value}}", model="fast", resume=path, progress=False, concurrency=1)
    path.write_bytes(path.read_bytes()[:-20])
    out = mesh.map(["a", "b"], "{{value}}", model="fast", resume=path, progress=False)
    assert [row["answer"] for row in out] == ["Hello world"] * 2
    assert len(gateway.chats) == 3
    whole = [line for line in path.read_text().splitlines() if line.endswith("}")]
    assert len(whole) == 2
    assert all(json.loads(line)["key"] for line in whole)


def test_resume_true_names_the_file_after_the_question(
    mesh: Mesh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    mesh.map(["a"], "{{value}}", model="fast", resume=True, progress=False)
    mesh.map(["a"], "{{value}}!", model="fast", resume=True, progress=False)
    assert len(list(tmp_path.glob(".jupyter_mesh/map-*.jsonl"))) == 2


_INTERRUPTED = """
import sys
from jupyter_mesh import connect
mesh = connect()
try:
    mesh.map([str(n) for n in range(10)], "{{value}}", model="fast", resume="map.jsonl",
             progress=False, concurrency=1)
except KeyboardInterrupt:
    print(*[row["error"] for row in mesh.last_map], sep="|")
"""


def test_an_interrupt_keeps_what_is_done(gateway: FakeGateway, tmp_path: Path) -> None:
    gateway.answer = lambda body: Script(hang=len(gateway.chats) == 4)
    environ = {**os.environ, "JUPYTER_MESH_URL": gateway.url, "JUPYTER_MESH_TOKEN": TOKEN}
    with subprocess.Popen(
        [sys.executable, "-c", _INTERRUPTED], env=environ, cwd=tmp_path,
        stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        for _ in range(1000):
            if len(gateway.chats) == 4 or process.poll() is not None:
                break
            gateway.disconnected.wait(0.05)
        process.send_signal(signal.SIGINT)
        shown, _ = process.communicate(timeout=30)
    assert shown.strip().split("|") == ["None"] * 3 + ["not sent: interrupted"] * 7
    assert gateway.disconnected.wait(5)
    assert len((tmp_path / "map.jsonl").read_text().splitlines()) == 3


async def test_the_asynchronous_client_maps_too(mesh: Mesh, gateway: FakeGateway) -> None:
    gateway.answer = echo
    async with mesh.async_ as client:
        out = await client.map(["a", "b"], "{{value}}", model="fast")
    assert [row["answer"] for row in out] == ["A", "B"]
