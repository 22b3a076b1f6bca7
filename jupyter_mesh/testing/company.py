"""A company in its eighth week with the mesh: what the pictures of every page show.

Rules come partly from mesh.yaml and partly from an admin, calls and measured speed from
`jupyter_mesh.testing.weeks`, and a few calls are really made, for what only they leave behind:
texts, findings of the guards, alerts.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from jupyter_mesh import config
from jupyter_mesh.schemas.alerts import AlertKind, Severity, Signal
from jupyter_mesh.schemas.channels import WebhookChannel
from jupyter_mesh.storage.alerts import Seen, SqlAlerts
from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI
from jupyter_mesh.testing.weeks import write_weeks

ADMIN, ADMIN_HASH = config.new_key()
REPORTS, REPORTS_HASH = config.new_key()
ADA, ADA_HASH = config.new_key()
NOWHERE = "http://127.0.0.1:9/v1"
NO_HEADERS: Mapping[str, str] = MappingProxyType({})


def rules(store: Path, upstream: FakeOpenAI) -> str:
    """What mesh.yaml says; the rest an admin has set."""
    soon = (datetime.now(UTC) + timedelta(days=9)).isoformat(timespec="seconds")
    return f"""
offers: false
admin_contact: Olga Brandt, olga@example.org
store: {{ url: "sqlite:///{store}" }}
connections:
  campus:
    provider: openai_compatible
    base_url: {upstream.base_url}
    residency: region
    trains_on_requests: false
    retains_requests: 0d
    terms_checked: 2026-09-01
    models:
      qwen3-32b: {{ price: {{ input: 0.35, output: 1.4 }}, context_window: 131072 }}
      llama-3.3-70b: {{ price: {{ input: 0.59, output: 0.79 }}, context_window: 131072 }}
      mistral-small-24b: {{ price: {{ input: 0.1, output: 0.3 }}, context_window: 32768 }}
      our-fine-tune: {{ price: {{ input: 120, output: 360 }}, max_output: 2000 }}
      preview: {{}}
  gpu:
    provider: openai_compatible
    base_url: {NOWHERE}
    residency: local
    retries: 0
    models: [qwen3-8b]
default_model: campus/qwen3-32b
slos:
  - {{name: campus is quick, model: "campus/*", p95_ms: 2500, error_rate: 0.02, minimum_calls: 10}}
budgets:
  - {{ name: everybody, limit_usd: 500, window: month, on_limit: warn }}
audit:
  content_for:
    - {{ for: {{ model: campus/our-fine-tune }}, keep: none }}
    - {{ for: {{ model: campus/mistral-small-24b }}, keep: full }}
screening:
  - for: {{ connection: campus }}
    detectors: [standard]
    entities: {{ EMAIL_ADDRESS: redact, CREDIT_CARD: block, IP_ADDRESS: alert }}
keys:
  - {{ name: olga, hash: {ADMIN_HASH}, user: olga, application: site, admin: true }}
  - {{ name: ada at her desk, hash: {ADA_HASH}, user: ada, application: desk }}
  - {{ name: reports, hash: {REPORTS_HASH}, user: reports, application: monthly-report,
       purpose: reporting, expires: "{soon}" }}
