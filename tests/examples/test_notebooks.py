"""Every example runs, in a kernel of a real Jupyter server with the mesh on."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts import demo

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.ipynb"))


@pytest.fixture(autouse=True)
def own_mesh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the settings nor the records of whoever runs the tests."""
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("JUPYTER_MESH_STATE", str(tmp_path / "state"))


@pytest.mark.parametrize("notebook", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_to_its_end(
    notebook: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = demo.run(notebook)
    printed = capsys.readouterr().out
    assert status == 0, printed
    calls = int(printed.rstrip().splitlines()[-1].split()[0])
    assert calls > 0, "a call through Python counts as well"
    assert not (tmp_path / "state").exists(), "the demo keeps out of the person's own record"
    if notebook.stem == "quickstart":
        assert "echo/echo" in printed
        assert "tokens" in printed


def test_there_are_examples() -> None:
    assert {path.stem for path in EXAMPLES} == {"any-openai-client", "label-a-table", "quickstart"}
