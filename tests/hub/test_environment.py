"""What the Hub tells its services: read, or refused with the name of what is wrong."""

from __future__ import annotations

import pytest
from jupyter_mesh_server.hub.environment import HubEnvironment, is_service
from jupyter_mesh_server.hub.version import judge

from jupyter_mesh.errors import ConfigError

from .conftest import environ_of
from .fake_hub import FakeHub

GIVEN = environ_of(FakeHub(port=8081))


def test_a_service_knows_its_place() -> None:
    found = HubEnvironment.read(GIVEN)
    assert (found.base, found.callback_path) == ("/services/mesh", "/oauth_callback")
    assert found.listen == ("127.0.0.1", 8765)
    assert found.authorize_url == "/hub/api/oauth2/authorize"
    assert found.site_url == "/services/mesh/"
    assert found.is_https is None
    assert GIVEN["JUPYTERHUB_API_TOKEN"] not in repr(found)


def test_one_that_runs_by_itself_needs_no_more_than_a_name_an_address_and_a_token() -> None:
    few = ("JUPYTERHUB_SERVICE_NAME", "JUPYTERHUB_API_URL", "JUPYTERHUB_API_TOKEN")
    found = HubEnvironment.read({name: GIVEN[name] for name in few})
    whole = HubEnvironment.read(GIVEN)
    assert found.listen is None
    assert (found.prefix, found.client_id) == (whole.prefix, whole.client_id)
    assert found.callback_url == whole.callback_url


def test_a_hub_below_a_path_on_a_host_of_its_own() -> None:
    more = {
        "JUPYTERHUB_BASE_URL": "/lab/",
        "JUPYTERHUB_HOST": "https://hub.example.org",
        "JUPYTERHUB_SERVICE_PREFIX": "/lab/services/mesh/",
        "JUPYTERHUB_OAUTH_CALLBACK_URL": (
            "https://services.example.org/lab/services/mesh/oauth_callback"
        ),
        "JUPYTERHUB_PUBLIC_URL": "https://services.example.org/lab/services/mesh/",
    }
    found = HubEnvironment.read({**GIVEN, **more})
    assert found.authorize_url == "https://hub.example.org/lab/hub/api/oauth2/authorize"
    assert (found.callback_path, found.is_https) == ("/oauth_callback", True)
    assert found.site_url == "https://services.example.org/lab/services/mesh/"
    without = {name: text for name, text in more.items() if name != "JUPYTERHUB_PUBLIC_URL"}
    assert HubEnvironment.read({**GIVEN, **without}).site_url == found.site_url


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("JUPYTERHUB_SERVICE_NAME", ""),
        ("JUPYTERHUB_API_URL", ""),
        ("JUPYTERHUB_API_URL", "hub:8081"),
        ("JUPYTERHUB_API_TOKEN", ""),
        ("JUPYTERHUB_SERVICE_PREFIX", "/"),
        ("JUPYTERHUB_SERVICE_URL", "http://127.0.0.1"),
        ("JUPYTERHUB_SERVICE_URL", "http://127.0.0.1:x"),
        ("JUPYTERHUB_OAUTH_CALLBACK_URL", "/elsewhere/oauth_callback"),
        ("JUPYTER_MESH_HUB_CACHE_SECONDS", "31"),
        ("JUPYTER_MESH_HUB_CACHE_SECONDS", "0"),
        ("JUPYTER_MESH_HUB_CACHE_SECONDS", "soon"),
    ],
)
def test_what_is_missing_or_wrong_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        HubEnvironment.read({**GIVEN, name: value})


def test_encryption_between_the_parts_of_a_hub_is_refused_rather_than_ignored() -> None:
    with pytest.raises(ConfigError, match="internal_ssl"):
        HubEnvironment.read({**GIVEN, "JUPYTERHUB_SSL_KEYFILE": "/srv/key.pem"})


def test_a_single_user_server_is_no_service() -> None:
    assert is_service(GIVEN)
    server = {"JUPYTERHUB_API_TOKEN": "t", "JUPYTERHUB_SERVICE_PREFIX": "/user/ada/"}
    assert not is_service({**server, "JUPYTERHUB_USER": "ada"})


@pytest.mark.parametrize(
    ("version", "outcome"),
    [
        (None, "refused"),
        ("", "refused"),
        ("4.1.6", "refused"),
        ("5.1.99", "refused"),
        ("5.2.0rc1", "warned"),
        ("5.2", "warned"),
        ("5.5.0", "warned"),
        ("5.5.1", "fine"),
        ("5.6.0.dev", "fine"),
        ("6.1.1", "fine"),
        ("10.0.0", "fine"),
    ],
)
def test_a_hub_below_5_2_is_refused_and_one_below_5_5_1_warned_of(
    version: str | None, outcome: str
) -> None:
    verdict = judge(version)
    found = "refused" if verdict.refusal else "warned" if verdict.warning else "fine"
    assert found == outcome
