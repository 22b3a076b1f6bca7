"""`jupyter mesh db`."""

from __future__ import annotations

from argparse import Namespace

from .outcome import Output
from .places import load, state_dir


def upgrade(arguments: Namespace, output: Output) -> int:
    """Bring the database to this version's tables; forward only."""
    from ..storage.schema import REVISIONS
    from ..storage.schema import upgrade as bring

    url = load(arguments).store.url or state_dir(arguments.state) / "mesh.db"
    bring(url)
    if output.as_json:
        output.value({"store": str(url), "revision": REVISIONS[-1]})
    else:
        output.line(f"{url} is at revision {REVISIONS[-1]}.")
    return 0
