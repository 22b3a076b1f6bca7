"""S4–S10, S17, S26, T34: what somebody who tries it from their kernel on a real Hub comes to."""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import psutil
import pytest

from jupyter_mesh.testing.fake_openai import Behaviour
from jupyter_mesh.testing.hub import find_proxy
from jupyter_mesh.testing.hub_browser import Refused
from jupyter_mesh.testing.unix_users import as_user

from .hub_world import CACHE, CURL, HubWorld, running_world, within

pytestmark = [
    pytest.mark.timeout(400),
    pytest.mark.skipif(
        find_proxy() is None and not os.environ.get("MESH_REQUIRE_ALL"),
        reason="not run: `make` installs the Hub's proxy",
    ),
]
HELLO = [{"role": "user", "content": "hello"}]
PRIVATE = "the student's own words 8f41"


@pytest.fixture(scope="module")
def world() -> Iterator[HubWorld]:
    with running_world("analyst", "student") as world:
        world.kernel("analyst")
        world.kernel("student")
        yield world


def ask(world: HubWorld, user: str, model: str, text: str, **more: Any) -> tuple[int, str]:
    body = {"model": model, "messages": [{"role": "user", "content": text}], **more}
    return world.curl(user, "POST", "v1/chat/completions", body)


def token_of(world: HubWorld, user: str) -> str:
    """That of the user's server and kernels, told by a kernel."""
    return world.kernel(user).run("import os; print(os.environ['JUPYTERHUB_API_TOKEN'])").strip()


def processes_of(world: HubWorld, user: str) -> list[int]:
    """The user's server and kernel."""
    pid = int(world.kernel(user).run("import os; print(os.getppid())"))
    return [pid, *(one.pid for one in psutil.Process(pid).children(recursive=True))]


def test_nothing_that_a_users_processes_can_read_holds_a_secret(world: HubWorld) -> None:
    """S4: environments, `/proc`, files, logs, the memory of the user's own server and kernel."""
    if not world.hub.uids:
        pytest.skip("not run: servers of Unix users of their own can only be started by root")
    uid = world.hub.uids["analyst"]
    ask(world, "analyst", "campus/small", "hello")
    ask(world, "student", "campus/small", PRIVATE)
    cookies = (world.hub.folder / "cookie_secret").read_text().strip()
    others = {"the student's token": token_of(world, "student"), "the student's words": PRIVATE}
    mine = {"control: my own token": token_of(world, "analyst")}
    hidden = {**world.secrets, "the Hub's cookie secret": cookies, **others}
    processes = processes_of(world, "analyst")
    assert {psutil.Process(pid).uids().real for pid in processes} == {uid}
    assert psutil.Process(processes_of(world, "student")[0]).uids().real != uid

    said = reach(world, hidden | mine, uid, [])
    assert {name for name, _ in said["found"]} == set(mine)
    assert f"/proc/{processes[0]}/environ" in {place for _, place in said["found"]}
    home = f"{world.hub.folder}/homes/analyst/"
    assert any(place.startswith(home) for place in said["looked"])

    inside = reach(world, hidden | mine, 0, processes)  # root may look into any process
    tracked = {name for name, place in inside["found"] if place.startswith("memory of")}
    # These tests themselves have sent the server that token, to have it start a kernel.
    assert tracked - {"the Hub's admin token"} == set(mine)


def reach(
    world: HubWorld, hidden: dict[str, str], uid: int, processes: list[int]
) -> dict[str, Any]:
    """What `reach.py` finds as that Unix user."""
    folders = [] if processes else [str(world.hub.folder), "/dev/shm"]
    asked = {"secrets": hidden, "folders": folders, "processes": processes}
    home = world.hub.folder / "homes" / "analyst"
    if not processes:
        # `os.walk` does not list the folder itself, which lets everybody pass and nobody look.
        asked["folders"] = [*folders, str(home), str(world.hub.folder / "state")]
        asked["folders"] += [str(world.hub.folder / name) for name in ("homes", "homes/student")]
    prefix = as_user(uid) if uid else []
    looked = subprocess.run(
        [*prefix, sys.executable, str(Path(__file__).with_name("reach.py"))],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        cwd="/",
        env={"PATH": os.environ["PATH"]},
        check=True,
    )
    return json.loads(looked.stdout)


