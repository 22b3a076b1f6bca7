"""Whatever a service does wrong closes the call, quickly, and is told; nothing of it leaks."""

from __future__ import annotations

import asyncio
import logging
import time

import pytest

from jupyter_mesh.errors import (
    ConfigError,
    InvalidRequest,
    MeshError,
    ProviderProtocolError,
    ProviderRateLimited,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)
from jupyter_mesh.outbound.authorization import Token
from jupyter_mesh.outbound.azure_identity import EntraTokens
from jupyter_mesh.outbound.google_credentials import GoogleCredentials
from jupyter_mesh.schemas.json import Json
from jupyter_mesh.spi.guard import Detector, Guard, GuardedCall, Judge
from jupyter_mesh.testing.fake_guards import Behaviour, Comprehend, FakeGuard, Fault, Presidio

from .remote_guards import (
    AWS,
    AZURE,
    COMPREHEND,
    DETECTORS,
    DLP,
    EVERY,
    KEY,
    MODERATIONS,
    PEOPLE,
    PRESIDIO,
    SAFETY,
    GoogleToken,
    Vendor,
    World,
    started,
)

CALL = GuardedCall()
TEXT = f"Dear {PEOPLE[0]}, your secret plan to write to {PEOPLE[1]} is known."
FAULTS: dict[Fault, type[MeshError]] = {
    "rate_limited": ProviderRateLimited,
    "server_error": ProviderUnavailable,
    "html_error": ProviderUnavailable,
    "unauthorized": ProviderRejected,
    "redirect": ProviderProtocolError,
    "error_in_200": ProviderUnavailable,
    "wrong_type": ProviderProtocolError,
    "invalid_json": ProviderProtocolError,
    "cut": ProviderProtocolError,
    "reset_before": ProviderUnavailable,
    "reset_after": ProviderProtocolError,
    "stall": ProviderTimeout,
    "stall_middle": ProviderTimeout,
    "gzip_bomb": ProviderProtocolError,
    "huge": ProviderProtocolError,
}
SECRETS = (KEY, AWS.secret_key, "ya29.token-0123456789", *PEOPLE, "secret plan")


@pytest.fixture(autouse=True)
def google(monkeypatch: pytest.MonkeyPatch) -> None:
    GoogleToken.install(monkeypatch)


async def ask(guard: Guard, text: str = TEXT) -> None:
    """Have it look at a text, whichever kind it is."""
    if isinstance(guard, Detector):
        await guard.find([text], CALL)
    else:
        assert isinstance(guard, Judge)
        await guard.judge(text, "request", CALL)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("vendor", EVERY, ids=lambda v: v.title)
