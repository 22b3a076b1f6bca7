"""What `add_mesh` puts into a Hub's configuration, and that the guide says the same."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest
from jupyter_mesh_server.hub.configure import add_mesh
from traitlets.config import Config

GUIDE = Path("docs/hub-guide.md").read_text("utf-8")
USE, ACCESS = "custom:mesh:use", "access:services!service=mesh"
SHOWN_ADMIN = "custom:mesh:shown-admin"
OF_SERVICE = {"name": "mesh-service", "scopes": ["read:users:groups"], "services": ["mesh"]}


def block(name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n```python\n(.*?)```", GUIDE, re.S)
    assert found is not None
    return found[1]


def ran(code: str) -> dict[str, Any]:
    c = Config()
    exec(code, {"c": c})
    return {section: dict(c[section]) for section in ("JupyterHub", "Spawner")}


def test_the_guides_two_ways_are_the_same() -> None:
    assert ran(block("with add_mesh")) == ran(block("written out"))


def test_what_is_set_already_stays() -> None:
    c = Config()
    c.JupyterHub.services = [{"name": "idle-culler"}]
    c.JupyterHub.load_roles = [{"name": "user", "scopes": ["self", "shares!user"]}]
    c.JupyterHub.custom_scopes = {"custom:other:x": {"description": "x"}}
    c.JupyterHub.base_url = "/lab/"
    c.Spawner.environment = {"A": "1"}
    c.Spawner.server_token_scopes = ["users:activity!user", "access:servers!user"]
    add_mesh(c)
    assert [one["name"] for one in c.JupyterHub.services] == ["idle-culler", "mesh"]
    assert c.JupyterHub.load_roles == [
        {"name": "user", "scopes": ["self", "shares!user", ACCESS, USE]},
        OF_SERVICE,
    ]
    assert {"custom:other:x", USE} <= set(c.JupyterHub.custom_scopes)
    assert c.Spawner.environment == {
        "A": "1",
        "JUPYTER_MESH_SERVICE_URL": "http://127.0.0.1:8765/lab/services/mesh/",
    }
    assert c.Spawner.server_token_scopes == [
        *("users:activity!user", "access:servers!user", ACCESS, USE, SHOWN_ADMIN)
    ]


def test_what_was_only_added_to_stays_too() -> None:
    c = Config()
    c.JupyterHub.services.append({"name": "idle-culler"})
    c.Spawner.environment.update({"A": "1"})
    add_mesh(c)
    assert [one["name"] for one in c.JupyterHub.services] == ["idle-culler", "mesh"]
    assert c.Spawner.environment["A"] == "1"


def test_scopes_of_servers_that_are_asked_for_one_by_one_are_added_to() -> None:
    c = Config()
    c.Spawner.server_token_scopes = lambda spawner: [f"x!user={spawner}"]
    add_mesh(c)
    assert c.Spawner.server_token_scopes("ada") == ["x!user=ada", ACCESS, USE, SHOWN_ADMIN]


def test_no_server_may_administer() -> None:
    c = Config()
    add_mesh(c, groups={"platform": "admin"}, users={"olga": "admin", "rita": "audit"})
    assert not {"custom:mesh:admin", "custom:mesh:audit"} & {*c.Spawner.server_token_scopes}
    everybody = next(role for role in c.JupyterHub.load_roles if role["name"] == "user")
    assert everybody["scopes"] == ["self", ACCESS, USE]


def test_rights_for_some_only() -> None:
    c = Config()
    add_mesh(c, everybody=False, groups={"a": "use", "b": "use"}, users={"rita": "read:usage"})
    assert c.JupyterHub.load_roles == [
        {"name": "mesh-use", "scopes": [USE, ACCESS], "groups": ["a", "b"], "users": []},
        {
            "name": "mesh-read-usage",
            "scopes": ["custom:mesh:read:usage", ACCESS],
            "groups": [],
            "users": ["rita"],
        },
        OF_SERVICE,
    ]


def test_a_right_that_there_is_not_is_named() -> None:
    with pytest.raises(ValueError, match="'administer'"):
        add_mesh(Config(), groups={"a": "administer"})  # pyright: ignore[reportArgumentType]


def test_one_that_runs_by_itself_is_not_started() -> None:
    c = Config()
    add_mesh(c, api_token="t", url="http://mesh:8765", reached_at="http://10.0.0.2/services/mesh/")
    (service,) = c.JupyterHub.services
    assert "command" not in service
    assert service["api_token"] == "t"
    reached = c.Spawner.environment["JUPYTER_MESH_SERVICE_URL"]
    assert reached == "http://10.0.0.2/services/mesh/"
    assert sys.executable not in str(service)
