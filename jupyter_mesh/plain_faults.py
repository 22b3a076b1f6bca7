"""What is wrong with a setting, in words of who wrote it and not of the library that found it."""

from __future__ import annotations

from pydantic_core import ErrorDetails

_WORDS = {
    "missing": "is missing",
    **dict.fromkeys(("string_type", "string_sub_type"), "write text"),
    **dict.fromkeys(("int_parsing", "int_type", "int_from_float"), "write a whole number"),
    **dict.fromkeys(("bool_parsing", "bool_type"), "write true or false"),
    **dict.fromkeys(
        ("float_parsing", "float_type", "decimal_parsing", "decimal_type"), "write a number"
    ),
    **dict.fromkeys(("dict_type", "model_type"), "write names with their values below it"),
    **dict.fromkeys(("list_type", "tuple_type", "set_type", "frozen_set_type"), "write a list"),
}


def plain(fault: ErrorDetails) -> str:
    """One fault, without its place."""
    return _WORDS.get(fault["type"]) or fault["msg"].removeprefix("Value error, ")
