"""The forms that makers gave their keys. Each has a literal part that is looked for first, a border
on its left and a bounded length: the time is linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from .secret_checks import always, bech32_checksum, github_checksum, random


class Shape(NamedTuple):
    """`mark` and then one of `literals` must be in a text before it is worth a search.

    Attributes:
        score: How sure one is, by what it says; 0: it is none.
    """

    mark: str
    literals: tuple[str, ...]
    pattern: re.Pattern[str]
    score: Callable[[str], float] = always
    entity: str = "API_KEY"


_ALL = ("",)
_END = r"(?![A-Za-z0-9])"


def _re(pattern: str) -> re.Pattern[str]:
    return re.compile(r"(?<![A-Za-z0-9_-])" + pattern)


_MODELS = (  # of models and of what is built on them
    # OpenAI, Anthropic, OpenRouter, DeepSeek, LangFuse and others
    Shape("-", ("sk-",), _re(r"sk-[A-Za-z0-9_-]{20,300}"), random),
    Shape(  # xAI, NVIDIA, Perplexity, Cerebras, Tavily
        "-",
        ("xai-", "nvapi-", "pplx-", "csk-", "tvly-"),
        _re(r"(?:xai|nvapi|pplx|csk|tvly)-[A-Za-z0-9_-]{20,128}"),
        random,
    ),
    Shape(  # Groq, Hugging Face, Together, Replicate, Pinecone, Jina
        "_",
        ("gsk_", "hf_", "tgp_v1_", "r8_", "pcsk_", "jina_"),
        _re(r"(?:gsk_|hf_|tgp_v1_|r8_|pcsk_|jina_)[A-Za-z0-9_-]{20,128}"),
        random,
    ),
    Shape("_", ("lsv2_",), _re(r"lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}")),  # LangSmith
)
_CLOUDS = (
    Shape("A", ("AKIA", "ASIA"), _re(r"A(?:KI|SI)A[A-Z2-7]{16}" + _END)),  # AWS
    Shape("ABSK", _ALL, _re(r"ABSK[A-Za-z0-9+/]{100,200}={0,2}")),  # AWS Bedrock
    Shape("IQoJb3JpZ2lu", _ALL, _re(r"IQoJb3JpZ2lu[A-Za-z0-9+/=]{100,2000}")),  # AWS sessions
    Shape("AIza", _ALL, _re(r"AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])")),  # Google
    Shape("GOCSPX-", _ALL, _re(r"GOCSPX-[A-Za-z0-9_-]{28}(?![A-Za-z0-9_-])")),  # its OAuth clients
    Shape("ya29.", _ALL, _re(r"ya29\.[A-Za-z0-9_-]{30,1000}"), random),  # and their access
    # Microsoft Entra ID
    Shape("Q~", _ALL, re.compile(r"(?<![\w.~-])[\w.~-]{3}\dQ~[\w.~-]{31,34}(?![\w.~-])")),
    Shape("_v1_", _ALL, _re(r"do[opr]_v1_[0-9a-f]{64}" + _END)),  # DigitalOcean
    Shape("dapi", _ALL, _re(r"dapi[0-9a-f]{32}(?:-\d)?" + _END)),  # Databricks
    Shape("HRKU-", _ALL, _re(r"HRKU-[A-Za-z0-9_-]{36,64}"), random),  # Heroku
    Shape(".atlasv1.", _ALL, _re(r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{60,70}")),  # Terraform
    Shape("hv", ("hvs.", "hvb.", "hvr."), _re(r"hv[sbr]\.[A-Za-z0-9_-]{24,300}"), random),  # Vault
    Shape(
        "dp.",
        _ALL,
        _re(r"dp\.(?:pt|st|ct|sa|scim|audit)\.(?:\w{2,35}\.)?[A-Za-z0-9]{40,44}"),
    ),
    Shape("_", ("pscale_",), _re(r"pscale_(?:tkn|pw|oauth)_[\w.-]{32,64}")),  # PlanetScale
    Shape("_", ("sbp_", "sb_secret_"), _re(r"(?:sbp_[0-9a-f]{40}|sb_secret_[\w-]{20,64})")),
)
_CODE = (
    Shape(
        "_",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"),
        _re(r"gh[pousr]_[A-Za-z0-9]{36,251}"),
        github_checksum,
    ),
    Shape("_", ("github_pat_",), _re(r"github_pat_[A-Za-z0-9_]{36,251}")),
    Shape("_", ("npm_",), _re(r"npm_[A-Za-z0-9]{36}" + _END), github_checksum),
    Shape(
        "-",
        ("gl",),
        _re(r"gl(?:pat|dt|rt|cbt|ptt|oas|soat|ft|agent|imt)-[\w.-]{20,300}"),
    ),
    Shape("-", ("pypi-",), _re(r"pypi-[A-Za-z0-9_-]{50,250}")),
    Shape("_", ("rubygems_",), _re(r"rubygems_[0-9a-f]{48}")),
    Shape("_", ("dckr_",), _re(r"dckr_(?:pat|oat)_[A-Za-z0-9_-]{27,64}")),  # Docker
    Shape("ATATT3", _ALL, _re(r"ATATT3[A-Za-z0-9_=-]{100,300}")),  # Atlassian
    Shape("_", ("sntrys_", "sntryu_"), _re(r"sntry[su]_[A-Za-z0-9_=+/-]{50,300}")),  # Sentry
    Shape("_", ("glsa_", "glc_"), _re(r"gl(?:sa|c)_[A-Za-z0-9_+/=]{32,300}"), random),  # Grafana
    Shape("_", ("lin_",), _re(r"lin_(?:api|oauth)_[A-Za-z0-9]{32,64}")),  # Linear
    Shape("-", ("PMAK-",), _re(r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}")),  # Postman
    Shape("figd_", _ALL, _re(r"figd_[A-Za-z0-9_-]{38,64}")),  # Figma
    Shape(
        "AGE-SECRET-KEY-1",
        _ALL,
        _re(r"AGE-SECRET-KEY-1[A-Z0-9]{58}" + _END),
        bech32_checksum,
    ),
)
_SERVICES = (
    Shape(  # Stripe
        "_",
        ("sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_"),
        _re(r"(?:[sr]k_(?:live|test)|whsec)_[A-Za-z0-9]{16,128}"),
    ),
    Shape(  # Slack
        "-",
        ("xox", "xapp-"),
        _re(r"(?:xox[abeoprs]-|xapp-\d-)[A-Za-z0-9-]{10,200}"),
        random,
    ),
    Shape(
        "hooks.slack.com/",
        _ALL,
        re.compile(r"hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/_+-]{30,100}"),
    ),
    Shape(
        "/api/webhooks/",
        ("discord",),
        re.compile(r"discord(?:app)?\.com/api/webhooks/\d{15,20}/[A-Za-z0-9_-]{60,80}"),
    ),
    Shape(":AA", _ALL, _re(r"\d{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])")),  # Telegram
    Shape("SK", _ALL, _re(r"SK[0-9a-f]{32}" + _END)),  # Twilio
    Shape("SG.", _ALL, _re(r"SG\.[\w-]{16,32}\.[\w-]{16,64}")),  # SendGrid
    Shape("-us", _ALL, _re(r"[0-9a-f]{32}-us\d{1,2}" + _END)),  # Mailchimp
    Shape("_", ("shp",), _re(r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}" + _END)),  # Shopify
    Shape("sq0", _ALL, _re(r"sq0(?:atp|csp)-[A-Za-z0-9_-]{22,43}")),  # Square
    Shape("_", ("ntn_",), _re(r"ntn_[A-Za-z0-9]{40,60}")),  # Notion
    Shape("pat", _ALL, _re(r"pat[A-Za-z0-9]{14}\.[0-9a-f]{64}" + _END)),  # Airtable
)
_STANDARDS = (
    Shape(  # RFC 7519: three parts in base64url, the first two of them JSON objects
        "eyJ",
        _ALL,
        _re(r"eyJ[\w-]{8,2000}+\.eyJ[\w-]{8,4000}+\.[\w-]{8,2000}+"),
        entity="JWT",
    ),
)

SHAPES = (*_MODELS, *_CLOUDS, *_CODE, *_SERVICES, *_STANDARDS)
