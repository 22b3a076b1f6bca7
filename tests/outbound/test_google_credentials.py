"""Tokens for Google: the real `google-auth` against servers of this machine that stand in for its
token service and for the metadata of a machine of Google's.
"""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import _exponential_backoff as backoff
from google.auth import jwt
from google.oauth2 import credentials as oauth2

from jupyter_mesh.errors import (
    ConfigError,
    ProviderMisconfigured,
    ProviderRejected,
    ProviderUnavailable,
)
from jupyter_mesh.outbound.google_credentials import GoogleCredentials
from jupyter_mesh.providers.vertex import Vertex
from jupyter_mesh.providers.vertex_config import VertexConfig
from jupyter_mesh.testing.attempts import attempt, provider_context
from jupyter_mesh.testing.fake_gemini import Behaviour, FakeGemini
from jupyter_mesh.testing.secrets import StaticSecrets
from tests.providers.reading import answer_of

WHO = "The connection 'google'"


@dataclass
class Google:
    """Answers with tokens, one newer than the other, or as it is told."""

    asked: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    status: int = 200
    error: dict[str, object] = field(default_factory=dict)
    url: str = ""

    @property
    def tokens(self) -> int:
        return sum("token" in path for path, _, _ in self.asked)

    def answer(self, path: str) -> dict[str, object]:
        if self.status != 200:
            return self.error
        if "token" not in path:
            return {"aliases": ["default"], "email": "robot@p.iam", "scopes": []}
        token = f"ya29.token-{self.tokens}"
        kind = "urn:ietf:params:oauth:token-type:access_token"
        return {
            "access_token": token, "expires_in": 3600, "token_type": "Bearer",
            "issued_token_type": kind,
        }  # fmt: skip


