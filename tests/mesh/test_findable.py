"""A policy that names what none of its detectors can find is refused, and says what to install."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_mesh import references
from jupyter_mesh.config import Config, standard_detectors
from jupyter_mesh.errors import ConfigError
from jupyter_mesh.guards import presidio
from jupyter_mesh.mesh.guards import check_guards
from jupyter_mesh.mesh.plugins import Plugins
from jupyter_mesh.references import PRESIDIO_VARIABLE
from jupyter_mesh.spi import GUARD_GROUP
from jupyter_mesh.spi.guard import GuardedCall
from jupyter_mesh.testing.fake_openai import FakeOpenAI

from .world import ask, chat, connection, mesh_of

INSTALL = "pip install 'jupyter-mesh[presidio]'"
NAMES = {"names": {"guard": "deny_list_detector", "terms": ["Ada"], "entity": "CUSTOMER"}}
FEW = {"few": {"guard": "patterns", "entities": ["US_SSN"]}}


@pytest.fixture
def without_presidio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presidio, "is_installed", lambda: False)


@pytest.fixture
def with_presidio(monkeypatch: pytest.MonkeyPatch, install: Callable[..., None]) -> Iterator[None]:
    pytest.importorskip("presidio_analyzer")
    monkeypatch.delenv(PRESIDIO_VARIABLE)
    install(GUARD_GROUP, presidio="jupyter_mesh.guards.presidio:Presidio")
    looked_up = references._presidio_is_there  # pyright: ignore[reportPrivateUsage]
    looked_up.cache_clear()
    yield
    looked_up.cache_clear()


def check(**sections: object) -> None:
    config = Config.model_validate({"guards": {**NAMES, **FEW}, **sections})
    check_guards(config, Plugins())


REFUSED: list[tuple[dict[str, object], list[str]]] = [
    ({"entities": {"PERSON": "block"}}, ["screening[0]", "can find PERSON", INSTALL]),
    ({"entities": {"PERSON": "redact", "EMAIL_ADDRESS": "block"}}, ["can find PERSON", INSTALL]),
    ({"entities": {"EMAIL": "block"}}, ["did you mean 'EMAIL_ADDRESS'"]),
    ({"entities": {"CUSTOMER": "block"}}, ["can find CUSTOMER (there are"]),
    (
        {"detectors": ["few"], "entities": {"CREDIT_CARD": "block"}},
        ["add CREDIT_CARD to `entities` of the guard `patterns`"],
    ),
    (
        {"detectors": ["names"], "entities": {"API_KEY": "block"}},
        ["can find API_KEY (there are: CUSTOMER)"],
    ),
]


@pytest.mark.parametrize(("rule", "said"), REFUSED)
@pytest.mark.usefixtures("without_presidio")
def test_what_nobody_can_find_is_refused(rule: dict[str, object], said: list[str]) -> None:
    with pytest.raises(ConfigError) as refused:
        check(screening=[rule])
    for piece in said:
        assert piece in refused.value.message


KEPT: list[dict[str, object]] = [
    {},
    {"entities": {"EMAIL_ADDRESS": "block", "API_KEY": "block", "*": "alert"}},
    {"entities": {"PERSON": "allow"}},
    {"detectors": ["standard", "names"], "entities": {"CUSTOMER": "block", "JWT": "block"}},
    {"detectors": ["few"], "entities": {"US_SSN": "block"}},
    {"mode": "monitor", "entities": {"PERSON": "block"}},
]


@pytest.mark.parametrize("rule", KEPT)
@pytest.mark.usefixtures("without_presidio")
def test_what_can_be_found_or_is_let_pass_or_only_watched_for_is_taken(
    rule: dict[str, object],
) -> None:
    check(screening=[rule])


def test_of_a_detector_that_cannot_tell_nothing_is_refused(install: Callable[..., None]) -> None:
    install(GUARD_GROUP, broken="tests.mesh.broken_guard:Broken")
    guards = {"broken": {"guard": "broken"}}
    rule = {"detectors": ["standard", "broken"], "entities": {"PERSON": "block"}}
    check(guards=guards, screening=[rule])


def test_rules_for_answers_are_held_to_the_same(without_presidio: None) -> None:
    rule = {"detectors": ["standard"], "categories": {"PERSON": 0.5}}
    with pytest.raises(ConfigError, match=r"moderation\[0\].*PERSON.*presidio"):
        check(moderation=[rule])
    check(moderation=[{"detectors": ["standard"], "categories": {"API_KEY": 0.5}}])


@pytest.mark.usefixtures("with_presidio")
def test_with_presidio_it_is_part_of_the_standard(monkeypatch: pytest.MonkeyPatch) -> None:
    assert standard_detectors() == ("patterns", "secrets", "presidio")
    check(screening=[{"entities": {"UK_NHS": "block", "DE_TAX_ID": "redact"}}])
    with pytest.raises(ConfigError, match="spacy download"):
        check(screening=[{"entities": {"PERSON": "block"}}])
    with pytest.raises(ConfigError, match="name `presidio` among its detectors"):
        check(screening=[{"detectors": ["patterns"], "entities": {"UK_NHS": "block"}}])
    monkeypatch.setenv(PRESIDIO_VARIABLE, "off")
    assert standard_detectors() == ("patterns", "secrets")


@pytest.mark.usefixtures("with_presidio", "without_presidio")
def test_a_detector_that_is_not_installed_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="'presidio' can find nothing: install it"):
        check(guards={"presidio": {"guard": "presidio"}}, screening=[{"detectors": ["presidio"]}])


@pytest.mark.usefixtures("with_presidio")
async def test_what_presidio_finds_never_leaves(tmp_path: Path, other: FakeOpenAI) -> None:
    async with mesh_of(tmp_path, {"out": connection(other)}) as mesh:
        # A busy machine takes longer to load Presidio than a call may be screened for.
        await mesh.snapshot.detectors["presidio"].find(["x"], GuardedCall())
        prompt = "The patient's NHS number is 943 476 5919, mail ada@example.org."
        outcome = await ask(mesh, chat(prompt, model="out/m"))
        assert outcome.error is None
        sent = other.requests[0].body.decode()
        assert "943 476 5919" not in sent
        assert "ada@example.org" not in sent
        assert "<UK_NHS_1>" in sent or "<PHONE_NUMBER_1>" in sent


@pytest.mark.usefixtures("without_presidio")
async def test_on_trial_it_is_told_with_the_health_of_the_gateway(
    tmp_path: Path, other: FakeOpenAI
) -> None:
    rule = {"mode": "monitor", "entities": {"PERSON": "block"}}
    async with mesh_of(tmp_path, {"out": connection(other)}, screening=[rule]) as mesh:
        assert "can find PERSON" in mesh.health().checks["screening"]
        assert (await ask(mesh, chat("Ada", model="out/m"))).error is None
    async with mesh_of(tmp_path, {"out": connection(other)}) as mesh:
        assert "screening" not in mesh.health().checks
