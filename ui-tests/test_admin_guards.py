"""Guards in the browser: a rule is written, tried on a text and on past calls, saved, and holds."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Locator, Page, expect

from jupyter_mesh.testing.fake_openai import FakeOpenAI

if TYPE_CHECKING:
    from conftest import Lab, LabPage

pytestmark = pytest.mark.needs("chromium")

IBAN = "DE89 3704 0044 0532 0130 00"
TEXT = f"🙂 Pay {IBAN} and write to lea.weber@example.org from 203.0.113.7."
PICTURES = Path(__file__).parent.parent / ".make" / "pictures"


@pytest.fixture(scope="module")
def upstream() -> Iterator[FakeOpenAI]:
    with FakeOpenAI(models=("m",)) as fake:
        yield fake


@pytest.fixture(params=["light", "dark"])
def theme(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def lab(
    tmp_path: Path,
    upstream: FakeOpenAI,
    theme: str,
    start_lab: Callable[[Path, str], AbstractContextManager[Lab]],
) -> Iterator[Lab]:
    rules = f"""
offers: false
default_model: up/m
connections:
  up: {{ provider: openai_compatible, base_url: {upstream.base_url}, residency: external }}
guards:
  words: {{ guard: deny_list, terms: ["project falcon"] }}
screening:
  - name: what leaves
    for: {{ residency: external }}
    detectors: [patterns]
    entities: {{ CREDIT_CARD: block }}
