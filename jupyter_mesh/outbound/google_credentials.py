"""Tokens for Google's APIs: a service account's key, a workload identity, or what the machine has.

`google-auth` is imported when the first token is fetched.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import orjson

from ..errors import ConfigError, ProviderError, ProviderMisconfigured, ProviderUnavailable
from ..schemas.json import Json, JsonObject, as_object, dig
from ..spi.secrets import SecretStore
from .authorization import Token
from .credential_faults import named

if TYPE_CHECKING:
    from google.auth.exceptions import GoogleAuthError

_SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]
_KINDS = {
    "service_account": ("google.oauth2.service_account", "from_service_account_info"),
    "external_account": ("google.auth.identity_pool", "from_info"),
    "aws": ("google.auth.aws", "from_info"),
    "authorized_user": ("google.oauth2.credentials", "from_authorized_user_info"),
    "impersonated_service_account": (
        "google.auth.impersonated_credentials",
        "from_impersonated_service_account_info",
    ),
}
"""Who makes credentials of which JSON. One that names a program to run is not among them."""

_AWS_TOKEN = "urn:ietf:params:aws:token-type:aws4_request"
_SECONDS = 20
"""For one question to Google's token service or to the machine's metadata."""

_LIFE = 3_600.0
"""Seconds that a token lives whose end nobody says."""


class _Credentials(Protocol):
    token: str | None
    expiry: datetime | None

    def refresh(self, request: object) -> None: ...


class GoogleCredentials:
    """Fetches tokens.

    Args:
        who: The connection, as messages call it.
        secrets: Where the reference is looked up, each time anew: a key may have been changed.
        reference: To the JSON of a key or of a workload identity; None: application default
            credentials.
        verify: Whether to check certificates, or the certificates to trust.
    """

    def __init__(
        self, who: str, secrets: SecretStore, reference: str | None, verify: bool | Path = True
    ) -> None:
        self._who = who
        self._secrets = secrets
        self._reference = reference
        self._verify = verify if isinstance(verify, bool) else str(verify)

    def fetch(self) -> Token:
        """A new token; may take seconds.

        Raises:
            ConfigError: `google-auth` is not installed, or the secret is no credentials.
            ProviderError: Google gives none.
        """
        try:
            from google.auth.exceptions import GoogleAuthError
        except ImportError as error:
            raise ConfigError(
                f"{self._who} needs Google's credentials: pip install 'jupyter-mesh[google-auth]'."
            ) from error
        try:
            credentials = self._load()
            credentials.refresh(_request(self._verify))
        except GoogleAuthError as error:
            raise self._failure(error) from None
        except (ValueError, TypeError, KeyError):  # of the JSON: what it says is a secret
            raise ConfigError(
                f"{self._who}: {self._reference} is no key of Google's that can be used."
            ) from None
        if not credentials.token:
            raise ProviderUnavailable(f"{self._who} got no token from Google. Try again.")
        return Token(credentials.token, _end_of(credentials.expiry))

    def _load(self) -> _Credentials:
        if self._reference is None:
            import google.auth

            found = google.auth.default(scopes=_SCOPES)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
            return cast(_Credentials, found[0])
        info = self._stored()
        kind = str(info["type"])
        if info.get("subject_token_type") == _AWS_TOKEN:
            kind = "aws"
        module, maker = _KINDS[kind]
        make = getattr(import_module(module).Credentials, maker)
        return cast(_Credentials, make(info, scopes=_SCOPES))

    def _stored(self) -> JsonObject:
        assert self._reference is not None
        try:
            value: Json = orjson.loads(self._secrets.resolve(self._reference))
        except orjson.JSONDecodeError:
            value = None
        info = as_object(value)
        if info is None or info.get("type") not in _KINDS or info["type"] == "aws":
            raise ConfigError(
                f"{self._who}: {self._reference} must be the JSON file of a service account's key "
                "or of a workload identity."
            )
        return info

    def _failure(self, error: GoogleAuthError) -> ProviderError:
        if type(error).__name__ == "TransportError":
            return ProviderUnavailable(
                f"{self._who} cannot reach Google's token service. Try again in a moment; from "
                "behind a proxy the gateway needs HTTPS_PROXY."
            )
        answer = as_object(error.args[1]) if len(error.args) > 1 else None
        said = named(self._who, error, self._secrets.known_values(), dig(answer, "error"))
        if getattr(error, "retryable", False) is True:
            return ProviderUnavailable(
                f"{self._who} cannot get a token from Google ({said}). Try again in a moment."
            )
        return ProviderMisconfigured(
            f"{self._who} gets no token from Google ({said}). Ask an admin to check its "
            "`credentials`, or the default credentials of the gateway's machine."
        )


def _request(verify: bool | str) -> object:
    """How `google-auth` asks: with proxies from the environment, and never for two minutes."""
    from functools import partial

    from google.auth.transport.requests import Request
    from requests import Session

    session = Session()
    session.verify = verify
    return partial(Request(session), timeout=_SECONDS)


def _end_of(expiry: datetime | None) -> float:
    if expiry is None:
        return time.time() + _LIFE
    return (expiry.replace(tzinfo=UTC) if expiry.tzinfo is None else expiry).timestamp()
