"""Four people at once on a real JupyterHub, each in a browser and a JupyterLab of their own."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from jupyter_mesh.testing.fake_openai import Behaviour
from jupyter_mesh.testing.hub import PASSWORD, find_proxy
from tests.hub.hub_world import CACHE, CONTACT, CURL, within

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
PICTURES = Path(__file__).parent.parent / ".make" / "pictures"
MODELS = {
    "analyst": ["campus/large", "campus/small"],
    "student": ["campus/small"],
    "guest": [],
    "admin": ["campus/large", "campus/small", "echo/echo", "echo/shout"],
}
SETTINGS = {
    "@jupyterlab/apputils-extension:notification": (
        '{"fetchNews": "false", "checkForUpdates": false}'
    ),
    "jupyter-mesh:settings": '{"refreshSeconds": 3600}',
}
ASKED = {"role": "user", "content": "hello"}
CELLS = [
    "%%llm campus/small\nhello",
    f"""import os, openai
client = openai.OpenAI(base_url=os.environ["JUPYTER_MESH_URL"] + "v1",
                       api_key=os.environ["JUPYTER_MESH_TOKEN"])
try:
    answer = client.chat.completions.create(model="campus/small", messages=[{ASKED}])
    print("openai:", answer.choices[0].message.content)
except openai.OpenAIError as error:
    print("openai:", error)""",
    f"""{CURL}
said = curl("POST", "v1/chat/completions", {{"model": "campus/small", "messages": [{ASKED}]}})
print("curl:", *said)""",
    "%%llm campus/large\nhello",
]


@dataclass
class Person:
    """Somebody's browser: JupyterLab in one tab, the mesh's own pages in another."""

    name: str
    world: HubWorld
    lab: Page
    site: Page

    def log_in(self) -> None:
        self.lab.goto(f"{self.world.hub.url}/hub/login?next=%2Fhub%2Fhome")
        self.fill_in_the_form(self.lab)
        expect(self.lab.get_by_role("heading", name="JupyterHub home page")).to_be_visible()

    def fill_in_the_form(self, page: Page) -> None:
        page.get_by_label("Username").fill(self.name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()

    def open_lab(self) -> None:
        self.lab.goto(f"{self.world.hub.url}/user/{self.name}/lab/tree/hub.ipynb?reset")
        self.lab.locator("#jupyterlab-splash").wait_for(state="detached", timeout=60_000)
        expect(self.lab.locator("#jp-bottom-panel")).to_contain_text("| Idle", timeout=90_000)
        self.lab.get_by_role("tab", name="LLM Mesh").click()
        self.sidebar.wait_for()

    @property
    def sidebar(self) -> Locator:
        return self.lab.get_by_role("region", name="LLM Mesh")

    @property
    def rows(self) -> Locator:
        return self.sidebar.locator("[role=option][data-row]")

    def picks_from(self) -> list[str]:
        """The models in JupyterLab's picker."""
        rows = self.rows.evaluate_all("rows => rows.map(row => row.dataset.row)")
        return sorted(set(rows))

    def reads(self) -> list[str]:
        """The models on the mesh's own page of them, looked at anew."""
        self.site.get_by_role("navigation").get_by_role("button", name="Usage").first.click()
        self.site.get_by_role("navigation").get_by_role("button", name="My models").click()
        self.site.get_by_label("Loading").wait_for(state="detached")
        return self.has_open()

    def has_open(self) -> list[str]:
        """The models on that page as it stands."""
        rows = self.site.locator("tr[data-name]").evaluate_all(
            "rows => rows.map(row => row.dataset.name)"
        )
        return sorted(rows)

    def begin(self, index: int) -> None:
        """Run a cell."""
        self.cell(index).locator(".jp-InputArea-editor").click()
        self.lab.keyboard.press("Control+Enter")

    def said(self, index: int) -> Locator:
        """What a cell has shown, once it is done."""
        prompt = self.cell(index).locator(".jp-InputPrompt")
        expect(prompt).to_have_text(re.compile(r"\[\d+\]:"), timeout=60_000)
        return self.cell(index).locator(".jp-OutputArea")

    def cell(self, index: int) -> Locator:
        return self.lab.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook-cell").nth(
            index
        )


