"""Where alerts arrive: a mail server and a web server on loopback, which do what a test says."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import cast

import orjson
from aiohttp import web
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Received:
    """One POST."""

    headers: dict[str, str]
    raw: bytes

    @property
    def json(self) -> dict[str, object]:
        return cast("dict[str, object]", orjson.loads(self.raw))


@dataclass
class Receiver:
    """A web server. `answers` are given one after the other, the last one for ever."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answers: list[int | Callable[[], object]] = field(default_factory=lambda: [200])

    async def take(self, request: web.Request) -> web.StreamResponse:
        self.received.append(Received(dict(request.headers), await request.read()))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if callable(answer):
            await asyncio.sleep(30)
        headers = {"Location": f"{self.url}elsewhere"} if answer == 302 else {}
        return web.Response(status=cast(int, answer), text="as told", headers=headers)


@asynccontextmanager
async def web_receiver(tls: ssl.SSLContext | None = None, port: int = 0) -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/{rest:.*}", receiver.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls)
    await site.start()
    bound = cast("list[tuple[str, int]]", runner.addresses)[0][1]
    receiver.url = f"{'https' if tls else 'http'}://localhost:{bound}/"
    try:
        yield receiver
    finally:
        await runner.cleanup()


@dataclass
class Mailbox:
    """A mail server's mails, and how whoever brought them was known."""

    host: str = "localhost"
    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    users: list[str | None] = field(default_factory=list)

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        mail = message_from_bytes(cast(bytes, envelope.content), policy=policy.default)
        self.mails.append(cast(EmailMessage, mail))
        self.encrypted.append(session.ssl is not None)
        self.users.append(cast("str | None", session.auth_data))
        return "250 taken"


def mail_server(
    box: Mailbox, tls: ssl.SSLContext | None = None, *, user: str = "mesh", password: str = "pw"
) -> Controller:
    """A server that asks for STARTTLS and a password where it has a certificate."""

    def check(
        _server: object, _session: object, _envelope: object, _kind: str, data: object
    ) -> AuthResult:
        login, given = bytes(data.login).decode(), bytes(data.password).decode()  # type: ignore[attr-defined]
        return AuthResult(
            success=(login, given) == (user, password), auth_data=login, handled=False
        )

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = cast(int, free.getsockname()[1])
    return Controller(
        box,
        hostname="127.0.0.1",
        port=port,
        tls_context=tls,
        require_starttls=tls is not None,
        auth_required=tls is not None,
        authenticator=check,
    )


def certificate(folder: Path, name: str = "localhost") -> tuple[ssl.SSLContext, Path]:
    """A server's context, and the file whoever trusts it needs."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.DNSName(name), x509.IPAddress(ip_address("127.0.0.1"))]
            ),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain, secret = folder / "server.pem", folder / "server.key"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, secret)
    return context, chain
