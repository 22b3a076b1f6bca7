"""A real JupyterHub with four accounts, their servers and kernels, and the mesh beside it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from jupyter_mesh_server.route import PARAMETER
from jupyter_mesh_server.routes import ROUTES

from jupyter_mesh.schemas.principal import Scope
from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI
from jupyter_mesh.testing.hub import HubProcess, find_proxy
from jupyter_mesh.testing.hub_browser import SCRIPT, HubBrowser, Refused

from .hub_kernel import HubKernel

pytestmark = [
    pytest.mark.timeout(400),
    pytest.mark.skipif(
        find_proxy() is None and not os.environ.get("MESH_REQUIRE_ALL"),
        reason="not run: `make` installs the Hub's proxy",
    ),
]
CACHE = 2.0
"""Seconds for which the mesh may use an answer of the Hub, here."""
CANARY = "sk-canary-0123456789"
ACCOUNTS = {"analyst": ("analysts",), "student": ("students",), "guest": (), "admin": ("platform",)}
MESH = {
    "admin_contact": "olga@example.org",
    "groups": {
        "analysts": {"members": ["hub:analysts"], "allow": ["campus/*"]},
        "students": {"members": ["hub:students"], "allow": ["campus/small"]},
        "platform": {"members": ["hub:platform"], "allow": ["*"]},
    },
    "cache": {"exact": {"enabled": False}},
}
OPENAI = """
import os, openai
client = openai.OpenAI(
    base_url=os.environ["JUPYTER_MESH_URL"] + "v1", api_key=os.environ["JUPYTERHUB_API_TOKEN"]
)
"""
CURL = """
import json, os, subprocess
def curl(method, path, body=None):
    words = ["curl", "-s", "-o", "-", "-w", "\\n%{http_code}", "-X", method,
             "-H", "Authorization: Bearer " + os.environ["JUPYTERHUB_API_TOKEN"],
             "-H", "Content-Type: application/json", os.environ["JUPYTER_MESH_URL"] + path]
    words += [] if body is None else ["-d", json.dumps(body)]
    text, _, status = subprocess.run(words, capture_output=True, text=True).stdout.rpartition("\\n")
    return int(status), text
"""


@dataclass
class World:
    """All that runs."""

    hub: HubProcess
    upstream: FakeOpenAI
    kernels: dict[str, HubKernel]

    def models(self, user: str) -> list[str]:
        """What the user's kernel is offered."""
        listed = self.kernels[user].json(CURL + "print(curl('GET', 'v1/models')[1])")
        return sorted(one["id"] for one in listed["data"])

    def site(self, user: str) -> HubBrowser:
        """The user's browser on the mesh's own site."""
        browser = self.hub.log_in(user)
        browser.open_mesh()
        assert browser.xsrf
        return browser


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    hub = HubProcess(tmp_path_factory.mktemp("hub"), ACCOUNTS, cache_seconds=CACHE)
    with FakeOpenAI(models=("small", "large"), api_key=CANARY) as upstream:
        campus = {
            "provider": "openai_compatible",
            "base_url": upstream.base_url,
            "api_key": "env:CAMPUS_KEY",
            "models": {"small": {"price": {"input": 1, "output": 2}}, "large": {}},
        }
        connections = {"echo": {"provider": "echo"}, "campus": campus}
        hub.configure(
            {"connections": connections, **MESH},
            groups={"platform": "admin"},
            environment={"CAMPUS_KEY": CANARY},
        )
        with hub:
            for user in ACCOUNTS:
                hub.begin_server(user)
            kernels = {user: HubKernel(hub.start_kernel(user, "work.ipynb")) for user in ACCOUNTS}
            yield World(hub, upstream, kernels)
            for kernel in kernels.values():
                kernel.stop()


def within(seconds: float, condition: Callable[[], bool]) -> bool:
    """Whether it comes to hold in time."""
    end = time.monotonic() + seconds
    while not (held := condition()) and time.monotonic() < end:
        time.sleep(0.2)
    return held


def test_each_kernel_is_offered_the_models_of_its_users_groups(world: World) -> None:
    assert world.models("analyst") == ["campus/large", "campus/small"]
    assert world.models("student") == ["campus/small"]
    assert world.models("guest") == []
    assert world.models("admin") == [*("campus/large", "campus/small", "echo/echo", "echo/shout")]


