"""Whom a connection trusts: the system's authorities, or the file the admin names."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from jupyter_mesh.errors import ConfigError, ProviderUnavailable
from jupyter_mesh.providers.openai_compatible import OpenAICompatible
from jupyter_mesh.providers.openai_config import OpenAIConfig
from jupyter_mesh.testing.attempts import attempt, provider_context
from tests.providers.reading import events_of

BODY = b'{"choices": [{"index": 0, "message": {"role": "assistant", "content": "hi"}}]}'


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1 that signs itself, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test server")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "server.pem"
    encoded = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file.write_bytes(encoded + signed.public_bytes(serialization.Encoding.PEM))
    return file


@asynccontextmanager
async def server(certificate: Path) -> AsyncGenerator[str]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
        writer.write(f"{head}Content-Length: {len(BODY)}\r\n\r\n".encode() + BODY)
        await writer.drain()
        writer.close()

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    listening = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    yield f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"
    listening.close()


async def ask(**settings: object) -> int:
    provider = OpenAICompatible(OpenAIConfig.model_validate(settings), provider_context())
    try:
        return len(await events_of(provider, attempt()))
    finally:
        await provider.aclose()


async def test_a_certificate_nobody_vouches_for_is_refused(certificate: Path) -> None:
    async with server(certificate) as address:
        with pytest.raises(ProviderUnavailable, match="ca_file"):
            await ask(base_url=address)


async def test_the_admins_file_vouches_for_it(certificate: Path) -> None:
    async with server(certificate) as address:
        assert await ask(base_url=address, ca_file=certificate) == 3


async def test_checking_can_be_switched_off(certificate: Path) -> None:
    async with server(certificate) as address:
        assert await ask(base_url=address, tls_verify=False) == 3


async def test_a_file_that_is_missing_or_no_certificate_is_named(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    for file in (tmp_path / "missing.pem", empty):
        with pytest.raises(ConfigError, match=file.name):
            await ask(base_url="https://127.0.0.1:9/v1", ca_file=file)
