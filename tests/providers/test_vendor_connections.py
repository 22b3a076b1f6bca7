"""What is each vendor's own: addresses, who asks, lists of models, parameters."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pydantic import ValidationError

from jupyter_mesh.errors import (
    ConfigError,
    ProviderMisconfigured,
    ProviderRejected,
    ProviderUnavailable,
    UnsupportedParameter,
)
from jupyter_mesh.providers.ai21 import AI21, AI21Config
from jupyter_mesh.providers.azure_openai import AzureOpenAI, AzureOpenAIConfig
from jupyter_mesh.providers.databricks import Databricks, DatabricksConfig
from jupyter_mesh.providers.huggingface_inference import HuggingFaceInference
from jupyter_mesh.providers.nvidia_nim import HOSTED, NvidiaNim, NvidiaNimConfig
from jupyter_mesh.providers.openai_vendor import OpenAIVendor
from jupyter_mesh.providers.snowflake import Snowflake, SnowflakeConfig
from jupyter_mesh.providers.snowflake_jwt import key_pair_token
from jupyter_mesh.schemas.json import JsonObject, dig
from jupyter_mesh.schemas.request import Operation
from jupyter_mesh.testing.attempts import attempt, provider_context
from jupyter_mesh.testing.fake_upstream import Behaviour, Dialect, FakeUpstream
from jupyter_mesh.testing.fake_vendors import (
    AI21Dialect,
    AzureDialect,
    DatabricksDialect,
    HuggingFaceDialect,
    NimDialect,
    SnowflakeDialect,
)
from tests.providers.reading import answer_of, chunks_of, events_of, usage_of
from tests.providers.vendor_connections import SECRET, connect

KEY = rsa.generate_private_key(65_537, 2_048)


def pem(key: Any = KEY, phrase: bytes | None = None) -> str:
    how = serialization.BestAvailableEncryption(phrase) if phrase else serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, how).decode()


# Addresses.


@pytest.mark.parametrize("end", ["", "/", "/openai", "/openai/v1", "/openai/v1/"])
def test_azures_address_is_the_resource_however_it_is_written(end: str) -> None:
    config = AzureOpenAIConfig(base_url=f"https://x.openai.azure.com{end}")
    assert config.base_url == "https://x.openai.azure.com"


@pytest.mark.parametrize(
    ("version", "target"),
    [
        (None, "/openai/v1/chat/completions"),
        ("2024-10-21", "/openai/deployments/my%20gpt/chat/completions?api-version=2024-10-21"),
    ],
)
async def test_azures_deployment_stands_where_the_version_wants_it(
    version: str | None, target: str
) -> None:
    async with FakeUpstream(AzureDialect(), api_key=SECRET) as fake:
        provider = connect(AzureOpenAI, fake, api_version=version)
        await events_of(provider, attempt(model="my gpt"))
        assert fake.requests[0].target == target
        assert fake.requests[0].headers["api-key"] == SECRET
        assert "authorization" not in fake.requests[0].headers
        await provider.aclose()


@pytest.mark.parametrize("path", ["", "/serving-endpoints", "/ai-gateway/mlflow/v1"])
async def test_databricks_address_is_the_workspace_or_its_gateway(path: str) -> None:
    async with FakeUpstream(DatabricksDialect(), api_key=SECRET) as fake:
        provider = connect(Databricks, fake, path)
        await events_of(provider, attempt(model="m"))
        assert fake.requests[0].path == f"{path or '/serving-endpoints'}/chat/completions"
        listed = await provider.probe()
        assert [one.name for one in listed] == ["fake-model", "fake-embedding"]
        assert listed[1].operations == {Operation.EMBEDDING}
        await provider.aclose()


@pytest.mark.parametrize(
    ("account", "host"),
    [
        ("myorg-acct", "myorg-acct"),
        ("MyOrg-My_Acct", "myorg-my-acct"),
        ("xy123.eu-1", "xy123.eu-1"),
    ],
)
def test_snowflakes_address_follows_from_the_account(account: str, host: str) -> None:
    config = SnowflakeConfig.model_validate({"account": account})
    assert config.base_url == f"https://{host}.snowflakecomputing.com/api/v2/cortex/v1"


def test_nvidias_own_address_has_its_rankings_elsewhere() -> None:
    provider = NvidiaNim(NvidiaNimConfig(), provider_context())
    model = "nvidia/llama-3.2-nv-rerankqa-1b-v2"
    one = attempt(Operation.RERANK, model=model)
    assert provider.settings.base_url == HOSTED
    assert provider.format.outgoing(one).path == (
        "https://ai.api.nvidia.com/v1/retrieval/nvidia/llama-3_2-nv-rerankqa-1b-v2/reranking"
    )


# Who asks.


@pytest.fixture
def entra(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, str]]]:
    """A machine with a managed identity, as an App Service has it; what it was asked."""
    asked: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append({"path": self.path, "secret": self.headers["X-IDENTITY-HEADER"]})
            body = orjson.dumps(
                {"access_token": SECRET, "expires_on": "4102444800", "token_type": "Bearer"}
            )
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{server.server_port}/token")
    monkeypatch.setenv("IDENTITY_HEADER", "machine-secret")
    yield asked
    server.shutdown()
    server.server_close()
    thread.join()


async def test_azure_is_asked_with_the_machines_own_identity(entra: list[dict[str, str]]) -> None:
    async with FakeUpstream(AzureDialect(), api_key=SECRET) as fake:
        provider = connect(AzureOpenAI, fake, api_key=None, identity="managed")
        for _ in range(2):
            await events_of(provider, attempt(model="m"))
        assert fake.requests[0].headers["authorization"] == f"Bearer {SECRET}"
        assert len(entra) == 1, "a token that holds is kept"
        assert "cognitiveservices.azure.com" in entra[0]["path"]
        assert entra[0]["secret"] == "machine-secret"
        fake.script(Behaviour(fault="unauthorized"))
        with pytest.raises(ProviderRejected) as raised:
            await events_of(provider, attempt(model="m"))
        assert SECRET not in raised.value.message
        await events_of(provider, attempt(model="m"))
        assert len(entra) == 2, "one that was refused is fetched anew"
        await provider.aclose()


IDENTITIES: list[tuple[str, str, tuple[object, ...], dict[str, object]]] = [
    ("client_secret", "ClientSecretCredential", ("t", "c", "s3cret"), {}),
    ("workload", "WorkloadIdentityCredential", (), {"tenant_id": "t", "client_id": "c"}),
    ("managed", "ManagedIdentityCredential", (), {"client_id": "c"}),
    ("default", "DefaultAzureCredential", (), {}),
]


@pytest.mark.parametrize(("identity", "kind", "args", "named"), IDENTITIES)
async def test_each_identity_is_microsofts_own_class(
    identity: str,
    kind: str,
    args: tuple[object, ...],
    named: dict[str, object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import azure.identity
    from azure.core.credentials import AccessToken

    made: list[tuple[tuple[object, ...], dict[str, object]]] = []

    class Stand:
        def __init__(self, *given: object, **others: object) -> None:
            made.append((given, others))

        def get_token(self, scope: str) -> AccessToken:
            return AccessToken(f"{SECRET}{scope[-8:]}", 4_102_444_800)

        def close(self) -> None:
            pass

    monkeypatch.setattr(azure.identity, kind, Stand)
    async with FakeUpstream(AzureDialect(), api_key=f"{SECRET}.default") as fake:
        provider = connect(
            AzureOpenAI,
            fake,
            api_key=None,
            identity=identity,
            tenant_id="t",
            client_id="c",
            client_secret="env:CLIENT",
            secrets={"env:CLIENT": "s3cret"},
        )
        await events_of(provider, attempt(model="m"))
        await provider.aclose()
    assert made == [(args, named)]


async def test_without_an_identity_azure_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AZURE_FEDERATED_TOKEN_FILE", "AZURE_TENANT_ID", "AZURE_CLIENT_ID"):
        monkeypatch.delenv(name, raising=False)
    async with FakeUpstream(AzureDialect()) as fake:
        provider = connect(AzureOpenAI, fake, api_key=None, identity="workload")
        with pytest.raises((ConfigError, ProviderUnavailable), match="Entra ID"):
            await events_of(provider, attempt(model="m"))
        monkeypatch.setitem(sys.modules, "azure.identity", None)
        with pytest.raises(ConfigError, match=r"jupyter-mesh\[azure-identity\]"):
            await events_of(provider, attempt(model="m"))
        await provider.aclose()


CLIENT: dict[str, object] = {
    "api_key": None,
    "client_id": "principal",
    "client_secret": "env:CLIENT",
    "secrets": {"env:CLIENT": "s3cret:+"},
}


async def test_databricks_is_asked_with_a_service_principals_token() -> None:
    dialect = DatabricksDialect(("principal", "s3cret:+"), SECRET)
    async with FakeUpstream(dialect, api_key=SECRET) as fake:
        provider = connect(Databricks, fake, **CLIENT)  # type: ignore[arg-type]
        for _ in range(2):
            await events_of(provider, attempt(model="m"))
        paths = [one.path for one in fake.requests]
        assert paths == ["/oidc/v1/token", *["/serving-endpoints/chat/completions"] * 2]
        await provider.aclose()


async def test_a_principal_that_is_not_let_in_is_the_admins_to_mend() -> None:
    dialect = DatabricksDialect(("principal", "another"), SECRET)
    async with FakeUpstream(dialect, api_key=SECRET) as fake:
        provider = connect(Databricks, fake, **CLIENT)  # type: ignore[arg-type]
        with pytest.raises(ProviderMisconfigured, match="client_secret") as raised:
            await events_of(provider, attempt(model="m"))
        assert "s3cret" not in raised.value.message
        await provider.aclose()


@pytest.mark.parametrize("fault", ["server_error", "html_error", "invalid_json", "reset_before"])
async def test_a_token_server_that_fails_is_tried_again_later(fault: Any) -> None:
    dialect = DatabricksDialect(("principal", "s3cret:+"), SECRET)
    async with FakeUpstream(dialect, api_key=SECRET) as fake:
        fake.script(Behaviour(fault=fault))
        provider = connect(Databricks, fake, **CLIENT)  # type: ignore[arg-type]
        with pytest.raises(ProviderUnavailable):
            await events_of(provider, attempt(model="m"))
        await events_of(provider, attempt(model="m"))
        await provider.aclose()


@pytest.mark.parametrize("phrase", [None, "open sesame"])
async def test_snowflake_is_asked_with_a_token_that_the_users_key_signs(phrase: str | None) -> None:
    async with FakeUpstream(SnowflakeDialect(KEY.public_key()), api_key="x") as fake:
        provider = connect(
            Snowflake,
            fake,
            "/api/v2/cortex/v1",
            account="org-acct",
            api_key=None,
            user="svc",
            private_key="env:PEM",
            private_key_passphrase="env:PHRASE" if phrase else None,
            secrets={
                "env:PEM": pem(phrase=phrase.encode() if phrase else None),
                "env:PHRASE": phrase or "",
            },
        )
        await events_of(provider, attempt(model="m"))
        assert fake.requests[0].end == "answered"
        await provider.aclose()


async def test_a_snowflake_access_token_is_named_as_one() -> None:
    async with FakeUpstream(SnowflakeDialect(), api_key=SECRET) as fake:
        provider = connect(Snowflake, fake, "/api/v2/cortex/v1", account="a")
        await events_of(provider, attempt(model="m"))
        kind = fake.requests[0].headers["x-snowflake-authorization-token-type"]
        assert kind == "PROGRAMMATIC_ACCESS_TOKEN"
        await provider.aclose()


def test_a_token_names_the_account_without_its_region() -> None:
    token = key_pair_token("xy123.eu-1", "svc", pem())
    import base64

    part = token.value.split(".")[1]
    claims = orjson.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    assert claims["sub"] == "XY123.SVC"
    assert claims["iss"].startswith("XY123.SVC.SHA256:")
    assert claims["exp"] - claims["iat"] == 3_540


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("no key", "PEM"),
        (pem(phrase=b"x"), "passphrase"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "RSA"),
    ],
)
def test_what_is_no_rsa_key_is_refused(text: str, word: str) -> None:
    with pytest.raises(ConfigError, match=word):
        key_pair_token("a", "u", text)


WRONG: list[tuple[type[Any], dict[str, object], str]] = [
    (AzureOpenAIConfig, {"base_url": "https://h", "api_version": "latest"}, "api_version"),
    (
        AzureOpenAIConfig,
        {"base_url": "https://h", "api_key": "env:A", "identity": "managed"},
        "exclude",
    ),
    (AzureOpenAIConfig, {"base_url": "https://h", "identity": "client_secret"}, "needs"),
    (DatabricksConfig, {"base_url": "https://h", "client_id": "x"}, "belong together"),
    (
        DatabricksConfig,
        {"base_url": "https://h", "api_key": "env:A", "client_id": "x", "client_secret": "env:B"},
        "exclude",
    ),
    (SnowflakeConfig, {"base_url": "https://h"}, "account"),
    (SnowflakeConfig, {"account": "a", "user": "x"}, "belong together"),
    (SnowflakeConfig, {"account": "a/../b"}, "account"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "settings", "word"), WRONG)
def test_settings_that_contradict_each_other_are_refused(
    kind: type[Any], settings: dict[str, object], word: str
) -> None:
    with pytest.raises(ValidationError, match=word):
        kind.model_validate(settings)


# Lists of models.


async def test_azures_models_are_its_deployments() -> None:
    names = ("chat=gpt-4o", "vectors=text-embedding-3-small")
    async with FakeUpstream(AzureDialect(), api_key=SECRET, models=names) as fake:
        provider = connect(AzureOpenAI, fake)
        listed = {one.name: one for one in await provider.probe()}
        assert set(listed) == {"chat", "vectors"}
        assert "vision" in listed["chat"].capabilities
        assert listed["vectors"].operations == {Operation.EMBEDDING}
        await provider.aclose()


async def test_a_container_that_still_loads_is_not_ready() -> None:
    dialect = NimDialect(ready=False)
    async with FakeUpstream(dialect, api_key=SECRET) as fake:
        provider = connect(NvidiaNim, fake, "/v1")
        with pytest.raises(ProviderUnavailable, match="not ready"):
            await provider.probe()
        dialect.ready = True
        assert [one.name for one in await provider.probe()] == ["fake-model", "fake-embedding"]
        await provider.aclose()


async def test_hugging_faces_list_says_the_longest_context() -> None:
    async with FakeUpstream(HuggingFaceDialect(), api_key=SECRET) as fake:
        provider = connect(HuggingFaceInference, fake, "/v1")
        assert [one.context_window for one in await provider.probe()] == [131_072, 131_072]
        await provider.aclose()


async def test_ai21_has_no_list_so_its_models_are_known() -> None:
    provider = AI21(AI21Config(), provider_context())
    assert [one.name for one in await provider.models()] == ["jamba-large", "jamba-mini"]
    assert "tools" in provider.facts("jamba-mini").capabilities


# What is said.


async def test_azures_streams_begin_with_a_chunk_that_clients_can_read() -> None:
    async with FakeUpstream(AzureDialect(), api_key=SECRET) as fake:
        provider = connect(AzureOpenAI, fake)
        chunks = await chunks_of(provider, attempt(model="m", stream=True))
        assert dig(chunks[0].data, "prompt_filter_results", 0, "prompt_index") == 0
        assert chunks[0].data["object"] == "chat.completion.chunk"
        await provider.aclose()


async def test_a_deployment_that_is_not_there_is_about_the_model() -> None:
    async with FakeUpstream(AzureDialect(missing=("gone",)), api_key=SECRET) as fake:
        provider = connect(AzureOpenAI, fake)
        with pytest.raises(ProviderRejected) as raised:
            await events_of(provider, attempt(model="gone"))
        assert raised.value.param == "model"
        await provider.aclose()


@pytest.mark.parametrize("stream", [False, True])
async def test_databricks_lists_of_parts_are_read(stream: bool) -> None:
    parts: list[JsonObject] = [
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm. "}]},
        {"type": "text", "text": "So."},
    ]
    usage: JsonObject = {"prompt_tokens": 10, "completion_tokens": 8, "reasoning_tokens": 5}
    message: JsonObject = {"role": "assistant", "content": [*parts]}
    choice: JsonObject = {"index": 0, "finish_reason": "stop", "message": message}
    async with FakeUpstream(DatabricksDialect(), api_key=SECRET) as fake:
        provider = connect(Databricks, fake)
        told = Behaviour(answer={"choices": [choice], "usage": usage})
        fake.script(told, told)
        answer = await answer_of(provider, attempt(model="m"))
        assert dig(answer, "choices", 0, "message", "content") == "So."
        assert dig(answer, "choices", 0, "message", "reasoning_content") == "Hm. "
        counted = await usage_of(provider, attempt(model="m"))
        assert (counted.output, counted.reasoning) == (8, 5)
        await provider.aclose()


RENAMED: list[tuple[type[OpenAIVendor], Any, str, dict[str, object], JsonObject, JsonObject]] = [
    (AI21, AI21Dialect, "/studio/v1", {}, {"max_completion_tokens": 5}, {"max_tokens": 5}),
    (Databricks, DatabricksDialect, "", {}, {"max_completion_tokens": 5}, {"max_tokens": 5}),
    (
        Snowflake,
        SnowflakeDialect,
        "/api/v2/cortex/v1",
        {"account": "a"},
        {"max_tokens": 5},
        {"max_completion_tokens": 5},
    ),
]


@pytest.mark.parametrize(("kind", "dialect", "path", "settings", "asked", "sent"), RENAMED)
async def test_parameters_have_the_vendors_names(
    kind: type[OpenAIVendor],
    dialect: Any,
    path: str,
    settings: dict[str, object],
    asked: JsonObject,
    sent: JsonObject,
) -> None:
    async with FakeUpstream(dialect(), api_key=SECRET) as fake:
        provider = connect(kind, fake, path, **settings)
        await events_of(provider, attempt(body=asked, model="jamba-mini"))
        assert sent.items() <= fake.requests[0].json.items()
        assert not asked.keys() & fake.requests[0].json.keys()
        await provider.aclose()


async def test_unknown_parameters_are_refused_where_the_admin_says_so() -> None:
    async with FakeUpstream(DatabricksDialect(), api_key=SECRET) as fake:
        provider = connect(Databricks, fake, unsupported="refuse")
        with pytest.raises(UnsupportedParameter, match="seed"):
            await events_of(provider, attempt(body={"seed": 1}, model="m"))
        assert not fake.requests
        await provider.aclose()


@pytest.mark.parametrize("given", [None, "query"])
async def test_nvidias_embeddings_say_what_they_are_for(given: str | None) -> None:
    async with FakeUpstream(NimDialect(), api_key=SECRET) as fake:
        provider = connect(NvidiaNim, fake, "/v1", truncate="END")
        body: JsonObject = {} if given is None else {"input_type": given}
        await events_of(provider, attempt(Operation.EMBEDDING, body, model="e"))
        sent = fake.requests[0].json
        assert (sent["input_type"], sent["truncate"]) == (given or "passage", "END")
        await provider.aclose()


async def test_snowflakes_vectors_come_out_of_their_lists_and_are_counted() -> None:
    async with FakeUpstream(SnowflakeDialect(), api_key=SECRET) as fake:
        provider = connect(Snowflake, fake, "/api/v2/cortex/v1", account="a")
        one = attempt(Operation.EMBEDDING, {"input": "two words"}, model="e")
        answer = await answer_of(provider, one)
        assert isinstance(dig(answer, "data", 0, "embedding", 0), float)
        assert fake.requests[0].path == "/api/v2/cortex/inference:embed"
        assert (await usage_of(provider, one)).input == 2
        with pytest.raises(UnsupportedParameter, match="token numbers"):
            await events_of(provider, attempt(Operation.EMBEDDING, {"input": [1]}, model="e"))
        await provider.aclose()


async def test_hugging_faces_vectors_have_openais_shape_in_both_encodings() -> None:
    async with FakeUpstream(HuggingFaceDialect(), api_key=SECRET) as fake:
        provider = connect(HuggingFaceInference, fake, "/v1")
        plain = await answer_of(provider, attempt(Operation.EMBEDDING, model="a/b"))
        assert isinstance(dig(plain, "data", 1, "embedding", 0), float)
        packed: JsonObject = {"encoding_format": "base64", "normalize": True}
        answer = await answer_of(provider, attempt(Operation.EMBEDDING, packed, model="a/b"))
        assert isinstance(dig(answer, "data", 0, "embedding"), str)
        assert fake.requests[-1].json["normalize"] is True
        await provider.aclose()


async def test_a_vendor_says_what_it_does_where_it_is_asked_for_something_else() -> None:
    async with FakeUpstream(AI21Dialect()) as fake:
        provider = connect(AI21, fake, "/studio/v1")
        with pytest.raises(ProviderRejected, match="it does chat"):
            await events_of(provider, attempt(Operation.EMBEDDING, model="jamba-mini"))
        await provider.aclose()


@pytest.mark.parametrize(
    ("kind", "dialect", "path", "kept"),
    [
        (AzureOpenAI, AzureDialect, "", False),
        (AI21, AI21Dialect, "/studio/v1", False),
        (NvidiaNim, NimDialect, "/v1", True),
    ],
)
async def test_strict_vendors_get_no_marks_of_other_vendors_models(
    kind: type[OpenAIVendor], dialect: Any, path: str, kept: bool
) -> None:
    thought: JsonObject = {"role": "assistant", "content": "So.", "reasoning_content": "Hm."}
    question: JsonObject = {"role": "user", "content": "Hi."}
    async with FakeUpstream(dialect(), api_key=SECRET) as fake:
        provider = connect(kind, fake, path)
        body: JsonObject = {"messages": [question, thought, question]}
        await events_of(provider, attempt(body=body, model="jamba-mini"))
        said = dig(fake.requests[0].json, "messages", 1)
        assert dig(said, "content") == "So."
        assert (dig(said, "reasoning_content") == "Hm.") is kept
        await provider.aclose()


WITHOUT_LIST: list[tuple[type[OpenAIVendor], type[Dialect], str, dict[str, object]]] = [
    (AI21, AI21Dialect, "/studio/v1", {}),
    (Snowflake, SnowflakeDialect, "/api/v2/cortex/v1", {"account": "my-org"}),
]


@pytest.mark.parametrize(("kind", "dialect", "path", "settings"), WITHOUT_LIST)
async def test_where_no_models_are_listed_the_key_is_tried_with_nothing_to_answer(
    kind: type[OpenAIVendor], dialect: type[Dialect], path: str, settings: dict[str, object]
) -> None:
    models: dict[str, JsonObject] = {"m": {}}
    async with FakeUpstream(dialect(), api_key=SECRET) as fake:
        provider = connect(kind, fake, path, models, **settings)
        assert [one.name for one in await provider.probe()] == ["m"]
        assert [(one.method, one.body) for one in fake.requests] == [("POST", b"{}")]
        await provider.aclose()
        wrong = connect(kind, fake, path, models, {"env:TEST_KEY": "wrong-key-123456"}, **settings)
        with pytest.raises(ProviderRejected, match="refused the gateway's own key"):
            await wrong.probe()
        await wrong.aclose()
    with pytest.raises(ProviderUnavailable, match="cannot be reached"):
        await provider.probe()
    await provider.aclose()
