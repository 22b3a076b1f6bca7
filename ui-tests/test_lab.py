"""Prompts, models and money in a real JupyterLab over a real gateway (S23, T49, T50, T55)."""

from __future__ import annotations

import json
import re
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from nbformat import v4
from playwright.sync_api import Locator, expect

from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI

if TYPE_CHECKING:
    from conftest import Lab, LabPage

pytestmark = pytest.mark.needs("chromium")

#: Two prompts of ten ask the free offline demo, the others two models at different prices.
MODELS = ["campus/qwen3-32b", "fast", "echo/echo", "fast", "campus/qwen3-32b"] * 2
SLOW = Behaviour(text="one more word " * 400, piece_delay=0.05)


def spend_of(lab: Lab, document: str) -> dict[str, Any]:
    query = urllib.parse.urlencode({"document": document})
    return lab.ask_gateway(f"costs?{query}")["notebook"]


def calls_of(lab: Lab, document: str) -> list[dict[str, Any]]:
    query = urllib.parse.urlencode({"document": document, "limit": 50})
    return lab.ask_gateway(f"calls?{query}")["calls"]


def in_dollars(amount: str) -> str:
    """An amount to its last digit in plain notation, as tooltips have it."""
    return f"${Decimal(amount):f}"


def total_row(sidebar: Locator) -> Locator:
    return sidebar.locator(".jp-mesh-Total", has_text="This notebook")


def expect_truth(page: LabPage, document: str, count: int) -> Decimal:
    """Screen, gateway's total and the sum of its calls agree to the last digit."""
    row = total_row(page.open_sidebar())
    described = row.locator("dd").first
    expect(described).to_have_attribute("title", starting_with(count), timeout=30_000)
    spend, calls = spend_of(page.lab, document), calls_of(page.lab, document)
    assert spend["calls"] == len(calls) == count
    total = sum((Decimal(call["cost_usd"]) for call in calls), Decimal(0))
    assert total == Decimal(spend["cost_usd"])
    amount = row.locator(".jp-mesh-Amount")
    expect(amount).to_have_attribute("title", in_dollars(spend["cost_usd"]))
    tokens = [sum(call["tokens"][side] for call in calls) for side in ("input", "output")]
    assert tokens == [spend["input_tokens"], spend["output_tokens"]]
    status = page.page.locator(".jp-mesh-Status")
    expect(status).to_have_attribute("title", holding(in_dollars(spend["cost_usd"])))
    return total


def starting_with(count: int) -> re.Pattern[str]:
    return re.compile(rf"^{count} calls?, ")


def holding(text: str) -> re.Pattern[str]:
    return re.compile(re.escape(text))


