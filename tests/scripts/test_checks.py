"""The checks of `make lint` find what they are there to find."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from scripts import check_claims, check_sizes, system_parts

HERE = "tests/scripts/test_checks.py"


@pytest.mark.parametrize(
    ("shown_by", "fault"),
    [
        (f"`{HERE}::test_a_claim_names_something_real`", None),
        (f"`{HERE}::test_a_claim_names_something_real[one]`", None),
        ("`labextension/src/index.test.ts::plugin ids are unique", "nothing shows"),
        ("`make lint`", None),
        ("`make lint`, `make lint-all`", "no 'make lint-all'"),
        (f"`{HERE}::test_a_claim_names_something`", "no 'tests"),
        (f"`{HERE}`", "no 'tests"),
        ("`tests/scripts/test_nothing.py::test_x`", "no 'tests"),
        ("a test", "nothing shows"),
        ("`make lint` | shown", "5 columns"),
    ],
)
def test_a_claim_names_something_real(shown_by: str, fault: str | None) -> None:
    table = "| issue | noun | shown by | status |\n|---|---|---|---|\n"
    found = check_claims.faults(f"{table}| 2 | it works | {shown_by} | shown |\n")
    assert (found == []) if fault is None else (len(found) == 1 and fault in found[0])


def test_what_is_not_built_needs_nothing_to_show_it() -> None:
    table = "| issue | noun | shown by | status |\n|---|---|---|---|\n| 3 | mail | none | {} |\n"
    assert check_claims.faults(table.format("not built")) == []
    assert len(check_claims.faults(table.format("shown"))) == 1


def test_every_promise_is_shown_by_tests_that_exist() -> None:
    assert check_claims.broken_promises(Path("SECURITY.md").read_text("utf8")) == []
    promises = "1. One.\n2. Two.\n"
    shown = f"| 1. | `{HERE}::test_every_promise_is_shown_by_tests_that_exist` |\n"
    assert check_claims.broken_promises(promises + shown) == [
        "SECURITY.md: nothing shows promise 2"
    ]
    wrong = f"| 2. | `{HERE}::test_x` |\n"
    (found,) = check_claims.broken_promises(promises + shown + wrong)
    assert "SECURITY.md:4: no" in found


def test_a_typescript_test_is_found_by_its_title() -> None:
    path = "labextension/src/index.test.ts"
    assert check_claims.exists(f"{path}::plugin ids are unique and carry the name of the extension")
    assert not check_claims.exists(f"{path}::plugin ids are unique")


@pytest.mark.parametrize(("statements", "too_long"), [(59, False), (60, True)])
def test_a_function_is_measured_without_its_docstring(
    statements: int, too_long: bool, tmp_path: Path
) -> None:
    path = tmp_path / "module.py"
    body = "    x = 1\n" * statements
    path.write_text(f'def f():\n    """What\n\n    it does.\n    """\n{body}', "utf8")
    assert bool(list(check_sizes.long_functions(path))) is too_long
    (function,) = ast.parse(path.read_text("utf8")).body
    assert isinstance(function, ast.FunctionDef)
    assert check_sizes.length(function) == statements + 1


def test_parts_are_installed_only_where_a_test_asks_for_them(tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text('pytestmark = pytest.mark.needs("redis")\n', "utf8")
    (tmp_path / "test_two.py").write_text("# chromium\n", "utf8")
    assert system_parts.needed_by([tmp_path]) == ["redis"]


def test_a_part_is_found_by_name_or_by_place() -> None:
    assert system_parts.Part("sh", ("dash",)).find()
    assert system_parts.Part("no-such-program", ("x",), ("bin/sh",)).find() == Path("/bin/sh")
    assert system_parts.Part("no-such-program", ("x",), ("bin/no-such-*",)).find() is None
