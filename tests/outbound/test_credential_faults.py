"""What vendors' libraries say when they find no credentials goes to the log, not to callers."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from jupyter_mesh.errors import MeshError, ProviderMisconfigured, ProviderUnavailable
from jupyter_mesh.outbound.aws_credentials import AwsAuthorization
from jupyter_mesh.outbound.azure_identity import EntraTokens
from jupyter_mesh.outbound.credential_faults import named
from jupyter_mesh.outbound.google_credentials import GoogleCredentials
from jupyter_mesh.providers.bedrock_config import BedrockConfig
from jupyter_mesh.testing.secrets import StaticSecrets

WHO = "The connection 'x'"
LEAK = "HUNTER2-PASSWORD"


async def test_what_a_profiles_program_printed_reaches_no_caller(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    program = tmp_path / "keys.py"
    program.write_text(f"import sys\nsys.exit('bind svc:{LEAK} with sk-abcdefghijkl failed')\n")
    (tmp_path / "config").write_text(
        f"[profile vault]\ncredential_process = {sys.executable} {program}\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    settings = BedrockConfig.model_validate({"region": "us-east-1", "profile": "vault"})
    asked = AwsAuthorization(settings, StaticSecrets({"env:A": "known-secret"}), WHO, "bedrock")
    with pytest.raises(ProviderUnavailable, match="CredentialRetrievalError") as raised:
        await asked.headers("POST", "https://h/x", b"")
    assert LEAK not in raised.value.message
    assert "svc" not in raised.value.message
    assert "bind svc" in caplog.text, "the admin can read why"
    assert "sk-abcdefghijkl" not in caplog.text


@pytest.mark.parametrize("kind", ["CredentialUnavailableError", "ClientAuthenticationError"])
def test_what_microsofts_library_says_reaches_no_caller(
    kind: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import azure.core.exceptions
    import azure.identity

    error = getattr(azure.identity, kind, None) or getattr(azure.core.exceptions, kind)

    class Stand:
        def get_token(self, scope: str) -> object:
            raise error(f"az said svc:{LEAK} and client-s3cret")

        def close(self) -> None: ...

    monkeypatch.setattr(azure.identity, "DefaultAzureCredential", Stand)
    tokens = EntraTokens("default", "s", WHO, known_values=lambda: ["client-s3cret"])
    with pytest.raises(MeshError, match=kind) as raised:
        tokens.fetch()
    assert LEAK not in raised.value.message
    assert "az said" in caplog.text
    assert "client-s3cret" not in caplog.text


def test_what_googles_library_says_reaches_no_caller(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import google.auth
    from google.auth.exceptions import RefreshError

    def found(scopes: object) -> object:
        raise RefreshError(f"program printed svc:{LEAK}", {"error": f"svc:{LEAK}"})

    monkeypatch.setattr(google.auth, "default", found)
    with pytest.raises(ProviderMisconfigured, match="RefreshError") as raised:
        GoogleCredentials(WHO, StaticSecrets({}), None).fetch()
    assert LEAK not in raised.value.message
    assert "program printed" in caplog.text


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("AccessDenied", "ValueError: AccessDenied"),
        ("invalid_grant", "ValueError: invalid_grant"),
        ("svc:pass", "ValueError"),
        ("a sentence", "ValueError"),
        (None, "ValueError"),
        (403, "ValueError"),
    ],
)
def test_only_a_single_word_counts_as_a_vendors_code(code: object, told: str) -> None:
    assert named(WHO, ValueError("x"), (), code) == told