"""
    with start_lab(tmp_path, rules) as lab:
        lab.set("apputils-extension/themes", {"theme": f"JupyterLab {theme.title()}"})
        yield lab


def ask(lab: Lab, text: str) -> int:
    """The status of a call with this text."""
    body = {"model": "up/m", "messages": [{"role": "user", "content": text}]}
    request = urllib.request.Request(
        f"{lab.url}/mesh/v1/chat/completions",
        method="POST",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"token {lab.token}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.status
    except urllib.error.HTTPError as error:
        return error.code


def open_guards(page: Page, lab: Lab) -> Locator:
    link = "page%3Dguards"
    page.goto(f"{lab.url}/lab?token={lab.token}&reset&mesh-admin={link}")
    page.locator("#jupyterlab-splash").wait_for(state="detached")
    main = page.locator(".jp-mesh-Admin-page")
    expect(main.get_by_role("heading", name="Guards", level=1)).to_be_visible(timeout=30_000)
    expect(main.locator(".jp-mesh-Skeleton")).to_have_count(0, timeout=20_000)
    return main


def picture(page: Page, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.mouse.move(2, 2)
    page.screenshot(path=PICTURES / f"{name}.png", animations="disabled")


@pytest.mark.timeout(180)
def test_a_rule_is_tried_before_it_holds(
    open_page: Callable[..., LabPage], lab: Lab, theme: str
) -> None:
    assert ask(lab, f"Pay {IBAN}.") == 200
    assert ask(lab, "Write to lea.weber@example.org.") == 200
    assert ask(lab, "Good morning!") == 200
    page = open_page(height=1100).page
    main = open_guards(page, lab)
    expect(main.locator('[data-name="what leaves"]')).to_contain_text("CREDIT_CARD: refused")
    expect(main.locator('[data-name="words"]')).to_contain_text("Judge (deny list)")
    use = main.get_by_role("table", name="By guard and kind")
    expect(use.get_by_role("row", name="IBAN_CODE")).to_contain_text("redacted")
    picture(page, f"guards-page-{theme}")

    main.get_by_role("button", name="New screening rule").click()
    main.get_by_label("Name", exact=True).fill("no accounts")
    main.get_by_role("button", name="Add Entities").click()
    main.get_by_label("Name 1 of Entities").fill("IBAN_CODE")
    main.get_by_label("Value 1 of Entities").select_option("block")
    main.get_by_role("checkbox", name="patterns").check()
    main.get_by_role("checkbox", name="standard").uncheck()
    said = main.locator(".jp-mesh-Sentence").first
    expect(said).to_contain_text("What patterns finds in a request to any model is redacted")
    expect(said).to_contain_text("IBAN_CODE: refused")

    main.get_by_label("Text", exact=True).fill(TEXT)
    main.get_by_role("button", name="Look at it").click()
    found = main.get_by_role("table", name="What was found", exact=True)
    row = found.get_by_role("row", name="IBAN_CODE patterns")  # others may find it, too
    expect(row).to_contain_text("refused", timeout=60_000)
    expect(row).to_contain_text("new rule")
    marked = "".join(main.locator("mark").all_text_contents())
    assert marked == f"{IBAN}lea.weber@example.org203.0.113.7"
    main.get_by_role("button", name="Try on past calls").click()
    expect(main).to_contain_text(
        "Of 3 calls it would have refused 1 and changed 1.", timeout=30_000
    )
    found.scroll_into_view_if_needed()
    picture(page, f"guards-rule-tried-{theme}")
    assert ask(lab, f"Pay {IBAN}.") == 200, "a draft is in force nowhere"

    main.get_by_role("button", name="Save").click()
    expect(main.locator('[data-name="no accounts"]')).to_be_visible()
    assert ask(lab, f"Pay {IBAN}.") == 400
    see_the_alert(page, main)
    (act,) = lab.ask_gateway("audit/acts?act=replay_policy")["acts"]
    assert act["details"]["calls"] == 100
    assert "new rule" in str(act["details"]["draft"])


def see_the_alert(page: Page, main: Locator) -> None:
    """From the alert to the call, and what guards said of it."""
    page.get_by_role("navigation").get_by_role("button", name="Alerts").click()
    alert = main.locator(".jp-mesh-Alert").filter(has_text="IBAN_CODE").first
    expect(alert).to_be_visible(timeout=20_000)
    alert.get_by_role("button", name="The last call").click()
    verdicts = main.get_by_role("heading", name="Verdicts of the guards").locator("..")
    expect(verdicts.get_by_role("row", name="IBAN_CODE patterns")).to_contain_text("refused")


@pytest.mark.timeout(180)
def test_an_answer_is_tried_with_a_guard_and_a_rule_made_here(
    open_page: Callable[..., LabPage], lab: Lab, theme: str
) -> None:
    page = open_page(height=1100).page
    main = open_guards(page, lab)
    main.get_by_role("button", name="New guard").click()
    main.get_by_label("Name", exact=True).fill("code names")
    main.get_by_label("Kind").select_option("deny_list")
    main.get_by_label("Terms").fill("bluebird")
    picture(page, f"guards-guard-{theme}")
    main.get_by_role("button", name="Save").click()
    expect(main.locator('[data-name="code names"]')).to_contain_text("Judge")

    main.get_by_role("button", name="New moderation rule").click()
    main.get_by_label("Name", exact=True).fill("no code names")
    main.get_by_label("Guard", exact=True).select_option("code names")
    main.get_by_role("radio", name="An answer").check(force=True)
    main.get_by_label("Text", exact=True).fill("We call it Bluebird.")
    main.get_by_role("button", name="Look at it").click()
    said = main.get_by_role("table", name="What judges say")
    expect(said.get_by_role("row", name="code names")).to_contain_text("refused")
    main.get_by_role("button", name="Save").click()
    expect(main.locator('[data-name="no code names"]')).to_contain_text("judged by code names")


@pytest.mark.timeout(180)
def test_cells_that_are_redacted_and_blocked_say_so(
    open_page: Callable[..., LabPage], lab: Lab, theme: str
) -> None:
    lab.write_notebook(
        "guarded.ipynb",
        [
            "%%llm up/m\nWrite to lea.weber@example.org that we are late.",
            "%%llm up/m\nCharge 4111 1111 1111 1111, please.",
            f"%%llm up/m --dry-run\nPay {IBAN} and tell lea.weber@example.org.",
        ],
    )
    page = open_page(height=1100)
    page.open_notebook("guarded.ipynb")
    page.run(0)
    expect(page.answers.first).to_be_visible()
    expect(page.cell(0)).to_contain_text("Redacted before sending: EMAIL_ADDRESS")
    page.run(1)
    expect(page.cell(1)).to_contain_text("CREDIT_CARD")
    page.run(2)
    expect(page.cell(2)).to_contain_text("IBAN_CODE")
    expect(page.cell(2)).to_contain_text("Nothing was sent.")
    page.cell(0).scroll_into_view_if_needed()
    picture(page.page, f"guards-cells-{theme}")
