"""What `mesh.yaml` may say about a connection to AWS Bedrock."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ..outbound.aws_identity import AwsIdentity, aws_domain
from ..outbound.settings import RARE
from ..schemas.json import Json
from .remote_config import ConvertedConfig


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


class BedrockConfig(AwsIdentity, ConvertedConfig):
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

    base_url: str = ""
    control_url: str = ""
    guardrail: Guardrail | None = None
    priced_parameters: tuple[str, ...] = Field(default=(), json_schema_extra=RARE)

    @model_validator(mode="before")
    @classmethod
    def _addresses_of_the_region(cls, value: dict[str, Json]) -> dict[str, Json]:
        region = value.get("region")
        if not isinstance(region, str):
            return value
        domain = aws_domain(region)
        return {
            **value,
            "base_url": value.get("base_url") or f"https://bedrock-runtime.{region}.{domain}",
            "control_url": value.get("control_url") or f"https://bedrock.{region}.{domain}",
        }
