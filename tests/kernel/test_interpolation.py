from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from jupyter_mesh.kernel.errors import MeshMagicError
from jupyter_mesh.kernel.interpolation import interpolate
from jupyter_mesh.kernel.preview import shorten
from jupyter_mesh.kernel.secrets import looks_secret


class Chatty:
    """Looks at what is evaluated in a namespace."""

    def __init__(self, **names: Any) -> None:
        self.names = names
        self.evaluated: list[str] = []

    def __call__(self, expression: str) -> Any:
        self.evaluated.append(expression)
        return eval(expression, {}, self.names)


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("Hello {{name}}!", "Hello Ada!"),
        ("{{ name }}{{name}}", "AdaAda"),
        ("{{n + 1}} {{name.upper()}} {{row['k']}}", "4 ADA v"),
        ("{{ {'a': {'b': 2}}['a']['b'] }}", "2"),
        ("{{f'{name}'}}", "Ada"),
        ("{{name!r}}", "'Ada'"),
        ("{{n != 3}}", "False"),
        ("{{None}}", "None"),
        ("{{{name}}}", "{Ada}"),
        ("{name} {n} { } {}", "{name} {n} { } {}"),
        ('{"a": {"b": {"c": 1}}}', '{"a": {"b": {"c": 1}}}'),
        ("f(x) = {x^2}}", "f(x) = {x^2}}"),
        ("${HOME} %s $name", "${HOME} %s $name"),
        ("{{}} {{ }}", "{{}} {{ }}"),
        ("{{name", "{{name"),
        ("{{name\n}}", "{{name\n}}"),
    ],
)
def test_values_go_in_and_other_braces_stay(prompt: str, expected: str) -> None:
    text, notices = interpolate(prompt, Chatty(name="Ada", n=3, row={"k": "v"}), max_chars=1000)
    assert text == expected
    assert notices == ()


@pytest.mark.parametrize(
    "value",
    ["{{secret}}", "{secret}", "{{secret!whole}}", "{{{secret}}}", "{{", "}}", "{{1/0}}"],
)
def test_a_value_is_never_expanded_again(value: str) -> None:
    evaluate = Chatty(x=value, secret="hunter2")
    text, _ = interpolate("a {{x}} b", evaluate, max_chars=1000)
    assert text == f"a {value} b"
    assert evaluate.evaluated == ["x"]


@pytest.mark.parametrize(
    ("prompt", "left"),
    [
        ("int a[2][2] = {{1,2},{3,4}};", "1,2},{3,4"),
        ("{{#each items}} {{n}}", "#each items"),
        ("{{/each}} {{n}}", "/each"),
        ("{{> footer}}", "> footer"),
    ],
)
def test_double_braces_of_another_language_stay_and_are_named(prompt: str, left: str) -> None:
    text, notices = interpolate(prompt, Chatty(n=3), max_chars=1000)
    assert text == prompt.replace("{{n}}", "3")
    assert [notice.code for notice in notices] == ["not_interpolated"]
    assert left in notices[0].message


@pytest.mark.parametrize("wrong", ["1+", "a b", "df[", "x ="])
def test_a_syntax_error_is_one_line_and_nothing_is_filled_in(wrong: str) -> None:
    evaluate = Chatty(n=3)
    with pytest.raises(MeshMagicError) as failure:
        interpolate(f"{{{{{wrong}}}}} {{{{n}}}}", evaluate, max_chars=1000)
    assert str(failure.value) == (
        f"{{{{{wrong}}}}} is no Python expression: correct it, or keep the braces with "
        "--no-interpolate."
    )
    assert evaluate.evaluated == []


@pytest.mark.parametrize(
    ("prompt", "line"),
    [
        ("{{nmae}}", "{{nmae}} cannot be put in: NameError: name 'nmae' is not defined."),
        ("{{1/0}}", "ZeroDivisionError"),
        ("{{row.missing}}", "AttributeError"),
    ],
)
def test_an_expression_that_fails_is_one_line_with_two_ways_out(prompt: str, line: str) -> None:
    with pytest.raises(MeshMagicError) as failure:
        interpolate(prompt, Chatty(row=3), max_chars=1000)
    message = str(failure.value)
    assert line in message
    assert "Define it first" in message
    assert "--no-interpolate" in message
    assert "\n" not in message