@pytest.fixture(scope="module")
def people(hub_world: HubWorld, browser: Browser) -> Iterator[dict[str, Person]]:
    """All four, logged in, each with a notebook and the mesh's pages open."""
    found: dict[str, Person] = {}
    for name in MODELS:
        write(hub_world, name)
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.set_default_timeout(60_000)
        found[name] = Person(name, hub_world, context.new_page(), context.new_page())
        found[name].log_in()
    for person in found.values():
        hub_world.hub.start_server(person.name)
        person.open_lab()
        person.site.goto(hub_world.hub.mesh_url)
        expect(person.site.get_by_role("heading", name="My models", level=1)).to_be_visible()
    yield found
    for person in found.values():
        person.lab.context.close()


def write(world: HubWorld, user: str) -> None:
    """A notebook of theirs, and settings that keep JupyterLab from asking elsewhere, and the mesh
    now and then: what changes in its views has been told to them.
    """
    server = world.hub.start_server(user)
    code = [
        {"cell_type": "code", "source": one, "metadata": {}, "outputs": [], "execution_count": None}
        for one in CELLS
    ]
    spec = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    notebook = {"cells": code, "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 4}
    world.hub.put(f"{server}api/contents/hub.ipynb", {"type": "notebook", "content": notebook})
    for name, raw in SETTINGS.items():
        world.hub.put(f"{server}lab/api/settings/{name}", {"raw": raw})


def test_each_sees_the_models_of_their_groups_and_who_has_none_is_told_whom_to_ask(
    people: dict[str, Person],
) -> None:
    for name, person in people.items():
        if MODELS[name]:
            expect(person.rows.first).to_be_visible()
        assert person.picks_from() == MODELS[name]
        assert person.reads() == MODELS[name]
    guest = people["guest"]
    expect(guest.sidebar).to_contain_text("No model is open to you yet.")
    expect(guest.sidebar).to_contain_text(f"Ask {CONTACT} to open one to you.")
    expect(guest.site.get_by_role("main")).to_contain_text(f"Ask {CONTACT} to open one to you.")
    for person in people.values():
        expect(person.sidebar).not_to_contain_text("restart JupyterLab")
    ways = people["admin"].site.get_by_role("navigation").get_by_role("button").all_inner_texts()
    assert {"Connections", "Models and permissions", "Audit", "Changes"} <= {*ways}
    ways = people["analyst"].site.get_by_role("navigation").get_by_role("button").all_inner_texts()
    assert ways == ["My models", "Usage", "My calls", "API keys"]


def test_each_uses_them_by_magic_openai_and_curl_in_their_own_name(
    people: dict[str, Person], hub_world: HubWorld
) -> None:
    hub_world.upstream.default = Behaviour(text="An answer of campus.")
    for index in range(len(CELLS)):  # a cell that fails takes those with it that wait behind it
        for person in people.values():
            person.begin(index)
        for person in people.values():
            person.said(index)
    for name in ("analyst", "student", "admin"):
        for index in range(3):
            expect(people[name].said(index)).to_contain_text("An answer of campus.")
    expect(people["analyst"].said(3)).to_contain_text("An answer of campus.")
    expect(people["student"].said(3)).to_contain_text("No model 'campus/large' is open to you")
    for index in range(4):
        expect(people["guest"].said(index)).to_contain_text(CONTACT)
    for name in people:
        calls = cast(Any, hub_world.site(name).ask("GET", "api/calls?view=own").json)["calls"]
        assert {call["user"] for call in calls} == {name}
        assert [call["document"] for call in calls].count("hub.ipynb") == 2, "the magic's"


def comes_to(wanted: list[str], look: Callable[[], list[str]], seconds: float = 15) -> bool:
    """Whether a view comes to show these models long before it would ask by itself."""
    return within(seconds, lambda: look() == wanted)


def test_a_permission_that_an_admin_changes_on_the_site_is_in_every_open_view_at_once(
    people: dict[str, Person],
    hub_world: HubWorld,
    record_property: Callable[[str, object], None],
) -> None:
    admin, student = people["admin"].site, people["student"]
    assert student.reads() == MODELS["student"]
    times: list[float] = []
    admin.get_by_role("navigation").get_by_role("button", name="Models and permissions").click()
    cell = admin.get_by_role("checkbox", name="campus/large for students")
    for wanted in (["campus/large", "campus/small"], ["campus/small"]):
        cell.click()
        began = time.monotonic()
        assert comes_to(wanted, student.picks_from)  # nothing is pressed in the student's tabs
        assert comes_to(wanted, student.has_open)
        times.append(time.monotonic() - began)
        expect(cell).to_be_checked(checked=len(wanted) == 2)
        assert comes_to(wanted, lambda: hub_world.offered("student"))
        assert people["analyst"].reads() == MODELS["analyst"]
    record_property("seconds until in both of the student's views", times)


def test_who_joins_a_group_of_the_hub_has_its_models_in_every_view_and_loses_them_with_it(
    people: dict[str, Person], hub_world: HubWorld
) -> None:
    guest = people["guest"]
    for change, wanted in ((hub_world.hub.join, ["campus/small"]), (hub_world.hub.leave, [])):
        change("guest", "students")
        # Nothing is pressed: both ask who one is whenever the gateway has held a question.
        assert comes_to(wanted, guest.picks_from, CACHE + 36)
        assert comes_to(wanted, guest.has_open, CACHE + 36)
        assert comes_to(wanted, lambda: hub_world.offered("guest"))


def test_who_is_logged_out_signs_in_again_and_goes_on_with_what_was_typed(
    people: dict[str, Person], hub_world: HubWorld
) -> None:
    admin = people["admin"]
    page = admin.site
    page.get_by_role("navigation").get_by_role("button", name="Budgets and limits").click()
    page.get_by_role("button", name="New budget").click()
    page.get_by_label("Name", exact=True).fill("typed before")
    page.get_by_label("Amount in $").fill("7")
    door = page.context.new_page()
    door.goto(f"{hub_world.hub.url}/hub/logout")
    dialog = page.get_by_role("dialog")
    about = f"{hub_world.hub.mesh_url}api/session"
    assert within(CACHE + 8, lambda: page.context.request.get(about).status == 401)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(dialog).to_contain_text("Your session has ended.")
    expect(dialog).to_contain_text("what you have typed here is kept")
    picture(page, "hub-site-session-ended", "light")
    with page.context.expect_page() as opened:
        dialog.get_by_role("link", name="Sign in with JupyterHub").click()
    admin.fill_in_the_form(opened.value)
    expect(opened.value.get_by_role("heading", name="My models", level=1)).to_be_visible()
    opened.value.close()
    door.close()
    page.bring_to_front()
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(dialog).to_have_count(0)
    expect(page.get_by_label("Name", exact=True)).to_have_value("typed before")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator('[data-name="typed before"]')).to_contain_text("$7.00")


