from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from jupyter_mesh.kernel.errors import MeshMagicError
from jupyter_mesh.kernel.options import BY_FLAG, LATER, OPTIONS
from jupyter_mesh.kernel.parsing import parse_cell_line


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("", "model", None),
        ("fast", "model", "fast"),
        ("local/Qwen/Qwen3-0.6B", "model", "local/Qwen/Qwen3-0.6B"),
        ("-s 'Be brief.'", "system", "Be brief."),
        ('--system="Be brief."', "system", "Be brief."),
        ("fast -s persona", "system", "persona"),
        ("-t 0", "temperature", 0.0),
        ("--temperature 1.5 fast", "temperature", 1.5),
        ("--max-tokens 5", "max_tokens", 5),
        ("-p top_p=0.5 -p seed=1", "param", [("top_p", 0.5), ("seed", 1)]),
        ('-p stop=["a"]', "param", [("stop", "[a]")]),
        ("""-p 'stop=["a"]'""", "param", [("stop", ["a"])]),
        ("-p effort=low=x", "param", [("effort", "low=x")]),
        ("-f code", "format", "code"),
        ("--schema Label", "schema", "Label"),
        ("-o answer", "out", "answer"),
        (r"--image C:\pics\a.png --image fig", "image", [r"C:\pics\a.png", "fig"]),
        ("--thread review", "thread", "review"),
        ("--new", "new", True),
        ("--history 3", "history", 3),
        ("--history off", "history", 0),
        ("--compare a,b", "compare", ("a", "b")),
        ("--compare 'a, b ,a'", "compare", ("a", "b")),
        ("--max-cost 0.05", "max_cost", Decimal("0.05")),
        ("--max-cost $1", "max_cost", Decimal(1)),
        ("--dry-run", "dry_run", True),
        ("--purpose 'spring study'", "purpose", "spring study"),
        ("--tag team=a --tag n=1", "tag", [("team", "a"), ("n", "1")]),
        ("--no-cache", "no_cache", True),
        ("--no-stream", "no_stream", True),
        ("--no-interpolate", "no_interpolate", True),
    ],
)
def test_every_option_is_read(line: str, field: str, value: Any) -> None:
    assert getattr(parse_cell_line(line), field) == value


def test_the_table_above_covers_every_option() -> None:
    marks: Any = test_every_option_is_read.pytestmark  # type: ignore[attr-defined]
    read = {field for _, field, _ in marks[0].args[1]}
    assert {option.name for option in OPTIONS} <= read


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--temprature 1", "did you mean --temperature?"),
        ("--Temperature 1", "did you mean --temperature?"),
        ("-x", "there are -s, --system"),
        ("--", "No option --"),
        ("-t", "-t needs a value: -t 0…2"),
        ("-t --new", "-t needs a value"),
        ("-t warm", "-t takes 0…2, not 'warm'"),
        ("-t 2.1", "-t takes 0…2, not '2.1'"),
        ("-t -1", "-t takes 0…2, not '-1'"),
        ("-t nan", "-t takes 0…2, not 'nan'"),
        ("--max-tokens 0", "takes N, not '0'"),
        ("--max-tokens 1.5", "takes N, not '1.5'"),
        ("--max-cost -1", "takes USD, not '-1'"),
        ("--max-cost inf", "takes USD, not 'inf'"),
        ("--max-cost 1,5", "takes USD, not '1,5'"),
        ("-f html", "-f takes markdown|text|code|json, not 'html'"),
        ("-f Markdown", "not 'Markdown'"),
        ("-p top_p", "-p takes K=V, not 'top_p'"),
        ("-p =1", "-p takes K=V, not '=1'"),
        ("-o 2nd", "-o takes NAME, not '2nd'"),
        ("--schema a.b", "--schema takes NAME"),
        ("--compare fast", "--compare takes M1,M2,…, not 'fast'"),
        ("--compare fast,fast", "--compare takes M1,M2,…"),
        ("fast --compare a,b", "add 'fast' to it"),
        ("--compare a,b --thread x", "--compare and --thread exclude each other"),
        ("--compare a,b --schema X", "--compare and --schema exclude each other"),
        ("--compare a,b -f code", "--compare and --format code exclude each other"),
        ("--schema X -f code", "leave --format out"),
        ("--history some", "--history takes N|off, not 'some'"),
        ("--history -1", "--history takes N|off"),
        ("--new=1", "--new takes no value"),
        ("-s a -s b", "--system is given twice"),
        ("fast cheap", "not 'fast' and 'cheap': the prompt begins on the next line"),
        ("-s 'open", "A quote is not closed"),
        ("--index handbook", "--index comes with retrieval"),
        ("-k 5", "-k belongs to --index"),
        ("--attach report.pdf", "--attach comes with retrieval"),
        ("--attach=report.pdf", "--attach comes with retrieval"),
        ("--no-strem", "did you mean --no-stream?"),
    ],
)
def test_every_mistake_is_one_line_that_names_what_is_valid(line: str, message: str) -> None:
    with pytest.raises(MeshMagicError) as failure:
        parse_cell_line(line)
    assert message in str(failure.value)
    assert "\n" not in str(failure.value)
    assert failure.value._render_traceback_() == [str(failure.value)]


def test_no_refused_option_is_also_offered() -> None:
    assert not set(LATER) & set(BY_FLAG)