@pytest.fixture
def google() -> Iterator[Google]:
    state = Google()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(size)
            headers = {name.lower(): value for name, value in self.headers.items()}
            state.asked.append((self.path, headers, body))
            data = json.dumps(state.answer(self.path)).encode()
            self.send_response(state.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Metadata-Flavor", "Google")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST  # noqa: N815

        def log_message(self, format: str, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def service_account(google: Google, key: rsa.RSAPrivateKey) -> dict[str, str]:
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return {
        "type": "service_account",
        "project_id": "p",
        "private_key_id": "k",
        "private_key": pem.decode(),
        "client_email": "robot@p.iam.gserviceaccount.com",
        "token_uri": f"{google.url}/token",
    }


def credentials(secret: object) -> GoogleCredentials:
    text = secret if isinstance(secret, str) else json.dumps(secret)
    return GoogleCredentials(WHO, StaticSecrets({"file:key.json": text}), "file:key.json")


def test_a_service_account_signs_for_its_token(google: Google, key: rsa.RSAPrivateKey) -> None:
    token = credentials(service_account(google, key)).fetch()
    assert token.value == "ya29.token-1"
    ((_, _, body),) = google.asked
    assertion = parse_qs(body.decode())["assertion"][0]
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    claims = jwt.decode(assertion, certs=public, audience="https://oauth2.googleapis.com/token")
    assert claims["iss"] == "robot@p.iam.gserviceaccount.com"
    assert claims["scope"] == "https://www.googleapis.com/auth/cloud-platform"


def test_a_workload_shows_the_token_of_its_own_platform(google: Google, tmp_path: Path) -> None:
    subject = tmp_path / "token"
    subject.write_text("kubernetes-token")
    audience = (
        "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/w/providers/k"
    )
    info = {
        "type": "external_account",
        "audience": audience,
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": f"{google.url}/v1/token",
        "credential_source": {"file": str(subject)},
    }
    assert credentials(info).fetch().value == "ya29.token-1"
    form = parse_qs(google.asked[0][2].decode())
    assert form["subject_token"] == ["kubernetes-token"]
    assert form["audience"] == [audience]


def test_a_users_own_login(google: Google, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oauth2, "_GOOGLE_OAUTH2_TOKEN_ENDPOINT", f"{google.url}/token")
    info = {
        "type": "authorized_user",
        "client_id": "c",
        "client_secret": "s",
        "refresh_token": "r",
    }
    assert credentials(info).fetch().value == "ya29.token-1"
    assert parse_qs(google.asked[0][2].decode())["refresh_token"] == ["r"]


def test_without_credentials_the_machines_default_is_taken(
    google: Google, key: rsa.RSAPrivateKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "adc.json"
    path.write_text(json.dumps(service_account(google, key)))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    assert GoogleCredentials(WHO, StaticSecrets(), None).fetch().value == "ya29.token-1"


def test_a_machine_of_googles_has_its_own_service_account(
    google: Google, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    host = google.url.removeprefix("http://")
    for name in ("GCE_METADATA_HOST", "GCE_METADATA_IP", "GCE_METADATA_ROOT"):
        monkeypatch.setenv(name, host)
    code = (
        "from jupyter_mesh.outbound.google_credentials import GoogleCredentials as C\n"
        "from jupyter_mesh.testing.secrets import StaticSecrets as S\n"
        "print(C('x', S(), None).fetch().value)"
    )  # its addresses are read once in a process
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert ran.stdout.strip().startswith("ya29.token-"), ran.stderr


WRONG = [
    "not json",
    "[]",
    {"type": "aws"},
    {"type": "unheard_of"},
    {"type": "external_account", "credential_source": {"executable": {"command": "/bin/true"}}},
    {"type": "service_account", "private_key": "very-secret-key", "client_email": "a"},
    {
        "type": "service_account",
        "private_key": "very-secret-key",
        "client_email": "a",
        "token_uri": "http://127.0.0.1:9/token",
    },
]


@pytest.mark.parametrize("secret", WRONG)
def test_what_is_no_key_is_told_without_a_word_of_it(secret: object) -> None:
    with pytest.raises((ConfigError, ProviderMisconfigured)) as refused:
        credentials(secret).fetch()
    assert "very-secret-key" not in refused.value.message
    assert "google" in refused.value.message


def test_a_refusal_is_for_an_admin_and_a_breakdown_for_later(
    google: Google, key: rsa.RSAPrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backoff.time, "sleep", lambda seconds: None)
    told = credentials(service_account(google, key))
    google.status = 400
    google.error = {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
    with pytest.raises(ProviderMisconfigured, match="invalid_grant"):
        told.fetch()
    google.status, google.error = 503, {"error": "internal_failure"}
    with pytest.raises(ProviderUnavailable, match="Try again"):
        told.fetch()


def test_a_token_service_that_is_gone_is_for_later(key: rsa.RSAPrivateKey) -> None:
    info = service_account(Google(url="http://127.0.0.1:9"), key)
    with pytest.raises(ProviderUnavailable, match="Try again"):
        credentials(info).fetch()


def test_without_the_package_it_says_which_extra_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in [name for name in sys.modules if name.startswith("google.auth")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "google.auth", None)
    with pytest.raises(ConfigError, match=r"pip install 'jupyter-mesh\[google-auth\]'"):
        credentials({"type": "service_account"}).fetch()


async def test_a_connection_fetches_once_and_anew_after_a_refusal(
    google: Google, key: rsa.RSAPrivateKey
) -> None:
    secrets = StaticSecrets({"file:key.json": json.dumps(service_account(google, key))})
    async with FakeGemini(api_key="ya29.token-1") as fake:
        config = VertexConfig.model_validate(
            {"base_url": fake.base_url, "project": "p", "credentials": "file:key.json"}
        )
        provider = Vertex(config, provider_context(secrets=secrets))
        for _ in range(3):
            await answer_of(provider, attempt(model="gemini-2.5-flash"))
        assert google.tokens == 1
        fake._api_key = "ya29.token-2"  # the first one has been withdrawn
        with pytest.raises(Exception, match="401"):
            await answer_of(provider, attempt(model="gemini-2.5-flash"))
        await answer_of(provider, attempt(model="gemini-2.5-flash"))
        assert google.tokens == 2
        await provider.aclose()


def test_importing_the_provider_loads_no_package_of_googles() -> None:
    code = (
        "import sys, jupyter_mesh.providers.vertex\n"
        "print([n for n in sys.modules if n.startswith(('google', 'requests', 'aiohttp'))])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert ran.stdout.strip() == "[]", ran.stderr


async def test_a_token_that_was_withdrawn_stays_out_of_messages(
    google: Google, key: rsa.RSAPrivateKey
) -> None:
    """Of two calls with one token the later refusal comes when the token is forgotten already."""
    secrets = StaticSecrets({"file:key.json": json.dumps(service_account(google, key))})
    async with FakeGemini() as fake:
        config = VertexConfig.model_validate(
            {"base_url": fake.base_url, "project": "p", "credentials": "file:key.json"}
        )
        provider = Vertex(config, provider_context(secrets=secrets))
        fake.script(Behaviour(fault="unauthorized"), Behaviour(fault="unauthorized", delay=0.2))
        one = attempt(model="gemini-2.5-flash")
        refused = await asyncio.gather(
            answer_of(provider, one), answer_of(provider, one), return_exceptions=True
        )
        await provider.aclose()
    assert google.tokens == 1
    for error in refused:
        assert isinstance(error, ProviderRejected)
        assert "ya29" not in error.message
        assert base64.b64encode(b"ya29.token-1").decode() not in error.message
