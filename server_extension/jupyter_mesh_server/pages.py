"""The built pages of the gateway's own site, in memory.

They are those of JupyterLab (`labextension/src/site`), built into the folder `site`.
"""

from __future__ import annotations

import gzip
import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from jupyter_mesh.errors import NotFound

from .exchange import HttpRequest, JsonReply

PAGES = Path(__file__).parent / "site"
INDEX = "index.html"
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".json": "application/json",
    ".map": "application/json",
}
"""Our own: the system's table of types may call a script anything, and browsers then refuse it."""
_KEPT = "public, max-age=31536000, immutable"
"""Of files whose name changes with their content."""


_HEAD_ENDS = b"</head>"


@dataclass(frozen=True, slots=True)
class File:
    """A file of the built pages, in memory."""

    body: bytes
    compressed: bytes
    content_type: str


class Pages:
    """The files of the site.

    Args:
        folder: Where they were built; read once.
    """

    def __init__(self, folder: Path = PAGES) -> None:
        self._files = dict(_files(folder))

    @property
    def are_built(self) -> bool:
        """Whether there are pages to show."""
        return INDEX in self._files

    def index(self, request: HttpRequest, told: Mapping[str, str] | None = None) -> JsonReply:
        """The one page, never kept, so that it names files that are there.

        Args:
            request: Which asks for it.
            told: What the page's scripts find in its head, as `<meta>` elements by name.

        Raises:
            NotFound: The pages are not built.
        """
        if not self.are_built:
            raise NotFound("The site's pages are not built here; `make build` makes them.")
        reply = self._file(INDEX, request, "no-store")
        if told:
            reply.body = with_meta(self._files[INDEX].body, told)
            reply.headers.pop("Content-Encoding", None)  # what is secret is not compressed
        return reply

    def asset(self, request: HttpRequest) -> JsonReply:
        """A script or a style, named by the request; kept for good."""
        return self._file(f"assets/{request.params['name']}", request, _KEPT)

    def _file(self, name: str, request: HttpRequest, cache: str) -> JsonReply:
        file = self._files.get(name)
        if file is None:
            raise NotFound("The site has no such file.")
        headers = {**PAGE_HEADERS, "Cache-Control": cache, "Vary": "Accept-Encoding"}
        body = file.body
        if "gzip" in (request.headers.get("Accept-Encoding") or ""):
            headers["Content-Encoding"] = "gzip"
            body = file.compressed
        return JsonReply(body, headers=headers, content_type=file.content_type)


def with_meta(page: bytes, told: Mapping[str, str]) -> bytes:
    """`page` with a `<meta>` element in its head for each name."""
    lines = "".join(
        f'<meta name="{html.escape(name)}" content="{html.escape(value)}" />'
        for name, value in told.items()
    )
    return page.replace(_HEAD_ENDS, lines.encode() + _HEAD_ENDS, 1)


def _files(folder: Path) -> Iterator[tuple[str, File]]:
    """Every file below `folder`; nothing where the pages were not built."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            body = path.read_bytes()
            kind = _TYPES.get(path.suffix, "application/octet-stream")
            compressed = gzip.compress(body, mtime=0)
            yield path.relative_to(folder).as_posix(), File(body, compressed, kind)