def await_upstream(upstream: FakeOpenAI, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, [one.end for one in upstream.requests]
        time.sleep(0.05)


def run_all(page: LabPage) -> None:
    page.page.get_by_role("menuitem", name="Run", exact=True).click()
    page.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()


def test_ten_prompts_cost_on_the_screen_what_the_gateway_says(
    page: LabPage, lab: Lab, upstream: FakeOpenAI
) -> None:
    sources = [f"%%llm {model}\nQuestion {n} of ten?" for n, model in enumerate(MODELS)]
    lab.write_notebook("ten.ipynb", sources)
    page.open_notebook("ten.ipynb")
    page.open_sidebar()
    run_all(page)
    expect(page.notebook.locator(".jp-mesh-Answer-fact-cost")).to_have_count(10, timeout=90_000)
    expect(page.notebook.locator(".jp-mod-caret")).to_have_count(0)
    total = expect_truth(page, "ten.ipynb", 10)
    assert total > 0
    assert len(upstream.requests) == 8
    rows = page.page.get_by_role("list", name="Recent calls").get_by_role("button")
    assert rows.count() >= 10
    expect(page.page.locator(".jp-mesh-Status-model")).to_have_text("campus/qwen3-32b")

    page.save()
    page.open_notebook("ten.ipynb", await_kernel=False)
    expect(page.notebook.locator(".jp-mesh-Answer-fact-cost")).to_have_count(10)
    assert expect_truth(page, "ten.ipynb", 10) == total
    assert len(upstream.requests) == 8


def test_opening_saved_answers_asks_the_gateway_for_nothing_of_theirs(
    page: LabPage, lab: Lab, upstream: FakeOpenAI
) -> None:
    """S23: what goes to the gateway is the same as for a notebook without a prompt."""
    bundle = {
        "version": 1,
        "id": "s",
        "state": "done",
        "format": "markdown",
        "text": "Saved.",
        "model": "campus/qwen3-32b",
        "request_id": "req-1",
        "cost_usd": "0.5",
    }
    mime = "application/vnd.jupyter-mesh.answer+json"
    saved = [v4.new_output("display_data", {mime: bundle, "text/plain": "Saved."})]
    lab.write_notebook("saved.ipynb", ["%%llm\nWhat?", "%%llm fast\nAnd?"], [saved, saved])
    asked: list[tuple[str, str]] = []
    page.page.on(
        "request", lambda one: asked.append((one.method, urllib.parse.urlsplit(one.url).path))
    )
    page.open_notebook("saved.ipynb", await_kernel=False)
    expect(page.answers).to_have_count(2)
    expect(page.answers.first.locator(".jp-mesh-Answer-prose")).to_have_text("Saved.")
    expect(page.page.locator(".jp-mesh-Status-model")).to_have_text("campus/qwen3-32b")
    page.page.wait_for_timeout(1500)
    to_gateway = {one for one in asked if one[1].startswith("/mesh/")}
    looked_up = ("me", "models", "costs", "calls", "alerts/summary", "revision")  # the sidebar's
    own = {("GET", f"/mesh/api/{name}") for name in looked_up}
    assert to_gateway
    assert to_gateway <= own
    assert not upstream.requests
    assert calls_of(lab, "saved.ipynb") == []


def test_a_reload_in_mid_stream_and_a_restart_change_no_figure(
    page: LabPage, lab: Lab, upstream: FakeOpenAI
) -> None:
    upstream.script(SLOW.model_copy(update={"text": "one more word " * 60}))
    lab.write_notebook("reload.ipynb", ["%%llm\nTell me a long story", "%%llm\nA short one"])
    page.open_notebook("reload.ipynb")
    page.run(0, wait=False)
    expect(page.answers.first).to_contain_text("one more word", timeout=60_000)
    page.page.keyboard.press("Escape")
    page.page.keyboard.press("Control+s")
    page.page.on("dialog", lambda dialog: dialog.accept())
    page.page.reload()
    page.page.locator("#jupyterlab-splash").wait_for(state="detached")
    await_upstream(upstream, lambda: upstream.requests[0].end is not None)
    expect(page.page.locator("#jp-bottom-panel")).to_contain_text("| Idle", timeout=60_000)
    # The call went on in the kernel, was charged once, and no answer claims to be still coming.
    assert upstream.requests[0].end == "answered"
    expect(page.notebook.locator(".jp-mod-caret")).to_have_count(0)
    first = expect_truth(page, "reload.ipynb", 1)

    page.restart_kernel()
    page.run(1)
    expect(page.answers.last).to_contain_text("at your service")
    assert expect_truth(page, "reload.ipynb", 2) > first
    assert len(upstream.requests) == 2


def test_the_stop_button_ends_the_call_upstream(
    page: LabPage, lab: Lab, upstream: FakeOpenAI
) -> None:
    upstream.script(SLOW)
    lab.write_notebook("stop.ipynb", ["%%llm\nNever end"])
    page.open_notebook("stop.ipynb")
    page.run(0, wait=False)
    expect(page.answers.first).to_contain_text("one more word", timeout=60_000)
    page.page.get_by_role("button", name="Stop the model call").click()
    await_upstream(upstream, lambda: upstream.requests[0].end == "client_gone")
    expect(page.cell(0).locator(".jp-InputPrompt")).to_have_text("[1]:")
    expect(page.page.get_by_role("button", name="Stop the model call")).to_have_count(0)
    expect(page.answers.first).to_contain_text("one more word")
    expect(page.notebook.locator(".jp-mod-caret")).to_have_count(0)
    expect_truth(page, "stop.ipynb", 1)
    assert [call["outcome"] for call in calls_of(lab, "stop.ipynb")] == ["aborted"]


def test_errors_can_be_explained_and_nothing_is_sent_before_that(
    page: LabPage, lab: Lab, upstream: FakeOpenAI
) -> None:
    upstream.script(Behaviour(text="You divided by **zero**."))
    lab.write_notebook("error.ipynb", ["total = 1 / 0"])
    page.open_notebook("error.ipynb")
    page.run(0)
    offers = page.cell(0).get_by_role("group", name="Ask campus/qwen3-32b")
    expect(offers.get_by_role("button", name="Fix")).to_be_visible()
    assert not upstream.requests
    offers.get_by_role("button", name="Explain").click()
    expect(page.answers.first).to_contain_text("You divided by zero.", timeout=60_000)
    sent = json.dumps(upstream.requests[0].json)
    assert "ZeroDivisionError" in sent
    assert "total = 1 / 0" in sent


def test_two_notebooks_on_one_kernel_keep_their_threads_apart(
    open_page: Callable[..., LabPage], lab: Lab, upstream: FakeOpenAI
) -> None:
    """T50."""
    first, second = open_page(), open_page()
    for name, secret in (("mine.ipynb", "aubergine"), ("yours.ipynb", "zeppelin")):
        lab.write_notebook(
            name, [f"%%llm --thread t\nThe word is {secret}", "%%llm --thread t\nWord?"]
        )
    first.open_notebook("mine.ipynb")
    share_kernel(lab, "mine.ipynb", "yours.ipynb")
    second.open_notebook("yours.ipynb")
    first.run(0)
    second.run(0)
    first.run(1)
    asked = [json.dumps(one.json["messages"]) for one in upstream.requests]
    assert ["aubergine" in text for text in asked] == [True, False, True]
    assert ["zeppelin" in text for text in asked] == [False, True, False]
    assert [len(calls_of(lab, name)) for name in ("mine.ipynb", "yours.ipynb")] == [2, 1]


def share_kernel(lab: Lab, owner: str, guest: str) -> None:
    headers = {"Authorization": f"token {lab.token}", "Content-Type": "application/json"}
    url = f"{lab.url}/api/sessions"
    sessions = json.load(urllib.request.urlopen(urllib.request.Request(url, headers=headers)))
    kernel = next(one["kernel"]["id"] for one in sessions if one["path"] == owner)
    wish = {"path": guest, "name": guest, "type": "notebook", "kernel": {"id": kernel}}
    urllib.request.urlopen(urllib.request.Request(url, json.dumps(wish).encode(), headers))