@pytest.mark.parametrize("user", ["analyst", "student"])
def test_magic_client_and_curl_ask_in_the_kernels_users_name(world: World, user: str) -> None:
    world.upstream.default = Behaviour(text=f"An answer for {user}.")
    kernel = world.kernels[user]
    assert f"An answer for {user}." in kernel.run("%%llm campus/small\nhello")
    asked = "client.chat.completions.create(model='campus/small', messages=[{'role': 'user', "
    asked += "'content': 'hello'}]).choices[0].message.content"
    assert f"An answer for {user}." in kernel.run(f"{OPENAI}\nprint({asked})")
    body = {"model": "campus/small", "messages": [{"role": "user", "content": "hello"}]}
    said = kernel.run(f"{CURL}\nprint(curl('POST', 'v1/chat/completions', {body}))")
    assert f"An answer for {user}." in said
    calls = cast(Any, world.site(user).ask("GET", "api/calls?limit=10").json)["calls"]
    assert {call["user"] for call in calls} == {user}
    assert [call["document"] for call in calls[:3]].count("work.ipynb") == 1  # the magic's


def test_who_may_not_use_a_model_is_told_so_and_who_may_use_none_whom_to_ask(world: World) -> None:
    refused = world.kernels["student"].run("%%llm campus/large\nhello")
    assert "campus/large" in refused
    assert "olga@" not in refused
    assert "olga@example.org" in world.kernels["guest"].run("%%llm campus/small\nhello")
    body = {"model": "campus/small", "messages": [{"role": "user", "content": "hello"}]}
    said = world.kernels["guest"].run(f"{CURL}\nprint(curl('POST', 'v1/chat/completions', {body}))")
    assert "404" in said
    assert "olga@example.org" in said


@pytest.mark.parametrize("user", [*ACCOUNTS])
def test_jupyterlab_leads_to_the_site_and_knows_an_admin_whose_token_is_none(
    world: World, user: str
) -> None:
    me = world.kernels[user].json(CURL + "print(curl('GET', 'api/me')[1])")
    assert me["site"] == {"url": "/services/mesh/", "administers": user == "admin"}
    assert "admin" not in me["scopes"]


def test_the_admins_own_kernel_gets_403_from_every_route_of_admins_and_auditors(
    world: World,
) -> None:
    routes = [
        (route.method, PARAMETER.sub("x", route.path).removeprefix("/"))
        for route in ROUTES
        if route.scope in (Scope.ADMIN, Scope.AUDIT)
    ]
    code = f"{CURL}\nprint(json.dumps([curl(m, p)[0] for m, p in {routes!r}]))"
    assert world.kernels["admin"].json(code) == [403] * len(routes)
    through_the_server = code.replace('os.environ["JUPYTER_MESH_URL"]', "SERVER")
    server = f"SERVER = '{world.hub.url}/user/admin/mesh/'\n"
    assert world.kernels["admin"].json(server + through_the_server) == [403] * len(routes)
    site = world.site("admin")
    reading = [path for method, path in routes if method == "GET"]
    assert {site.ask("GET", path).status for path in reading} <= {200, 400, 404, 503}


def test_a_token_that_an_admin_makes_for_all_of_it_does_not_administer_either(world: World) -> None:
    token = world.hub.token("admin", "custom:mesh:admin", "custom:mesh:use")
    headers = {"Authorization": f"Bearer {token}"}
    browser = HubBrowser(world.hub.url, world.hub.mesh_url)
    url = world.hub.mesh_url
    assert browser.open(f"{url}api/me", headers=headers).status == 200
    assert browser.open(f"{url}api/changes", headers=headers).status == 403
    bare = world.hub.token("analyst", "access:services!service=mesh")
    reply = browser.open(f"{url}api/me", headers={"Authorization": f"Bearer {bare}"})
    assert (reply.status, "olga@example.org" in reply.text) == (403, True)


