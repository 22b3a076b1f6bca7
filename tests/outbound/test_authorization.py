"""Tokens: fetched once for all, within the call's deadline, and anew when they are refused."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from jupyter_mesh.errors import ProviderRejected, ProviderUnavailable
from jupyter_mesh.outbound import fetched
from jupyter_mesh.outbound.authorization import (
    Authorization,
    KeyHeader,
    NoAuthorization,
    Token,
    TokenHeader,
)
from jupyter_mesh.outbound.aws_credentials import AwsAuthorization
from jupyter_mesh.outbound.aws_sigv4 import Keys
from jupyter_mesh.providers.azure_openai import AzureOpenAI
from jupyter_mesh.providers.bedrock_config import BedrockConfig
from jupyter_mesh.testing.attempts import attempt
from jupyter_mesh.testing.fake_upstream import Behaviour, FakeUpstream
from jupyter_mesh.testing.fake_vendors import AzureDialect
from jupyter_mesh.testing.secrets import StaticSecrets
from tests.providers.reading import events_of
from tests.providers.vendor_connections import SECRET, connect

ASKED = ("POST", "https://h/x", b"")
HOUR = 3_600.0


class Mint:
    """Gives tokens, each another; waits for `open` before."""

    def __init__(self, life: float = HOUR) -> None:
        self.made = 0
        self.life = life
        self.open = threading.Event()
        self.open.set()

    def token(self) -> Token:
        self.made += 1
        self.open.wait(10)
        return Token(f"token-{self.made}", time.time() + self.life)


@pytest.fixture
def hanging() -> Iterator[Mint]:
    mint = Mint()
    mint.open.clear()
    yield mint
    mint.open.set()


def asking_with(authorization: Authorization) -> type[AzureOpenAI]:
    class Azure(AzureOpenAI):
        def make_authorization(self) -> Authorization:
            return authorization

    return Azure


async def test_many_who_want_a_token_at_once_share_one() -> None:
    mint = Mint()
    header = TokenHeader(mint.token)
    shown = await asyncio.gather(*(header.headers(*ASKED) for _ in range(20)))
    assert mint.made == 1
    assert [dict(one) for one in shown] == [{"Authorization": "Bearer token-1"}] * 20


async def test_many_refusals_of_one_token_fetch_one_new_one() -> None:
    mint = Mint()
    header = TokenHeader(mint.token)
    old = await header.headers(*ASKED)
    for _ in range(50):
        header.forget(old)
        await header.headers(*ASKED)
    assert mint.made == 2
    for _ in range(50):  # a refusal whatever is shown
        header.forget(await header.headers(*ASKED))
    assert mint.made == 2, "at most once a minute"


async def test_the_late_refusal_of_an_older_token_leaves_the_newer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fetched, "_AGAIN", -1.0)
    mint = Mint()
    header = TokenHeader(mint.token)
    old = await header.headers(*ASKED)
    header.forget(old)
    new = await header.headers(*ASKED)
    header.forget(old)
    assert await header.headers(*ASKED) == new
    header.forget(new)
    assert await header.headers(*ASKED) != new
    assert mint.made == 3


async def test_a_connections_refusals_reach_the_token_that_was_shown() -> None:
    mint = Mint()
    async with FakeUpstream(AzureDialect()) as fake:
        provider = connect(asking_with(TokenHeader(mint.token)), fake)
        fake.script(*[Behaviour(fault="unauthorized")] * 4)
        for stream in (True, False, True, False):
            with pytest.raises(ProviderRejected):
                await events_of(provider, attempt(model="m", stream=stream))
        await provider.aclose()
    assert mint.made == 2


@pytest.mark.parametrize("stream", [True, False])
async def test_a_token_that_does_not_come_ends_with_the_calls_deadline(
    hanging: Mint, stream: bool
) -> None:
    async with FakeUpstream(AzureDialect()) as fake:
        provider = connect(asking_with(TokenHeader(hanging.token)), fake)
        one = attempt(model="m", stream=stream, timeout=0.05)
        with pytest.raises(ProviderUnavailable, match="nothing was sent") as raised:
            await events_of(provider, one)
        assert not raised.value.processed
        with pytest.raises(ProviderUnavailable, match="no credentials within"):
            await provider.probe(within=0.05)
        assert fake.requests == []
        assert hanging.made == 1, "those who left did not each leave a fetching behind"
        await provider.aclose()


async def test_secrets_that_do_not_come_end_with_the_probes_deadline(hanging: Mint) -> None:
    class Slow(NoAuthorization):
        def prepare(self) -> None:
            hanging.token()

    async with FakeUpstream(AzureDialect(), api_key=SECRET) as fake:
        provider = connect(asking_with(Slow()), fake)
        with pytest.raises(ProviderUnavailable, match="no credentials within"):
            await provider.probe(within=0.05)
        await provider.aclose()


async def test_what_is_there_at_once_is_not_waited_for() -> None:
    secrets = StaticSecrets({"env:A": "k", "env:S": "s"})
    token, ending = TokenHeader(Mint().token), TokenHeader(Mint(life=3.0).token)
    keys = {"region": "us-east-1", "access_key_id": "env:A", "secret_access_key": "env:S"}
    signed = AwsAuthorization(BedrockConfig.model_validate(keys), secrets, "x", "bedrock")
    chain = AwsAuthorization(
        BedrockConfig.model_validate({"region": "us-east-1"}), secrets, "x", "bedrock"
    )
    waits: list[tuple[Authorization, bool]] = [
        (NoAuthorization(), False),
        (KeyHeader(secrets, "env:A"), False),
        (signed, False),
        (chain, True),
        (token, True),
        (ending, True),
    ]
    for one, said in waits:
        assert one.waits is said
    await token.headers(*ASKED)
    await ending.headers(*ASKED)
    assert (token.waits, ending.waits) == (False, True)


class Chain:
    """What AWS' SDK finds: keys, each time others."""

    def __init__(self) -> None:
        self.asked = 0
        self.ends = True

    def refresh_needed(self) -> bool:
        return self.ends

    def get_frozen_credentials(self) -> SimpleNamespace:
        self.asked += 1
        time.sleep(0.05)
        number = self.asked
        return SimpleNamespace(
            access_key=f"AK{number}", secret_key=f"secret-{number}", token=f"session-{number}"
        )


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> Chain:
    chain = Chain()
    monkeypatch.setattr(AwsAuthorization, "_find", lambda self: chain)
    return chain


