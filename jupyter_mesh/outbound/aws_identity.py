"""What a configuration may say of who asks AWS."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import BaseModel, Field, model_validator

from .settings import RARE, SECRET, SecretReference


class AwsIdentity(BaseModel):
    """Who asks AWS, and where: `access_key_id` and `secret_access_key`, or, where they are not set,
    what AWS' own chain finds: environment, profile, web identity, container, instance.

    Attributes:
        region: Such as `eu-west-1`.
        profile: Of AWS' configuration files.
        role_arn: A role to assume, with what the chain found or with `web_identity_token_file`.
        external_id: What the role may ask for.
        web_identity_token_file: A file with an OpenID Connect token, read again when it is needed.
        access_key_id: A reference.
        secret_access_key: A reference.
        session_token: A reference, where the keys are those of a session.
        api_key: A reference, for services that take keys of their own instead.
        ca_file: Certificates to trust instead of the system's.
    """

    api_key: SecretReference | None = Field(default=None, json_schema_extra=SECRET)
    ca_file: Path | None = Field(default=None, json_schema_extra=RARE)
    region: str = Field(pattern=r"^[a-z]{2,3}(?:-[a-z]+)+-\d+$")
    profile: str | None = None
    role_arn: str | None = None
    external_id: str | None = None
    web_identity_token_file: Path | None = None
    access_key_id: SecretReference | None = Field(default=None, json_schema_extra=SECRET)
    secret_access_key: SecretReference | None = Field(default=None, json_schema_extra=SECRET)
    session_token: SecretReference | None = Field(default=None, json_schema_extra=SECRET)

    @model_validator(mode="after")
    def _one_way_to_ask(self) -> Self:
        if (self.access_key_id is None) is not (self.secret_access_key is None):
            raise ValueError("`access_key_id` and `secret_access_key` belong together")
        ways = {
            "api_key": self.api_key,
            "access_key_id": self.access_key_id,
            "profile": self.profile,
        }
        given = [name for name, set_to in ways.items() if set_to is not None]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(f'`{name}`' for name in given)} exclude each other")
        if self.api_key is not None and self.role_arn is not None:
            raise ValueError("`api_key` and `role_arn` exclude each other")
        if self.web_identity_token_file is not None and self.role_arn is None:
            raise ValueError("`web_identity_token_file` needs the `role_arn` it is for")
        return self


def aws_domain(region: str) -> str:
    """Where AWS' services of a region are."""
    return "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