def test_an_old_link_to_the_administration_in_jupyterlab_leads_to_the_site(
    people: dict[str, Person], hub_world: HubWorld
) -> None:
    admin = people["admin"]
    page = admin.lab.context.new_page()
    page.goto(f"{hub_world.hub.url}/user/admin/lab?mesh-admin=page%3Dbudgets&reset")
    link = page.get_by_role("link", name="Open them in a new tab")
    expect(link).to_be_visible(timeout=60_000)
    picture(page, "hub-lab-old-link", "light")
    with page.context.expect_page() as opened:
        link.click()
    heading = opened.value.get_by_role("heading", name="Budgets and limits", level=1)
    expect(heading).to_be_visible()
    page.close()
    opened.value.close()


def test_pictures_of_what_each_sees_light_and_dark(
    people: dict[str, Person], hub_world: HubWorld
) -> None:
    for colours in ("light", "dark"):
        for name in ("analyst", "guest", "admin"):
            page = people[name].site
            page.get_by_label("Colours").select_option(colours)
            for way in ("My models", "Usage"):
                page.get_by_role("navigation").get_by_role("button", name=way).first.click()
                page.wait_for_load_state("networkidle")
                picture(page, f"hub-site-{name}-{way.split()[-1].lower()}", colours)
            assert cut_off(page) == []
        for name in ("analyst", "guest"):
            raw = f'{{"theme": "JupyterLab {colours.title()}"}}'
            server = f"{hub_world.hub.url}/user/{name}/"
            plugin = "@jupyterlab/apputils-extension:themes"
            hub_world.hub.put(f"{server}lab/api/settings/{plugin}", {"raw": raw})
            people[name].open_lab()
            people[name].lab.wait_for_timeout(1500)
            picture(people[name].lab, f"hub-lab-{name}", colours)


def cut_off(page: Page) -> list[str]:
    """Parts of the page that stand out of it."""
    return page.evaluate("""() => Array.from(document.querySelectorAll('main *, nav *'))
      .filter(node => node.getBoundingClientRect().right > window.innerWidth + 1)
      .map(node => node.outerHTML.slice(0, 200))""")


def picture(page: Page, name: str, colours: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}-{colours}.png")
