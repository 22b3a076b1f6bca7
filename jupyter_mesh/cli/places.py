"""Where the configuration and the state of this user's mesh are."""

from __future__ import annotations

import os
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_core.paths import jupyter_config_dir, jupyter_data_dir

from ..errors import ConfigError

if TYPE_CHECKING:
    from ..config import Config
    from ..storage.location import Location


def config_file(named: str | None) -> Path | None:
    """The file named, else that of the environment, else the usual one if there is one."""
    if name := named or os.environ.get("JUPYTER_MESH_CONFIG"):
        return Path(name)
    usual = Path(jupyter_config_dir(), "mesh.yaml")
    return usual if usual.is_file() else None


def state_dir(named: str | None) -> Path:
    """The folder named, else that of the environment, else the usual one."""
    name = named or os.environ.get("JUPYTER_MESH_STATE")
    return Path(name) if name else Path(jupyter_data_dir(), "mesh")


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a command works with."""

    config: Config
    config_file: Path | None
    state_dir: Path

    @property
    def store(self) -> Location:
        """Where the store is."""
        from ..storage.configured import configured_location

        rule = self.config.store
        return configured_location(
            rule.url,
            rule.password,
            state_dir=self.state_dir,
            environ=os.environ,
            folder=self.config_file.parent if self.config_file else None,
        )


def chosen(arguments: Namespace) -> Chosen:
    """The configuration and state that `--config`, `--state` and the environment name.

    Raises:
        ConfigError: The configuration is wrong, or names a store in a folder that is not there.
    """
    from .. import config

    file = config_file(arguments.config)
    read = config.load(file) if file is not None else config.Config.default()
    mine = Chosen(read, file, state_dir(arguments.state))
    if read.store.url is not None:
        _check_folder(mine.store, mine.state_dir)
    return mine


def _check_folder(location: Location, made: Path) -> None:
    """A gateway that runs waits for its store to come back; a command says at once what is missing.
    The folder `made` is not: it is made where it is needed.

    Raises:
        ConfigError: The store's folder is not there.
    """
    from ..storage.sqlite import SqliteLocation

    if not isinstance(location, SqliteLocation):
        return
    folder = location.path.parent
    if folder != made.absolute() and not folder.is_dir():
        raise ConfigError(f"`store.url`: there is no folder {folder}. Create it, or name another.")
