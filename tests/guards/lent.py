"""What a mesh lends to a guard, where a test needs only some of it."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from jupyter_mesh.spi.guard import GuardTools
from jupyter_mesh.spi.happenings import Happenings
from jupyter_mesh.spi.models import Models
from jupyter_mesh.spi.secrets import SecretStore
from jupyter_mesh.spi.workers import Workers
from jupyter_mesh.testing.in_threads import InThreads


def lent_tools(workers: Workers | None = None, models: object = None) -> GuardTools:
    """With nothing behind what is not given."""
    return GuardTools(
        models=cast("Models", models),
        secrets=cast("SecretStore", None),
        workers=workers or InThreads(),
        folder=Path(),
        happenings=Happenings(),
    )
