"""AWS Comprehend: detection of personal data, in English and Spanish.

Source: the service model `comprehend` 2017-11-27 (`DetectPiiEntities`), over AWS' JSON protocol;
offsets are in code points.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal, Self

from pydantic import model_validator

from ..outbound.authorization import Authorization
from ..outbound.aws_credentials import AwsAuthorization
from ..outbound.aws_faults import AwsFaults
from ..outbound.aws_identity import AwsIdentity, aws_domain
from ..outbound.faults import Faults
from ..outbound.http import Deadline
from ..schemas.json import Json, JsonObject, as_int, as_list, as_str, dig
from ..spi.guard import GuardConfig, GuardTools
from .remote_config import RemoteGuardConfig
from .remote_detector import RemoteDetector, Spotted, entity_name, spotted
from .remote_service import Question
from .remote_slices import most_characters

_MOST_BYTES = 100_000
_NAMES = {
    "ADDRESS": "LOCATION",
    "BANK_ACCOUNT_NUMBER": "US_BANK_NUMBER",
    "BANK_ROUTING": "ABA_ROUTING_NUMBER",
    "CREDIT_DEBIT_NUMBER": "CREDIT_CARD",
    "DRIVER_ID": "US_DRIVER_LICENSE",
    "EMAIL": "EMAIL_ADDRESS",
    "INTERNATIONAL_BANK_ACCOUNT_NUMBER": "IBAN_CODE",
    "IN_PERMANENT_ACCOUNT_NUMBER": "IN_PAN",
    "IN_VOTER_NUMBER": "IN_VOTER",
    "NAME": "PERSON",
    "PASSPORT_NUMBER": "US_PASSPORT",
    "PHONE": "PHONE_NUMBER",
    "SSN": "US_SSN",
    "UK_NATIONAL_HEALTH_SERVICE_NUMBER": "UK_NHS",
    "UK_NATIONAL_INSURANCE_NUMBER": "UK_NINO",
    "US_INDIVIDUAL_TAX_IDENTIFICATION_NUMBER": "US_ITIN",
}
_UNCHANGED = """
    AGE AWS_ACCESS_KEY AWS_SECRET_KEY CA_HEALTH_NUMBER CA_SOCIAL_INSURANCE_NUMBER CREDIT_DEBIT_CVV
    CREDIT_DEBIT_EXPIRY DATE_TIME IN_AADHAAR IN_NREGA IP_ADDRESS LICENSE_PLATE MAC_ADDRESS PASSWORD
    PIN SWIFT_CODE UK_UNIQUE_TAXPAYER_REFERENCE_NUMBER URL USERNAME VEHICLE_IDENTIFICATION_NUMBER
"""


class ComprehendConfig(AwsIdentity, RemoteGuardConfig):
    """Settings of AWS Comprehend.

    Attributes:
        base_url: By default Comprehend's endpoint in the region; write that of a VPC endpoint
            here.
        language: Of the texts.
    """

    base_url: str = ""
    language: Literal["en", "es"] = "en"

    @model_validator(mode="before")
    @classmethod
    def _address_of_the_region(cls, value: dict[str, Json]) -> dict[str, Json]:
        region = value.get("region")
        if value.get("base_url") or not isinstance(region, str):
            return value
        return {**value, "base_url": f"https://comprehend.{region}.{aws_domain(region)}"}

    @model_validator(mode="after")
    def _has_no_keys_of_its_own(self) -> Self:
        if self.api_key is not None:
            raise ValueError("Comprehend has no API keys: set `access_key_id` or `profile`")
        return self


class Comprehend(RemoteDetector):
    """AWS Comprehend."""

    name: ClassVar[str] = "aws_comprehend"
    Config: type[GuardConfig] = ComprehendConfig
    faults_type: type[Faults] = AwsFaults
    names = _NAMES

    def __init__(self, config: GuardConfig) -> None:
        super().__init__(config)
        assert isinstance(config, ComprehendConfig)
        self._settings = config

    def authorization(self, who: str, tools: GuardTools) -> Authorization:
        operation = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": "Comprehend_20171127.DetectPiiEntities",
        }
        return AwsAuthorization(self._settings, tools.secrets, who, "comprehend", operation)

    def entities(self) -> frozenset[str]:
        return frozenset({*_NAMES.values(), *_UNCHANGED.split()})

    def most_characters(self, text: str) -> int:
        return most_characters(text, _MOST_BYTES)

    async def look(self, texts: Sequence[str], deadline: Deadline) -> list[list[Spotted]]:
        (text,) = texts
        body: JsonObject = {"Text": text, "LanguageCode": self._settings.language}

        def read(answer: Json) -> list[list[Spotted]]:
            entities = as_list(dig(answer, "Entities"))
            if entities is None:
                raise ValueError("sent no list of findings")
            return [[_spot(one, text) for one in entities]]

        return await self.service.ask(Question("", body, texts), read, deadline)


def _spot(entity: Json, text: str) -> Spotted:
    start, end = as_int(dig(entity, "BeginOffset")), as_int(dig(entity, "EndOffset"))
    kind = as_str(dig(entity, "Type"))
    if start is None or end is None or kind is None:
        raise ValueError("sent a finding without its place or entity")
    return spotted(start, end, entity_name(kind, _NAMES), dig(entity, "Score"), text)
