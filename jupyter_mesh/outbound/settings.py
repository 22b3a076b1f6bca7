"""What a configuration may say of a service over HTTP, whatever asks it."""

from __future__ import annotations

from typing import Annotated, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator
from pydantic.config import JsonDict

SECRET_REFERENCES = ("env:", "file:", "store:")

_OWN_HEADERS = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
        "cookie",
        "host",
        "te",
        "transfer-encoding",
        "upgrade",
    }
)


def _is_reference(value: str) -> str:
    if not value.startswith(SECRET_REFERENCES):
        raise ValueError("write a reference such as env:OPENAI_API_KEY, never the key itself")
    return value


SecretReference: TypeAlias = Annotated[str, AfterValidator(_is_reference)]
"""`env:NAME`, `file:PATH` or `store:NAME`."""

SECRET: JsonDict = {"format": "secret"}
"""As `json_schema_extra` of a field: a form keeps what is typed there as a secret."""

RARE: JsonDict = {"x-rare": True}
"""The same: a form shows it among the settings that are right as they are, nearly always."""


def plain_url(value: str) -> str:
    """`value` without a slash at the end; ValueError where it is no plain address of an API."""
    parts = urlsplit(value)
    try:
        _ = parts.port
    except ValueError:  # not quoted: what stands in its place may be a password
        raise ValueError("its port is not a number") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("write an http:// or https:// URL such as https://api.openai.com/v1")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("write it without user, password, query and fragment")
    return value.rstrip("/")


BaseUrl: TypeAlias = Annotated[str, AfterValidator(plain_url)]
"""Where an API is, without a slash at the end."""


def _are_free(value: dict[str, str]) -> dict[str, str]:
    for name in value:
        if name.lower() in _OWN_HEADERS or not name.replace("-", "").replace("_", "").isalnum():
            raise ValueError(f"the header {name!r} cannot be set")
    return value


Headers: TypeAlias = Annotated[dict[str, str], AfterValidator(_are_free)]
"""Sent with every request; a value that is a secret reference is resolved."""
