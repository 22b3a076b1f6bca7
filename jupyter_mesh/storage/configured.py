"""The store that `mesh.yaml` names, with what it only refers to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..errors import ConfigError
from .location import Location


def configured_location(
    url: str | None,
    password: str | None,
    *,
    state_dir: Path,
    environ: Mapping[str, str],
    folder: Path | None,
) -> Location:
    """Where the store is.

    Args:
        url: `store.url`, or a reference to it (`env:NAME`, `file:PATH`); None: `mesh.db` in the
            state folder.
        password: `store.password`, a reference.
        state_dir: The state folder.
        environ: Where `env:` looks.
        folder: What a relative `file:` path starts from.

    Raises:
        ConfigError: A reference leads nowhere, or the URL names no store.
    """
    if url is None:
        return Location.of(state_dir / "mesh.db")
    if url.startswith(("env:", "file:")):
        url = _resolved("store.url", url, environ, folder)
    if password is not None:
        password = _resolved("store.password", password, environ, folder)
    return Location.of(url, password)


def _resolved(key: str, reference: str, environ: Mapping[str, str], folder: Path | None) -> str:
    kind, _, name = reference.partition(":")
    try:
        if kind == "env":
            value = environ.get(name, "")
        else:
            value = ((folder or Path()) / Path(name).expanduser()).read_text("utf-8").rstrip("\r\n")
    except (OSError, ValueError) as error:
        raise ConfigError(f"`{key}`: {reference} cannot be read as a text file.") from error
    if not value:
        raise ConfigError(f"`{key}`: {reference} does not exist or is empty.")
    return value
