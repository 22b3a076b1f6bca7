"""S1, S2, S4, S9, S10 on a real JupyterHub: hostile pages in browsers that are logged in."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from jupyter_mesh.testing.fake_openai import Behaviour
from jupyter_mesh.testing.hub import PASSWORD, find_proxy
from jupyter_mesh.testing.hub_browser import HubBrowser

if TYPE_CHECKING:
    from tests.hub.hub_world import HubWorld

pytestmark = [
    pytest.mark.timeout(400),
    pytest.mark.needs("chromium"),
    pytest.mark.skipif(
        find_proxy() is None and not os.environ.get("MESH_REQUIRE_ALL"),
        reason="not run: `make` installs the Hub's proxy",
    ),
]
HOSTILE: list[str] = json.loads(
    Path(__file__)
    .parent.parent.joinpath("labextension/src/answer/markdown/hostile.fixture.json")
    .read_text("utf8")
)
MARKUP = "<img src=x onerror=window.__ran=1><script>window.__ran=1</script>"

#: All that a page can try with somebody's cookies; what it could read of each.
ATTEMPTS = """async mesh => {
  const told = {};
  const note = async (name, asked) => {
    try {
      const reply = await asked;
      told[name] = [reply.status, reply.type === 'opaque' ? '' : await reply.text()];
    } catch (error) {
      told[name] = [0, ''];
    }
  };
  const credentials = 'include';
  const read = ['', 'api/me', 'api/session', 'api/calls', 'api/keys', 'api/changes', 'v1/models',
    'api/audit/export', 'api/inventory/export', 'oauth_callback?code=1&state=2'];
  for (const path of read) {
    for (const mode of ['cors', 'no-cors', 'same-origin']) {
      await note(`${mode} ${path}`, fetch(mesh + path, {credentials, mode}));
    }
  }
  const wish = JSON.stringify({name: 'evil', application: 'evil', admin: true});
  for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded']) {
    for (const mode of ['cors', 'no-cors']) {
      const headers = {'Content-Type': type, 'X-Mesh-XSRF': 'none yet'};
      await note(`POST ${type} ${mode}`,
        fetch(mesh + 'api/keys', {method: 'POST', credentials, mode, headers, body: wish}));
    }
  }
  const body = JSON.stringify({default_model: 'campus/large'});
  const headers = {'Content-Type': 'application/json'};
  await note('PUT', fetch(mesh + 'api/preferences', {method: 'PUT', credentials, headers, body}));
  await note('DELETE', fetch(mesh + 'api/session', {method: 'DELETE', credentials}));
  const until = start => new Promise(end => {
    setTimeout(() => end('silence'), 3000);
    start(end);
  });
  told.events = await until(end => {
    const source = new EventSource(mesh + 'api/calls', {withCredentials: true});
    source.onopen = () => end('open');
    source.onerror = () => end('refused');
  });
  told.socket = await until(end => {
    const socket = new WebSocket(mesh.replace('http', 'ws') + 'api/calls');
    socket.onopen = () => end('open');
    socket.onerror = () => end('refused');
  });
  told.script = await until(end => {
    const script = document.createElement('script');
    script.src = mesh + 'api/me';
    script.onload = () => end('run');
    script.onerror = () => end('refused');
    document.body.append(script);
  });
  told.frame = await until(end => {
    const frame = document.createElement('iframe');
    frame.src = mesh;
    frame.onload = () => {
      let seen = '';
      try { seen = frame.contentDocument.documentElement.outerHTML; } catch (error) { seen = ''; }
      end(seen);
    };
    document.body.append(frame);
  });
  const frame = document.createElement('iframe');
  frame.name = 'answers';
  document.body.append(frame);
  const form = document.createElement('form');
  const text = {enctype: 'text/plain', target: 'answers'};
  Object.assign(form, {action: mesh + 'api/keys', method: 'post', ...text});
  const field = document.createElement('input');
  Object.assign(field, {name: wish.slice(0, -1) + ',"x":"', value: '"}'});
  form.append(field);
  document.body.append(form);
  form.submit();
  await new Promise(end => setTimeout(end, 1000));
  return told;
}"""

#: Open the mesh's pages from a page, and look into the window one holds then.
HOLD = """async mesh => {
  const held = window.open(mesh);
  for (let times = 0; times < 20; times += 1) {
    await new Promise(end => setTimeout(end, 150));
    try {
      const meta = held.document.querySelector('meta[name=jupyter-mesh-xsrf]');
      if (meta) return meta.content;
    } catch (error) {}
  }
  return held === null ? 'no window' : '';
}"""


class Evil(BaseHTTPRequestHandler):
    """Any address is a page of nobody's."""

    def do_GET(self) -> None:
        """An empty page; what it does is evaluated in it."""
        body = b"<!doctype html><title>evil</title><body>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def evil() -> Iterator[int]:
    """The port of a server that means harm."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Evil)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def open_as(hub_world: HubWorld, browser: Browser) -> Iterator[Callable[[str], Page]]:
    """A browser that is logged in at the Hub and has the mesh's pages open."""
    contexts: list[BrowserContext] = []

    def open_one(user: str) -> Page:
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.set_default_timeout(60_000)
        contexts.append(context)
        page = context.new_page()
        page.goto(hub_world.hub.mesh_url)
        page.get_by_label("Username").fill(user)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="My models", level=1)).to_be_visible()
        return page

    yield open_one
    for context in contexts:
        context.close()


