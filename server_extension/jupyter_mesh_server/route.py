"""One route: a method of a path, who may use it, what goes in and what comes out; and finding it.

A route without a scope is public and works without a mesh; `scope` has no default, so that
nobody forgets it.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import unquote

from pydantic import BaseModel

from jupyter_mesh.schemas.json import Json
from jupyter_mesh.schemas.principal import Scope
from jupyter_mesh.schemas.request import Operation

from .exchange import HttpRequest, Reply
from .gateway import Gateway

Handler: TypeAlias = Callable[[Gateway, HttpRequest, Json], Awaitable[Reply]]
Wait: TypeAlias = Callable[[Gateway, HttpRequest], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method of one path.

    Attributes:
        path: Below `/mesh`; `{name}` takes one segment, decoded; `{name:path}` the rest, slashes
            included.
        scope: What the caller's credential must carry; None: anybody may ask.
        request: The body's model; None: no body is read.
        response: The body's model; None: not JSON of ours.
        query: Names of the query fields.
        streams: With `"stream": true` the reply is server-sent events.
        wait: What to wait for before the handler runs; who is calling is found out anew then.
        asks: What a model is asked for; such requests are turned away unread while a limit refuses
            their caller.
    """

    method: str
    path: str
    handler: Handler
    scope: Scope | None
    summary: str
    request: type[BaseModel] | None = None
    response: type[BaseModel] | None = None
    query: tuple[str, ...] = ()
    streams: bool = False
    wait: Wait | None = None
    asks: Operation | None = None


def get(
    path: str,
    handler: Handler,
    response: type[BaseModel] | None,
    summary: str,
    *,
    scope: Scope | None = Scope.USE,
    query: tuple[str, ...] = (),
    wait: Wait | None = None,
) -> Route:
    """A route that reads."""
    return Route(
        method="GET",
        path=path,
        handler=handler,
        scope=scope,
        response=response,
        summary=summary,
        query=query,
        wait=wait,
    )


PARAMETER = re.compile(r"\{(\w+)(:path)?\}")


def _group(parameter: re.Match[str]) -> str:
    return f"(?P<{parameter[1]}>{'.+' if parameter[2] else '[^/]+'})"


class Table:
    """Finds the route of a request: a dictionary look-up, patterns only for what has parameters."""

    def __init__(self, routes: tuple[Route, ...]) -> None:
        self._fixed: dict[str, dict[str, Route]] = {}
        self._patterns: dict[re.Pattern[str], dict[str, Route]] = {}
        for route in routes:
            if "{" in route.path:
                pattern = re.compile(PARAMETER.sub(_group, route.path))
                self._patterns.setdefault(pattern, {})[route.method] = route
            else:
                self._fixed.setdefault(route.path, {})[route.method] = route

    def find(self, path: str) -> tuple[Mapping[str, Route], Mapping[str, str]]:
        """The routes of a path by method, and its decoded parameters; empty where there is none."""
        if (methods := self._fixed.get(path)) is not None:
            return methods, {}
        for pattern, methods in self._patterns.items():
            if (match := pattern.fullmatch(path)) is not None:
                return methods, {name: unquote(value) for name, value in match.groupdict().items()}
        return {}, {}
