"""A request and its reply as the routes see them: no tornado, no aiohttp.

Both hosts import this when they load, so it imports nothing heavy.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias
from urllib.parse import parse_qsl

from jupyter_mesh.errors import InvalidRequest, RequestTooLarge
from jupyter_mesh.schemas.principal import Principal

MAX_BODY = 20 * 1024 * 1024
"""Bytes of a request's body; the hosts keep no more than this of a longer one."""
JSON = "application/json"
SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
"""Of every reply."""
EVENT_STREAM = "text/event-stream"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LONGEST_FIELD = 2000
_MOST_FIELDS = 100
_NOBODY = Principal(user="")


class Headers(Protocol):
    """Request headers; names are looked up without regard to case."""

    def get(self, name: str, /) -> str | None:
        """The header's value; of one that was sent several times, whatever the host gives."""
        ...

    def getall(self, name: str, default: Sequence[str], /) -> Sequence[str]:
        """Every value that was sent under this name, or `default`."""
        ...

    def __iter__(self) -> Iterator[str]:
        """The names that were sent, in whatever case."""
        ...


@dataclass(slots=True, kw_only=True, eq=False)
class HttpRequest:
    """One request below `/mesh`.

    Attributes:
        method: Upper case.
        path: As sent, below the base: starts with `/v1/` or `/api/`; still percent-encoded.
        query: As sent, without the question mark.
        read: Receives the body, once; refuses one that is too long.
        origin: What the host needs to tell who is calling; opaque to everybody else.
        params: The parts of the path that the route names, decoded. Set by the dispatcher.
        principal: Set by the dispatcher, before any handler runs.
        has_waited: It was let in a while ago; who is calling is to be found out as it is now.
        id: Of this request in logs and errors; a call to a model replaces it by its own.
    """

    method: str
    path: str
    query: str
    headers: Headers
    read: Callable[[], Awaitable[bytes]]
    origin: object = None
    params: Mapping[str, str] = field(default_factory=lambda: {})
    principal: Principal = _NOBODY
    has_waited: bool = False
    id: str = ""

    def pairs(self) -> list[tuple[str, str]]:
        """The query's fields as they were sent.

        Raises:
            InvalidRequest: There are too many.
        """
        try:
            return parse_qsl(self.query, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
        except ValueError:
            raise InvalidRequest(f"The query has more than {_MOST_FIELDS} fields.") from None

    def fields(self, *known: str) -> dict[str, str]:
        """The query's fields, each at most once; empty ones count as not given.

        Raises:
            InvalidRequest: A field is unknown or given twice.
        """
        found: dict[str, str] = {}
        for name, value in self.pairs():
            if name not in known:
                options = ", ".join(known) or "none"
                raise InvalidRequest(
                    f"Unknown query field {name[:40]!r}; this route takes: {options}.",
                    param=name[:40],
                )
            if name in found:
                raise InvalidRequest(f"Query field {name!r} was given twice.", param=name)
            if _CONTROL.search(value) or len(value) > _LONGEST_FIELD:
                raise InvalidRequest(f"Query field {name!r} is too long or not text.", param=name)
            found[name] = value
        return {name: value for name, value in found.items() if value}


class ByteStream(Protocol):
    """Pieces to write as they come. `aclose` must be awaited in any case.

    Attributes:
        hang_up: Closes the client's connection; the host sets it before it reads.
    """

    hang_up: Callable[[], None] | None

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    async def aclose(self) -> None:
        """Stop what produces the pieces, and wait until it has stopped."""
        ...


@dataclass(slots=True, eq=False)
class JsonReply:
    """A whole reply; despite its name `content_type` may say that the body is plain text.

    Attributes:
        cookies: Values of `Set-Cookie`, of which a reply may have several.
    """

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {})
    content_type: str = JSON
    cookies: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class StreamReply:
    """Server-sent events. The headers are final before the first piece is read."""

    stream: ByteStream
    headers: dict[str, str] = field(default_factory=lambda: {})
    status: int = 200
    content_type: str = EVENT_STREAM


Reply: TypeAlias = JsonReply | StreamReply
Answers: TypeAlias = Callable[[HttpRequest], Awaitable[Reply]]
"""Whatever answers requests: a dispatcher, or what passes them on. It raises nothing but for
cancellation.
"""


def too_large() -> RequestTooLarge:
    """The refusal of a body of more than `MAX_BODY` bytes."""
    mebibytes = MAX_BODY // (1024 * 1024)
    return RequestTooLarge(f"The body is larger than {mebibytes} MiB; send less at a time.")