def test_no_answer_of_any_route_tells_a_secret(world: HubWorld) -> None:
    """S4: also none that refuses; nor does what `ps` and the logs show."""
    told = [ask(world, "analyst", "campus/small", "leak", nonsense=1)[1]]
    code = f"""{CURL}
paths = json.loads(curl("GET", "api/openapi.json")[1])["paths"]
told = [curl(method.upper(), path.lstrip("/").replace("{{", "").replace("}}", ""), *(
            [{{}}] if method in ("post", "put") else []))[1]
        for path, methods in paths.items() for method in methods]
import subprocess
told.append(subprocess.run(["ps", "axeww"], capture_output=True, text=True).stdout)
print(json.dumps(told))
"""
    told += world.kernel("analyst").json(code)
    assert len(told) > 50
    shown = world.kernel("analyst").run("%%llm campus/small\nleak again") + "\n".join(told)
    shown += world.hub.log + world.hub.mesh_log
    hidden = {**world.secrets, "the student's token": token_of(world, "student")}
    if not world.hub.uids:  # one Unix user sees its own processes: that says nothing then
        shown = shown.replace(told[-1], "")
    for name, secret in hidden.items():
        assert secret not in shown, name
        assert base64.b64encode(secret.encode()).decode()[:-4] not in shown, name


def test_no_field_header_or_query_routes_a_call_or_makes_one_somebody_else(world: HubWorld) -> None:
    """S5, S7: straight to the service, and through the user's own server."""
    before = len(world.upstream.requests)
    for name in ("api_base", "base_url", "api_key", "extra_headers", "organization"):
        status, text = ask(world, "analyst", "campus/small", "x", **{name: "http://127.0.0.1:9/"})
        assert (status, "unknown_parameter" in text) == (400, True), text
    status, _ = world.curl("analyst", "POST", "v1/chat/completions?api_base=http://127.0.0.1:9", {})
    assert status == 400
    assert len(world.upstream.requests) == before
    claims = {"X-Forwarded-User": "admin", "X-Remote-User": "admin", "X-Mesh-User": "admin"}
    claims |= {
        "X-Forwarded-Groups": "platform",
        "Remote-User": "admin",
        "X-Mesh-Groups": "platform",
    }
    said = [word for name, value in claims.items() for word in ("-H", f"{name}: {value}")]
    code = f"{CURL}\nprint(curl('GET', 'api/me', None, *{said!r})[1])"
    through = code.replace(
        'os.environ["JUPYTER_MESH_URL"]', f"{world.hub.url + '/user/analyst/mesh/'!r}"
    )
    for one in (code, through):
        me = world.kernel("analyst").json(one)
        assert (me["user"], me["groups"]) == ("analyst", ["analysts"])
        assert "admin" not in me["scopes"]
    none = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    me = base64.urlsafe_b64encode(b'{"sub":"admin","groups":["platform"]}').decode().rstrip("=")
    assert refused(world, f"Authorization: Bearer {none}.{me}.") == 401


@pytest.mark.parametrize(
    "lines",
    [
        ["Authorization: Bearer ' OR 1=1 --"],
        ["Authorization: Bearer " + "x" * 1_000_000],
        ["Authorization: Bearer a\0b"],
        ["Authorization: Bearer \udcff\udcfe"],
        ["Authorization: token nobody's", "x-api-key: nobody's"],
        ["Authorization: Bearer one", "Authorization: Bearer two"],
        ["x-api-key: nobody's"],
        ["api-key: nobody's"],
        ["Cookie: jupyterhub-session-id=1; jupyter-mesh-hub-session=1"],
        ["Authorization: Basic YWRtaW46YWRtaW4="],
        ["Authorization:"],
        [],
    ],
    ids=[
        "sql",
        "1 MB",
        "NUL",
        "no text",
        "two ways",
        "two",
        "x",
        "api",
        "cookie",
        "basic",
        "",
        "-",
    ],
)
def test_a_credential_that_is_none_is_refused_and_not_repeated(
    world: HubWorld, lines: list[str]
) -> None:
    """S6, at the service's own socket."""
    assert refused(world, *lines) in (400, 401, 431)
    assert world.curl("analyst", "GET", "api/me")[0] == 200


