"""AWS' own chain of credentials, unmocked: files, environment, STS and a container's endpoint."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import orjson
import pytest

from jupyter_mesh.errors import ConfigError, ProviderRejected, ProviderUnavailable
from jupyter_mesh.providers.bedrock import Bedrock
from jupyter_mesh.providers.bedrock_config import BedrockConfig
from jupyter_mesh.testing.attempts import attempt, provider_context
from jupyter_mesh.testing.fake_bedrock import FakeBedrock, Keys
from jupyter_mesh.testing.secrets import StaticSecrets
from tests.providers.bedrock_connection import KEYS
from tests.providers.reading import events_of

ROLE = Keys("ASIAROLE", "role-secret", "role-session-token")
ROLE_ARN = "arn:aws:iam::123456789012:role/mesh"


class Sts:
    """What hands out a role's keys: STS, and a container's endpoint at `/container`.

    Attributes:
        asked: Each request's parameters.
        life: For how long the keys hold.
        refuses: Whether it refuses.
    """

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.life = timedelta(hours=1)
        self.refuses = False
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                outer.asked.append({name: values[0] for name, values in parse_qs(body).items()})
                if outer.refuses:
                    return self._send(403, _refusal(), "text/xml")
                action = outer.asked[-1]["Action"]
                return self._send(200, _keys_xml(action, outer.until), "text/xml")

            def do_GET(self) -> None:
                outer.asked.append({"path": self.path})
                keys = {
                    "AccessKeyId": ROLE.access_key,
                    "SecretAccessKey": ROLE.secret_key,
                    "Token": ROLE.token,
                    "Expiration": outer.until,
                }
                self._send(200, orjson.dumps(keys), "application/json")

            def _send(self, status: int, body: bytes, kind: str) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    @property
    def until(self) -> str:
        return (datetime.now(UTC) + self.life).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def sts() -> Iterator[Sts]:
    one = Sts()
    thread = threading.Thread(target=one.server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield one
    one.server.shutdown()
    one.server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No credentials anywhere but in `tmp_path`."""
    for name in ("PROFILE", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN", "ROLE_ARN"):
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    monkeypatch.delenv("AWS_WEB_IDENTITY_TOKEN_FILE", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return tmp_path


def connect(fake: FakeBedrock, **settings: object) -> Bedrock:
    config = BedrockConfig.model_validate(
        {
            "region": "us-east-1",
            "base_url": fake.address,
            "control_url": fake.address,
            **settings,
        }
    )
    secrets = StaticSecrets({"env:A": KEYS.access_key, "env:S": KEYS.secret_key})
    return Bedrock(config, provider_context(secrets=secrets))


async def ask(fake: FakeBedrock, **settings: object) -> None:
    provider = connect(fake, **settings)
    await events_of(provider, attempt(model="a.b"))
    await provider.aclose()


async def test_a_profile_of_the_files_signs(clean: Path) -> None:
    (clean / "credentials").write_text(
        f"[team]\naws_access_key_id={KEYS.access_key}\naws_secret_access_key={KEYS.secret_key}\n"
    )
    async with FakeBedrock(keys=KEYS) as fake:
        await ask(fake, profile="team")
        assert fake.requests[-1].end == "answered"
        with pytest.raises(ConfigError, match="nobody"):
            await ask(fake, profile="nobody")


async def test_the_environment_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ROLE.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", ROLE.secret_key)
    monkeypatch.setenv("AWS_SESSION_TOKEN", str(ROLE.token))
    async with FakeBedrock(keys=ROLE) as fake:
        await ask(fake)


async def test_without_credentials_it_says_what_to_set() -> None:
    async with FakeBedrock(keys=KEYS) as fake:
        with pytest.raises(ConfigError, match="`access_key_id`"):
            await ask(fake)
        assert not fake.requests


async def test_a_role_is_assumed_with_the_configured_keys(
    sts: Sts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", sts.url)
    keys = {"access_key_id": "env:A", "secret_access_key": "env:S"}
    async with FakeBedrock(keys=ROLE) as fake:
        await ask(fake, **keys, role_arn=ROLE_ARN, external_id="x-1")
    assert sts.asked[0]["Action"] == "AssumeRole"
    assert sts.asked[0]["RoleArn"] == ROLE_ARN
    assert sts.asked[0]["ExternalId"] == "x-1"


async def test_a_role_is_assumed_with_a_web_identity(
    sts: Sts, monkeypatch: pytest.MonkeyPatch, clean: Path
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", sts.url)
    (clean / "token").write_text("an.oidc.token")
    async with FakeBedrock(keys=ROLE) as fake:
        await ask(fake, role_arn=ROLE_ARN, web_identity_token_file=clean / "token")
    assert sts.asked[0]["Action"] == "AssumeRoleWithWebIdentity"
    assert sts.asked[0]["WebIdentityToken"] == "an.oidc.token"


async def test_a_web_identity_of_the_environment_signs(
    sts: Sts, monkeypatch: pytest.MonkeyPatch, clean: Path
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", sts.url)
    monkeypatch.setenv("AWS_ROLE_ARN", ROLE_ARN)
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(clean / "token"))
    (clean / "token").write_text("an.oidc.token")
    async with FakeBedrock(keys=ROLE) as fake:
        await ask(fake)
    assert sts.asked[0]["Action"] == "AssumeRoleWithWebIdentity"


async def test_a_container_signs(sts: Sts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{sts.url}/container")
    async with FakeBedrock(keys=ROLE) as fake:
        await ask(fake)
    assert sts.asked == [{"path": "/container"}]


async def test_keys_that_hold_are_kept_and_those_that_end_are_fetched_anew(
    sts: Sts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{sts.url}/container")
    async with FakeBedrock(keys=ROLE) as fake:
        provider = connect(fake)
        for _ in range(3):
            await events_of(provider, attempt(model="a.b"))
        assert len(sts.asked) == 1
        await provider.aclose()
        sts.life = timedelta(minutes=2)
        provider = connect(fake)
        for _ in range(3):
            await events_of(provider, attempt(model="a.b"))
        assert len(sts.asked) >= 4  # botocore asks for those that end soon more than once
        await provider.aclose()


async def test_a_role_that_cannot_be_had_is_an_error_without_keys(
    sts: Sts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", sts.url)
    sts.refuses = True
    keys = {"access_key_id": "env:A", "secret_access_key": "env:S"}
    async with FakeBedrock(keys=ROLE) as fake:
        with pytest.raises(ProviderUnavailable, match="AccessDenied") as raised:
            await ask(fake, **keys, role_arn=ROLE_ARN)
    assert KEYS.secret_key not in raised.value.message


async def test_refused_keys_are_looked_for_anew_but_not_at_each_refusal(
    clean: Path,
) -> None:
    profile = "[default]\naws_access_key_id={}\naws_secret_access_key={}\n"
    (clean / "credentials").write_text(profile.format(KEYS.access_key, "old-secret"))
    async with FakeBedrock(keys=KEYS) as fake:
        provider = connect(fake)
        with pytest.raises(ProviderRejected):
            await events_of(provider, attempt(model="a.b"))
        (clean / "credentials").write_text(profile.format(KEYS.access_key, KEYS.secret_key))
        await events_of(provider, attempt(model="a.b"))
        provider.authorization.forget(await provider.authorization.headers("POST", "h", b""))
        (clean / "credentials").write_text(profile.format(KEYS.access_key, "newer-secret"))
        await events_of(provider, attempt(model="a.b"))
        await provider.aclose()


async def test_a_secret_that_the_chain_found_never_stands_in_a_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from jupyter_mesh.testing.fake_bedrock import Behaviour

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ROLE.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", ROLE.secret_key)
    monkeypatch.setenv("AWS_SESSION_TOKEN", str(ROLE.token))
    async with FakeBedrock(keys=ROLE) as fake:
        provider = connect(fake)
        said = f"No, {ROLE.secret_key} with {ROLE.token}"
        fake.script(Behaviour(answer={"message": said}))
        with pytest.raises(ProviderUnavailable) as raised:
            await events_of(provider, attempt(model="a.b"))
        assert "No, " in raised.value.message
        assert ROLE.secret_key not in raised.value.message
        assert str(ROLE.token) not in raised.value.message
        await provider.aclose()


async def test_without_the_sdk_it_says_which_extra_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for part in ("session", "credentials", "exceptions"):
        monkeypatch.setitem(sys.modules, f"botocore.{part}", None)
    async with FakeBedrock(keys=KEYS) as fake:
        with pytest.raises(ConfigError, match=r"jupyter-mesh\[boto3\]"):
            await ask(fake)
        await ask(fake, access_key_id="env:A", secret_access_key="env:S")  # needs none


def _keys_xml(action: str, until: str) -> bytes:
    return f"""<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{action}Result>
<Credentials><AccessKeyId>{ROLE.access_key}</AccessKeyId><SecretAccessKey>{ROLE.secret_key}
</SecretAccessKey><SessionToken>{ROLE.token}</SessionToken><Expiration>{until}</Expiration>
</Credentials></{action}Result></{action}Response>""".replace("\n", "").encode()


def _refusal() -> bytes:
    return b"""<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error>
<Type>Sender</Type><Code>AccessDenied</Code><Message>Not authorized to assume it</Message></Error>
<RequestId>1</RequestId></ErrorResponse>"""
