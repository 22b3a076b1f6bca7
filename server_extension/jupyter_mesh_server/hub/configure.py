"""For `jupyterhub_config.py`: one call that gives a Hub the mesh.

    from jupyter_mesh_server.hub.configure import add_mesh
    add_mesh(c, config="/srv/mesh/mesh.yaml", state="/srv/mesh/state",
             groups={"data-platform": "admin", "revision": "audit"})

It only fills in `c`; docs/hub-guide.md has the same lines written out. It needs no package but the
standard library's, so it can be copied into an image that has no mesh.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias, cast
from urllib.parse import urlsplit

from .scopes import ADMIN, AUDIT, OF_SERVICE, READ_USAGE, SHOWN_ADMIN, USE, definitions

Right: TypeAlias = Literal["use", "read:usage", "audit", "admin"]
_SCOPES: Mapping[str, str] = {"use": USE, "read:usage": READ_USAGE, "audit": AUDIT, "admin": ADMIN}
_SERVER = ("users:activity!user", "access:servers!server")
"""What JupyterHub gives the token of a single-user server."""
_USER_ROLE = {"name": "user", "description": "Standard user privileges", "scopes": ["self"]}
"""JupyterHub's own role of everybody, as far as nobody has changed it."""


def add_mesh(
    c: Any,
    *,
    name: str = "mesh",
    url: str = "http://127.0.0.1:8765",
    reached_at: str | None = None,
    config: str | None = None,
    state: str | None = None,
    environment: Mapping[str, str] | None = None,
    api_token: str | None = None,
    everybody: bool = True,
    groups: Mapping[str, Right] | None = None,
    users: Mapping[str, Right] | None = None,
) -> None:
    """Give a Hub the mesh as a service. Call it last: it adds to what is set already.

    Args:
        c: The configuration, as `get_config()` gives it.
        name: Of the service; browsers find it at `/services/NAME/`.
        url: Where the service listens; the proxy goes there.
        reached_at: Where single-user servers and kernels reach it, if not at `url`.
        config: Its `mesh.yaml`.
        state: The folder of its database.
        environment: More environment variables of the service, such as provider keys.
        api_token: Of a service that runs by itself; the Hub starts one of its own without it.
        everybody: Every user may be a caller, and which models they may use is for `groups:` of
            `mesh.yaml` to say, so that changes of groups count at once. Else only members of
            `groups` and `users`, once their server is started anew.
        groups: Rights by group of the Hub.
        users: Rights by user of the Hub.

    Raises:
        ValueError: A right is unknown, or `c` holds what cannot be added to.
    """
    path = f"services/{name}/"
    access = f"access:services!service={name}"
    service: dict[str, Any] = {
        "name": name,
        "url": url,
        "oauth_no_confirm": True,
        "oauth_client_allowed_scopes": sorted(_SCOPES.values()),
    }
    if api_token is not None:
        service["api_token"] = api_token
    else:
        service["command"] = _command(config, state)
        service["environment"] = dict(environment or {})
    _append(c.JupyterHub, "services", [service])
    _merge(c.JupyterHub, "custom_scopes", definitions())
    _grant(c, name, access, everybody=everybody, groups=groups or {}, users=users or {})
    _extend_server_tokens(c, [access, USE, SHOWN_ADMIN])
    base = str(_plain(c.JupyterHub, "base_url", "/")).strip("/")
    root = f"/{base}/" if base else "/"
    parts = urlsplit(url)
    reached = reached_at or f"{parts.scheme}://{parts.netloc}{root}{path}"
    _merge(c.Spawner, "environment", {"JUPYTER_MESH_SERVICE_URL": reached})


def _command(config: str | None, state: str | None) -> list[str]:
    command = [sys.executable, "-m", "jupyter_mesh.cli", "serve", "--hub"]
    command += ["--config", config] if config else []
    return command + (["--state", state] if state else [])


def _grant(
    c: Any,
    name: str,
    access: str,
    *,
    everybody: bool,
    groups: Mapping[str, Right],
    users: Mapping[str, Right],
) -> None:
    roles = [dict(role) for role in cast("list[dict[str, Any]]", _listed(c, "load_roles"))]
    for right, scope in _SCOPES.items():
        members = {
            "groups": sorted(group for group, one in groups.items() if one == right),
            "users": sorted(user for user, one in users.items() if one == right),
        }
        if any(members.values()):
            roles.append(
                {"name": f"mesh-{right.replace(':', '-')}", "scopes": [scope, access], **members}
            )
    if unknown := sorted({*groups.values(), *users.values()} - set(_SCOPES)):
        raise ValueError(f"There is no right {unknown[0]!r}: use one of {', '.join(_SCOPES)}.")
    roles.append({"name": f"{name}-service", "scopes": [OF_SERVICE], "services": [name]})
    if everybody:
        mine = next((role for role in roles if role["name"] == "user"), None)
        if mine is None:
            mine = dict(_USER_ROLE)
            roles.append(mine)
        mine["scopes"] = list(dict.fromkeys([*mine.get("scopes", []), access, USE]))
    c.JupyterHub.load_roles = roles


def _extend_server_tokens(c: Any, scopes: list[str]) -> None:
    """What single-user servers' tokens may do: as before, and to call the mesh."""
    given = _plain(c.Spawner, "server_token_scopes", None)
    if callable(given):
        ask = cast("Callable[[Any], list[str]]", given)
        c.Spawner.server_token_scopes = lambda spawner: [*ask(spawner), *scopes]
        return
    before = cast("list[str]", given) or list(_SERVER)
    c.Spawner.server_token_scopes = list(dict.fromkeys([*before, *scopes]))


def _append(section: Any, name: str, more: list[Any]) -> None:
    setattr(section, name, [*cast("list[Any]", _plain(section, name, []) or []), *more])


def _merge(section: Any, name: str, more: Mapping[str, Any]) -> None:
    setattr(section, name, {**cast("dict[str, Any]", _plain(section, name, {}) or {}), **more})


def _listed(c: Any, name: str) -> list[Any]:
    return cast("list[Any]", _plain(c.JupyterHub, name, []) or [])


def _plain(section: Any, name: str, default: object) -> object:
    """What is set, also where it was only added to (`c.X.list.append(…)`)."""
    value = section.get(name, default)
    resolve = getattr(value, "get_value", None)
    return resolve(default) if resolve is not None else value