"""


@dataclass
class Gateway:
    """Where the company's gateway is asked: with a key, or with JupyterLab's token."""

    url: str
    key: str = ADMIN

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        key: str | None = None,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> tuple[int, Any]:
        """Status and answer of `/mesh/PATH`."""
        request = urllib.request.Request(
            f"{self.url.rstrip('/')}/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {key or self.key}",
                "Content-Type": "application/json",
                **headers,
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                text = reply.read()
                return reply.status, json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def put(self, kind: str, name: str, body: Mapping[str, object], **more: object) -> int:
        """Set one object; its version."""
        status, saved = self.call(
            "PUT", f"api/settings/{kind}/{quote(name)}", {"body": body, **more}
        )
        assert status == 200, saved
        return saved["version"]

    def ask(self, text: str, model: str, key: str = ADMIN, purpose: str | None = None) -> str:
        """Make one call; what it is called in the record."""
        body: dict[str, object] = {
            "model": model,
            "messages": [
                {"role": "system", "content": "Answer in two sentences."},
                {"role": "user", "content": text},
            ],
        }
        headers = NO_HEADERS if purpose is None else {"X-Mesh-Purpose": purpose}
        self.call("POST", "v1/chat/completions", body, key, headers)
        return self.call("GET", "api/calls?limit=1")[1]["calls"][0]["id"]


def settle(gateway: Gateway) -> None:
    """What an admin has set over the weeks."""
    cloud = {
        "provider": "openai_compatible",
        "base_url": NOWHERE,
        "retries": 0,
        "trains_on_requests": False,
        "retains_requests": "30d",
        "models": {
            "gpt-5": {"price": {"input": 1.25, "output": 10}},
            "gpt-5-mini": {"price": {"input": 0.25, "output": 2}},
            "embed-3": {"price": {"input": 0.02}},
        },
    }
    gateway.put("connections", "cloud", cloud, secrets={"api_key": "sk-cloud-4711"})
    old = {"provider": "openai_compatible", "base_url": NOWHERE, "enabled": False}
    gateway.put("connections", "old cluster", old)
    gateway.put("aliases", "fast", {"models": ["campus/mistral-small-24b", "cloud/gpt-5-mini"]})
    thorough = {"models": ["cloud/gpt-5", "campus/llama-3.3-70b"], "strategy": "cheapest"}
    gateway.put("aliases", "thorough", thorough)
    settle_groups(gateway)
    accounts: dict[str, dict[str, object]] = {
        "nightly": {"owner": "ada", "description": "Sums up the day’s tickets"},
        "mail-sorter": {"owner": "ben", "description": "Sorts what comes in", "enabled": False},
    }
    for name, body in accounts.items():
        gateway.put("service_accounts", name, body)
    settle_budgets(gateway)
    wishes: tuple[dict[str, object], ...] = (
        {"name": "nightly, 2026", "user": "nightly", "application": "nightly-batch"},
        {"name": "mail", "user": "mail-sorter", "application": "mail-sorter"},
        {"name": "audit of the year", "user": "chloe", "application": "audit", "auditor": True},
    )
    for wish in wishes:
        budget = {"models": ["campus/*"], "budget_usd": "25", "window": "week"}
        assert gateway.call("POST", "api/keys", {**wish, **budget})[0] == 201
    hook = {"channel": "webhook", "url": "https://hooks.example.org/mesh"}
    gateway.put("alerts", "on-call", {**hook, "severities": ["critical"]})
    mail = {"host": "smtp.example.org", "from": "mesh@example.org", "to": ["ops@example.org"]}
    gateway.put("alerts", "operators", {"channel": "email", **mail, "enabled": False})
    settle_uses(gateway)


def settle_groups(gateway: Gateway) -> None:
    """Who may use what, and for which purposes."""
    research = {
        "members": ["ada", "ben"],
        "leads": ["ada"],
        "allow": ["fast", "thorough", "campus/*", "cloud/*"],
        "purposes": ["research", "reporting", "teaching"],
        "purposes_for": {"cloud/gpt-5": ["research"], "cloud/embed-3": ["research", "teaching"]},
    }
    gateway.put("groups", "research", research)
    risk = {"members": ["chloe", "dmitri"], "allow": ["fast", "cloud/gpt-5"], "role": "auditor"}
    gateway.put("groups", "risk", risk)
    jobs = {
        "members": ["nightly", "mail-sorter", "reports"],
        "allow": ["campus/qwen3-32b", "campus/preview", "campus/our-fine-tune"],
        "purpose_required": False,
    }
    gateway.put("groups", "jobs", jobs)
    gateway.put("groups", "everybody", {"members": ["*"], "allow": ["campus/*", "gpu/*", "fast"]})


def settle_budgets(gateway: Gateway) -> None:
    """What may be spent, and how fast."""
    budgets: dict[str, dict[str, object]] = {
        "allowance": {"scope": {"user": "*"}, "limit_usd": 8, "window": "day"},
        "research, by quarter": {
            "scope": {"group": "research"},
            "limit_usd": 900,
            "window": "quarter",
            "timezone": "Europe/Berlin",
        },
        "quiet night": {
            "scope": {"application": "nightly-batch"},
            "limit_usd": 5,
            "window": "rolling 24h",
        },
        "reports": {
            "scope": {"application": "monthly-report"},
            "limit_usd": "0.02",
            "window": "month",
        },
        "everything else": {"limit_usd": 50, "window": "month", "fallback": True},
    }
    for name, body in budgets.items():
        gateway.put("budgets", name, body)
    for name, share, length in (
        ("closing of the quarter", None, timedelta(days=10)),
        ("ada's trial", "user=ada", timedelta(seconds=2)),  # over when somebody looks
    ):
        until = datetime.now(UTC) + length
        more: dict[str, object] = {"limit_usd": 20, "reason": "Agreed with Lea Weber"}
        gateway.put(
            "raises",
            name,
            {"budget": "allowance", "share": share, "until": until.isoformat(), **more},
        )
    gateway.put("limits", "pace", {"scope": {"user": "*"}, "requests_per_minute": 60})
    gateway.put("limits", "the one GPU", {"scope": {"connection": "gpu"}, "parallel": 2})


def settle_uses(gateway: Gateway) -> None:
    """What is declared of the uses."""
    tickets: dict[str, object] = {
        "application": "nightly-batch",
        "purpose": "reporting",
        "owner": "Lea Weber",
        "risk_class": "limited",
        "since": "2026-01-15",
        "data_sources": ["tickets", "handbook"],
        "human_oversight": "Lea reads before it is sent",
        "description": "Drafts of answers to tickets",
    }
    gateway.put("use_cases", "ticket answers", tickets)
    loans = {"application": "monthly-report", "purpose": "research", "owner": "Chloe Roux"}
    gateway.put("use_cases", "credit reports", {**loans, "risk_class": "high"})
    gateway.put(
        "use_cases",
        "mood of applicants",
        {
            "application": "hr-portal",
            "risk_class": "prohibited",
            "enabled": False,
            "reason": "forbidden by article 5",
        },
    )


def make_calls(gateway: Gateway, upstream: FakeOpenAI) -> dict[str, str]:
    """Calls with text, by what they show."""
    answer = (
        "The three species differ clearly in bill length. Gentoo birds are the heaviest,"
        " Adélie the lightest; write to the station for the rest of the table."
    )
    upstream.default = Behaviour(text=answer, delay=0.05)
    made = {
        "redacted": gateway.ask(
            "Who wrote to lea.weber@example.org about bill lengths? Compare the species.",
            "campus/qwen3-32b",
            ADA,
            "research",
        ),
        "blocked": gateway.ask("Charge 4111 1111 1111 1111, please.", "campus/qwen3-32b", ADA),
        "full": gateway.ask("What is a standard error?", "fast", ADA),
        "unpriced": gateway.ask("Good morning!", "campus/preview", ADMIN),
        "alerted": gateway.ask("What runs at 203.0.113.7?", "campus/llama-3.3-70b", ADA),
    }
    made["of which none is kept"] = gateway.ask("Who may ask?", "campus/our-fine-tune", ADMIN)
    made["erased"] = gateway.ask("Good morning!", "campus/qwen3-32b", REPORTS)
    gateway.call("POST", "api/audit/erase", {"user": "reports"})
    made["expired"] = "week-40-0"
    for number in range(2):
        made["over budget"] = gateway.ask(
            f"Sum up report {number}.", "campus/our-fine-tune", REPORTS
        )
    for _ in range(6):
        made["failed"] = gateway.ask("Is anybody there?", "gpu/qwen3-8b", ADMIN)
    return made


def look_after(gateway: Gateway) -> None:
    """One alert of the calls that were made is acknowledged; they are there within seconds."""
    for _ in range(100):
        found = gateway.call("GET", "api/alerts?state=open")[1]["alerts"]
        if guards := [one["id"] for one in found if one["kind"] == "guard"]:
            gateway.call("POST", f"api/alerts/{guards[0]}/acknowledge", {})
            return
        time.sleep(0.1)
    raise AssertionError("no alert of the guards has come")


def tell_alerts(store: Path) -> None:
    """Alerts of the last days, and what came of telling about them."""
    now = datetime.now(UTC)

    def seen(
        kind: AlertKind, subject: str, severity: Severity, title: str, said: str, hours: float
    ) -> Seen:
        signal = Signal(kind=kind, subject=subject, severity=severity, title=title, text=said)
        first = now - timedelta(hours=hours)
        return Seen(signal=signal, kind=kind, subject=subject, count=7, first=first, last=now)

    moderated = seen(
        "moderation",
        "tone",
        "warning",
        "The judge tone blocks answers",
        "Seven answers of campus/llama-3.3-70b were held back. Look at them in the audit, filtered "
        "by guard.",
        20,
    )
    gone = seen(
        "sink",
        "siem",
        "critical",
        "The sink siem is 3 hours behind",
        "https://siem.example.org/mesh answers 503. Nothing is lost: it is told again.",
        30,
    )
    channels = {
        name: WebhookChannel.model_validate(
            {"channel": "webhook", "url": "https://hooks.example.org/mesh"}
        )
        for name in ("on-call", "siem")
    }

    async def write() -> None:
        alerts = SqlAlerts(store)
        await alerts.save([moderated, gone], channels, now, "the past")
        await alerts.aclose()

    asyncio.run(write())
    with sqlite3.connect(store) as connection:
        for state, channel, subject, error in (
            ("sent", "on-call", "tone", None),
            ("failed", "siem", "tone", "hooks.example.org answered 500. Send a test from here."),
            ("sent", "on-call", "siem", None),
            ("failed", "siem", "siem", "The name hooks.example.org is not known."),
        ):
            connection.execute(
                "UPDATE alert_deliveries SET state = ?, attempts = 5, tried_at = ?, error = ? "
                "WHERE channel = ? AND alert IN (SELECT id FROM alerts WHERE subject = ?)",
                (state, int(now.timestamp() * 1e6), error, channel, subject),
            )
        connection.execute(
            "UPDATE alerts SET state = 'resolved', resolved_at = last_seen WHERE subject = 'siem'"
        )


def write_past(store: Path) -> None:
    """Eight weeks of calls and of measured speed."""
    write_weeks(store, datetime.now(UTC) - timedelta(minutes=5), documents=60)
