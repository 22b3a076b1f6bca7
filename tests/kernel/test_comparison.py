"""`%%llm --compare`: every answer is kept, and a cell in which one failed fails."""

from __future__ import annotations

import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_mesh.client import Comparison
from jupyter_mesh.kernel.errors import MeshMagicError
from tests.client.fake_gateway import FakeGateway, Script


def test_comparing_keeps_every_answer_and_fails_the_cell_when_one_failed(
    shell: InteractiveShell, gateway: FakeGateway, capsys: pytest.CaptureFixture[str]
) -> None:
    problem = {"code": "provider_error", "message": "It broke."}
    gateway.answer = lambda body: (
        Script(status=502, error=problem) if body["model"] == "openai/large" else Script()
    )
    error = shell.run_cell("%%llm --compare fast,openai/large -o both\nHi").error_in_exec
    assert isinstance(error, MeshMagicError)
    assert str(error) == "1 of 2 models failed. openai/large: It broke."
    both = shell.user_ns["both"]
    assert isinstance(both, Comparison)
    assert [answer.text for answer in both] == ["Hello world", ""]
    table = both.table()
    assert isinstance(table, pd.DataFrame)
    assert list(table["model"]) == ["fast", "openai/large"]
    assert "It broke." in capsys.readouterr().out


def test_a_comparison_in_which_every_model_fails_fails_the_cell(
    shell: InteractiveShell, gateway: FakeGateway
) -> None:
    problem = {"code": "budget_exceeded", "message": "The budget is spent."}
    gateway.answer = lambda body: Script(status=402, error=problem)
    error = shell.run_cell("%%llm --compare fast,openai/large\nHi").error_in_exec
    assert isinstance(error, MeshMagicError)
    assert error.code == "budget_exceeded"
    assert "Every model failed; the first said: The budget is spent." in str(error)