@pytest.mark.parametrize("where", ["another site", "a server of the same hub"])
def test_a_page_with_an_admins_cookies_reads_nothing_and_changes_nothing(
    hub_world: HubWorld, open_as: Callable[[str], Page], evil: int, where: str
) -> None:
    """S9, S10. A user's server is theirs to replace; here it has the same origin as the mesh."""
    site = open_as("admin")
    admin = hub_world.site("admin")
    before = [admin.ask("GET", f"api/{path}").text for path in ("keys", "me", "changes")]
    mesh = hub_world.hub.mesh_url
    if where == "another site":
        address = f"http://localhost:{evil}/"
    else:
        hub_world.hub.route("/user/mallory/", f"http://127.0.0.1:{evil}")
        address = f"{hub_world.hub.url}/user/mallory/"
    page = site.context.new_page()
    page.goto(address)
    told: dict[str, Any] = page.evaluate(ATTEMPTS, mesh)
    kinds = {name: told.pop(name) for name in ("events", "socket", "script", "frame")}
    assert "jupyter-mesh-xsrf" not in kinds.pop("frame")
    assert set(kinds.values()) == {"refused"}
    for name, (status, text) in told.items():
        assert status in (0, 400, 401, 403, 404, 415), name
        for word in ("jupyter-mesh-xsrf", '"xsrf"', '"admin"', "platform", "campus/"):
            assert word not in text, name
    assert len(told) > 30
    assert any(status == 403 for status, _ in told.values()) == (where != "another site")
    assert page.evaluate(HOLD, mesh) == ""
    after = [admin.ask("GET", f"api/{path}").text for path in ("keys", "me", "changes")]
    assert after == before
    site.reload()  # and the session is still there, so that all of this could have worked
    expect(site.get_by_role("heading", name="My models", level=1)).to_be_visible()


def test_what_a_user_or_a_model_wrote_does_nothing_on_the_admins_pages(
    hub_world: HubWorld, open_as: Callable[[str], Page]
) -> None:
    """S1, S2: names that callers give, prompts and answers, as an auditor looks at them."""
    hub_world.upstream.default = Behaviour(text="\n\n".join(HOSTILE))
    names = {"X-Mesh-Document": MARKUP, "X-Mesh-Purpose": MARKUP, "X-Mesh-Application": MARKUP}
    token = hub_world.hub.token("analyst", "custom:mesh:use")
    sent = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", **names}
    body = {"model": "campus/large", "messages": [{"role": "user", "content": MARKUP}]}
    mesh = hub_world.hub.mesh_url
    browser = HubBrowser(hub_world.hub.url, mesh)
    reply = browser.open(
        f"{mesh}v1/chat/completions", method="POST", headers=sent, data=json.dumps(body).encode()
    )
    assert reply.status == 200, reply.text
    site = open_as("admin")
    with watched(site) as foreign:
        for way in ("Usage and charge-back", "Inventory", "Audit"):
            site.get_by_role("navigation").get_by_role("button", name=way).click()
            site.wait_for_load_state("networkidle")
        calls = cast(Any, hub_world.site("analyst").ask("GET", "api/calls").json)["calls"]
        site.goto(f"{mesh}#page=audit&kind=call&name={calls[0]['id']}")
        expect(site.get_by_role("main")).to_contain_text("onerror=window.__ran=1")
        site.wait_for_load_state("networkidle")
        assert site.evaluate("window.__ran") is None
        assert site.locator("main img, main script, main iframe, main form[action]").count() == 0
    assert foreign == []


@contextmanager
def watched(page: Page) -> Iterator[list[str]]:
    """Addresses elsewhere that the page asks for."""
    foreign: list[str] = []
    own = page.url.split("/services/")[0]
    page.on(
        "request",
        lambda one: None if one.url.startswith((own, "data:")) else foreign.append(one.url),
    )
    yield foreign


def test_no_browser_keeps_a_secret_or_a_token(
    hub_world: HubWorld, open_as: Callable[[str], Page]
) -> None:
    """S4: storage, cookies that scripts can read, and the pages themselves."""
    site = open_as("analyst")
    hub_world.hub.start_server("analyst")
    lab = site.context.new_page()
    lab.goto(f"{hub_world.hub.url}/user/analyst/lab?reset")
    lab.locator("#jupyterlab-splash").wait_for(state="detached")
    sidebar = lab.get_by_role("region", name="LLM Mesh")
    lab.get_by_role("tab", name="LLM Mesh").click()
    expect(sidebar.locator("[role=option][data-row]").first).to_be_visible()
    token = hub_world.kernel("analyst").run("import os; print(os.environ['JUPYTERHUB_API_TOKEN'])")
    kept = json.dumps(site.context.storage_state(indexed_db=True))
    for page in (site, lab):
        kept += page.content() + page.evaluate("document.cookie + JSON.stringify(sessionStorage)")
    assert len(kept) > 10_000
    for name, secret in {**hub_world.secrets, "the server's token": token.strip()}.items():
        assert secret
        assert secret not in kept, name
    readable = site.evaluate("document.cookie")
    assert "mesh" not in readable
