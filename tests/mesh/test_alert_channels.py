"""Channels really tell: mail, webhooks and chats over sockets, with everything that goes wrong."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from jupyter_mesh.config import Config
from jupyter_mesh.errors import ConfigError, InvalidRequest, NotFound
from jupyter_mesh.mesh import Mesh
from jupyter_mesh.mesh.alerting import courier
from jupyter_mesh.reporting import egress
from jupyter_mesh.reporting.addresses import is_public
from jupyter_mesh.schemas.admin import SettingUpdate
from jupyter_mesh.schemas.alerts import Alert, AlertDelivery, Signal
from tests.storage.samples import Store, unreachable

from .receivers import Mailbox, certificate, mail_server, web_receiver
from .world import ROOT, mesh_of, put, until

both = pytest.mark.usefixtures("both_stores")


def signal(subject: str = "up/m", **fields: object) -> Signal:
    values: dict[str, object] = {
        "kind": "outage",
        "subject": subject,
        "severity": "warning",
        "title": f"{subject} is out",
        "text": "Look at its connection.",
        **fields,
    }
    return Signal(**values)  # pyright: ignore[reportArgumentType]


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier, "PAUSES", (timedelta(milliseconds=100),) * 3)
    monkeypatch.setattr(courier, "_POLL", 0.1)


@asynccontextmanager
async def telling(folder: Path, **channels: object) -> AsyncIterator[Mesh]:
    """A mesh with these channels."""
    async with mesh_of(folder, {"echo": {"provider": "echo"}}, alerts=channels) as mesh:
        yield mesh


def webhook(url: str, **fields: object) -> dict[str, object]:
    return {"channel": "webhook", "url": url, "private": True, "quiet": 0, **fields}


async def alerts(mesh: Mesh) -> list[Alert]:
    return (await mesh.alerts.page(state="all")).alerts


async def delivery(mesh: Mesh, state: str, about: str = "opened") -> AlertDelivery:
    """The only delivery about a beginning or end, once it is in `state`."""
    found: list[AlertDelivery] = []

    async def come() -> bool:
        (alert,) = await alerts(mesh)
        found[:] = [one for one in alert.deliveries if one.about == about]
        return [one.state for one in found] == [state]

    await until(come)
    return found[0]


# ── mail ────────────────────────────────────────────────────────────────────────────────────


async def test_a_mail_says_what_is_wrong_and_what_to_do(tmp_path: Path) -> None:
    box = Mailbox()
    server = mail_server(box)
    server.start()
    mail = {"channel": "email", "host": "localhost", "tls": "none", "to": ["ops@example.org"]}
    rule = {**mail, "from": "mesh@example.org", "port": server.port}
    try:
        async with telling(tmp_path, ops=rule) as mesh:
            mesh.signals.raised(signal())
            await delivery(mesh, "sent")
    finally:
        server.stop()
    (sent,) = box.mails
    assert sent["Subject"] == "[Jupyter Mesh] warning: up/m is out"
    assert (sent["From"], sent["To"]) == ("mesh@example.org", "ops@example.org")
    assert "Look at its connection." in sent.get_content()


@pytest.mark.parametrize(
    ("password", "trusted", "said"),
    [
        ("pw", True, None),
        ("wrong", True, "refused user and password"),
        ("pw", False, "certificate is not trusted"),
    ],
)
async def test_a_mail_goes_over_starttls_with_a_password(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    password: str,
    trusted: bool,
    said: str | None,
) -> None:
    monkeypatch.setenv("SMTP_PASSWORD", password)
    context, chain = certificate(tmp_path)
    box = Mailbox()
    server = mail_server(box, context)
    server.start()
    rule = {
        "channel": "email",
        "host": "localhost",
        "port": server.port,
        "from": "mesh@example.org",
        "to": ["ops@example.org"],
        "username": "mesh",
        "password": "env:SMTP_PASSWORD",
        **({"ca_file": str(chain)} if trusted else {}),
    }
    try:
        async with telling(tmp_path, ops=rule) as mesh:
            tried = await mesh.alerts.test("ops")
    finally:
        server.stop()
    assert tried.ok == (said is None)
    if said is None:
        assert (box.encrypted, box.users) == ([True], ["mesh"])
    else:
        assert said in (tried.error or "")
        assert box.mails == []


async def test_a_title_cannot_add_headers_to_a_mail(tmp_path: Path) -> None:
    box = Mailbox()
    server = mail_server(box)
    server.start()
    rule = {"channel": "email", "host": "localhost", "tls": "none", "from": "m@example.org"}
    rule |= {"to": ["o@example.org"], "port": server.port}
    try:
        async with telling(tmp_path, ops=rule) as mesh:
            mesh.signals.raised(signal(title="out\r\nBcc: eve@example.org"))
            await delivery(mesh, "sent")
    finally:
        server.stop()
    assert box.mails[0]["Bcc"] is None


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"tls": "none", "username": "u", "password": "env:P"}, "needs `tls"),
        ({"username": "u"}, "go together"),
        ({"password": "hunter2", "username": "u"}, "pattern"),
        ({"to": []}, "at least 1"),
    ],
)
def test_a_channel_that_would_leak_or_not_work_is_refused(
    fields: dict[str, object], said: str
) -> None:
    from jupyter_mesh.mesh.merge import merge_all  # noqa: F401

    rule = {"channel": "email", "host": "h", "from": "a@b.c", "to": ["d@e.f"], **fields}
    with pytest.raises(ValueError, match=said):
        Config.model_validate({"alerts": {"ops": rule}})


# ── webhooks ────────────────────────────────────────────────────────────────────────────────


@both
async def test_a_webhook_is_signed_and_says_all_of_the_alert(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK", "a secret")
    async with web_receiver() as receiver:
        rule = webhook(receiver.url, secret="env:HOOK")
        async with telling(tmp_path, siem=rule) as mesh:
            mesh.signals.raised(signal())
            await delivery(mesh, "sent")
            mesh.signals.ended("outage", "up/m")
            await delivery(mesh, "sent", "resolved")
    began, ended = receiver.received
    parts = dict(part.split("=") for part in began.headers["X-Mesh-Signature"].split(","))
    proof = hmac.new(b"a secret", f"{parts['t']}.".encode() + began.raw, hashlib.sha256)
    assert parts["v1"] == proof.hexdigest()
    alert = cast("dict[str, object]", began.json["alert"])
    assert (began.json["event"], ended.json["event"]) == ("opened", "resolved")
    assert (alert["kind"], alert["subject"]) == ("outage", "up/m")
    assert began.headers["X-Mesh-Delivery"] == began.json["delivery"]


@both
async def test_a_receiver_that_fails_is_tried_again_with_the_same_delivery(tmp_path: Path) -> None:
    async with web_receiver() as receiver:
        receiver.answers = [500, 503, 200]
        async with telling(tmp_path, siem=webhook(receiver.url)) as mesh:
            mesh.signals.raised(signal())
            sent = await delivery(mesh, "sent")
            assert (sent.attempts, sent.error) == (3, None)
        assert len({one.headers["X-Mesh-Delivery"] for one in receiver.received}) == 1
        assert len(receiver.received) == 3


@both
async def test_one_that_stays_down_is_given_up_and_shown(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://localhost:{taken.getsockname()[1]}/"
        async with telling(tmp_path, siem=webhook(url)) as mesh:
            mesh.signals.raised(signal())
            failed = await delivery(mesh, "failed")
            assert failed.attempts == 4
            assert "refused" in (failed.error or "")


@both
async def test_a_failure_is_shown_at_the_alert_while_it_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "PAUSES", (timedelta(hours=1),))
    async with web_receiver() as receiver:
        receiver.answers = [500]
        async with telling(tmp_path, siem=webhook(receiver.url)) as mesh:
            mesh.signals.raised(signal())
            waiting = await delivery(mesh, "retrying")
            assert waiting.error == "It answered 500: as told"
            assert waiting.next_at is not None


async def test_a_slow_receiver_holds_up_no_other_channel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(egress, "SECONDS", 0.5)
    async with web_receiver() as slow, web_receiver() as quick:
        slow.answers = [lambda: None]
        channels = {"slow": webhook(slow.url), "quick": webhook(quick.url)}
        async with telling(tmp_path, **channels) as mesh:
            mesh.signals.raised(signal())

            async def told() -> bool:
                return bool(quick.received)

            await until(told)

            async def noted() -> bool:
                (alert,) = await alerts(mesh)
                states = {one.channel: one.error for one in alert.deliveries}
                return (states["slow"] or "").startswith("No answer came")

            await until(noted)


async def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    async with web_receiver() as receiver:
        receiver.answers = [302]
        async with telling(tmp_path, siem=webhook(receiver.url)) as mesh:
            tried = await mesh.alerts.test("siem")
        assert not tried.ok
        assert "redirect" in (tried.error or "")
        assert len(receiver.received) == 1


@pytest.mark.parametrize("trusted", [True, False])
async def test_a_certificate_nobody_vouches_for_is_refused(tmp_path: Path, trusted: bool) -> None:
    context, chain = certificate(tmp_path)
    async with web_receiver(context) as receiver:
        extra = {"ca_file": str(chain)} if trusted else {}
        async with telling(tmp_path, siem=webhook(receiver.url, **extra)) as mesh:
            tried = await mesh.alerts.test("siem")
        assert tried.ok == trusted
        assert len(receiver.received) == int(trusted)
        if not trusted:
            assert "certificate is not trusted" in (tried.error or "")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"])
async def test_a_private_address_is_refused_unless_it_is_allowed(tmp_path: Path, host: str) -> None:
    async with web_receiver() as receiver:
        url = receiver.url.replace("localhost", host)
        async with telling(tmp_path, siem=webhook(url, private=False)) as mesh:
            tried = await mesh.alerts.test("siem")
        assert not tried.ok
        assert "private" in (tried.error or "")
        assert receiver.received == []


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("10.0.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("64:ff9b::5db8:d822", True),
        ("2002:a00:1::", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


# ── chats, and secrets ──────────────────────────────────────────────────────────────────────


async def test_a_chats_address_is_sealed_used_and_never_shown(mesh: Mesh, tmp_path: Path) -> None:
    async with web_receiver() as receiver:
        url = f"{receiver.url}services/T0/B0/canary"
        update = SettingUpdate(
            body={"channel": "slack", "private": True}, secrets={"url": url}, version=None
        )
        saved = await mesh.administration.put(ROOT, "alerts", "chat", update)
        assert "canary" not in saved.model_dump_json()
        mesh.signals.raised(signal("<!channel> up/m"))
        await delivery(mesh, "sent")
        text = cast(str, receiver.received[0].json["text"])
        assert "&lt;!channel&gt; up/m is out" in text
        receiver.answers = [404]
        tried = await mesh.alerts.test("chat")
        shown = mesh.administration.settings("alerts").model_dump_json()
        changes = await mesh.administration.changes(kind="alerts", name=None, before=None, limit=9)
        assert "canary" not in f"{tried}{shown}{await alerts(mesh)}{changes}"
        stored = b"".join(path.read_bytes() for path in (tmp_path / "state").glob("mesh.db*"))
        assert b"canary" not in stored


async def test_a_sealed_password_goes_to_no_other_server_than_it_was_given_for(mesh: Mesh) -> None:
    body = {"channel": "email", "host": "mail.example.org", "from": "a@b.c", "to": ["d@e.f"]}
    body["username"] = "mesh"
    update = SettingUpdate.model_validate({"body": body, "secrets": {"password": "canary"}})
    saved = await mesh.administration.put(ROOT, "alerts", "ops", update)
    assert saved.version is not None
    kept = {**saved.body, "to": ["other@e.f"]}
    version = await put(mesh, "alerts", "ops", saved.version, **kept)
    for moved in ({"host": "evil.example.org"}, {"tls": "none"}, {"port": 2525}):
        with pytest.raises((InvalidRequest, ConfigError)):
            await put(mesh, "alerts", "ops", version, **{**kept, **moved})


async def test_there_is_no_trying_a_channel_that_is_not_there(mesh: Mesh) -> None:
    with pytest.raises(NotFound, match="no channel"):
        await mesh.alerts.test("ops")


# ── who is told, and how often ──────────────────────────────────────────────────────────────


@both
async def test_a_channel_gets_the_kinds_and_severities_it_asks_for(tmp_path: Path) -> None:
    async with web_receiver() as some, web_receiver() as severe:
        channels = {
            "some": webhook(some.url, kinds=["slo"]),
            "severe": webhook(severe.url, severities=["critical"]),
            "off": webhook(some.url, enabled=False),
        }
        async with telling(tmp_path, **channels) as mesh:
            mesh.signals.raised(signal("a", kind="slo"))
            mesh.signals.raised(signal("b", severity="critical"))
            mesh.signals.raised(signal("c"))

            async def both() -> bool:
                return bool(some.received and severe.received)

            await until(both)
            found = {one.subject: [d.channel for d in one.deliveries] for one in await alerts(mesh)}
            assert found == {"a": ["some"], "b": ["severe"], "c": []}


@both
async def test_what_comes_back_in_the_quiet_period_is_told_after_it_or_not_at_all(
    tmp_path: Path,
) -> None:
    async with web_receiver() as receiver:
        rule = webhook(receiver.url, quiet=2, resolved=False)
        async with telling(tmp_path, siem=rule) as mesh:
            for _ in range(3):
                mesh.signals.raised(signal())
                await mesh.alerts.summary()
                if not receiver.received:
                    await delivery(mesh, "sent")
                mesh.signals.ended("outage", "up/m")
                await mesh.alerts.summary()
            assert len(receiver.received) == 1
            mesh.signals.raised(signal())
            assert (await delivery(mesh, "waiting")).next_at is not None
            await delivery(mesh, "sent")
            assert len(receiver.received) == 2


@both
async def test_of_several_gateways_over_a_store_one_tells(tmp_path: Path) -> None:
    async with web_receiver() as receiver:
        rule = webhook(receiver.url)
        async with (
            telling(tmp_path, siem=rule) as first,
            telling(tmp_path, siem=rule) as second,
            telling(tmp_path, siem=rule) as third,
        ):
            for number in range(5):
                for mesh in (first, second, third):
                    mesh.signals.raised(signal(f"up/{number}"))

            async def told() -> bool:
                found = await alerts(second)
                states = [d.state for one in found for d in one.deliveries]
                return states == ["sent"] * 5 and all(one.count == 3 for one in found)

            await until(told)
            await asyncio.sleep(0.5)
            subjects = [
                cast("dict[str, str]", one.json["alert"])["subject"] for one in receiver.received
            ]
            assert sorted(subjects) == [f"up/{number}" for number in range(5)]


async def test_without_a_store_channels_are_told_from_memory_and_not_once_more(
    tmp_path: Path, both_stores: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So that a message that takes a while is not sent again meanwhile.
    monkeypatch.setattr(courier, "PAUSES", (timedelta(milliseconds=100), timedelta(hours=1)))
    async with web_receiver() as receiver, telling(tmp_path, siem=webhook(receiver.url)) as mesh:
        with unreachable(both_stores):
            mesh.signals.raised(signal(kind="audit", subject="store"))

            async def told() -> bool:
                return any(one.told for one in mesh.signals.unsaved.values())

            await until(told)
            assert len(receiver.received) == 1

        async def kept() -> bool:
            found = await alerts(mesh)
            return [one.id[:6] for one in found] == ["alert_"]

        await until(kept)
        await delivery(mesh, "sent")
        await asyncio.sleep(0.5)
        assert len(receiver.received) == 1
