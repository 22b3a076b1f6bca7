"""The magics as people meet them: in a kernel, over its sockets, and in a headless run."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from jupyter_mesh.client import ANSWER_MIME
from tests.client.fake_gateway import TOKEN, FakeGateway, Script
from tests.kernel.real_kernel import CONFIG, RealKernel

HEAVY = ("aiohttp", "pydantic", "pandas", "openai", "jupyter_mesh.client", "jupyter_mesh.schemas")
NEVER = ("jupyter_mesh.mesh", "jupyter_mesh.config", "jupyter_mesh.pipeline",
         "jupyter_mesh.providers", "jupyter_mesh.storage")  # fmt: skip
LOADED = "import sys; print([name for name in {} if name in sys.modules])"


@pytest.fixture(scope="module")
def gateway() -> Iterator[FakeGateway]:
    gateway = FakeGateway().start()
    yield gateway
    gateway.stop()


@pytest.fixture(scope="module")
def environ(gateway: FakeGateway) -> dict[str, str]:
    known = {name: value for name, value in os.environ.items() if "JUPYTER" not in name}
    return {**known, "JUPYTER_MESH_URL": gateway.url, "JUPYTER_MESH_TOKEN": TOKEN}


@pytest.fixture(scope="module")
def _kernel(environ: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    kernel = RealKernel(tmp_path_factory.mktemp("ipython"), environ)
    yield kernel
    kernel.stop()


@pytest.fixture
def kernel(_kernel: RealKernel, gateway: FakeGateway) -> RealKernel:
    gateway.answer = lambda body: Script()
    gateway.received.clear()
    gateway.streaming.clear()
    gateway.disconnected.clear()
    return _kernel


@pytest.fixture
def fresh(environ: dict[str, str], tmp_path: Path) -> Iterator[RealKernel]:
    kernel = RealKernel(tmp_path / "ipython", environ)
    yield kernel
    kernel.stop()


def test_a_kernel_starts_with_nothing_heavy_and_knows_the_magics(
    fresh: RealKernel, gateway: FakeGateway
) -> None:
    assert fresh.run(LOADED.format(HEAVY + NEVER)).text.strip() == "[]"
    target = "print('jupyter_mesh.notebook' in get_ipython().kernel.comm_manager.targets)"
    assert fresh.run(target).text.strip() == "True"
    fresh.announce(document="a.ipynb", renderer=1)
    outcome = fresh.run("%%llm fast\nHi")
    assert outcome.reply["status"] == "ok"
    assert outcome.answers[-1]["text"] == "Hello world"
    assert gateway.chats[-1].headers["X-Mesh-Document"] == "a.ipynb"
    assert fresh.run(LOADED.format(NEVER)).text.strip() == "[]"


def test_loading_the_extension_imports_nothing_heavy(fresh: RealKernel) -> None:
    assert fresh.run("%load_ext jupyter_mesh").error is None
    assert fresh.run(LOADED.format(("aiohttp", "pydantic", *NEVER))).text.strip() == "[]"


def test_a_streamed_answer_is_announced_grown_and_reported(
    kernel: RealKernel, gateway: FakeGateway
) -> None:
    gateway.answer = lambda body: Script(pieces=["one ", "two ", "three"], pause=0.1)
    kernel.announce(document="folder/ä.ipynb", model="openai/large", purpose="study", renderer=1)
    outcome = kernel.run("%%llm -o a\nCount")
    assert [answer["state"] for answer in outcome.answers][-1] == "done"
    assert {answer["state"] for answer in outcome.answers[:-1]} == {"streaming"}
    assert outcome.answers[-1]["text"] == "one two three"
    assert outcome.comm == [{"type": "call_finished", "request_id": "call-1"}]
    headers = gateway.chats[-1].headers
    assert headers["X-Mesh-Document"] == "folder/%C3%A4.ipynb"
    assert headers["X-Mesh-Purpose"] == "study"
    assert headers["X-Mesh-Kernel"] == kernel.id
    assert kernel.run("print(a.model, a.usage.total)").text == "openai/large 10\n"


def test_the_client_works_in_a_cell_and_belongs_to_its_notebook(
    kernel: RealKernel, gateway: FakeGateway
) -> None:
    kernel.announce(document="b.ipynb", model="fast", renderer=1)
    outcome = kernel.run(
        "from jupyter_mesh import connect\nmesh = connect()\nprint(mesh.ask('Hi').text)\nmesh"
    )
    assert outcome.text == "Hello world\n"
    assert gateway.chats[-1].headers["X-Mesh-Document"] == "b.ipynb"
    assert gateway.chats[-1].body["model"] == "fast"
    assert TOKEN not in str(outcome.outputs)


@pytest.mark.parametrize(
    ("cell", "line"),
    [
        ("mesh.ask('Hi', model='nosuch')", "MeshClientError: No model 'nosuch' is open to you."),
        ("mesh.map(['a'], '{{b}}', model='fast')", "MeshClientError: No column is named 'b'"),
        ("mesh.map(['a'], '{{value}}', model='fast', resume=3)", "MeshClientError: resume takes"),
        ("connect('http://127.0.0.1:9/mesh/', 't').me()", "cannot be reached"),
    ],
)
def test_an_error_of_the_client_is_one_line_in_a_notebook(
    kernel: RealKernel, gateway: FakeGateway, cell: str, line: str
) -> None:
    problem = {"code": "model_not_found", "message": "No model 'nosuch' is open to you."}
    gateway.answer = lambda body: Script(status=404, error=problem)
    outcome = kernel.run(f"from jupyter_mesh import connect\nmesh = connect()\n{cell}")
    assert outcome.error is not None
    (shown,) = outcome.error["traceback"]
    assert line in shown
    assert "\n" not in shown
    assert outcome.error["ename"] == "MeshClientError"


def test_the_front_end_hears_of_calls_made_through_python(kernel: RealKernel) -> None:
    kernel.announce(document="b.ipynb", model="fast", renderer=1)
    heard = {"type": "call_finished"}
    for call in (
        "mesh.ask('Hi')",
        "list(mesh.stream('Hi'))",
        "mesh.map(['a', 'b'], '{{value}}')",
        "chat = mesh.widgets.chat()\nchat.ask('Hi')\nchat.wait(10)",
    ):
        outcome = kernel.run(f"from jupyter_mesh import connect\nmesh = connect()\n{call}")
        assert outcome.error is None
        assert outcome.comm.count(heard) == 1, call


def test_an_answer_shows_itself_as_our_type_and_text(kernel: RealKernel) -> None:
    outcome = kernel.run("from jupyter_mesh import connect\nconnect().ask('Hi', model='fast')")
    assert set(outcome.outputs[0]) == {ANSWER_MIME, "text/plain"}
    assert outcome.outputs[0]["text/plain"] == "Hello world"


def test_a_mapping_shows_one_line_that_is_updated(kernel: RealKernel) -> None:
    outcome = kernel.run("out = connect().map(['a', 'b'], '{{value}}', model='fast')")
    shown = [data["text/plain"] for data in outcome.outputs]
    assert shown[0].startswith("2 rows with fast: about $")
    assert shown[-1].endswith("2/2 · $0.0024")


def test_an_interrupt_stops_the_upstream_call_and_keeps_what_came(
    kernel: RealKernel, gateway: FakeGateway
) -> None:
    kernel.announce(document="a.ipynb", renderer=1)
    gateway.answer = lambda body: Script(pieces=["so far"], hang=True)
    running = kernel.start("%%llm fast\nHi")
    kernel.wait_for(running, "so far")
    kernel.manager.interrupt_kernel()
    outcome = kernel.finish(running)
    assert gateway.disconnected.wait(5)
    assert outcome.reply["status"] == "error"
    assert outcome.error is not None
    assert outcome.error["traceback"] == [
        "Stopped: the call was closed, what came so far is above."
    ]
    assert (outcome.answers[-1]["state"], outcome.answers[-1]["text"]) == ("stopped", "so far")
    gateway.answer = lambda body: Script()
    assert kernel.run("%%llm fast\nHi").answers[-1]["state"] == "done"


def test_an_interrupt_stops_every_call_of_a_comparison(
    kernel: RealKernel, gateway: FakeGateway
) -> None:
    kernel.announce(document="a.ipynb", renderer=1)
    gateway.answer = lambda body: Script(hang=body["model"] == "fast")
    running = kernel.start("%%llm --compare fast,openai/large\nHi")
    kernel.wait_for(running, "Hello world")
    kernel.manager.interrupt_kernel()
    outcome = kernel.finish(running)
    assert gateway.disconnected.wait(5)
    assert outcome.error is not None
    assert outcome.answers[-1]["state"] == "stopped"


def test_code_is_offered_as_the_next_cell(kernel: RealKernel, gateway: FakeGateway) -> None:
    gateway.answer = lambda body: Script(pieces=["```python\nx = 1\n```"])
    outcome = kernel.run("%%llm fast -f code\nSet x")
    assert outcome.reply["payload"] == [
        {"source": "set_next_input", "text": "x = 1", "replace": False}
    ]
    assert kernel.run("'x' in globals()").outputs[0]["text/plain"] == "False"


def test_fix_works_on_the_cell_that_failed(kernel: RealKernel, gateway: FakeGateway) -> None:
    kernel.run("def half(n):\n    return n / 0\n\nhalf(2)")
    gateway.answer = lambda body: Script(pieces=["```\nhalf = 1\n```"])
    outcome = kernel.run("%llm fix fast")
    question = gateway.chats[-1].body["messages"][0]["content"]
    assert "half(2)" in question
    assert "ipykernel" not in question.partition("The error:")[0]
    assert "ZeroDivisionError" in question
    assert outcome.reply["payload"][0]["text"] == "half = 1"


@pytest.mark.parametrize(
    ("code", "expected", "absent"),
    [
        ("%%llm ", ["fast", "openai/small", "--dry-run"], ["abs"]),
        ("%%llm openai/s", ["openai/small"], ["openai/large"]),
        ("%%llm fast --te", ["--temperature"], ["--tag"]),
        ("%%llm fast -f ", ["markdown", "json"], ["fast"]),
        ("%%llm --compare fast,open", ["openai/small", "openai/large"], ["fast"]),
        ("%%llm fast --schema ", ["Label"], ["number"]),
        ("%%llm fast -o ", [], ["fast"]),
        ("%%llm fast\nTell {{num", ["number"], ["Label"]),
        ("%%llm fast\nTell {{ number.bit_l", ["bit_length"], []),
        ("%llm us", ["use"], ["list"]),
        ("%llm use o", ["openai/small", "ollama"], ["fast"]),
        ("%llm alias q op", ["openai/small"], ["fast"]),
    ],
)
def test_tab_completes_models_options_values_and_variables(
    kernel: RealKernel, code: str, expected: list[str], absent: list[str]
) -> None:
    kernel.run("class Label: pass\nnumber = 3")
    matches = kernel.complete(code)
    assert set(expected) <= set(matches)
    assert not set(absent) & set(matches)


def test_tab_in_other_cells_is_as_before(kernel: RealKernel) -> None:
    kernel.run("number = 3")
    assert "number" in kernel.complete("numb")
    assert "fast" not in kernel.complete("fa")


def test_tab_works_before_the_magics_were_used_and_does_not_wait_for_a_silent_gateway(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/mesh/"
        kernel = RealKernel(tmp_path / "ipython", {**environ, "JUPYTER_MESH_URL": url})
        try:
            # It never answers: whatever comes back was not waited for.
            assert "--dry-run" in kernel.complete("%%llm ")
        finally:
            kernel.stop()


def test_tab_without_a_gateway_still_completes_options(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    without = {name: value for name, value in environ.items() if "JUPYTER_MESH" not in name}
    kernel = RealKernel(tmp_path / "ipython", without)
    try:
        assert "--dry-run" in kernel.complete("%%llm ")
        outcome = kernel.run("%%llm fast\nHi")
        assert outcome.error is not None
        assert outcome.error["traceback"] == [outcome.error["evalue"]]
        assert "JUPYTER_MESH_URL" in outcome.error["evalue"]
    finally:
        kernel.stop()


def notebook_of(*cells: str) -> Any:
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    return notebook


@pytest.fixture
def headless(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gateway: FakeGateway
) -> Path:
    profile = tmp_path / "ipython" / "profile_default"
    profile.mkdir(parents=True)
    (profile / CONFIG.name).write_text(CONFIG.read_text())
    for name in ("JUPYTER_MESH_URL", "JUPYTER_MESH_TOKEN"):
        monkeypatch.setenv(name, environ[name])
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    gateway.answer = lambda body: Script()
    return tmp_path


def test_a_headless_run_keeps_the_answer_once_as_text_and_as_our_type(headless: Path) -> None:
    notebook = notebook_of("%%llm fast\nHi", "%llm list", "%%llm --compare fast,openai/large\nHi")
    NotebookClient(notebook, timeout=60).execute(cwd=str(headless))
    (answer,) = notebook.cells[0].outputs
    assert answer.output_type == "display_data"
    assert answer.data["text/plain"] == "Hello world"
    assert answer.data[ANSWER_MIME]["state"] == "done"
    assert "openai/small" in notebook.cells[1].outputs[0].text
    assert len(notebook.cells[2].outputs) == 1
    nbformat.validate(notebook)


def test_a_blocked_call_fails_a_headless_run(headless: Path, gateway: FakeGateway) -> None:
    problem = {"code": "content_blocked", "message": "A card number was found; take it out."}
    gateway.answer = lambda body: Script(status=400, error=problem)
    with pytest.raises(CellExecutionError, match="A card number was found"):
        NotebookClient(notebook_of("%%llm fast\nHi"), timeout=60).execute(cwd=str(headless))


@pytest.mark.parametrize("blocked", [False, True])
def test_the_exit_code_of_a_headless_run_tells_of_a_block(
    headless: Path, gateway: FakeGateway, blocked: bool
) -> None:
    problem = {"code": "content_blocked", "message": "A card number was found."}
    gateway.answer = lambda body: Script(status=400, error=problem) if blocked else Script()
    path = headless / "run.ipynb"
    nbformat.write(notebook_of("%%llm fast\nHi"), path)
    done = subprocess.run(
        [Path(sys.executable).with_name("jupyter-execute"), path],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (done.returncode != 0) is blocked, done.stderr
    if blocked:
        assert "A card number was found." in done.stderr
