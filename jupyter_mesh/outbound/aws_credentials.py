"""Who asks AWS: the keys that are configured, or what AWS' own chain of credentials finds.

The chain is botocore's: environment, profile (also with single sign-on and roles), web identity,
container, instance. It is imported on first use, and it refreshes what ends.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from functools import partial
from importlib import import_module
from typing import Any, Protocol, cast

from ..errors import ConfigError, MeshError, ProviderUnavailable
from ..schemas.json import as_object, dig
from ..spi.secrets import SecretStore
from .authorization import Authorization, secret_of
from .aws_identity import AwsIdentity
from .aws_sigv4 import Keys, Signer
from .credential_faults import named
from .fetched import Fetched

_REMEMBERED = 8
"""Secrets that were used and are kept out of messages: a slow answer may be about older ones."""


class _Frozen(Protocol):
    access_key: str
    secret_key: str
    token: str | None


class _Credentials(Protocol):
    def get_frozen_credentials(self) -> _Frozen: ...


class AwsAuthorization(Authorization):
    """Signs each request (Signature Version 4).

    Args:
        settings: Of whoever asks.
        secrets: Where configured keys are.
        who: The same, as messages call it.
        service: What is asked, such as `bedrock`.
        more: Headers that every request to it has, such as the name of the operation.
    """

    def __init__(
        self,
        settings: AwsIdentity,
        secrets: SecretStore,
        who: str,
        service: str,
        more: Mapping[str, str] | None = None,
    ) -> None:
        self._settings = settings
        self._secrets = secrets
        self._who = who
        self._signer = Signer(settings.region, service)
        self._more = more
        self._chain: _Credentials | None = None
        self._fetched = Fetched(self._read, self._keep)
        self._used: deque[str] = deque(maxlen=_REMEMBERED)

    @property
    def waits(self) -> bool:
        return not self._are_configured and self._held() is None

    async def headers(self, method: str, url: str, body: bytes) -> Mapping[str, str]:
        keys = await self._current()
        return self._signer.headers(method, url, body, keys, more=self._more)

    def prepare(self) -> None:
        self._fetched.put(self._read())

    def known_values(self) -> Iterable[str]:
        return tuple(self._used)

    def forget(self, shown: Mapping[str, str]) -> None:
        keys = self._fetched.value
        if keys is None or f"Credential={keys.access_key}/" not in shown.get("Authorization", ""):
            return
        if self._fetched.drop():
            self._chain = None

    async def _current(self) -> Keys:
        """The keys; asking for them may go to the network, so that is done in a thread."""
        if self._are_configured:
            return self._configured()
        return self._held() or await self._fetched.wait()

    def _held(self) -> Keys | None:
        """The keys that were found, unless they end soon."""
        chain = self._chain
        needed = getattr(chain, "refresh_needed", None)  # those that never end have no such method
        if chain is None or (needed is not None and needed()):
            return None
        return self._fetched.value

    def _keep(self, keys: Keys) -> None:
        self._used += [
            one for one in (keys.secret_key, keys.token) if one not in (None, *self._used)
        ]

    @property
    def _are_configured(self) -> bool:
        return self._settings.access_key_id is not None and self._settings.role_arn is None

    def _configured(self) -> Keys:
        settings = self._settings
        assert settings.access_key_id is not None
        assert settings.secret_access_key is not None
        token = settings.session_token
        return Keys(
            secret_of(self._secrets, settings.access_key_id),
            secret_of(self._secrets, settings.secret_access_key),
            None if token is None else secret_of(self._secrets, token),
        )

    def _read(self) -> Keys:
        """Raises:
        ConfigError: There are no credentials, or botocore is not installed.
        ProviderUnavailable: They cannot be had now.
        """
        if self._are_configured:
            return self._configured()
        errors = _botocore("exceptions")
        try:
            if self._chain is None:
                self._chain = self._find()
            frozen = self._chain.get_frozen_credentials()
        except MeshError:
            raise
        except errors.ProfileNotFound:
            profile = self._settings.profile or "of the environment"
            raise ConfigError(f"{self._who} finds no profile {profile} in AWS' files.") from None
        except errors.InvalidConfigError as error:
            raise ConfigError(
                f"{self._who} cannot use AWS' files ({self._named(error)}). Ask an admin to read "
                "the gateway's log."
            ) from None
        except (errors.BotoCoreError, errors.ClientError, OSError) as error:
            raise ProviderUnavailable(
                f"{self._who} got no credentials from AWS ({self._named(error)}). Try again; if it "
                "stays so, an admin should check its profile and role."
            ) from None
        return Keys(frozen.access_key, frozen.secret_key, frozen.token)

    def _named(self, error: Exception) -> str:
        answer = as_object(getattr(error, "response", None))  # of STS
        secrets = (*self._secrets.known_values(), *self._used)
        return named(self._who, error, secrets, dig(answer, "Error", "Code"))

    def _find(self) -> _Credentials:
        settings = self._settings
        session = _botocore("session").Session(profile=settings.profile)
        if settings.role_arn is not None:
            return cast(_Credentials, self._of_role(session))
        found = session.get_credentials()
        if found is None:
            raise self._without()
        return cast(_Credentials, found)

    def _of_role(self, session: Any) -> object:
        settings, credentials = self._settings, _botocore("credentials")
        client = partial(
            session.create_client,
            region_name=settings.region,
            verify=None if settings.ca_file is None else str(settings.ca_file),
        )
        asked = {"RoleSessionName": "jupyter-mesh"}
        if settings.web_identity_token_file is not None:
            fetcher = credentials.AssumeRoleWithWebIdentityCredentialFetcher(
                client_creator=client,
                web_identity_token_loader=settings.web_identity_token_file.read_text,
                role_arn=settings.role_arn,
                extra_args=asked,
            )
            how = "assume-role-with-web-identity"
        else:
            if settings.external_id is not None:
                asked["ExternalId"] = settings.external_id
            fetcher = credentials.AssumeRoleCredentialFetcher(
                client_creator=client,
                source_credentials=self._source(session),
                role_arn=settings.role_arn,
                extra_args=asked,
            )
            how = "assume-role"
        return credentials.DeferredRefreshableCredentials(fetcher.fetch_credentials, method=how)

    def _source(self, session: Any) -> object:
        """Who assumes the role."""
        if self._settings.access_key_id is not None:
            keys = self._configured()
            return _botocore("credentials").Credentials(*_three(keys))
        found = session.get_credentials()
        if found is None:
            raise self._without()
        return found

    def _without(self) -> ConfigError:
        return ConfigError(
            f"{self._who} finds no AWS credentials. Set `api_key`, `access_key_id` with "
            "`secret_access_key`, or `profile`, or give the gateway a role."
        )


def _three(keys: Keys) -> tuple[str, str, str | None]:
    return keys.access_key, keys.secret_key, keys.token


def _botocore(part: str) -> Any:
    try:
        return import_module(f"botocore.{part}")
    except ModuleNotFoundError:
        raise ConfigError(
            "AWS' profiles and roles need its SDK: pip install 'jupyter-mesh[boto3]'. A Bedrock "
            "API key, or an access key, needs none."
        ) from None
