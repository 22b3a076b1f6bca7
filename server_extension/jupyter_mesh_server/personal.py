"""A personal mesh behind Jupyter Server. It imports everything, so it is itself imported late."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from pathlib import Path

from jupyter_mesh import config
from jupyter_mesh.errors import ConfigError, MeshError
from jupyter_mesh.mesh import Mesh
from jupyter_mesh.schemas.principal import Principal

from .dispatch import Dispatcher
from .gateway import DocumentOf, Gateway
from .identity import Browser, PersonalIdentity, owner
from .withheld import Withheld

log = logging.getLogger("jupyter_mesh")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the application knows.

    Attributes:
        config_file: None: the built-in configuration.
        state_dir: Where the mesh keeps its database.
        kernel_token: What kernels of this server authenticate with.
        environ: The environment, and which part of it kernels get.
    """

    config_file: Path | None
    state_dir: Path
    kernel_token: str
    environ: Withheld


@dataclass(slots=True)
class PersonalMesh:
    """The running mesh; `mesh` is None when it could not be started, and every route says why.

    Attributes:
        file: The configuration it was made from.
        changed: When that file was changed last, as a number of the file system's.
    """

    mesh: Mesh | None
    dispatcher: Dispatcher
    file: Path | None
    changed: int

    @property
    def works(self) -> bool:
        """Whether there is a mesh."""
        return self.mesh is not None

    def outdated(self) -> bool:
        """Whether the file has changed since it was found to be wrong."""
        return self.mesh is None and _changed(self.file) != self.changed

    async def aclose(self) -> None:
        """Let running calls end, then close."""
        if self.mesh is not None:
            await self.mesh.aclose()


async def start(settings: Settings, browser: Browser, document_of: DocumentOf) -> PersonalMesh:
    """Start the mesh. What is wrong with its configuration is told to whoever calls, not raised."""
    file = settings.config_file
    changed = _changed(file)
    try:
        mesh = await _mesh(settings)
    except MeshError as error:
        log.error("The mesh is not available: %s", error.message)
        error.status = 503
        dispatcher = _dispatcher(error, settings, browser, document_of)
        return PersonalMesh(None, dispatcher, file, changed)
    dispatcher = _dispatcher(mesh, settings, browser, document_of)
    return PersonalMesh(mesh, dispatcher, file, changed)


def _changed(file: Path | None) -> int:
    """Grows with every change of a file; 0 without one."""
    try:
        return os.stat(file).st_mtime_ns if file is not None else 0
    except OSError:
        return 0


async def _mesh(settings: Settings) -> Mesh:
    file = settings.config_file
    chosen = config.load(file) if file is not None else config.Config.default()
    make_state_dir(settings.state_dir)
    return await Mesh.start(
        chosen,
        state_dir=settings.state_dir,
        host="personal",
        environ=settings.environ,
        withhold=settings.environ.withhold,
        config_file=file,
    )


def make_state_dir(state_dir: Path) -> None:
    """Make the folder, for its owner only.

    Raises:
        ConfigError: It cannot be made.
    """
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"The folder {state_dir} cannot be made ({error.strerror}); "
            "name another in JUPYTER_MESH_STATE."
        ) from error


def _dispatcher(
    mesh: Mesh | MeshError, settings: Settings, browser: Browser, document_of: DocumentOf
) -> Dispatcher:
    keys = _no_keys if isinstance(mesh, MeshError) else mesh.key_principal
    identity = PersonalIdentity(owner(), settings.kernel_token, keys, browser)
    return Dispatcher(Gateway(mesh, document_of), identity)


def _no_keys(_token: str) -> Principal | None:
    return None