def test_a_users_own_server_passes_on_what_their_browser_asks_and_streams_it(world: World) -> None:
    server = f"{world.hub.url}/user/analyst/"
    browser = world.hub.log_in("analyst")
    assert browser.open(server).status in (200, 404)  # logs the browser in at its server
    said = browser.open(f"{server}mesh/api/me", headers=SCRIPT | token_of(browser))
    assert said.status == 200, said.text
    me = cast(Any, said.json)
    assert (me["user"], me["via"], me["host"]) == ("analyst", "kernel", "hub")
    assert "analysts" in me["groups"]
    body = {"model": "campus/small", "messages": [{"role": "user", "content": "x"}], "stream": True}
    world.upstream.default = Behaviour(text="one two three")
    sent = {**SCRIPT, **token_of(browser), "Content-Type": "application/json"}
    reply = browser.open(
        f"{server}mesh/v1/chat/completions",
        method="POST",
        headers=sent,
        data=json.dumps(body).encode(),
    )
    assert reply.headers["Content-Type"] == "text/event-stream"
    assert reply.text.endswith("data: [DONE]\n\n")
    for lacking in ({}, SCRIPT, {**SCRIPT, "X-XSRFToken": "wrong"}):
        data = json.dumps(body).encode()
        url = f"{server}mesh/v1/chat/completions"
        refused = browser.open(url, method="POST", headers=lacking, data=data)
        assert refused.status in (401, 403)


def token_of(browser: HubBrowser) -> dict[str, str]:
    """What JupyterLab sends with its requests."""
    found = [one.value for one in browser.cookies if one.name == "_xsrf" and "/user/" in one.path]
    return {"X-XSRFToken": str(found[0])} if found else {}


def test_nobody_elses_server_or_session_is_open(world: World) -> None:
    student = world.hub.log_in("student")
    reply = student.open(f"{world.hub.url}/user/analyst/mesh/api/me", headers=SCRIPT)
    assert reply.status in (401, 403, 404)
    for origin in ("https://evil.example", "null"):
        site = world.site("student")
        said = {**SCRIPT, "Sec-Fetch-Site": "cross-site", "Origin": origin}
        for method in ("GET", "PUT"):
            url = f"{world.hub.mesh_url}api/{'calls' if method == 'GET' else 'preferences'}"
            assert site.open(url, method=method, headers=said, data=None).status == 403


def test_api_calls_are_never_sent_to_a_login_and_pages_are(world: World) -> None:
    nobody = HubBrowser(world.hub.url, world.hub.mesh_url)
    for path in ("api/me", "v1/models", "api/session"):
        reply = nobody.open(world.hub.mesh_url + path, follow=False)
        assert (reply.status, reply.headers["Content-Type"]) == (401, "application/json")
    page = nobody.open(world.hub.mesh_url, follow=False)
    assert page.status == 302
    assert page.headers["Location"].startswith("/hub/api/oauth2/authorize?")


def test_a_permission_that_an_admin_changes_holds_in_every_kernel_within_two_seconds(
    world: World,
) -> None:
    site = world.site("admin")
    body = {"body": {"members": ["hub:students"], "allow": ["campus/*"]}, "version": None}
    saved = site.ask("PUT", "api/settings/groups/more", body)
    assert saved.status == 200, saved.text
    assert within(2, lambda: world.models("student") == ["campus/large", "campus/small"])
    version = cast(Any, saved.json)["version"]
    assert site.ask("DELETE", f"api/settings/groups/more?version={version}").status == 200
    assert within(2, lambda: world.models("student") == ["campus/small"])


def test_a_change_of_groups_is_seen_by_running_kernels_and_sessions(world: World) -> None:
    site = world.site("guest")
    world.hub.join("guest", "students")
    assert within(CACHE + 3, lambda: world.models("guest") == ["campus/small"])
    assert within(CACHE + 3, lambda: "students" in groups_in(site))
    world.hub.leave("guest", "students")
    assert within(CACHE + 3, lambda: world.models("guest") == [])
    assert within(CACHE + 3, lambda: "students" not in groups_in(site))


def groups_in(site: HubBrowser) -> list[str]:
    return cast(Any, site.ask("GET", "api/me").json)["groups"]


def with_key(world: World, secret: str, path: str = "v1/models") -> tuple[int, Any]:
    """What an application outside the Hub is answered."""
    application = HubBrowser(world.hub.url, world.hub.mesh_url)
    headers = {"Authorization": f"Bearer {secret}"}
    reply = application.open(world.hub.mesh_url + path, headers=headers)
    return reply.status, reply.json


def models_with(world: World, secret: str) -> list[str]:
    status, listed = with_key(world, secret)
    return sorted(one["id"] for one in listed["data"]) if status == 200 else [str(status)]


