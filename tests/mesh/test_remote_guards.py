"""Services that find and judge, behind a real mesh: what they say holds, and when they fail nothing
leaves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from jupyter_mesh.errors import Blocked, ConfigError, ModerationUnavailable, ScreeningUnavailable
from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.schemas.request import Operation, parse_request
from jupyter_mesh.spi import GUARD_GROUP
from jupyter_mesh.testing.fake_guards import Behaviour, FakeGuard, Fault, Moderations, Presidio
from jupyter_mesh.testing.fake_openai import Behaviour as Answer
from jupyter_mesh.testing.fake_openai import FakeOpenAI

from .world import ADA, ROOT, ask, chat, connection, embedding, mesh_of

PERSON = "Ada Lovelace"
PROMPT = f"Who is {PERSON}? Keep our secret plan to yourself."
KEY = "key-of-the-service-0123456789"
FAULTS: list[Fault] = [
    "rate_limited",
    "server_error",
    "unauthorized",
    "rejected",
    "invalid_json",
    "reset_before",
    "stall",
]


@pytest.fixture
def finder() -> Iterator[FakeGuard]:
    with FakeGuard(Presidio({PERSON: "PERSON"})) as service:
        yield service


@pytest.fixture
def moderator() -> Iterator[FakeGuard]:
    with FakeGuard(Moderations({"secret plan": "violence"})) as service:
        yield service


@pytest.fixture(autouse=True)
def installed(install: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Registered here too, so that an older installation will do."""
    install(
        GUARD_GROUP,
        presidio_service="jupyter_mesh.guards.remote_presidio:PresidioService",
        openai_moderation="jupyter_mesh.guards.remote_moderations:Moderations",
    )
    monkeypatch.setenv("SERVICE_KEY", KEY)


def guards(kind: str, service: FakeGuard, **settings: object) -> dict[str, object]:
    said = {"guard": kind, "base_url": service.address, "residency": "region"}
    return {"watch": {**said, "api_key": "env:SERVICE_KEY", "timeout": 0.5, **settings}}


SCREEN = [{"for": {"residency": "external"}, "detectors": ["watch"]}]


