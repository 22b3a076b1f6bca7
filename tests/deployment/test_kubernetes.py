"""The manifests of `examples/hub/kubernetes`, against Kubernetes' published schemas and each other.

No cluster is started here: what the API server would say about shapes is checked; scheduling and
networks are not.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from jupyter_mesh_server.hub.configure import add_mesh
from jupyter_mesh_server.routes import ROUTES
from traitlets.config import Config

from jupyter_mesh import config

FOLDER = Path(__file__).parents[2] / "examples/hub/kubernetes"
VERSIONS = ("1.32", "1.34", "1.37")
"""From the oldest that Zero to JupyterHub takes to the newest that the schemas know."""
PREFIX = "/services/mesh"
Document = dict[str, Any]


def documents(name: str = "mesh.yaml") -> dict[str, Document]:
    """By kind; each kind stands once."""
    found = list(yaml.safe_load_all((FOLDER / name).read_text("utf8")))
    by_kind = {one["kind"]: one for one in found}
    assert len(by_kind) == len(found)
    return by_kind


MESH = documents()
VALUES = yaml.safe_load((FOLDER / "values.yaml").read_text("utf8"))
POD = MESH["Deployment"]["spec"]["template"]
CONTAINER = POD["spec"]["containers"][0]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", MESH)
def test_every_manifest_is_what_kubernetes_takes(kind: str, version: str) -> None:
    kubernetes_validate.validate(MESH[kind], version, strict=True)


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("spec", "replicas"), "two"),
        (("spec", "strategy", "rollingUpdat"), {}),
        (("spec", "template", "spec", "containers"), {}),
    ],
)
def test_a_manifest_with_a_mistake_is_refused(path: tuple[str, ...], wrong: object) -> None:
    deployment = deepcopy(MESH["Deployment"])
    place: Document = deployment
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = wrong
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(deployment, VERSIONS[-1], strict=True)


def test_the_configuration_in_it_is_taken(tmp_path: Path) -> None:
    file = tmp_path / "mesh.yaml"
    file.write_text(MESH["ConfigMap"]["data"]["mesh.yaml"], "utf8")
    read = config.load(file)
    assert read.admin_contact
    for name, rule in read.groups.items():
        assert rule.members == (f"hub:{name}",)


def test_the_values_say_what_add_mesh_says() -> None:
    c = Config()
    add_mesh(c, url="http://mesh:8765", api_token="t", groups={"platform": "admin"})
    hub, said = VALUES["hub"], c.JupyterHub
    (service,) = said.services
    assert hub["config"]["JupyterHub"]["custom_scopes"] == said.custom_scopes
    mine = hub["services"]["mesh"]
    for name in ("url", "oauth_no_confirm", "oauth_client_allowed_scopes"):
        assert mine[name] == service[name]
    asked = {
        role["name"]: (role["scopes"], role.get("groups") or [], role.get("services") or [])
        for role in said.load_roles
    }
    given = {
        name: (role["scopes"], role.get("groups") or [], role.get("services") or [])
        for name, role in hub["loadRoles"].items()
    }
    assert given == asked
    written: dict[str, Any] = {"c": Config()}
    exec(hub["extraConfig"]["mesh"], written)
    assert written["c"].Spawner.server_token_scopes == c.Spawner.server_token_scopes
    assert VALUES["singleuser"]["extraEnv"] == c.Spawner.environment


def test_what_it_takes_from_the_environment_is_given_to_it() -> None:
    given = {one["name"] for one in CONTAINER["env"]}
    asked = {
        word.partition(":")[2]
        for word in MESH["ConfigMap"]["data"]["mesh.yaml"].replace('"', " ").split()
        if word.startswith("env:")
    }
    assert asked
    assert asked <= given


def test_no_secret_stands_in_a_manifest() -> None:
    for one in CONTAINER["env"]:
        if any(word in one["name"] for word in ("TOKEN", "KEY", "PASSWORD")):
            assert set(one["valueFrom"]) == {"secretKeyRef"}


def selectors() -> Iterator[tuple[str, dict[str, str]]]:
    """Whose selector it is, and the labels it asks for."""
    yield "Deployment", MESH["Deployment"]["spec"]["selector"]["matchLabels"]
    yield "Service", MESH["Service"]["spec"]["selector"]
    yield "NetworkPolicy", MESH["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"]
    yield "PodDisruptionBudget", MESH["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"]
    for rule in VALUES["singleuser"]["networkPolicy"]["egress"]:
        yield "users' servers", rule["to"][0]["podSelector"]["matchLabels"]


@pytest.mark.parametrize(("whose", "labels"), [*selectors()])
def test_every_selector_finds_the_meshs_pods(whose: str, labels: dict[str, str]) -> None:
    assert labels.items() <= POD["metadata"]["labels"].items(), whose


def test_one_port_is_meant_everywhere() -> None:
    port = CONTAINER["ports"][0]["containerPort"]
    environment = {one["name"]: one.get("value") for one in CONTAINER["env"]}
    assert MESH["Service"]["spec"]["ports"][0]["port"] == port
    assert environment["JUPYTERHUB_SERVICE_URL"] == f"http://0.0.0.0:{port}"
    assert VALUES["hub"]["services"]["mesh"]["url"] == f"http://mesh:{port}"
    asked = VALUES["singleuser"]["extraEnv"]["JUPYTER_MESH_SERVICE_URL"]
    assert asked == f"http://mesh:{port}{PREFIX}/"
    assert environment["JUPYTERHUB_SERVICE_PREFIX"] == f"{PREFIX}/"
    for rule in (
        *MESH["NetworkPolicy"]["spec"]["ingress"],
        *VALUES["singleuser"]["networkPolicy"]["egress"],
    ):
        assert [one["port"] for one in rule["ports"]] == [port]


def test_probes_and_prometheus_ask_routes_that_are_there() -> None:
    known = {route.path for route in ROUTES if route.method == "GET"}
    endpoint = documents("monitoring.yaml")["ServiceMonitor"]["spec"]["endpoints"][0]
    asked = [
        CONTAINER["readinessProbe"]["httpGet"]["path"],
        CONTAINER["livenessProbe"]["httpGet"]["path"],
        endpoint["path"],
    ]
    assert {path.removeprefix(PREFIX) for path in asked} <= known
    assert endpoint["port"] == MESH["Service"]["spec"]["ports"][0]["name"]


def test_users_pods_reach_models_through_the_mesh_only() -> None:
    policy = VALUES["singleuser"]["networkPolicy"]
    assert policy["enabled"] is True
    assert policy["egressAllowRules"] == {"nonPrivateIPs": False, "privateIPs": False}
    assert len(policy["egress"]) == 1


def test_a_pod_that_stops_has_the_time_its_calls_need() -> None:
    from jupyter_mesh_server.service import DRAIN

    pause = CONTAINER["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert POD["spec"]["terminationGracePeriodSeconds"] > pause + DRAIN


def test_a_servers_token_may_ask_and_not_administer() -> None:
    written = VALUES["hub"]["extraConfig"]["mesh"]
    assert "custom:mesh:use" in written
    assert not any(word in written for word in ("mesh:admin", "mesh:audit", "mesh:read"))
