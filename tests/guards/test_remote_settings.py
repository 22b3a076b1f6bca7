"""What a configuration may say of guards that are services, and how they show who asks."""

from __future__ import annotations

import pytest

from jupyter_mesh.errors import (
    ConfigError,
    ProviderRejected,
)
from jupyter_mesh.outbound.authorization import Token
from jupyter_mesh.outbound.azure_identity import EntraTokens
from jupyter_mesh.outbound.google_credentials import GoogleCredentials
from jupyter_mesh.spi.guard import Guard

from .remote_guards import (
    AZURE,
    CALL,
    COMPREHEND,
    DLP,
    EVERY,
    KEY,
    MODERATIONS,
    PRESIDIO,
    SAFETY,
    TEXT,
    GoogleToken,
    Vendor,
    World,
    ask,
    started,
)


@pytest.fixture(autouse=True)
def google(monkeypatch: pytest.MonkeyPatch) -> None:
    GoogleToken.install(monkeypatch)


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
