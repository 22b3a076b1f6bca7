"""Who is calling: the kernel, its notebook, and what the notebook's front end chose for it."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from ..schemas.json import Json


@dataclass(frozen=True, slots=True)
class Notebook:
    """What a front end said about the notebook whose cell is running.

    Attributes:
        document: Its path, None when nobody said (the gateway then finds the kernel's notebook).
        model: Chosen in the notebook's model picker.
        purpose: Chosen in the sidebar.
        renderer: Version of the front end's answer renderer, 0 when it has none.
    """

    document: str | None = None
    model: str | None = None
    purpose: str | None = None
    renderer: int = 0


def _nobody() -> None:
    """Outside of notebooks no front end waits for news."""


class _Source:
    """Who knows which notebook is running; nobody, until a kernel says so."""

    def __init__(self) -> None:
        self.find: Callable[[], Notebook] = Notebook
        self.call_finished: Callable[[], None] = _nobody


_source = _Source()


def current_notebook() -> Notebook:
    """The notebook whose cell is running; an empty one outside of notebooks."""
    return _source.find()


def call_finished() -> None:
    """Tell front ends that costs and calls have changed; does nothing outside of notebooks."""
    _source.call_finished()


def find_notebooks_with(
    source: Callable[[], Notebook], call_finished: Callable[[], None] = _nobody
) -> None:
    """Ask `source` from now on which notebook is running; a kernel calls this once.

    Args:
        source: Gives the notebook whose cell is running.
        call_finished: Told about calls that have ended, from any thread.
    """
    _source.find, _source.call_finished = source, call_finished


def kernel_id() -> str | None:
    """The id under which a Jupyter server knows this kernel, None outside of one."""
    if "ipykernel" not in sys.modules:
        return None
    from ipykernel.connect import get_connection_file

    try:
        name = Path(get_connection_file()).name
    except RuntimeError:  # ipykernel is imported, but no kernel runs here
        return None
    found = re.search(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", name)
    return found.group() if found else None


def started_for(environ: Mapping[str, str] = os.environ) -> str | None:
    """The notebook that this kernel was started for, as its server calls it; None where the gateway
    finds that out by itself, as it does in a person's own JupyterLab.

    The name is that of the start: after a renaming only front ends know the new one.
    """
    root, notebook = environ.get("JUPYTER_MESH_DOCUMENTS"), environ.get("JPY_SESSION_NAME")
    if not root or not notebook:
        return None
    path = Path(notebook)
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else None


def caller_headers(
    *,
    document: str | None = None,
    purpose: str | None = None,
    thread: str | None = None,
    tags: Mapping[str, Json] | None = None,
    cache: bool = True,
) -> dict[str, str]:
    """Headers that attribute a call. Text is percent-encoded UTF-8, as headers carry ASCII only."""
    notebook = current_notebook()
    headers = {"X-Mesh-Details": "1"}
    if document := document or notebook.document or started_for():
        headers["X-Mesh-Document"] = quote(document)
    if kernel := kernel_id():
        headers["X-Mesh-Kernel"] = kernel
    if purpose := purpose or notebook.purpose:
        headers["X-Mesh-Purpose"] = quote(" ".join(purpose.split()), safe=" ,:;/()")
    if thread:
        named = f"{document or ''}#{thread}".encode(errors="surrogatepass")
        headers["X-Mesh-Thread"] = sha256(named).hexdigest()[:32]
    if tags:
        headers["X-Mesh-Tags"] = json.dumps(dict(tags))
    if not cache:
        headers["X-Mesh-Cache"] = "no-store"
    return headers