def test_a_long_value_is_truncated_and_says_so() -> None:
    text, notices = interpolate("{{x}}", Chatty(x="a" * 10_000_000), max_chars=1000)
    assert len(text) < 1100
    assert "9,999,000 more characters were left out" in text
    assert [notice.code for notice in notices] == ["truncated"]
    assert "{{x!whole}}" in notices[0].message
    text, notices = interpolate("{{x!whole}}", Chatty(x="a" * 2000), max_chars=1000)
    assert (len(text), notices) == (2000, ())


@pytest.mark.parametrize(("text", "limit", "short"), [("abc", 3, "abc"), ("abcd", 3, "abc\n[…")])
def test_the_limit_itself_is_allowed(text: str, limit: int, short: str) -> None:
    assert shorten(text, limit).startswith(short)


def test_a_frame_goes_in_as_its_schema_and_first_rows() -> None:
    frame = pd.DataFrame({"a": range(1000), "b": ["x"] * 1000})
    text, _ = interpolate("{{df}}", Chatty(df=frame), max_chars=10_000)
    assert text.startswith("DataFrame with 1,000 rows and 2 columns: a (int64), b (")
    assert "First 10 rows:\n,a,b\n0,0,x\n" in text
    assert "9,9,x" in text
    assert "10,10,x" not in text


def test_a_frame_goes_in_whole_when_asked() -> None:
    frame = pd.DataFrame({"a": range(1000)})
    text, notices = interpolate("{{df!whole}}", Chatty(df=frame), max_chars=100)
    assert text.endswith("999,999\n")
    assert notices == ()


def test_short_and_wide_tables_series_and_arrays_have_previews_too() -> None:
    wide = pd.DataFrame([[0] * 100])
    names = Chatty(
        wide=wide, short=pd.DataFrame({"a": [1]}), s=pd.Series([1, 2], name="n"), m=np.eye(2)
    )
    text, _ = interpolate("{{wide}}|{{short}}|{{s}}|{{m}}", names, max_chars=10_000)
    wide_text, short, series, array = text.split("|")
    assert "and 40 more" in wide_text
    assert "All rows:" in short
    assert series.startswith("Series 'n' with 2 values (int64)")
    assert array.startswith("array of shape (2, 2), float64:")


@pytest.mark.parametrize(
    ("expression", "text", "secret"),
    [
        ("api_key", "abcdef123", True),
        ("OPENAI_API_KEY", "abcdef123", True),
        ("config['db_password']", "hunter22", True),
        ("os.environ['AUTH_TOKEN']", "x9f8s7df6", True),
        ("token", "abcdef123", True),
        ("anything", "sk-proj-abcdefghijklmnopqrstu", True),
        ("text", "the key AKIAIOSFODNN7EXAMPLE was", True),
        ("text", "-----BEGIN RSA PRIVATE KEY-----\nMII", True),
        ("text", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.x", True),
        ("token_count", "1234567", False),
        ("max_tokens", "4096000", False),
        ("tokens", "one two three", False),
        ("secret_santa_wishes", "a book and a bike", False),
        ("api_key_names", "one two", False),
        ("password_hint", "", False),
        ("keyboard", "qwertyuiop", False),
        ("text", "risk-averse-investors-everywhere", False),
        ("text", "ask-me-anything-you-want-to-know", False),
    ],
)
def test_a_secret_is_told_by_its_name_or_its_form(expression: str, text: str, secret: bool) -> None:
    assert looks_secret(expression, text) is secret


def test_a_secret_in_a_prompt_is_a_notice_that_does_not_repeat_it() -> None:
    _, notices = interpolate("{{api_key}}", Chatty(api_key="abcdef123"), max_chars=1000)
    assert [notice.code for notice in notices] == ["secret"]
    assert "abcdef123" not in notices[0].message
