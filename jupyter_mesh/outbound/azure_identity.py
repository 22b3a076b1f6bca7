"""Tokens of Microsoft Entra ID, by Microsoft's own library, which is imported on first use."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing
from importlib import import_module
from typing import Any, Literal, Protocol, TypeAlias, cast

from ..errors import ConfigError, ProviderUnavailable
from .authorization import Token
from .credential_faults import named

Identity: TypeAlias = Literal["default", "managed", "workload", "client_secret"]


class _AccessToken(Protocol):
    token: str
    expires_on: int


class _Credential(Protocol):
    def get_token(self, *scopes: str) -> _AccessToken: ...
    def close(self) -> None: ...


class EntraTokens:
    """Gets tokens for one connection.

    Args:
        identity: Who asks: what the library finds by itself (`default`), the machine's managed
            identity, a workload identity (Kubernetes), or a program with a secret.
        scope: For what the token is.
        who: The connection, as messages call it.
        tenant_id: Of the directory.
        client_id: Of the program, or of a managed identity that the user assigned.
        client_secret: Reads that of the program.
        known_values: Secrets that must not be logged.
    """

    def __init__(
        self,
        identity: Identity,
        scope: str,
        who: str,
        *,
        tenant_id: str | None = None,
        client_id: str | None = None,
        client_secret: Callable[[], str] | None = None,
        known_values: Callable[[], Iterable[str]] = tuple[str],
    ) -> None:
        self._identity = identity
        self._scope = scope
        self._who = who
        self._tenant_id = tenant_id
        self._client_id = client_id
        self._client_secret = client_secret
        self._known_values = known_values

    def fetch(self) -> Token:
        """A token; it may go to the network.

        Raises:
            ConfigError: The library is not installed, or finds nobody who could ask.
            ProviderUnavailable: No token can be had now.
        """
        library = _library("azure.identity")
        failed = _library("azure.core.exceptions").AzureError
        try:
            # A new one each time: it keeps its tokens, also those that were refused.
            with closing(self._make(library)) as credential:
                token = credential.get_token(self._scope)
        except library.CredentialUnavailableError as error:
            raise ConfigError(
                f"{self._who} finds no identity in Microsoft Entra ID ({self._named(error)}). Set "
                "`api_key`, or give the gateway an identity."
            ) from None
        except (failed, ValueError) as error:
            raise ProviderUnavailable(
                f"{self._who} got no token from Microsoft Entra ID ({self._named(error)}). Try "
                "again; if it stays so, an admin should check its identity."
            ) from None
        return Token(token.token, float(token.expires_on))

    def _named(self, error: Exception) -> str:
        return named(self._who, error, self._known_values())

    def _make(self, library: Any) -> _Credential:
        match self._identity:
            case "managed":
                made = library.ManagedIdentityCredential(client_id=self._client_id)
            case "workload":
                made = library.WorkloadIdentityCredential(
                    tenant_id=self._tenant_id, client_id=self._client_id
                )
            case "client_secret":
                secret = self._client_secret() if self._client_secret else None
                made = library.ClientSecretCredential(self._tenant_id, self._client_id, secret)
            case _:
                made = library.DefaultAzureCredential()
        return cast(_Credential, made)


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ModuleNotFoundError:
        raise ConfigError(
            "Microsoft Entra ID needs Microsoft's library: pip install "
            "'jupyter-mesh[azure-identity]'. An `api_key` needs none."
        ) from None