def test_who_leaves_a_group_loses_its_models_through_their_keys_too(world: World) -> None:
    world.hub.join("guest", "students")
    site = world.site("guest")
    assert within(CACHE + 3, lambda: "students" in groups_in(site))
    wish: Any = {"name": "of-guest", "application": "script", "groups": ["students"]}
    made = site.ask("POST", "api/keys", wish)
    assert made.status == 201, made.text
    secret = cast(Any, made.json)["secret"]
    assert models_with(world, secret) == ["campus/small"]
    world.hub.leave("guest", "students")
    assert within(CACHE + 3, lambda: models_with(world, secret) == [])


def test_a_key_of_a_user_who_was_deleted_is_good_no_more(world: World) -> None:
    world.hub.api("POST", "/users/visitor")
    site = world.site("admin")
    wish: Any = {"name": "of-visitor", "application": "script", "groups": ["students"]}
    made = site.ask("POST", "api/keys", {**wish, "user": "visitor"})
    assert made.status == 201, made.text
    secret = cast(Any, made.json)["secret"]
    assert models_with(world, secret) == ["campus/small"]
    world.hub.api("DELETE", "/users/visitor")
    assert within(CACHE + 3, lambda: models_with(world, secret) == ["401"])
    nobody = site.ask("POST", "api/keys", {**wish, "name": "x", "user": "nobody"})
    assert (nobody.status, "service account" in nobody.text) == (400, True)


def test_an_admin_who_is_none_any_more_administers_with_no_key(world: World) -> None:
    world.hub.join("analyst", "platform")
    site = world.site("analyst")
    wish: Any = {"name": "of-analyst", "application": "script", "admin": True}
    made = site.ask("POST", "api/keys", wish)
    assert made.status == 201, made.text
    secret = cast(Any, made.json)["secret"]
    assert with_key(world, secret, "api/settings/keys")[0] == 200
    world.hub.leave("analyst", "platform")
    assert within(CACHE + 3, lambda: with_key(world, secret, "api/settings/keys")[0] == 403)
    assert with_key(world, secret, "api/me")[0] == 200


def test_who_logs_out_of_the_hub_is_logged_out_of_the_mesh(world: World) -> None:
    site = world.site("analyst")
    assert site.ask("GET", "api/me").status == 200
    site.log_out()
    assert within(CACHE + 3, lambda: site.ask("GET", "api/me").status == 401)


def test_the_providers_key_is_in_no_users_environment_files_or_answers(world: World) -> None:
    code = "import os, json\nprint(json.dumps([n for n, v in os.environ.items() if 'canary' in v]))"
    homes = world.hub.folder / "homes"
    for kernel in world.kernels.values():
        assert kernel.json(code) == []
    for path in homes.rglob("*"):
        if path.is_file():
            assert CANARY.encode() not in path.read_bytes(), path
    assert CANARY not in world.hub.log + world.hub.mesh_log
    site = world.site("admin")
    for path in ("connections", "settings/connections", "secrets", "health", "changes"):
        assert CANARY not in site.ask("GET", f"api/{path}").text


def test_when_the_hub_is_gone_the_mesh_closes_after_the_age_and_opens_by_itself(
    world: World,
) -> None:
    kernel = world.kernels["analyst"]
    ask = CURL + "print(json.dumps(curl('GET', 'api/me')))"
    assert kernel.json(ask)[0] == 200
    world.hub.kill_hub()
    assert within(CACHE + 3, lambda: kernel.json(ask)[0] == 503)
    assert "identity_unavailable" in kernel.json(ask)[1]
    with pytest.raises(Refused):
        world.hub.api("GET", "/users/analyst")
    world.hub.start_hub()
    assert within(15, lambda: kernel.json(ask)[0] == 200)


def test_a_hub_starts_the_mesh_itself(tmp_path: Path) -> None:
    hub = HubProcess(tmp_path, {"admin": ("platform",)}, managed=True)
    hub.configure({"connections": {"echo": {"provider": "echo"}}}, groups={"platform": "admin"})
    with hub:
        browser = hub.log_in("admin")
        browser.open_mesh()
        me = cast(Any, browser.ask("GET", "api/me").json)
    assert (me["user"], me["host"]) == ("admin", "hub")
    assert "admin" in me["scopes"]
