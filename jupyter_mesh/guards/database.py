"""Names that stand in a company's own database: customers, employees, projects, code names."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Annotated, ClassVar, Self

from pydantic import Field, StringConstraints, model_validator

from ..errors import ScreeningUnavailable
from ..schemas.channels import SecretReference
from ..schemas.durations import Duration
from ..schemas.json import JsonObject
from ..spi.guard import (
    MOST_FINDINGS,
    Detector,
    Finding,
    GuardConfig,
    GuardedCall,
    GuardTools,
    ReadFrom,
)
from ..spi.workers import ScannedSpan, Scanner
from .name_list import ListSource, NameList, Names
from .name_table import MOST_ENTITIES, CurrentTable, UnusableTable
from .name_words import Words, names_in

PLAIN_UP_TO = 100_000
"""Names; more are kept as hashes, in a file."""
_QUICK_PLAIN, _QUICK_HASHED = 16_384, 4_096
"""Characters that are looked through at once; from there on another process does it."""
_NOT_ASCII = 8
"""Times as long as others take texts that may hold scripts without spaces."""

_Entity = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$")]
_INLINE_PASSWORD = re.compile(r"//[^/@?#]*:[^/@?#]+@|[?&;](?:password|pwd)=", re.IGNORECASE)
_URL = re.compile(r"[a-z][a-z0-9_]*(?:\+[a-z0-9_]+)?://.*", re.DOTALL)
_READS = re.compile(
    r"(?:\s|--[^\n]*\n|/\*.*?\*/)*\(?\s*(?:select|with)\b", re.IGNORECASE | re.DOTALL
)


class DatabaseConfig(GuardConfig):
    """Which names, and where they are.

    Attributes:
        url: The database as SQLAlchemy writes it, without a password; or a reference to it.
        password: A reference to the password.
        query: Which names; it may only read.
        columns: Of the result, with what a name in each is called. Two with a space between them
            are parts of one name, which is then found in both orders.
        every: How long until they are read again.
        deadline: How long reading may take.
        hashed: Keep nothing but keyed hashes, however few names there are.
        shortest: Letters and digits a name must have to be looked for.
    """

    url: str
    password: SecretReference | None = None
    query: str
    columns: dict[str, _Entity] = Field(min_length=1, max_length=MOST_ENTITIES)
    every: Duration = timedelta(hours=1)
    deadline: Duration = timedelta(minutes=30)
    hashed: bool = False
    shortest: int = Field(default=2, ge=1, le=64)

    @model_validator(mode="after")
    def _holds(self) -> Self:
        if not self.url.startswith(("env:", "file:", "store:")):
            if _INLINE_PASSWORD.search(self.url):
                raise ValueError("`url` holds a password; write a reference under `password`")
            if not _URL.fullmatch(self.url):
                raise ValueError("`url` must look like postgresql://user@host/database")
        if not _READS.match(self.query):
            raise ValueError("`query` must begin with SELECT or WITH")
        if self.every < timedelta(seconds=1) or self.deadline < timedelta(seconds=1):
            raise ValueError("`every` and `deadline` are at least a second")
        return self


class Database(Detector):
    """Finds names of a database, whatever their case, accents and gaps."""

    Config: type[GuardConfig] = DatabaseConfig
    name: ClassVar[str] = "database"

    def __init__(self, config: GuardConfig) -> None:
        super().__init__(config)
        assert isinstance(config, DatabaseConfig)
        self._settings = config
        self._list: NameList | None = None
        self._tools: GuardTools | None = None
        self._keeping: asyncio.Task[None] | None = None

    def entities(self) -> frozenset[str]:
        return frozenset(self._settings.columns.values())

    def surest(self, entity: str) -> float:
        return 1.0

    def remedy(self, entity: str) -> str | None:
        return f"name a column of the query that holds {entity} under `columns`"

    def start(self, name: str, tools: GuardTools) -> None:
        said = self._settings
        source = ListSource(
            url=said.url,
            password=said.password,
            query=said.query,
            columns=said.columns,
            shortest=said.shortest,
            plain=0 if said.hashed else PLAIN_UP_TO,
            every=said.every.total_seconds(),
            deadline=said.deadline.total_seconds(),
        )
        self._tools, self._list = tools, NameList(name, source, tools)
        self._keeping = asyncio.create_task(self._list.keep_fresh())

    def read(self) -> ReadFrom | None:
        return None if self._list is None else self._list.read

    def read_again(self) -> bool:
        if self._list is not None:
            self._list.read_again()
        return self._list is not None

    async def aclose(self) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeping

    async def find(self, texts: Sequence[str], call: GuardedCall) -> Sequence[Sequence[Finding]]:
        if self._list is None or self._tools is None:
            raise UnusableTable("The list was not started.")
        try:
            names = self._list.names()
        except UnusableTable:
            names = await self._list.first_names()
        work = sum(len(text) * (1 if text.isascii() else _NOT_ASCII) for text in texts)
        if work <= (_QUICK_PLAIN if names.plain else _QUICK_HASHED):
            spans = [list(spans_in(text, names)) for text in texts]
        else:
            settings = self._list.scanner_settings
            try:
                spans = await self._tools.workers.scan(NameScanner, settings, texts)
            except ScreeningUnavailable:
                self._list.look_after_table()
                raise
        return [[Finding(*span, detector=self.name) for span in some] for some in spans]


class NameScanner(Scanner):
    """Looks names up in a table of hashes, the newest that lies there. Of secrets it gets the key
    of the hashes of this one list.
    """

    def __init__(self, settings: JsonObject) -> None:
        super().__init__(settings)
        file, key, source = (str(settings[name]) for name in ("file", "key", "source"))
        self._table = CurrentTable(Path(file), bytes.fromhex(key), source)

    def scan(self, text: str) -> Sequence[ScannedSpan]:
        table = self._table.get()
        return list(spans_in(text, Names(table.lookup, table.header.entities, False)))


def spans_in(text: str, names: Names) -> Iterator[ScannedSpan]:
    """Where names stand in `text`; stops once more are found than anybody looks at."""
    words = Words(text)
    found = 0
    for first, after, kinds in names_in(words.forms, names.lookup):
        start, end = words.span(first, after)
        for kind in kinds:
            yield ScannedSpan(start, end, names.entities[kind - 1], 1.0)
        found += len(kinds)
        if found > MOST_FINDINGS:
            return
