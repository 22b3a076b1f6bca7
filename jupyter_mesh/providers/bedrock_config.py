"""What `mesh.yaml` may say about a connection to AWS Bedrock."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ..schemas.json import Json
from .remote_config import RARE, SECRET, ConvertedConfig, SecretReference


class Guardrail(BaseModel):
    """A guardrail of Bedrock's, applied to every call of the connection.

    Attributes:
        identifier: Its id or ARN.
        version: A number, or `DRAFT`.
        trace: Whether Bedrock tells what it found.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    identifier: str
    version: str = "DRAFT"
    trace: Literal["enabled", "disabled", "enabled_full"] = "disabled"


class BedrockConfig(ConvertedConfig):
    """Settings of a connection to AWS Bedrock.

    Who asks is shown by `api_key` (a Bedrock API key), by `access_key_id` and `secret_access_key`,
    or, where neither is set, by what AWS' own chain finds: environment, profile, web identity,
    container, instance.

    Attributes:
        region: Such as `eu-west-1`.
        base_url: By default Bedrock's endpoint in the region; write that of a VPC endpoint here.
        control_url: Where models are listed; by default Bedrock's endpoint in the region.
        profile: Of AWS' configuration files.
        role_arn: A role to assume, with what the chain found or with `web_identity_token_file`.
        external_id: What the role may ask for.
        web_identity_token_file: A file with an OpenID Connect token, read again when it is needed.
        access_key_id: A reference.
        secret_access_key: A reference.
        session_token: A reference, where the keys are those of a session.
        guardrail: Applied to every chat; callers cannot choose another one.
        priced_parameters: Of those that change what a call costs, the ones that callers may set:
            `service_tier`, `serviceTier`, `performanceConfig`, or fields of
            `additionalModelRequestFields`, such as `max_tokens`. A call is charged by the model's
            one price whatever they say.
    """

    region: str = Field(pattern=r"^[a-z]{2,3}(?:-[a-z]+)+-\d+$")
    base_url: str = ""
    control_url: str = ""
    profile: str | None = None
    role_arn: str | None = None
    external_id: str | None = None
    web_identity_token_file: Path | None = None
    access_key_id: SecretReference | None = Field(default=None, json_schema_extra=SECRET)
    secret_access_key: SecretReference | None = Field(default=None, json_schema_extra=SECRET)
    session_token: SecretReference | None = Field(default=None, json_schema_extra=SECRET)
    guardrail: Guardrail | None = None
    priced_parameters: tuple[str, ...] = Field(default=(), json_schema_extra=RARE)

    @model_validator(mode="before")
    @classmethod
    def _addresses_of_the_region(cls, value: dict[str, Json]) -> dict[str, Json]:
        region = value.get("region")
        if not isinstance(region, str):
            return value
        domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        return {
            **value,
            "base_url": value.get("base_url") or f"https://bedrock-runtime.{region}.{domain}",
            "control_url": value.get("control_url") or f"https://bedrock.{region}.{domain}",
        }

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
