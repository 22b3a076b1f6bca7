"""Pictures on their way to a model: figures, Pillow images, bytes and files, as `data:` URLs."""

from __future__ import annotations

from base64 import b64encode
from io import BytesIO
from pathlib import Path
from typing import Any

from ..schemas.json import JsonObject
from .errors import MeshClientError

MAX_IMAGE_BYTES = 10 * 1024 * 1024
"""Largest picture sent, encoded as PNG, JPEG, GIF or WebP."""


def image_part(source: object) -> JsonObject:
    """The part of a chat message that holds the picture.

    Args:
        source: A path, the bytes of a PNG, JPEG, GIF or WebP file, a Pillow image, a matplotlib
            figure or axes, or an `IPython.display.Image`.

    Raises:
        MeshClientError: It is none of these, cannot be read, or is too large (`invalid_argument`).
    """
    raw = _encoded(source)
    media_type = _media_type(raw)
    if media_type is None:
        raise _refused(f"{_name(source)} is not a PNG, JPEG, GIF or WebP picture.")
    if len(raw) > MAX_IMAGE_BYTES:
        raise _refused(
            f"{_name(source)} has {len(raw) / 2**20:.1f} MiB; at most {MAX_IMAGE_BYTES >> 20} MiB "
            "are sent: make it smaller."
        )
    url = f"data:{media_type};base64,{b64encode(raw).decode()}"
    return {"type": "image_url", "image_url": {"url": url}}


def _encoded(source: Any) -> bytes:
    if isinstance(source, bytes | bytearray):
        return bytes(source)
    if isinstance(source, str | Path):
        return _read(Path(source).expanduser())
    buffer = BytesIO()
    if hasattr(source, "savefig"):  # a matplotlib figure
        source.savefig(buffer, format="png")
    elif hasattr(getattr(source, "figure", None), "savefig"):  # matplotlib axes
        source.figure.savefig(buffer, format="png")
    elif hasattr(source, "save"):  # a Pillow image
        source.save(buffer, format="PNG")
    elif isinstance(getattr(source, "data", None), bytes):  # an IPython.display.Image
        return source.data
    else:
        raise _refused(
            f"A {type(source).__name__} is not a picture: give a path, bytes, a Pillow image or a "
            "matplotlib figure."
        )
    return buffer.getvalue()


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_IMAGE_BYTES:
            raise _refused(
                f"{path.name} is larger than {MAX_IMAGE_BYTES >> 20} MiB: make it smaller."
            )
        return path.read_bytes()
    except OSError as failure:
        reason = failure.strerror or "cannot be read"
        raise _refused(f"No picture at {str(path)!r}: {reason}.") from failure


def _media_type(raw: bytes) -> str | None:
    if raw.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if raw.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if raw.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if raw[:4] == b"RIFF" and raw[8:12] == b"WEBP":
        return "image/webp"
    return None


def _name(source: object) -> str:
    return Path(source).name if isinstance(source, str | Path) else f"The {type(source).__name__}"


def _refused(message: str) -> MeshClientError:
    return MeshClientError(message, code="invalid_argument")
