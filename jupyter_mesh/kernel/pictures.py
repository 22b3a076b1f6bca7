"""What `--image` names: a variable or a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..client.images import MAX_IMAGE_BYTES
from .errors import MeshMagicError


def picture(names: Mapping[str, Any], source: str) -> object:
    """The variable of that name, else the path.

    A text in a variable is taken for a path. No message repeats it: it may be anything, also a key.

    Raises:
        MeshMagicError: The variable holds the path of no file that can be sent.
    """
    if not source.isidentifier() or source not in names:
        return source
    value = names[source]
    if not isinstance(value, str | Path):
        return value
    try:
        path = Path(value).expanduser()
        if path.stat().st_size <= MAX_IMAGE_BYTES:
            return path.read_bytes()
        reason = f"its file is larger than {MAX_IMAGE_BYTES >> 20} MiB"
    except (OSError, ValueError, RuntimeError):
        reason = "it holds no picture and no path of one that can be read"
    raise MeshMagicError(f"--image {source}: the variable cannot be sent, {reason}.")
