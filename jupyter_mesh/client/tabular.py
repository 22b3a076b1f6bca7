"""Rows in and rows out: DataFrames, Series and lists look the same in between."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any, cast

from ..schemas.json import JsonObject
from .errors import MeshClientError

PLAIN_VALUE = "value"
"""What a template calls the items of a Series or of a list of plain values."""


class Rows:
    """The rows of a table, as the fields a template may name.

    Raises:
        MeshClientError: It is not a DataFrame, a Series or a list, or two columns have one name.
    """

    def __init__(self, data: Any) -> None:
        self._data = data
        self._pandas: Any = sys.modules.get("pandas")  # whoever has a DataFrame has imported it
        self.fields: list[dict[str, str]] = [
            {name: _text(value) for name, value in record.items()} for record in self._records()
        ]

    def __len__(self) -> int:
        return len(self.fields)

    def joined(self, names: Sequence[str], results: Sequence[Mapping[str, Any]]) -> Any:
        """The table with the result columns added.

        A result whose name is taken gets the prefix `llm_`. A list comes back as a list of
        dictionaries.
        """
        taken = set(self.fields[0]) if self.fields else set[str]()
        columns = {name: f"llm_{name}" if name in taken else name for name in names}
        if isinstance(self._data, list):
            return [
                record | {columns[name]: result.get(name) for name in names}
                for record, result in zip(self._records(), results, strict=True)
            ]
        is_series = isinstance(self._data, self._pandas.Series)
        table = self._data.to_frame() if is_series else self._data.copy(deep=False)
        for name in names:
            values = [result.get(name) for result in results]
            table[columns[name]] = self._pandas.Series(values, index=table.index, dtype=object)
        return table

    def _records(self) -> list[dict[str, Any]]:
        data = self._data
        if isinstance(data, list):
            return [_record(item) for item in cast("list[Any]", data)]
        if self._pandas is not None and isinstance(data, self._pandas.DataFrame):
            names = [str(name) for name in data.columns]
            if len(set(names)) < len(names):
                raise _refused("Two columns have the same name: rename one.")
            return [
                dict(zip(names, values, strict=True))
                for values in data.itertuples(index=False, name=None)
            ]
        if self._pandas is not None and isinstance(data, self._pandas.Series):
            return [{PLAIN_VALUE: item, str(data.name or PLAIN_VALUE): item} for item in data]
        raise _refused(
            f"A {type(data).__name__} has no rows: give a DataFrame, a Series or a list."
        )


def data_columns(schema: JsonObject | None) -> list[str]:
    """The columns a schema's answers fill: its properties, or one column `data`."""
    properties = schema.get("properties") if schema else None
    return list(properties) if isinstance(properties, dict) else ["data"]


def _record(item: Any) -> dict[str, Any]:
    if not isinstance(item, dict):
        return {PLAIN_VALUE: item}
    return {str(key): value for key, value in cast("dict[Any, Any]", item).items()}


def _text(value: Any) -> str:
    missing = value is None or (isinstance(value, float) and value != value)
    if not missing and type(value).__name__ in ("NAType", "NaTType"):
        missing = True
    return "" if missing else str(value)


def _refused(message: str) -> MeshClientError:
    return MeshClientError(message, code="invalid_argument")
