"""Brings a store to this version's tables. Forward only: a store of a newer version is refused, not
guessed at.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from ..errors import ConfigError, StoreUnavailable
from .location import Location, StorePlace

REVISIONS = (
    *("0001", "0002", "0003", "0004", "0005", "0006", "0007"),
    *("0008", "0009", "0010", "0011", "0012", "0013", "0014", "0015"),
    *("0016", "0017", "0018"),
)
"""Every revision under `migrations/versions`, oldest first."""


def upgrade(place: StorePlace) -> None:
    """Create the store, or bring it to the newest revision; several processes may do so at once.

    Raises:
        ConfigError: The store was written by a newer version.
        StoreUnavailable: It cannot be opened or written.
    """
    location = Location.of(place)
    try:
        prepare(location)
    except location.errors as error:
        reason = location.failure_of(error).reason
        raise StoreUnavailable(
            f"The store cannot be set up: {reason}. Check `store.url`."
        ) from error


def prepare(location: Location) -> None:
    """`upgrade`, with the database's own errors.

    Raises:
        ConfigError: The store was written by a newer version.
        location.errors: It cannot be opened or written.
    """
    if revision(location) == REVISIONS[-1]:
        return
    with location.locked():
        if (found := revision(location)) != REVISIONS[-1]:
            _migrate(location, found)


def revision(location: Location) -> str | None:
    """The revision of the store; None where there is none yet. Asked in plain SQL: Alembic's import
    is slow.

    Raises:
        ConfigError: It is one this version does not know.
        location.errors: The store cannot be opened.
    """
    if not location.exists():
        return None
    with closing(location.connect()) as connection:
        if connection.execute(location.find_versions).fetchone() is None:
            return None
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    found = str(row[0]) if row else None
    if found is not None and found not in REVISIONS:
        raise ConfigError(
            f"The store {location.name} is of revision {found}, which is newer than this "
            "version of jupyter-mesh knows. Upgrade jupyter-mesh, or let `store.url` name another."
        )
    return found


def _migrate(location: Location, found: str | None) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with location.migration(new=found is None) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, REVISIONS[-1])
