"""A policy that names what none of its detectors can find is refused, and says what to install."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_mesh import references
from jupyter_mesh.config import Config, standard_detectors
from jupyter_mesh.errors import ConfigError
from jupyter_mesh.guards import presidio
from jupyter_mesh.guards.patterns import Patterns
from jupyter_mesh.guards.secrets import Secrets
from jupyter_mesh.mesh.guards import check_guards
from jupyter_mesh.mesh.plugins import Plugins
from jupyter_mesh.references import PRESIDIO_VARIABLE
from jupyter_mesh.spi import GUARD_GROUP
from jupyter_mesh.spi.guard import GuardedCall
from jupyter_mesh.testing.fake_openai import FakeOpenAI

from .world import ask, chat, connection, mesh_of

INSTALL = "pip install 'jupyter-mesh[presidio]'"
NAMES = {"names": {"guard": "deny_list_detector", "terms": ["Ada"], "entity": "CUSTOMER"}}
KEYS = (
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U "
    "sk-proj-" + "aB3dE6gH9jK2mN5pQ8sT1vW4" * 2 + " curl -u ada:s3cret-Word-77 https://example.org"
)
OWN = {
    "o": {"provider": "openai", "models": {"e": {"internal": True}, "c": {"internal": True}}},
}
STAFF = {
    "staff": {
        "guard": "database",
        "url": "sqlite:///staff.db",
        "query": "SELECT project FROM staff",
        "columns": {"project": "PROJECT"},
    }
}
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
    config = Config.model_validate(
        {"connections": OWN, "guards": {**NAMES, **FEW, **STAFF}, **sections}
    )
    check_guards(config, Plugins())


REFUSED: list[tuple[dict[str, object], list[str]]] = [
    ({"entities": {"PERSON": "block"}}, ["screening[0]", "can find PERSON", INSTALL]),
    ({"entities": {"PERSON": "redact", "EMAIL_ADDRESS": "block"}}, ["can find PERSON", INSTALL]),
    ({"entities": {"EMAIL": "block"}}, ["did you mean 'EMAIL_ADDRESS'"]),
    ({"entities": {"CUSTOMER": "block"}}, ["can find CUSTOMER: name `names` among"]),
    ({"entities": {"CUSTOMRE": "block"}}, ["can find CUSTOMRE (did you mean 'CUSTOMER'?)."]),
    (
        {"detectors": ["staff"], "entities": {"CUSTOMER": "block"}},
        [
            "can find CUSTOMER: name `names` among its detectors; or name a column of the query "
            "that holds CUSTOMER under `columns`.",
        ],
    ),
    (
        {"detectors": ["staff"], "entities": {"PROJCET": "block"}},
        [
            "can find PROJCET (did you mean 'PROJECT'?): name a column of the query that holds "
            "PROJCET under `columns`.",
        ],
    ),
    ({"detectors": ["names"], "entities": {"ZEBRA": "block"}}, ["(there are: CUSTOMER)."]),
    (
        {"detectors": ["few"], "entities": {"CREDIT_CARD": "block"}},
        ["add CREDIT_CARD to `entities` of the guard `patterns`"],
    ),
    (
        {"detectors": ["names"], "entities": {"API_KEY": "block"}},
        ["can find API_KEY: name `secrets` among its detectors."],
    ),
]


@pytest.mark.parametrize(("rule", "said"), REFUSED)
@pytest.mark.usefixtures("without_presidio")
def test_what_nobody_can_find_is_refused(rule: dict[str, object], said: list[str]) -> None:
    with pytest.raises(ConfigError) as refused:
        check(screening=[rule])
    for piece in said:
        assert piece in refused.value.message
    assert ".." not in refused.value.message


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


EXPRESSIONS = {
    "guard": "expressions",
    "patterns": [
        {"entity": "CASE", "pattern": "c[0-9]{4}", "score": 0.2},
        {"entity": "TICKET", "pattern": "t[0-9]{4}", "score": 0.3, "context": ["ticket"]},
    ],
}
ASKED = {"o": {"provider": "echo", "models": {"e": {"internal": True}, "c": {"internal": True}}}}
CALLED: dict[str, dict[str, object]] = {
    "words": {"guard": "word_list", "words": {"slang": ["grumph"]}},
    "denied": {"guard": "deny_list", "terms": ["falcon"], "entity": "PROJECT"},
    "topics": {"guard": "topics", "model": "o/e", "deny": {"law": ["a", "b"]}},
    "allowed": {"guard": "topics", "model": "o/e", "allow": {"law": ["a", "b"]}},
    "toxic": {"guard": "classifier", "model": "o/c", "labels": {"LABEL_1": "toxic"}},
    "any": {"guard": "classifier", "model": "o/c"},
    "tricks": {"guard": "injection"},
    "leak": {"guard": "system_prompt"},
    "form": {"guard": "format"},
    "openai": {"guard": "openai_moderation", "residency": "external", "api_key": "env:K"},
    "own": {
        "guard": "openai_moderation",
        "residency": "local",
        "base_url": "http://127.0.0.1:9/v1",
    },
    "azure": {
        "guard": "azure_content_safety",
        "residency": "region",
        "base_url": "https://x.example.org",
        "api_key": "env:K",
        "checks": ["harm", "attacks"],
        "categories": ["Hate"],
        "blocklists": ["ours"],
    },
}


@pytest.fixture
def judges(install: Callable[..., None]) -> None:
    """Registered here too, so that an older installation will do."""
    at = "jupyter_mesh.guards"
    install(
        GUARD_GROUP,
        expressions=f"{at}.expressions:Expressions",
        word_list=f"{at}.word_list:WordList",
        deny_list=f"{at}.deny_list:DenyList",
        topics=f"{at}.topics:Topics",
        classifier=f"{at}.classifier:Classifier",
        injection=f"{at}.injection:Injection",
        system_prompt=f"{at}.system_prompt:SystemPrompt",
        format=f"{at}.format:Format",
        openai_moderation=f"{at}.remote_moderations:Moderations",
        azure_content_safety=f"{at}.remote_content_safety:ContentSafety",
    )


def judged(guard: str, category: str, mode: str = "enforce") -> None:
    rule = {"guard": guard, "categories": {category: 0.5}, "mode": mode}
    check(connections=ASKED, guards=CALLED, moderation=[rule])


@pytest.mark.usefixtures("judges")
@pytest.mark.parametrize(
    ("guard", "right", "wrong"),
    [
        ("words", "hate", "hatte"),
        ("words", "slang", "slangs"),
        ("denied", "PROJECT", "DENIED_TERM"),
        ("topics", "law", "off_topic"),
        ("allowed", "off_topic", "law"),
        ("toxic", "toxic", "LABEL_1"),
        ("tricks", "prompt_injection", "injection"),
        ("leak", "system_prompt", "prompt"),
        ("form", "format", "form"),
        ("openai", "self-harm", "self_harm"),
        ("azure", "hate", "violence"),
        ("azure", "prompt_attack", "attack"),
        ("azure", "blocklist ours", "ours"),
    ],
)
def test_a_category_that_its_judge_never_names_is_refused(
    guard: str, right: str, wrong: str
) -> None:
    judged(guard, right)
    with pytest.raises(ConfigError, match=rf"moderation\[0\].*{guard}.*{wrong}"):
        judged(guard, wrong)
    judged(guard, wrong, "monitor")


@pytest.mark.usefixtures("judges")
@pytest.mark.parametrize("guard", ["any", "own"])
def test_of_a_judge_that_cannot_tell_no_category_is_refused(guard: str) -> None:
    judged(guard, "whatever")


UNREACHED: list[tuple[dict[str, object], str]] = [
    ({"entities": {"EMAIL_ADDRESS": "block"}, "thresholds": {"EMAIL_ADRESS": 0.2}}, "did you mean"),
    ({"entities": {"API_KEY": "block"}, "thresholds": {"*": 1.0}}, "found of API_KEY scores less"),
    ({"entities": {"PHONE_NUMBER": "block"}, "thresholds": {"*": 0.81}}, "PHONE_NUMBER"),
    ({"thresholds": {"US_SSN": 0.86}}, "US_SSN"),
    ({"detectors": ["own"], "entities": {"CASE": "block"}, "thresholds": {"CASE": 0.9}}, "CASE"),
    ({"detectors": ["own", "few"], "thresholds": {"CASE": 0.21}}, "CASE"),
]
REACHED: list[dict[str, object]] = [
    {"thresholds": {"EMAIL_ADDRESS": 1.0, "PERSON": 0.6, "*": 0.3}},
    {"entities": {"API_KEY": "block"}, "thresholds": {"*": 0.95}},
    {"entities": {"PHONE_NUMBER": "block"}, "thresholds": {"*": 1.0, "PHONE_NUMBER": 0.8}},
    {"entities": {"PHONE_NUMBER": "allow"}, "thresholds": {"*": 1.0}},
    {"detectors": ["own"], "entities": {"TICKET": "block"}, "thresholds": {"*": 0.9}},
    {"detectors": ["own", "names"], "thresholds": {"*": 0.9}},
    {"entities": {"API_KEY": "block"}, "thresholds": {"*": 1.0}, "mode": "monitor"},
]


def screened(rule: dict[str, object]) -> None:
    check(guards={**NAMES, **FEW, "own": EXPRESSIONS}, screening=[rule])


@pytest.mark.parametrize(("rule", "said"), UNREACHED)
@pytest.mark.usefixtures("without_presidio", "judges")
def test_a_threshold_that_nothing_reaches_is_refused(rule: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=rf"screening\[0\].*{said}"):
        screened(rule)


@pytest.mark.parametrize("rule", REACHED)
@pytest.mark.usefixtures("without_presidio", "judges")
def test_a_threshold_that_something_reaches_is_kept(rule: dict[str, object]) -> None:
    screened(rule)


@pytest.mark.usefixtures("without_presidio", "judges")
def test_thresholds_over_answers_are_held_to_the_same() -> None:
    rule: dict[str, object] = {"detectors": ["standard"], "categories": {"API_KEY": 0.96}}
    with pytest.raises(ConfigError, match="API_KEY"):
        check(moderation=[rule])
    low = {"own": {**EXPRESSIONS, "patterns": EXPRESSIONS["patterns"][:1]}}
    with pytest.raises(ConfigError, match="higher than the scores"):
        check(guards=low, moderation=[{"detectors": ["own"]}])
    check(guards=low, moderation=[{"detectors": ["own"], "threshold": 0.2}])


SURE = (
    "ada@example.org 4111 1111 1111 1111 DE89370400440532013000 203.0.113.9 00:1b:44:11:3a:b7 "
    "+49 30 901820 https://ada:s3cret-word@example.org/ 536-22-8142"
)


async def test_a_detector_is_as_sure_as_it_says() -> None:
    for guard, text in ((Patterns(Patterns.Config()), SURE), (Secrets(Secrets.Config()), KEYS)):
        ((*found,),) = await guard.find([text], GuardedCall())
        surest: dict[str, float] = {}
        for one in found:
            surest[one.entity] = max(one.score, surest.get(one.entity, 0.0))
        assert surest == {entity: guard.surest(entity) for entity in surest}
        assert len(surest) >= 3


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ({"group": "analystss"}, "did you mean 'analysts'"),
        ({"application": "kiosc-*"}, "no application 'kiosc-*' here yet"),
    ],
)
@pytest.mark.parametrize("section", ["screening", "moderation"])
def test_a_caller_that_nobody_is_is_told(
    target: dict[str, object], said: str, section: str, judges: None
) -> None:
    rule = {"for": target, **({"guard": "words"} if section == "moderation" else {})}
    config = Config.model_validate(
        {
            "connections": ASKED,
            "guards": CALLED,
            "groups": {"analysts": {"allow": ["*"]}},
            section: [rule],
        }
    )
    told = [one for one in references.doubtful_names(config) if f"{section}[0].for" in one]
    assert len(told) == 1
    assert said in told[0]


@pytest.mark.parametrize("target", [{"group": "analysts"}, {"application": "note*"}])
def test_a_caller_that_somebody_is_is_not_told(target: dict[str, object]) -> None:
    config = Config.model_validate(
        {"groups": {"analysts": {"allow": ["*"]}}, "screening": [{"for": target}]}
    )
    assert not [one for one in references.doubtful_names(config) if "screening" in one]


@pytest.mark.parametrize("group", ["ana*", "*", "analyst?"])
def test_a_glob_for_a_group_is_refused(group: str) -> None:
    with pytest.raises(ValueError, match="named in full"):
        Config.model_validate({"screening": [{"for": {"group": group}}]})