async def test_every_fault_closes_the_call_and_is_told_without_a_word_of_the_text(
    vendor: Vendor[Guard], fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    world = World()
    async with vendor.server("nothing") as service:
        service.default = Behaviour(fault=fault, huge_bytes=512 * 1024)
        limits = {"timeout": 0.4 if "stall" in fault else 10, "max_answer_bytes": 64 * 1024}
        async with started(vendor.make(service.address, **limits), world) as guard:
            with pytest.raises(MeshError) as raised:
                await ask(guard)
            is_unlike = vendor is COMPREHEND and fault == "error_in_200"  # AWS has no such thing
            expected = ProviderProtocolError if is_unlike else FAULTS[fault]
            assert type(raised.value) is expected
            service.default = Behaviour()
            await ask(guard)
    assert world.kinds == ["guard_failing", "guard_working"]
    said = [raised.value.message, caplog.text, *(one.message for one in world.told)]
    assert not [secret for secret in SECRETS for text in said if secret in text]
    assert {one.subject for one in world.told} == {"watch"}


@pytest.mark.parametrize("vendor", EVERY, ids=lambda v: v.title)
@pytest.mark.parametrize("answer", [{}, {"result": []}, {"results": [{}]}, {"Entities": 7}])
async def test_json_that_is_not_the_services_closes_the_call(
    vendor: Vendor[Guard], answer: dict[str, object]
) -> None:
    world = World()
    async with vendor.server() as service:
        service.default = Behaviour.model_validate({"answer": answer})
        async with started(vendor.make(service.address), world) as guard:
            with pytest.raises(ProviderProtocolError):
                await ask(guard)
    assert world.kinds == ["guard_failing"]


def _azure(**changes: object) -> dict[str, object]:
    entity = {"category": "Person", "offset": 0, "length": 3, "confidenceScore": 0.9, **changes}
    return {"results": {"documents": [{"id": "0", "entities": [entity]}], "errors": []}}


@pytest.mark.parametrize(
    "answer",
    [
        _azure(offset=-1),
        _azure(offset=1_000),
        _azure(length=0),
        _azure(length=1_000),
        _azure(offset=None),
        _azure(offset="0"),
        _azure(offset=True),
        _azure(category=""),
        _azure(category="<script>"),
        _azure(category="é"),
        _azure(category="A" * 65),
        _azure(category=None),
        _azure(confidenceScore=1.5),
        _azure(confidenceScore=-0.1),
        _azure(confidenceScore=None),
        _azure(confidenceScore="0.9"),
        _azure(confidenceScore=True),
        {"results": {"documents": [], "errors": []}},
        {"results": {"documents": [], "errors": [{"id": "0", "error": {"code": "Invalid"}}]}},
    ],
)
async def test_findings_that_cannot_be_close_the_call(answer: dict[str, object]) -> None:
    async with AZURE.server() as service:
        service.default = Behaviour.model_validate({"answer": answer})
        async with started(AZURE.make(service.address)) as guard:
            with pytest.raises(ProviderProtocolError):
                await guard.find([TEXT], CALL)


def _dlp(start: object, end: object) -> dict[str, object]:
    location = {"codepointRange": {"start": start, "end": end}}
    finding = {"infoType": {"name": "PERSON_NAME"}, "location": location}
    return {"result": {"findings": [finding]}}


@pytest.mark.parametrize(
    "places",
    [("0", PEOPLE[0]), (PEOPLE[0], "3"), ("0", "-1"), ("²", "5"), ("0", "9" * 5_000), (True, "4")],
)
async def test_what_stands_in_place_of_a_number_is_not_quoted(
    places: tuple[object, object],
) -> None:
    async with DLP.server() as service:
        service.default = Behaviour.model_validate({"answer": _dlp(*places)})
        async with started(DLP.make(service.address)) as guard:
            with pytest.raises(ProviderProtocolError) as raised:
                await guard.find([TEXT], CALL)
    assert PEOPLE[0] not in raised.value.message
    assert len(raised.value.message) < 300


async def test_a_place_within_a_character_closes_the_call_and_quotes_nothing() -> None:
    answer = [{"start": 2, "end": 5, "entity_type": "PERSON", "score": 1}]
    async with FakeGuard(_Fixed(answer)) as service:
        guard = PRESIDIO.make(service.address, batch=1, offsets="bytes")
        async with started(guard):
            with pytest.raises(ProviderProtocolError, match="within a character") as raised:
                await guard.find(["é😀 secret"], CALL)
    assert "secret" not in raised.value.message


class _Fixed(Presidio):
    """Finds the same in every text."""

    def __init__(self, answer: list[dict[str, object]]) -> None:
        super().__init__()
        self._answer = answer

    def looked_through(self, received: object, body: object) -> list[Json]:
        return self._answer  # pyright: ignore[reportReturnType]


async def test_the_same_answer_as_it_should_be_is_taken() -> None:
    async with AZURE.server() as service:
        service.default = Behaviour.model_validate({"answer": _azure()})
        async with started(AZURE.make(service.address)) as guard:
            ((found,),) = await guard.find([TEXT], CALL)
    assert (found.start, found.end, found.entity, found.score) == (0, 3, "PERSON", 0.9)


async def test_a_service_that_is_gone_is_not_asked_again_and_again() -> None:
    world = World()
    async with PRESIDIO.server() as service:
        service.default = Behaviour(fault="server_error")
        async with started(PRESIDIO.make(service.address), world) as guard:
            for _ in range(8):
                with pytest.raises(ProviderUnavailable):
                    await guard.find([TEXT], CALL)
        assert len(service.requests) == 5
    assert world.kinds == ["guard_failing"] * 5


async def test_what_is_wrong_with_one_text_keeps_no_other_away() -> None:
    """Else anybody could close the gateway for everybody."""
    async with FakeGuard(Comprehend()) as service:
        guard = COMPREHEND.make(service.address)
        async with started(guard):
            for _ in range(8):
                service.script(Behaviour(fault="rejected"))
                with pytest.raises(ProviderRejected):
                    await guard.find([TEXT], CALL)
            await guard.find([TEXT], CALL)
            for _ in range(8):
                with pytest.raises(InvalidRequest):
                    await guard.find(["half a pair: \ud800"], CALL)
            await guard.find(["Hello"], CALL)


async def test_a_service_without_time_is_asked_again_by_the_next_call() -> None:
    dialect = Comprehend()
    dialect.throttled = True
    async with FakeGuard(dialect) as service, started(COMPREHEND.make(service.address)) as guard:
        for _ in range(7):
            with pytest.raises(ProviderRateLimited):
                await guard.find([TEXT], CALL)
        dialect.throttled = False
        await guard.find([TEXT], CALL)


@pytest.mark.parametrize("vendor", [PRESIDIO, AZURE, MODERATIONS, SAFETY], ids=lambda v: v.title)
async def test_a_wrong_key_closes_the_call_and_is_not_quoted(vendor: Vendor[Guard]) -> None:
    world = World()
    async with vendor.server() as service:
        service._api_key = "another"  # pyright: ignore[reportPrivateUsage]
        async with started(vendor.make(service.address), world) as guard:
            with pytest.raises(ProviderRejected) as raised:
                await ask(guard)
    assert raised.value.status == 401
    assert KEY not in raised.value.message


async def test_a_token_that_is_refused_is_fetched_anew_for_the_next_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tokens = iter(["ya29.old-0123456789", "ya29.new-0123456789"])
    monkeypatch.setattr(GoogleCredentials, "fetch", lambda _: Token(next(tokens), 4e9))
    async with DLP.server() as service:
        service._api_key = "ya29.new-0123456789"  # pyright: ignore[reportPrivateUsage]
        async with started(DLP.make(service.address)) as guard:
            with pytest.raises(ProviderRejected) as raised:
                await guard.find([TEXT], CALL)
            ((found, _),) = await guard.find([TEXT], CALL)
    assert "ya29" not in raised.value.message
    assert found.entity == "PERSON"


@pytest.mark.parametrize("vendor", [AZURE, SAFETY], ids=lambda v: v.title)
async def test_azure_is_asked_with_a_token_of_its_directory(
    vendor: Vendor[Guard], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EntraTokens, "fetch", lambda _: Token("entra-token-0123456789", 4e9))
    async with vendor.server() as service:
        service._api_key = "entra-token-0123456789"  # pyright: ignore[reportPrivateUsage]
        guard = vendor.make(service.address, api_key=None, identity="managed")
        async with started(guard):
            await ask(guard)
        (request,) = service.requests
    assert request.headers["authorization"] == "Bearer entra-token-0123456789"
    assert "ocp-apim-subscription-key" not in request.headers


async def test_headers_of_ones_own_are_sent_and_secrets_in_them_resolved() -> None:
    async with PRESIDIO.server() as service:
        service._api_key = None  # pyright: ignore[reportPrivateUsage]
        headers = {"X-Team": "risk", "X-Key": "env:KEY"}
        async with started(PRESIDIO.make(service.address, api_key=None, headers=headers)) as guard:
            await guard.find([TEXT], CALL)
        (request,) = service.requests
    assert (request.headers["x-team"], request.headers["x-key"]) == ("risk", KEY)
    assert "authorization" not in request.headers


async def test_a_signature_of_another_closes_the_call() -> None:
    async with COMPREHEND.server() as service:
        guard = COMPREHEND.make(service.address, region="us-east-1")
        async with started(guard):
            with pytest.raises(ProviderRejected) as raised:
                await guard.find([TEXT], CALL)
    assert raised.value.status == 403


async def test_a_key_that_is_not_there_closes_the_call_and_names_the_reference_only() -> None:
    world = World()
    async with PRESIDIO.server() as service:
        async with started(PRESIDIO.make(service.address, api_key="env:NONE"), world) as guard:
            with pytest.raises(ConfigError, match="env:NONE"):
                await guard.find([TEXT], CALL)
        assert service.requests == []
    assert world.kinds == ["guard_failing"]


async def test_the_time_is_for_all_texts_together_and_the_rest_is_given_up() -> None:
    async with PRESIDIO.server() as service:
        service.default = Behaviour(delay=0.3)
        guard = PRESIDIO.make(service.address, timeout=0.5, parallel=1, batch=1)
        async with started(guard):
            began = time.monotonic()
            with pytest.raises(ProviderTimeout):
                await guard.find([f"{TEXT} {n}" for n in range(20)], CALL)
            assert time.monotonic() - began < 5
        assert len(service.requests) <= 2


async def test_no_more_are_asked_at_once_than_is_said() -> None:
    async with PRESIDIO.server() as service:
        service.default = Behaviour(delay=0.05)
        guard = PRESIDIO.make(service.address, parallel=3, batch=1)
        async with started(guard):
            await asyncio.gather(*(guard.find([f"{TEXT} {n}"], CALL) for n in range(12)))
        assert _most_at_once(service) == 3
        assert len({one.client_port for one in service.requests}) <= 3, "connections are kept"


def _most_at_once(service: FakeGuard) -> int:
    steps = [(one.accepted_ns, 1) for one in service.requests]
    steps += [(one.ended_ns or 0, -1) for one in service.requests]
    running, most = 0, 0
    for _, step in sorted(steps):
        running += step
        most = max(most, running)
    return most


async def test_who_leaves_in_the_middle_harms_nobody() -> None:
    async with PRESIDIO.server() as service:
        service.script(*[Behaviour(fault="stall")] * 9)
        async with started(PRESIDIO.make(service.address, parallel=2)) as guard:
            for n in range(9):
                task = asyncio.ensure_future(guard.find([f"{TEXT} {n}"], CALL))
                while len(service.requests) <= n:  # noqa: ASYNC110 the fake has no event
                    await asyncio.sleep(0.005)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            ((found, _),) = await guard.find([TEXT], CALL)
    assert found.entity == "PERSON"


async def test_after_a_while_one_call_tries_whether_a_service_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = time.monotonic()
    monkeypatch.setattr("jupyter_mesh.guards.remote_service.monotonic", lambda: now)
    async with PRESIDIO.server() as service:
        service.default = Behaviour(fault="server_error")
        async with started(PRESIDIO.make(service.address)) as guard:
            for _ in range(6):
                with pytest.raises(ProviderUnavailable):
                    await guard.find([TEXT], CALL)
            service.default = Behaviour()
            with pytest.raises(ProviderUnavailable, match="not asked"):
                await guard.find([TEXT], CALL)
            now += 16
            service.script(Behaviour(fault="stall"))
            trial = asyncio.ensure_future(guard.find([TEXT], CALL))
            while len(service.requests) < 6:  # noqa: ASYNC110 the fake has no event
                await asyncio.sleep(0.005)
            with pytest.raises(ProviderUnavailable, match="not asked"):
                await guard.find(["Another text."], CALL)
            trial.cancel()  # whoever tried has left before it was known
            with pytest.raises(asyncio.CancelledError):
                await trial
            ((found, _),) = await guard.find([TEXT], CALL)
    assert found.entity == "PERSON"


async def test_with_the_first_failure_the_rest_is_given_up() -> None:
    async with PRESIDIO.server() as service:
        service.script(Behaviour(fault="server_error"))
        service.default = Behaviour(delay=0.02)
        async with started(PRESIDIO.make(service.address, parallel=1, batch=1)) as guard:
            with pytest.raises(ProviderUnavailable):
                await guard.find([f"{TEXT} {n}" for n in range(20)], CALL)
            await asyncio.sleep(0.3)
        assert len(service.requests) <= 2


@pytest.mark.parametrize("vendor", DETECTORS, ids=lambda v: v.title)
async def test_a_connection_that_was_closed_meanwhile_is_made_anew(
    vendor: Vendor[Detector],
) -> None:
    world = World()
    async with vendor.server() as service:
        service.script(Behaviour(fault="reset_before"))
        async with started(vendor.make(service.address), world) as guard:
            ((found, _),) = await guard.find([TEXT], CALL)
        assert len(service.requests) == 2
    assert found.entity == "PERSON"
    assert world.told == []


@pytest.mark.parametrize("vendor", EVERY, ids=lambda v: v.title)
def test_where_the_texts_go_has_no_default(vendor: Vendor[Guard]) -> None:
    said = {**vendor.settings, "base_url": "https://service.example"}
    with pytest.raises(ValueError, match="residency"):
        vendor.guard.Config.model_validate(said)
    made = vendor.guard(vendor.guard.Config.model_validate({**said, "residency": "region"}))
    assert made.residency == "region"


@pytest.mark.parametrize("vendor", EVERY, ids=lambda v: v.title)
def test_a_key_itself_is_refused_and_not_repeated(vendor: Vendor[Guard]) -> None:
    said = {**vendor.settings, "residency": "local", "base_url": "https://service.example"}
    with pytest.raises(ValueError, match="reference") as raised:
        vendor.guard.Config.model_validate({**said, "api_key": "sk-live-abcdef"})
    assert "abcdef" not in str(raised.value)


_KEY_ONLY: dict[str, object] = {"access_key_id": None, "secret_access_key": None}


@pytest.mark.parametrize(
    ("vendor", "wrong", "word"),
    [
        (AZURE, {"api_key": None}, "identity"),
        (AZURE, {"identity": "managed"}, "api_key"),
        (AZURE, {"api_key": None, "identity": "client_secret"}, "tenant_id"),
        (COMPREHEND, {"api_key": "env:KEY"}, "exclude"),
        (COMPREHEND, {**_KEY_ONLY, "api_key": "env:KEY"}, "no API keys"),
        (COMPREHEND, {"profile": "p"}, "exclude"),
        (COMPREHEND, {"region": "europe"}, "region"),
        (COMPREHEND, {"language": "de"}, "language"),
        (DLP, {"api_key": "env:KEY"}, "credentials"),
        (DLP, {"project": None}, "project"),
        (PRESIDIO, {"timeout": 60}, "timeout"),
        (PRESIDIO, {"base_url": "ftp://x"}, "http"),
        (PRESIDIO, {"unknown": 1}, "unknown"),
    ],
)
def test_settings_that_cannot_be_are_refused(
    vendor: Vendor[Guard], wrong: dict[str, object], word: str
) -> None:
    said = {"residency": "local", "base_url": "https://s.example", **vendor.settings, **wrong}
    with pytest.raises(ValueError, match=word):
        vendor.guard.Config.model_validate(said)