def of_chain() -> AwsAuthorization:
    return AwsAuthorization(
        BedrockConfig.model_validate({"region": "us-east-1"}), StaticSecrets({}), "x", "bedrock"
    )


async def test_many_who_ask_aws_at_once_share_one_look_up(found: Chain) -> None:
    asked = of_chain()
    await asyncio.gather(*(asked.headers(*ASKED) for _ in range(20)))
    assert found.asked == 1


async def test_keys_that_were_used_stay_out_of_messages_when_they_are_forgotten(
    found: Chain,
) -> None:
    found.ends = False
    asked = of_chain()
    old = await asked.headers(*ASKED)
    asked.forget({"Authorization": "AWS4-HMAC-SHA256 Credential=AK9/x"})
    await asked.headers(*ASKED)
    assert found.asked == 1, "the refusal was of other keys"
    asked.forget(old)
    assert {"secret-1", "session-1"} <= {*asked.known_values()}
    new = await asked.headers(*ASKED)
    assert found.asked == 2
    assert {"secret-1", "session-1", "secret-2", "session-2"} == {*asked.known_values()}
    asked.forget(new)
    await asked.headers(*ASKED)
    assert found.asked == 2, "at most once a minute"


async def test_keys_without_a_session_are_kept_out_too() -> None:
    asked = of_chain()
    asked._keep(Keys("AK", "secret", None))
    asked._keep(Keys("AK", "secret", None))
    assert [*asked.known_values()] == ["secret"]
