"""`jupyter mesh db`."""

from __future__ import annotations

from argparse import Namespace

from .outcome import Output
from .places import chosen


def upgrade(arguments: Namespace, output: Output) -> int:
    """Bring the database to this version's tables; forward only."""
    from jupyter_mesh_server.personal import make_state_dir

    from ..storage.schema import REVISIONS
    from ..storage.schema import upgrade as bring

    mine = chosen(arguments)
    make_state_dir(mine.state_dir)
    store = mine.store
    bring(store)
    if output.as_json:
        output.value({"store": store.url, "revision": REVISIONS[-1]})
    else:
        output.line(f"{store.url} is at revision {REVISIONS[-1]}.")
    return 0