def refused(world: HubWorld, *lines: str, path: str = "api/me") -> int:
    """The status of a raw request; what it refuses is not said back."""
    address = urlsplit(world.hub.direct_url)
    head = [f"GET {address.path}{path} HTTP/1.1", "Host: x", "Connection: close", *lines]
    with socket.create_connection((str(address.hostname), int(address.port or 0)), 30) as one:
        one.sendall("\r\n".join([*head, "", ""]).encode("utf8", "surrogateescape"))
        reply = b""
        while part := one.recv(65536):
            reply += part
    for told in (b"OR 1=1", b"x" * 100, b"nobody's", b"Traceback", b"sqlite", b"aiohttp"):
        assert told not in reply
    return int(reply.split()[1])


def test_a_token_in_an_address_opens_nothing(world: HubWorld) -> None:
    """S6, S10: a token that is good in a header."""
    token = token_of(world, "analyst")
    upgrade = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13")
    key = f"Sec-WebSocket-Key: {base64.b64encode(b'k' * 16).decode()}"
    for path in (f"api/me?token={token}", f"v1/models?token={token}"):
        assert refused(world, path=path) in (400, 401)
        assert refused(world, *upgrade, key, path=path) in (400, 401)


def test_the_service_is_no_caller_of_its_own(world: HubWorld) -> None:
    """S6: the token that the mesh has of the Hub opens nothing, should it ever be known."""
    assert refused(world, f"Authorization: Bearer {world.hub.service_token}") == 403
    assert refused(world, f"Authorization: Bearer {world.hub.admin_token}") == 403


def test_nothing_of_anybody_else_can_be_seen_or_named(world: HubWorld) -> None:
    """S7: calls, usage, the audit, keys and the other's server."""
    assert ask(world, "student", "campus/small", PRIVATE)[0] == 200
    theirs = cast(Any, world.site("student").ask("GET", "api/calls").json)["calls"][0]["id"]
    assert world.curl("student", "GET", f"api/calls/{theirs}")[0] == 200
    for path, absent in (
        (f"api/calls/{theirs}", "api/calls/call_00000000000000000000000000"),
        (f"api/calls/{theirs}/content", "api/calls/call_00000000000000000000000000/content"),
    ):
        replies = [world.curl("analyst", "GET", one) for one in (path, absent)]
        assert {status for status, _ in replies} == {404}
        assert PRIVATE not in replies[0][1]
    for path in (
        "api/calls",
        "api/calls?user=student",
        "api/keys",
        "api/costs",
        "api/usage?by=user",
    ):
        status, text = world.curl("analyst", "GET", path)
        assert status in (200, 400, 403), path
        assert "student" not in text.replace("user=student", ""), path
    token = token_of(world, "analyst")
    server = f"{world.hub.url}/user/student/"
    for path in ("api/contents", "mesh/api/me", "api/kernels", "files/work.ipynb"):
        heads = f"-H 'Authorization: token {token}'"
        command = f"curl -s -o /dev/null -w '%{{http_code}}' {heads} {server}{path}"
        asked = f"import subprocess; print(subprocess.getoutput({command!r}))"
        assert world.kernel("analyst").run(asked).strip() in ("401", "403", "404")