async def test_what_a_service_finds_does_not_leave_and_comes_back(
    tmp_path: Path, upstream: FakeOpenAI, other: FakeOpenAI, finder: FakeGuard
) -> None:
    upstream.default = Answer(text="<PERSON_1> wrote the first program.")
    connections = {"out": connection(upstream), "in": connection(other, residency="local")}
    said = guards("presidio_service", finder)
    async with mesh_of(tmp_path, connections, guards=said, screening=SCREEN) as mesh:
        outcome = await ask(mesh, chat(PROMPT, model="out/m"))
        assert outcome.text == f"{PERSON} wrote the first program."
        assert PERSON not in upstream.requests[0].body.decode()
        shown = len(finder.requests)
        await ask(mesh, chat(PROMPT, model="in/m"))
        assert PERSON in other.requests[0].body.decode()
        assert len(finder.requests) == shown, "what stays here is shown to nobody"
        (one,) = [one for one in mesh.guards.forms().in_force if one.name == "watch"]
        assert one.residency == "region"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_detector_that_fails_lets_nothing_out_and_raises_an_alert(
    tmp_path: Path,
    upstream: FakeOpenAI,
    finder: FakeGuard,
    fault: Fault,
    stream: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    finder.default = Behaviour(fault=fault)
    said = guards("presidio_service", finder)
    connections = {"out": connection(upstream)}
    async with mesh_of(tmp_path, connections, guards=said, screening=SCREEN) as mesh:
        outcome = await ask(mesh, chat(PROMPT, model="out/m", stream=stream))
        assert isinstance(outcome.error, ScreeningUnavailable)
        assert upstream.requests == []
        assert (await mesh.calls(ADA)).calls[0].outcome == "refused"
        await mesh.signals.flush()
        page = await mesh.alerts.page(state="open", kind="guard", before=None, limit=9)
        assert "watch" in {alert.subject for alert in page.alerts}
        kept = (await mesh.call_detail(ROOT, outcome.call.id)).model_dump_json()
        everything = [outcome.error.message, kept, page.model_dump_json(), caplog.text]
        assert not [
            word for word in (PERSON, "secret plan", KEY) for said in everything if word in said
        ]
        finder.default = Behaviour()
        again = await ask(mesh, chat(PROMPT, model="out/m", stream=stream))
        assert again.error is None
        await mesh.signals.flush()
        page = await mesh.alerts.page(state="open", kind="guard", before=None, limit=9)
        assert "watch" not in {alert.subject for alert in page.alerts}


async def test_texts_to_embed_do_not_leave_either_while_a_detector_fails(
    tmp_path: Path, upstream: FakeOpenAI, finder: FakeGuard
) -> None:
    said = guards("presidio_service", finder)
    connections = {"out": connection(upstream, models={"e": {"operations": ["embedding"]}})}
    async with mesh_of(tmp_path, connections, guards=said, screening=SCREEN) as mesh:
        finder.default = Behaviour(fault="server_error")
        outcome = await ask(mesh, embedding([PROMPT, "Hello"], "out/e"))
        assert isinstance(outcome.error, ScreeningUnavailable)
        assert upstream.requests == []
        finder.default = Behaviour()
        outcome = await ask(mesh, embedding([PROMPT, "Hello"], "out/e"))
        assert outcome.error is None
        assert PERSON not in upstream.requests[0].body.decode()


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("direction", ["request", "response"])
async def test_what_a_service_judges_harmful_is_stopped_and_so_is_what_it_cannot_judge(
    tmp_path: Path, upstream: FakeOpenAI, moderator: FakeGuard, direction: str, stream: bool
) -> None:
    upstream.default = Answer(text="Here is the secret plan: to laugh.")
    said = guards("openai_moderation", moderator)
    rules = [{"for": {"direction": direction}, "guard": "watch"}]
    asked = {"request": PROMPT, "response": "What is it?"}[direction]
    async with mesh_of(
        tmp_path, {"up": connection(upstream)}, guards=said, moderation=rules, screening=[]
    ) as mesh:
        stopped = await ask(mesh, chat(asked, model="up/m", stream=stream))
        assert "secret plan" not in stopped.text
        if direction == "request":
            assert isinstance(stopped.error, Blocked)
            assert upstream.requests == []
        moderator.default = Behaviour(fault="server_error")
        unjudged = await ask(mesh, chat(f"{asked} Again.", model="up/m", stream=stream))
        assert "secret plan" not in unjudged.text
        if direction == "request":
            assert isinstance(unjudged.error, ModerationUnavailable)
            assert upstream.requests == []


@pytest.mark.parametrize(
    ("residency", "stays", "fits"),
    [
        ("local", "local", True),
        ("region", "local", False),
        ("external", "local", False),
        ("local", "region", True),
        ("region", "region", True),
        ("external", "region", False),
        ("external", None, True),
    ],
)
@pytest.mark.parametrize("section", ["screening", "moderation"])
async def test_a_rule_may_say_how_far_its_texts_go_to_be_looked_through(
    tmp_path: Path,
    upstream: FakeOpenAI,
    finder: FakeGuard,
    residency: str,
    stays: str | None,
    fits: bool,
    section: str,
) -> None:
    kind = {"screening": "presidio_service", "moderation": "openai_moderation"}[section]
    said = guards(kind, finder, residency=residency)
    rule = {"screening": {"detectors": ["standard", "watch"]}, "moderation": {"guard": "watch"}}
    rules: dict[str, object] = {section: [{**rule[section], "text_stays": stays}]}
    started = mesh_of(tmp_path, {"up": connection(upstream)}, guards=said, **rules)  # pyright: ignore[reportArgumentType]
    if fits:
        async with started:
            return
    with pytest.raises(ConfigError, match=rf"{section}\[0\].*'watch'.*{residency}"):
        async with started:
            pass


@pytest.mark.parametrize(("residency", "fits"), [("local", True), ("external", False)])
async def test_a_guard_goes_as_far_as_the_model_it_asks(
    tmp_path: Path, upstream: FakeOpenAI, residency: str, fits: bool
) -> None:
    models = {"m": {"internal": True, "operations": ["classify"]}}
    up = connection(upstream, residency=residency, models=models)
    said = {"watch": {"guard": "classifier", "model": "up/m"}}
    rules = [{"guard": "watch", "text_stays": "local"}]
    started = mesh_of(tmp_path, {"up": up}, guards=said, moderation=rules)
    if fits:
        async with started:
            return
    with pytest.raises(ConfigError, match="external"):
        async with started:
            pass


@pytest.mark.parametrize(
    ("target", "stays", "doubted"),
    [
        ({}, None, ["in"]),
        ({"residency": "external"}, None, []),
        ({"residency": "local"}, None, ["in"]),
        ({"connection": "o*"}, None, []),
        ({"connection": "i*"}, None, ["in"]),
        ({"model": "out/m"}, None, []),
        ({"model": "in/*"}, None, ["in"]),
        ({}, "external", []),
    ],
)
async def test_who_shows_the_text_for_a_model_nearby_to_somebody_outside_is_told(
    tmp_path: Path,
    upstream: FakeOpenAI,
    moderator: FakeGuard,
    target: dict[str, object],
    stays: str | None,
    doubted: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    connections = {"out": connection(upstream), "in": connection(upstream, residency="local")}
    connections["oddly"] = {"provider": "not installed here"}
    said = guards("openai_moderation", moderator, residency="external")
    rules = [{"for": {"direction": "request", **target}, "guard": "watch", "text_stays": stays}]
    async with mesh_of(tmp_path, connections, guards=said, moderation=rules):
        pass
    warned = re.findall(r"moderation\[0\]: what is meant for (\w+) is shown to", caplog.text)
    assert sorted(set(warned)) == doubted


@pytest.mark.parametrize(("residency", "shown"), [("local", True), ("external", False)])
async def test_what_one_asks_the_judges_oneself_is_screened_before_it_leaves(
    tmp_path: Path, upstream: FakeOpenAI, moderator: FakeGuard, residency: str, shown: bool
) -> None:
    said = guards("openai_moderation", moderator, residency=residency)
    body: JsonObject = {"model": "mesh/guards", "input": "Mail ada@example.org the secret plan."}
    async with mesh_of(tmp_path, {"up": connection(upstream)}, guards=said) as mesh:
        outcome = await ask(mesh, parse_request(Operation.MODERATION, body))
        assert outcome.error is None
    (request,) = moderator.requests
    assert ("ada@example.org" in request.body.decode()) is shown
    assert "secret plan" in request.body.decode()


async def test_the_inventory_tells_which_services_see_the_texts_of_a_use(
    tmp_path: Path, upstream: FakeOpenAI, finder: FakeGuard, moderator: FakeGuard
) -> None:
    said = guards("presidio_service", finder)
    judge = cast("dict[str, object]", guards("openai_moderation", moderator)["watch"])
    said["judge"] = {**judge, "residency": "external"}
    screening = [{"detectors": ["secrets", "watch"], "mode": "monitor"}]
    rules = [{"guard": "judge", "for": {"direction": "request"}}]
    async with mesh_of(
        tmp_path, {"up": connection(upstream)}, guards=said, moderation=rules, screening=screening
    ) as mesh:
        await ask(mesh, chat("Hello", model="up/m"))
        now = datetime.now(UTC)
        report = await mesh.inventory.report(since=now - timedelta(days=1), until=now)
    (use,) = report.use_cases
    watched = ["secrets (monitor)", "watch (monitor, region)"]
    assert [one for one in use.guards if "monitor" in one] == watched
    assert {"patterns", "secrets"} < set(use.guards), "the default goes on holding beside them"
    assert use.moderation == ["judge (request, external)"]
