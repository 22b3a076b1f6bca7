"""The magics in a shell without a kernel, against a gateway on loopback."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from pydantic import BaseModel

from jupyter_mesh.client import Answer
from jupyter_mesh.kernel.errors import MeshMagicError
from jupyter_mesh.kernel.options import OPTIONS
from jupyter_mesh.kernel.services import KEYS, PORTS, how_to_get
from jupyter_mesh.providers.discover import LocalPorts, hosted_services
from tests.client.fake_gateway import CARD, FakeGateway, Script

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 8
Fails = Callable[[str], MeshMagicError]


class Label(BaseModel):
    sentiment: str
    stars: int


def run(shell: InteractiveShell, cell: str) -> Any:
    result = shell.run_cell(cell)
    result.raise_error()
    return result.result


@pytest.fixture
def fails(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> Fails:
    """Runs a cell that must fail with one line and without a traceback."""

    def run_failing(cell: str) -> MeshMagicError:
        capsys.readouterr()
        result = shell.run_cell(cell)
        error = result.error_in_exec
        assert isinstance(error, MeshMagicError), error
        assert "\n" not in str(error)
        shown = capsys.readouterr()
        assert shown.out.rstrip().endswith(str(error))
        assert "Traceback" not in shown.out + shown.err
        return error

    return run_failing


def last_body(gateway: FakeGateway) -> dict[str, Any]:
    return gateway.chats[-1].body


def prompts(gateway: FakeGateway) -> list[list[str]]:
    return [[message["content"] for message in chat.body["messages"]] for chat in gateway.chats]


def test_a_cell_is_answered_in_the_terminal_with_what_it_took(
    shell: InteractiveShell, gateway: FakeGateway, capsys: pytest.CaptureFixture[str]
) -> None:
    notice = {"code": "fallback", "message": "large did not answer."}
    gateway.answer = lambda body: Script(pieces=["Hel", "lo\x1b[2J"], notices=[notice])
    run(shell, "%%llm fast\nHi")
    shown = capsys.readouterr()
    assert shown.out == "Hello[2J\n"
    assert "openai/small · 9 tokens · $0.0012 · " in shown.err
    assert shown.err.rstrip().endswith("large did not answer.")


def test_every_option_reaches_the_request(shell: InteractiveShell, gateway: FakeGateway) -> None:
    shell.user_ns["persona"] = "You are {{terse}}."
    run(
        shell,
        "%%llm fast -s persona -t 0.5 --max-tokens 9 -p seed=1 -p user=ada --purpose study "
        "--tag team=a --no-cache --no-stream\nHi",
    )
    request = gateway.chats[-1]
    assert request.body == {
        "model": "fast",
        "messages": [
            {"role": "system", "content": "You are {{terse}}."},
            {"role": "user", "content": "Hi"},
        ],
        "temperature": 0.5,
        "max_tokens": 9,
        "seed": 1,
        "user": "ada",
    }
    assert request.headers["X-Mesh-Purpose"] == "study"
    assert request.headers["X-Mesh-Tags"] == '{"team": "a"}'
    assert request.headers["X-Mesh-Cache"] == "no-store"


def test_values_are_put_into_prompt_and_system_unless_told_not_to(
    shell: InteractiveShell, gateway: FakeGateway
) -> None:
    shell.user_ns.update(who="Ada", tone="kind")
    run(shell, "%%llm fast -s 'Be {{tone}}.'\nGreet {{who}} {who}")
    run(shell, "%%llm fast -s 'Be {{tone}}.' --no-interpolate\nGreet {{who}}")
    assert prompts(gateway) == [
        ["Be kind.", "Greet Ada {who}"],
        ["Be {{tone}}.", "Greet {{who}}"],
    ]


def test_ipython_does_not_expand_the_line_either(
    shell: InteractiveShell, gateway: FakeGateway
) -> None:
    shell.user_ns["who"] = "Ada"
    run(shell, "%%llm fast -s 'to {who} $who {{who}}'\nHi")
    assert prompts(gateway)[0][0] == "to {who} $who Ada"


def test_the_answer_goes_into_a_variable(shell: InteractiveShell, gateway: FakeGateway) -> None:
    run(shell, "%%llm fast -o a\nHi")
    answer = shell.user_ns["a"]
    assert isinstance(answer, Answer)
    assert (answer.text, answer.cost, answer.model) == (
        "Hello world", Decimal("0.0012"), "openai/small",
    )  # fmt: skip
    assert run(shell, "%llm last") is answer


@pytest.mark.parametrize("flag", ["", " --no-stream"])
def test_a_schema_gives_validated_data(
    shell: InteractiveShell, gateway: FakeGateway, flag: str
) -> None:
    shell.user_ns["Label"] = Label
    texts = ["no JSON", '{"sentiment": "good", "stars": 5}']
    gateway.answer = lambda body: Script(pieces=[texts[len(gateway.chats) - 1]])
    run(shell, f"%%llm fast --schema Label -o a{flag}\nLabel it")
    answer = shell.user_ns["a"]
    assert answer.data == Label(sentiment="good", stars=5)
    assert (answer.format, answer.cost) == ("json", Decimal("0.0024"))
    assert gateway.chats[0].body["response_format"]["json_schema"]["name"] == "Label"


def test_a_schema_that_is_not_met_twice_fails_the_cell(
    shell: InteractiveShell, gateway: FakeGateway, fails: Fails
) -> None:
    shell.user_ns["Label"] = Label
    gateway.answer = lambda body: Script(pieces=["no"])
    error = fails("%%llm fast --schema Label -o a\nLabel it")
    assert error.code == "invalid_answer"
    assert "a" not in shell.user_ns
    assert len(gateway.chats) == 2


@pytest.mark.parametrize(
    ("cell", "line"),
    [
        ("%%llm fast --schema Lable\nHi", "nothing is named 'Lable'; did you mean Label?"),
        ("%%llm fast --schema number\nHi", "is no schema"),
        ("%%llm fast --image nowhere.png\nHi", "No picture at 'nowhere.png'"),
        ("%%llm fast --image number\nHi", "A int is not a picture"),
        ("%%llm fast --image token\nHi", "--image token: the variable cannot be sent"),
        ("%%llm fast --image long\nHi", "--image long: the variable cannot be sent"),
        ("%%llm fast\n{{1+}}", "{{1+}} is no Python expression"),
        ("%%llm fast -p model=x\nHi", "--param model is decided elsewhere"),
        ("%%llm fast -p stream=true\nHi", "use --no-stream"),
        ("%%llm fast\n  \n", "The cell has no prompt"),
        ("%%llm fast\n{{missing}}", "NameError"),
        ("%%llm fast --index x\nHi", "--index comes with retrieval"),
        ("%%rag handbook\nHi", "not part of this version"),
        ("%rag list", "not part of this version"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_sent(
    shell: InteractiveShell, gateway: FakeGateway, fails: Fails, cell: str, line: str
) -> None:
    shell.user_ns.update(Label=Label, number=3, token="hunter2", long="hunter2" * 1000)
    message = str(fails(cell))
    assert line in message
    assert "hunter2" not in message
    assert not gateway.chats


def test_without_a_schema_in_the_notebook_no_name_of_ipython_is_proposed(
    gateway: FakeGateway, fails: Fails
) -> None:
    assert str(fails("%%llm fast --schema schema\nHi")) == (
        "--schema: nothing is named 'schema'; define a class or a JSON schema first."
    )


def test_json_without_a_schema_is_parsed(shell: InteractiveShell, gateway: FakeGateway) -> None:
    gateway.answer = lambda body: Script(pieces=['```json\n[1, {"a": 2}]\n```'])
    run(shell, "%%llm fast -f json -o a\nList")
    assert shell.user_ns["a"].data == [1, {"a": 2}]
    assert last_body(gateway)["response_format"] == {"type": "json_object"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Here:\n```python\nx = 1\n```\nand\n```\ny = 2\n```\nDone.", "x = 1\n\ny = 2"),
        ("~~~py\nx = '```'\n~~~", "x = '```'"),
    ],
)
def test_code_is_put_into_a_new_cell_and_never_run(
    shell: InteractiveShell, gateway: FakeGateway, text: str, code: str
) -> None:
    gateway.answer = lambda body: Script(pieces=[text])
    run(shell, "%%llm fast -f code\nSet x")
    assert shell.rl_next_input == code
    assert "x" not in shell.user_ns
    assert "fenced block" in prompts(gateway)[0][0]


def test_an_answer_without_code_is_no_cell(
    shell: InteractiveShell, gateway: FakeGateway, fails: Fails
) -> None:
    gateway.answer = lambda body: Script(pieces=["I would rather not."])
    assert "holds no code block" in str(fails("%%llm fast -f code -o a\nSet x"))
    assert getattr(shell, "rl_next_input", None) is None
    assert shell.user_ns["a"].text == "I would rather not."


def test_pictures_are_sent_from_variables_and_files(
    shell: InteractiveShell, gateway: FakeGateway, tmp_path: Any
) -> None:
    (tmp_path / "a.png").write_bytes(PNG)
    shell.user_ns["fig"] = PNG
    run(shell, f"%%llm fast --image fig --image '{tmp_path}/a.png'\nDescribe")
    text, *pictures = last_body(gateway)["messages"][0]["content"]
    assert text == {"type": "text", "text": "Describe"}
    assert [part["image_url"]["url"][:22] for part in pictures] == ["data:image/png;base64,"] * 2


def test_cells_stand_alone_unless_they_name_a_thread_or_ask_for_history(
    shell: InteractiveShell, gateway: FakeGateway
) -> None:
    cells = ["fast\none", "fast\ntwo", "fast --history 1\nthree", "fast --thread t\nfour",
             "fast --thread t\nfive", "fast --thread t --history off\nsix",
             "fast --thread t --new\nseven", "fast --thread t\neight"]  # fmt: skip
    for cell in cells:
        run(shell, f"%%llm {cell}")
    said = "Hello world"
    assert prompts(gateway) == [
        ["one"], ["two"], ["two", said, "three"], ["four"], ["four", said, "five"], ["six"],
        ["seven"], ["seven", said, "eight"],
    ]  # fmt: skip


def test_a_configured_thread_makes_all_cells_one_conversation(
    shell: InteractiveShell, gateway: FakeGateway
) -> None:
    run(shell, '%config LlmMagics.thread = "chat"')
    run(shell, "%config LlmMagics.max_history = 1")
    for text in ("one", "two", "three"):
        run(shell, f"%%llm fast\n{text}")
    assert prompts(gateway)[-1] == ["two", "Hello world", "three"]


def test_configuration_sets_what_a_line_leaves_out(
    shell: InteractiveShell, gateway: FakeGateway
) -> None:
    run(shell, '%config LlmMagics.model = "quick"')
    run(shell, '%config LlmMagics.aliases = {"quick": "openai/large"}')
    run(shell, '%config LlmMagics.system = "Be brief."')
    run(shell, '%config LlmMagics.format = "text"')
    run(shell, "%config LlmMagics.stream = False")
    run(shell, "%%llm -o a\nHi")
    body = last_body(gateway)
    assert (body["model"], body["messages"][0]["content"]) == ("openai/large", "Be brief.")
    assert "stream" not in body
    assert shell.user_ns["a"].format == "text"


def test_the_model_is_the_lines_then_used_then_configured_then_the_gateways(
    shell: InteractiveShell, gateway: FakeGateway
) -> None:
    run(shell, "%%llm\nHi")
    run(shell, '%config LlmMagics.model = "openai/large"')
    run(shell, "%%llm\nHi")
    run(shell, "%llm use fast")
    run(shell, "%%llm\nHi")
    run(shell, "%%llm local/free-of-price\nHi")
    run(shell, "%llm use --none")
    run(shell, "%%llm\nHi")
    asked = [chat.body["model"] for chat in gateway.chats]
    assert asked == ["openai/small", "openai/large", "fast", "local/free-of-price", "openai/large"]


def test_a_dry_run_shows_what_would_be_sent_and_sends_nothing(
    shell: InteractiveShell, gateway: FakeGateway, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.user_ns.update(who="Ada", api_key="abcdef123", fig=PNG)
    run(shell, "%%llm fast --dry-run --image fig -s Be.\nGreet {{who}} with {{api_key}}")
    shown = capsys.readouterr().out
    assert "To openai/small:" in shown
    assert "[system] Be." in shown
    assert "[user] Greet Ada with abcdef123" in shown
    assert "[picture, 0 KiB]" in shown
    (row,) = [line for line in shown.splitlines() if "EMAIL_ADDRESS" in line and "patterns" in line]
    assert row.split()[:4] == ["EMAIL_ADDRESS", "patterns", "1", "redacted"]
    assert "at most 1,000 out" in shown
    assert "Cost: about $0.0002" in shown
    assert "! {{api_key}} looks like a secret" in shown
    assert shown.rstrip().endswith("Nothing was sent.")
    assert not gateway.chats


def test_a_dry_run_keeps_what_a_new_thread_would_forget(
    shell: InteractiveShell, gateway: FakeGateway
) -> None:
    run(shell, "%%llm fast --thread t\none")
    run(shell, "%%llm fast --thread t --new --dry-run\ntwo")
    run(shell, "%%llm fast --thread t\nthree")
    assert prompts(gateway)[-1] == ["one", "Hello world", "three"]


def test_a_cost_limit_is_held_before_anything_is_sent(
    shell: InteractiveShell, gateway: FakeGateway, fails: Fails
) -> None:
    run(shell, "%%llm openai/small --max-cost 0.0005\na b c d")
    assert last_body(gateway)["max_tokens"] == 246
    error = fails("%%llm openai/large --max-cost 0.00001\nHi")
    assert error.code == "too_expensive"
    run(shell, "%%llm --compare openai/small,fast --max-cost 0.001\na b c d")
    assert [chat.body["max_tokens"] for chat in gateway.chats[1:]] == [246, 246]


@pytest.mark.parametrize(
    ("script", "code", "line"),
    [
        (Script(status=402, error={"code": "budget_exceeded", "message": "Spent."}),
         "budget_exceeded", "Spent."),
        (Script(status=400, error={"code": "content_blocked", "message": "A card number."}),
         "content_blocked", "A card number."),
        (Script(error_after={"code": "provider_error", "message": "It broke."}),
         "provider_error", "It broke."),
        (Script(cut=True), "stream_cut", "before the answer was complete"),
    ],
)  # fmt: skip
def test_a_refusal_or_failure_is_one_line(
    gateway: FakeGateway, fails: Fails, script: Script, code: str, line: str
) -> None:
    gateway.answer = lambda body: script
    error = fails("%%llm fast\nHi")
    assert error.code == code
    assert line in str(error)
    assert len(gateway.chats) == 1


def test_an_unknown_model_is_answered_with_the_one_that_was_meant(
    gateway: FakeGateway, fails: Fails
) -> None:
    problem = {"code": "model_not_found", "message": "No model 'fats' is open to you."}
    gateway.answer = lambda body: Script(status=404, error=problem)
    assert str(fails("%%llm fats\nHi")) == ("No model 'fats' is open to you; did you mean fast?")
    assert "fats" in str(fails("%%llm --dry-run fats\nHi"))
    assert str(fails("%%llm --compare fats,fast\nHi")).endswith("did you mean fast?")
    assert str(fails("%llm alias quick fats")) == (
        "No model 'fats' is open to you; did you mean fast?"
    )
    assert "No alias 'quick'" in str(fails("%llm alias --remove quick"))


def test_without_a_gateway_every_magic_fails_with_the_next_step(
    fails: Fails, monkeypatch: pytest.MonkeyPatch
) -> None:
    for cell in ("%%llm fast\nHi", "%llm list", "%llm cost"):
        assert "JUPYTER_MESH_URL" in str(fails(cell))
    monkeypatch.setenv("JUPYTER_MESH_URL", "http://127.0.0.1:9/mesh/")
    monkeypatch.setenv("JUPYTER_MESH_TOKEN", "t")
    for cell in ("%%llm fast\nHi", "%llm list", "%%llm --compare a,b\nHi"):
        error = fails(cell)
        assert error.code == "gateway_unreachable"
        assert "cannot be reached" in str(error)


def test_a_failure_of_the_magic_itself_is_one_line_too(
    fails: Fails, gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("first line\nsecond line")

    monkeypatch.setattr("jupyter_mesh.kernel.cell_magic.read_cell", broken)
    error = fails("%%llm fast\nHi")
    assert error.code == "internal"
    assert "RuntimeError: first line" in str(error)
    assert isinstance(error.__cause__, RuntimeError)


def test_fix_proposes_a_cell_from_the_latest_error(
    shell: InteractiveShell, gateway: FakeGateway, fails: Fails
) -> None:
    assert "No cell has failed yet" in str(fails("%llm fix fast"))
    gateway.answer = lambda body: Script(pieces=["A typo.\n```python\nx = {'a': 1}\n```"])
    shell.run_cell("def f():\n    return 1 / 0\n\nf()  # {{kept}}")
    run(shell, "%llm fix fast --temperature 0")
    question = prompts(gateway)[0][0]
    assert "f()  # {{kept}}" in question
    assert "ZeroDivisionError: division by zero" in question
    assert "interactiveshell" not in question
    assert shell.rl_next_input == "x = {'a': 1}"
    assert last_body(gateway)["temperature"] == 0


def test_fix_says_when_there_is_no_code_and_works_again_afterwards(
    shell: InteractiveShell, gateway: FakeGateway, fails: Fails
) -> None:
    shell.run_cell("1 / 0")
    assert "no code block" in str(fails("%llm fix fast"))
    gateway.answer = lambda body: Script(pieces=["```\n1\n```"])
    run(shell, "%llm fix fast")  # the error of %llm fix itself is not the latest
    assert "1 / 0" in prompts(gateway)[-1][0]
    assert "leave those options out" in str(fails("%llm fix --compare a,b"))


def test_explain_takes_syntax_errors_too_and_inserts_nothing(
    shell: InteractiveShell, gateway: FakeGateway
) -> None:
    gateway.answer = lambda body: Script(pieces=["```\n1\n```"])
    shell.run_cell("x = (1,\nprint(")
    run(shell, "%llm explain fast -o why")
    assert "x = (1,\nprint(" in prompts(gateway)[0][0]
    assert "SyntaxError" in prompts(gateway)[0][0]
    assert not hasattr(shell, "rl_next_input")
    assert shell.user_ns["why"].text


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("%llm list", ["openai/small", "ollama", "no charge"]),
        ("%llm list large", ["openai/large"]),
        ("%llm cost", ["this month", "$0.42", "1,800", "openai/small", "no model (refused)"]),
        ("%llm budget", ["$18.20", "$50.00", "blocks"]),
        ("%llm version", ["jupyter-mesh 0.1.0", "as ada"]),
        ("%llm history", ["is empty", "none"]),
        ("%llm reset", ["Forgot 0 exchanges of default"]),
        ("%llm alias", ["No alias."]),
        ("%llm", ["%%llm [MODEL or ALIAS]"]),
    ],
)
def test_every_command_shows_text(
    shell: InteractiveShell, gateway: FakeGateway, capsys: pytest.CaptureFixture[str],
    line: str, shown: list[str],
) -> None:  # fmt: skip
    run(shell, line)
    out = capsys.readouterr().out
    assert all(text in out for text in shown)


REAL = {**CARD, "id": "openai/small"}
DEMO = {**CARD, "id": "echo/echo", "offline_demo": True}


@pytest.mark.parametrize(
    ("models", "offered", "said"),
    [
        ([DEMO], True, "`%llm use OFFER` connects a real model"),
        ([DEMO], False, "OPENAI_API_KEY or start Ollama, then restart JupyterLab"),
        ([DEMO, REAL], False, None),
        ([DEMO, REAL], True, None),
    ],
)
def test_with_the_demo_alone_the_list_says_how_to_get_a_real_model(
    shell: InteractiveShell, gateway: FakeGateway, capsys: pytest.CaptureFixture[str],
    models: list[dict[str, Any]], offered: bool, said: str | None,
) -> None:  # fmt: skip
    gateway.models = models
    gateway.offers = gateway.offers if offered else []
    run(shell, "%llm list")
    lines = [line for line in capsys.readouterr().out.splitlines() if "nly the offline" in line]
    assert len(lines) == (1 if said else 0)
    assert said is None or said in lines[0]


def test_help_names_every_option_and_command(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    run(shell, "%llm help")
    shown = capsys.readouterr().out
    assert all(flag in shown for option in OPTIONS for flag in option.flags)
    assert "%llm fix [MODEL]" in shown


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("%llm lsit", "did you mean list?"),
        ("%llm tell me a joke", "To ask a model, begin a cell with %%llm"),
        ("%llm use", "Name one model: %llm use MODEL (now openai/small)"),
        ("%llm use a b", "Name one model"),
        ("%llm use fats", "did you mean fast?"),
        ("%llm use openai/nosuch", "No model 'openai/nosuch' is open to you"),
        ("%llm use mistral", "No key for mistral was found: set MISTRAL_API_KEY"),
        ("%llm use vllm/qwen", "No vllm answered at 127.0.0.1:8000"),
        ("%llm list zzz", "No model's name holds 'zzz'"),
        ("%llm cost now", "takes nothing after it"),
        ("%llm history a b", "Write it as %llm history [THREAD]"),
        ("%llm reset --al", "Write it as %llm reset [THREAD|--all]"),
        ("%llm alias a", "Write it as %llm alias [NAME TARGET | --remove NAME]"),
        ("%llm alias --remove a", "No alias 'a'"),
        ("%llm last", "There is no answer yet"),
        ("%llm use 'fast", "A quote is not closed"),
    ],
)
def test_a_wrong_command_is_one_line_that_names_what_is_valid(
    gateway: FakeGateway, fails: Fails, line: str, message: str
) -> None:
    assert message in str(fails(line))


@pytest.mark.parametrize(
    ("name", "model", "prices", "price"),
    [
        ("ollama", "ollama/llama3", {}, "no charge"),
        ("ollama/qwen3", "ollama/qwen3", {}, "no charge"),
        (
            "qwen3",
            "ollama/qwen3",
            {"qwen3": {"input": "0.25", "output": "2", "source": "list"}},
            "no charge: qwen3 $0.25 in / $2.00 out per million tokens",
        ),
    ],
)
def test_using_an_offer_accepts_it_and_says_its_price(
    shell: InteractiveShell, gateway: FakeGateway, capsys: pytest.CaptureFixture[str],
    name: str, model: str, prices: dict[str, Any], price: str,
) -> None:  # fmt: skip
    gateway.offers = [{**gateway.offers[0], "price_note": "no charge.", "prices": prices}]
    run(shell, f"%llm use {name}")
    shown = capsys.readouterr().out
    assert f"Price: {price}.\n" in shown
    assert f"use {model} ($1.00 in / $2.00 out per million tokens)." in shown
    assert not gateway.offers
    run(shell, "%%llm\nHi")
    assert last_body(gateway)["model"] == model


@pytest.mark.parametrize(
    ("default", "said"),
    [
        ("ollama/llama3", "; other notebooks that chose none now use ollama/llama3 too."),
        ("fast", "per million tokens)."),
    ],
)
def test_a_default_that_changes_for_other_notebooks_is_said(
    shell: InteractiveShell, gateway: FakeGateway, capsys: pytest.CaptureFixture[str],
    default: str, said: str,
) -> None:  # fmt: skip
    gateway.default_model, gateway.default_once_connected = "fast", default
    run(shell, "%llm use ollama")
    assert capsys.readouterr().out.rstrip().endswith(said)


def test_a_service_that_was_not_found_is_named_with_what_it_is_looked_for_by() -> None:
    environ = dict.fromkeys(KEYS.values(), "key")
    found = {one.id: one.variable for one in hosted_services(environ)}
    assert found == KEYS
    assert LocalPorts() == LocalPorts(
        ollama=PORTS["ollama"], vllm=PORTS["vllm"], lm_studio=PORTS["lmstudio"]
    )
    assert how_to_get("elsewhere") is None


def test_what_connecting_does_to_a_key_is_said_before_it_is_done(
    shell: InteractiveShell, gateway: FakeGateway, capsys: pytest.CaptureFixture[str]
) -> None:
    note = "Connecting stores the key encrypted in the mesh; your shell keeps its own variable."
    gateway.offers = [{**gateway.offers[0], "key_note": note}]
    run(shell, "%llm list")
    assert f"ollama: {note}" in capsys.readouterr().out
    run(shell, "%llm use ollama")
    assert note in capsys.readouterr().out


def test_an_alias_stands_for_its_target(shell: InteractiveShell, gateway: FakeGateway) -> None:
    run(shell, "%llm alias quick openai/large")
    run(shell, "%%llm quick\nHi")
    run(shell, "%llm use quick")
    run(shell, "%%llm\nHi")
    assert [chat.body["model"] for chat in gateway.chats] == ["openai/large"] * 2
    run(shell, "%llm alias --remove quick")
    run(shell, "%%llm quick\nHi")
    assert last_body(gateway)["model"] == "quick"


def test_history_shows_a_thread_and_reset_forgets_only_that(
    shell: InteractiveShell, gateway: FakeGateway, capsys: pytest.CaptureFixture[str]
) -> None:
    run(shell, "%%llm fast --thread a\none")
    run(shell, "%%llm fast --thread b\ntwo")
    capsys.readouterr()
    run(shell, "%llm history a")
    assert capsys.readouterr().out == "[user] one\n[assistant] Hello world\n"
    run(shell, "%llm reset a")
    run(shell, "%%llm fast --thread a\nthree")
    run(shell, "%%llm fast --thread b\nfour")
    assert prompts(gateway)[2:] == [["three"], ["two", "Hello world", "four"]]
    run(shell, "%llm reset --all")
    assert "Forgot 3 exchanges of a, b." in capsys.readouterr().out
