"""How much the mesh slows the starts that people wait for."""

from __future__ import annotations

import subprocess
import sys
from statistics import median

from .report import Row

_SERVER = (
    "import time, sys; began = time.perf_counter();"
    "from jupyterlab.labapp import LabApp;"
    "app = LabApp.initialize_server(argv=['--no-browser', '--allow-root', '--ServerApp.port=0',"
    "'--ServerApp.ip=127.0.0.1', '--ServerApp.log_level=ERROR',"
    "'--ServerApp.jpserver_extensions={\"jupyter_mesh_server\": ' + sys.argv[1] + '}']);"
    "app.io_loop.call_later(0, app.io_loop.stop); app.start_ioloop = app.io_loop.start;"
    "print(time.perf_counter() - began); sys.stdout.flush(); import os; os._exit(0)"
)
_LOAD_EXT = (
    "import time; from IPython.core.interactiveshell import InteractiveShell;"
    "shell = InteractiveShell.instance(); began = time.perf_counter();"
    "shell.run_line_magic('load_ext', 'jupyter_mesh'); print(time.perf_counter() - began)"
)
_IMPORT = "import time; began = time.perf_counter(); import {0}; print(time.perf_counter() - began)"


def _seconds(*arguments: str) -> float:
    done = subprocess.run(
        [sys.executable, "-c", *arguments], capture_output=True, text=True, check=True, timeout=120
    )
    return float(done.stdout.split()[-1])


def start_rows(rounds: int) -> list[Row]:
    """Medians of paired runs, in milliseconds."""
    without, with_mesh = [], []
    for _ in range(rounds):
        without.append(_seconds(_SERVER, "False"))
        with_mesh.append(_seconds(_SERVER, "True"))
    pairs = [b - a for a, b in zip(without, with_mesh, strict=True)]
    load_ext = median(_seconds(_LOAD_EXT) for _ in range(rounds))
    server = median(_seconds(_IMPORT.format("jupyter_mesh_server")) for _ in range(rounds))
    return [
        {"start": "JupyterLab's server, added", "ms": median(pairs) * 1000, "goal ms": 100.0},
        {"start": "%load_ext jupyter_mesh", "ms": load_ext * 1000, "goal ms": 150.0},
        {"start": "import jupyter_mesh_server", "ms": server * 1000, "goal ms": 100.0},
    ]
