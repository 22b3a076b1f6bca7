"""Where the store is: one `Location` for each kind of database, which knows all that differs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol, TypeAlias

from ..errors import ConfigError
from .failure import Failure

if TYPE_CHECKING:
    import sqlalchemy

Value: TypeAlias = "str | int | float | bytes | None"
Row: TypeAlias = "tuple[Value, ...]"
Durability: TypeAlias = Literal["strict", "batched"]
Errors: TypeAlias = "tuple[type[Exception], ...]"

BUSY_MS = 5000
"""How long a statement waits for another process's commit before it gives up."""


class Cursor(Protocol):
    """The part of a DBAPI cursor that the store uses."""

    def execute(self, sql: str, parameters: Sequence[Value] = (), /) -> object: ...
    def fetchone(self) -> tuple[object, ...] | None: ...
    def fetchall(self) -> list[tuple[object, ...]]: ...
    @property
    def rowcount(self) -> int: ...


class Connection(Protocol):
    """The part of a DBAPI connection that the store uses; transactions are begun and ended by
    hand.
    """

    def cursor(self) -> Cursor: ...
    def execute(self, sql: str, parameters: Sequence[Value] = (), /) -> Cursor: ...
    def close(self) -> None: ...


class Presence(Protocol):
    """How gateways over one store know which of them are alive."""

    def announce(self, cursor: Cursor) -> None:
        """Show that this one is. Called on every new connection, and again with every heartbeat."""
        ...

    def taken_over(
        self, cursor: Cursor, writer: str, heartbeat: int
    ) -> AbstractContextManager[bool]:
        """Whether `writer` is dead; if so, nobody else takes it over meanwhile.

        Args:
            cursor: Inside a transaction.
            writer: Its id.
            heartbeat: The latest it has written.
        """
        ...

    def withdraw(self) -> None:
        """End. What the operating system or the database gives back by itself may be left."""
        ...


class Location(ABC):
    """A store.

    Attributes:
        begin: Begins a transaction of the journal. There is one at a time over all gateways, so
            that they cannot deadlock, and calls become visible in the order of their recording.
        begin_change: Begins any other transaction that writes.
        begin_read: Begins one that sees a single state of the store.
        find_versions: Finds a row where Alembic's table is there.
        errors: What is raised where the store fails.
        own_errors: Of these, what is wrong with an operation and not with the store.
        conflicts: Of these, what a second row with the same key raises.
    """

    begin: ClassVar[str]
    begin_change: ClassVar[str]
    begin_read: ClassVar[str]
    find_versions: ClassVar[str]
    errors: ClassVar[Errors]
    own_errors: ClassVar[Errors]
    conflicts: ClassVar[Errors]

    @staticmethod
    def of(place: StorePlace, password: str | None = None) -> Location:
        """Read a URL or a path.

        Args:
            place: `sqlite:///mesh.db`, `postgresql://user@host/database`, a path, or a location.
            password: Of PostgreSQL's role, where the URL does not hold it.

        Raises:
            ConfigError: The URL is of another database, or does not name a store; it is not quoted,
                since it may hold a password.
        """
        if isinstance(place, Location):
            return place
        from .sqlite import SqliteLocation

        if isinstance(place, Path) or "://" not in place:
            return SqliteLocation(Path(place).expanduser().absolute())
        scheme, _, rest = place.partition("://")
        dialect, _, _ = scheme.partition("+")
        if dialect in ("postgresql", "postgres"):
            return _postgres(f"postgresql://{rest}", password)
        name = rest.removeprefix("/")
        if scheme != "sqlite" or not rest.startswith("/") or name in ("", ":memory:"):
            raise ConfigError(
                "`store.url` must be `sqlite:///<path of a file>` or "
                f"`postgresql://<role>@<host>/<database>`; there is no store for {scheme}://."
            )
        return SqliteLocation(Path(name).expanduser().absolute())

    @property
    @abstractmethod
    def name(self) -> str:
        """What anybody may see of it."""

    @property
    @abstractmethod
    def url(self) -> str:
        """What may stand in `store.url`, without a password."""

    @property
    @abstractmethod
    def key_file(self) -> Path | None:
        """Where the key of sealed secrets lies by default; None: it must be given."""

    @abstractmethod
    def exists(self) -> bool:
        """Whether there may be a store; False where connecting would create one."""

    @abstractmethod
    def identity(self) -> tuple[int, int]:
        """What changes when the store is deleted or replaced.

        Raises:
            OSError: There is none.
        """

    @abstractmethod
    def connect(self, durability: Durability | None = None) -> Connection:
        """A connection that writes; unless it is `batched`, a commit returns once it is durable.
        `strict`: that has been checked, as far as the database tells.

        Raises:
            errors: It cannot be made, or its commits would not be durable.
        """

    @abstractmethod
    def read(self) -> Connection:
        """A connection that only reads.

        Raises:
            errors: There is no store yet, or it cannot be opened.
        """

    @abstractmethod
    def set_patience(self, cursor: Cursor, milliseconds: int) -> None:
        """How long statements wait for a lock."""

    @abstractmethod
    def look_for_damage(self, cursor: Cursor) -> None:
        """Raises one of `errors` where what is stored cannot be trusted."""

    @abstractmethod
    def failure_of(self, error: Exception) -> Failure:
        """What one of `errors` means for the store."""

    @abstractmethod
    def presence(self, writer: str) -> Presence:
        """How others see the writer, and it sees them."""

    @abstractmethod
    def locked(self) -> AbstractContextManager[None]:
        """Keeps other processes out of what must be done once, such as an upgrade.

        Raises:
            errors: The lock cannot be had.
        """

    @abstractmethod
    def migration(self, *, new: bool) -> AbstractContextManager[sqlalchemy.Connection]:
        """A transaction for Alembic, committed in the end. `new`: there are no tables yet."""


def _postgres(url: str, password: str | None) -> Location:
    try:
        from .postgres import PostgresLocation
    except ImportError as error:
        raise ConfigError(
            "`store.url` names PostgreSQL, whose driver is missing: "
            "`pip install 'jupyter-mesh[postgres]'`."
        ) from error
    return PostgresLocation.of_url(url, password)


StorePlace: TypeAlias = "str | Path | Location"
"""A store as callers name it."""