def test_nobody_makes_themselves_a_wider_credential_or_changes_what_they_may(
    world: HubWorld,
) -> None:
    """S8: at the Hub and at the mesh, with what a kernel has."""
    url = f"{world.hub.url}/hub/api/users/analyst/tokens"
    head = {"Authorization": f"token {token_of(world, 'analyst')}"}
    code = f"""
import json, urllib.request, urllib.error
def post(scopes):
    data = json.dumps({{"scopes": scopes}}).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request({url!r}, data, {head!r})) as reply:
            return reply.status
    except urllib.error.HTTPError as error:
        return error.code
print([post(["custom:mesh:admin"]), post(["custom:mesh:audit"]), post(["admin:groups"])])
"""
    assert world.kernel("analyst").run(code).strip() in ("[403, 403, 403]", "[404, 404, 404]")
    for wish in ({"admin": True}, {"audits": True}, {"user": "admin"}, {"groups": ["platform"]}):
        body = {"name": "wider", "application": "x", **wish}
        status, text = world.curl("analyst", "POST", "api/keys", body)
        assert status in (400, 403), (wish, text)
    changed = {"body": {"members": ["analyst"], "allow": ["*"]}, "version": None}
    for kind in ("groups", "budgets", "connections", "keys"):
        assert world.curl("analyst", "PUT", f"api/settings/{kind}/mine", changed)[0] in (403, 404)
    site = world.site("analyst")
    assert site.ask("PUT", "api/settings/groups/mine", cast(Any, changed)).status == 403
    kept = json.loads(world.curl("analyst", "GET", "api/me")[1])
    assert (kept["groups"], "admin" in kept["scopes"]) == (["analysts"], False)
    assert cast(Any, world.site("admin").ask("GET", "api/keys").json)["keys"] == []


def test_what_is_kept_for_one_is_no_answer_for_who_may_not_ask(world: HubWorld) -> None:
    """S17: the exact cache, by model, by right and by system prompt."""
    world.upstream.default = Behaviour(text="An answer that was paid for.")
    prompt = {"temperature": 0}
    assert ask(world, "analyst", "campus/large", "S17", **prompt)[0] == 200
    before = len(world.upstream.requests)
    assert ask(world, "analyst", "campus/large", "S17", **prompt)[0] == 200
    assert len(world.upstream.requests) == before, "it is kept, so this test can fail"
    status, text = ask(world, "student", "campus/large", "S17", **prompt)
    assert (status, "paid for" in text) == (404, False)
    system = {"model": "campus/large", **prompt}
    system |= {"messages": [{"role": "system", "content": "S"}, {"role": "user", "content": "S17"}]}
    assert world.curl("analyst", "POST", "v1/chat/completions", system)[0] == 200
    assert len(world.upstream.requests) == before + 1


def test_a_token_that_is_taken_back_and_a_user_who_is_deleted_are_out_within_the_age(
    world: HubWorld,
) -> None:
    """S26, T34."""
    made = world.hub.api("POST", "/users/guest/tokens", {"scopes": ["custom:mesh:use"]})
    token, number = cast(Any, made)["token"], cast(Any, made)["id"]
    bearer = f"Authorization: Bearer {token}"
    site = world.site("guest")
    assert refused(world, bearer) == 200
    world.hub.api("DELETE", f"/users/guest/tokens/{number}")
    assert within(CACHE + 3, lambda: refused(world, bearer) == 401)
    assert site.ask("GET", "api/me").status == 200
    world.hub.api("DELETE", "/users/guest")
    assert within(CACHE + 3, lambda: site.ask("GET", "api/me").status == 401)
    with pytest.raises(Refused):
        world.hub.api("GET", "/users/guest")


def test_a_server_that_is_started_anew_has_another_token_and_the_old_one_is_worth_nothing(
    world: HubWorld,
) -> None:
    """S26."""
    old = f"Authorization: Bearer {token_of(world, 'student')}"
    assert refused(world, old) == 200
    world.kernels.pop("student").stop()
    world.hub.api("DELETE", "/users/student/server")
    assert within(CACHE + 10, lambda: refused(world, old) == 401)
