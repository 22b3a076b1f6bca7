"""Reading names from a database: one query, read only, row by row."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

_ROWS_AT_ONCE = 2000
_READ_ONLY = {
    "sqlite": "PRAGMA query_only = ON",
    "mysql": "SET SESSION TRANSACTION READ ONLY",
    "mariadb": "SET SESSION TRANSACTION READ ONLY",
    "oracle": "SET TRANSACTION READ ONLY",
}
_EXTRAS = {"postgresql": "pip install 'jupyter-mesh[postgres]'"}
_TELL_NO_ROW = ("OperationalError", "ProgrammingError", "InterfaceError")
"""Kinds of errors (PEP 249) about connections and statements; others may quote what rows say."""


class QueryFailed(Exception):
    """Why, in words that hold no password and nothing of a row."""


def read_names(
    url: str, password: str | None, query: str, columns: Sequence[str]
) -> Iterator[tuple[int, str]]:
    """(place in `columns`, value) of every value that is there.

    Args:
        url: As SQLAlchemy writes it.
        password: Goes into the URL.
        query: One that only reads.
        columns: Names of columns of its result; several with spaces between them are values that
            belong together, and come in this order and in the opposite one.

    Raises:
        QueryFailed: There is no such database, driver or column; or the query fails.
    """
    engine = _engine(url, password)
    try:
        with engine.connect() as connection:
            _only_read(connection, engine.dialect.name)
            options = {"no_parameters": True, "stream_results": True, "yield_per": _ROWS_AT_ONCE}
            result = connection.execution_options(**options).exec_driver_sql(query)
            if not result.returns_rows:
                raise QueryFailed("The query returns no rows: it must be a SELECT.")
            wanted = _places(columns, list(result.keys()))
            for rows in result.partitions():
                for number, places in enumerate(wanted):
                    for row in rows:
                        if len(places) == 1 and isinstance(name := row[places[0]], str):
                            yield number, name
                        else:
                            yield from _values(number, [row[place] for place in places])
    except (SQLAlchemyError, OSError, sqlite3.Error) as error:
        raise QueryFailed(_said(error, password)) from None
    finally:
        engine.dispose()


def _values(number: int, cells: Sequence[object]) -> Iterator[tuple[int, str]]:
    texts = [cell if isinstance(cell, str) else str(cell) for cell in cells if cell is not None]
    if texts:
        yield number, " ".join(texts)
    if len(texts) > 1:
        yield number, " ".join(reversed(texts))


def _places(columns: Sequence[str], there: list[str]) -> list[list[int]]:
    known: Mapping[str, int] = {name.casefold(): place for place, name in enumerate(there)}
    wanted: list[list[int]] = []
    for column in columns:
        parts = [column] if column.casefold() in known else column.split()
        for part in parts:
            if part.casefold() not in known:
                raise QueryFailed(
                    f"The result has no column {part!r}; it has {', '.join(there)[:500]}."
                )
        wanted.append([known[part.casefold()] for part in parts])
    return wanted


def _engine(url: str, password: str | None) -> Engine:
    try:
        parsed = make_url(url)
        if password is not None:
            parsed = parsed.set(password=password)
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() == "sqlite":
            return _sqlite(parsed)
        return create_engine(parsed, poolclass=NullPool, hide_parameters=True)
    except ImportError as error:
        extra = _EXTRAS.get(make_url(url).get_backend_name())
        raise QueryFailed(f"{error.name} is missing: {extra or 'install it'}.") from None
    except (ArgumentError, NoSuchModuleError) as error:
        raise QueryFailed(f"The URL names no database ({type(error).__name__}).") from None


def _sqlite(url: URL) -> Engine:
    """Without making a database where there is none."""
    path = Path(url.database or "")

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)

    return create_engine("sqlite://", creator=connect, poolclass=NullPool)


def _only_read(connection: Connection, dialect: str) -> None:
    if dialect == "postgresql":
        connection.execution_options(postgresql_readonly=True)
    elif dialect in _READ_ONLY:
        connection.exec_driver_sql(_READ_ONLY[dialect])


def _said(error: Exception, password: str | None) -> str:
    original = error.orig if isinstance(error, DBAPIError) else error
    kind = type(original).__name__
    bases = {base.__name__ for base in type(original).__mro__}
    said = kind
    if not isinstance(error, SQLAlchemyError) or bases & {*_TELL_NO_ROW}:
        with suppress(IndexError):
            said = f"{kind}: {str(original).strip().splitlines()[0][:300]}"
    if (state := getattr(original, "sqlstate", None)) is not None:
        said += f" (SQLSTATE {state})"
    return said.replace(password, "…") if password else said
