"""Azure AI Language: detection of personal data.

Source: REST API reference, "Analyze Text" (2024-11-01), and `azure-ai-textanalytics` 5.4; limits of
the service: five documents of 5 120 characters in a request.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

from ..outbound.authorization import Authorization
from ..outbound.http import Deadline
from ..outbound.settings import RARE
from ..schemas.json import Json, JsonObject, as_int, as_list, as_str, dig
from ..spi.guard import GuardConfig, GuardTools
from .remote_config import AzureConfig
from .remote_detector import RemoteDetector, Spotted, entity_name, spotted
from .remote_guard import azure_authorization
from .remote_service import Question

_LONGEST = 5_000
"""The service counts what people take for one character: never more than code points."""
_NAMES = {
    "ABARoutingNumber": "ABA_ROUTING_NUMBER",
    "AUTaxFileNumber": "AU_TFN",
    "AUBusinessNumber": "AU_ABN",
    "AUCompanyNumber": "AU_ACN",
    "AUMedicalAccountNumber": "AU_MEDICARE",
    "Address": "LOCATION",
    "CreditCardNumber": "CREDIT_CARD",
    "DateTime": "DATE_TIME",
    "Date": "DATE_TIME",
    "Email": "EMAIL_ADDRESS",
    "ESNationalIdentityNumber": "ES_NIF",
    "INPermanentAccount": "IN_PAN",
    "INUniqueIdentificationNumber": "IN_AADHAAR",
    "InternationalBankingAccountNumber": "IBAN_CODE",
    "IPAddress": "IP_ADDRESS",
    "ITFiscalCode": "IT_FISCAL_CODE",
    "Organization": "ORGANIZATION",
    "Person": "PERSON",
    "PhoneNumber": "PHONE_NUMBER",
    "PLNationalID": "PL_PESEL",
    "PLNationalIDV2": "PL_PESEL",
    "SGNationalRegistrationIdentityCardNumber": "SG_NRIC_FIN",
    "SWIFTCode": "SWIFT_CODE",
    "UKNationalHealthNumber": "UK_NHS",
    "UKNationalInsuranceNumber": "UK_NINO",
    "URL": "URL",
    "USBankAccountNumber": "US_BANK_NUMBER",
    "USDriversLicenseNumber": "US_DRIVER_LICENSE",
    "USIndividualTaxpayerIdentification": "US_ITIN",
    "USSocialSecurityNumber": "US_SSN",
    "USUKPassportNumber": "US_PASSPORT",
}


class AzureLanguageConfig(AzureConfig):
    """Settings of Azure AI Language.

    Attributes:
        language: Of the texts.
        categories: What to look for, in the service's names, such as `Person`; empty: its default
            for the language.
        domain: `phi` for health information only.
        api_version: Of the API.
        model_version: Of its model.
    """

    language: str = "en"
    categories: tuple[str, ...] = ()
    domain: Literal["none", "phi"] = "none"
    api_version: str = Field(
        default="2024-11-01",
        pattern=r"^\d{4}-\d{2}-\d{2}(?:-preview)?$",
        json_schema_extra=RARE,
    )
    model_version: str = Field(default="latest", json_schema_extra=RARE)


class AzureLanguage(RemoteDetector):
    """Azure AI Language."""

    name: ClassVar[str] = "azure_language"
    Config: type[GuardConfig] = AzureLanguageConfig
    most_texts = 5
    names = _NAMES

    def __init__(self, config: GuardConfig) -> None:
        super().__init__(config)
        assert isinstance(config, AzureLanguageConfig)
        self._settings = config

    def authorization(self, who: str, tools: GuardTools) -> Authorization:
        return azure_authorization(self._settings, who, tools)

    def entities(self) -> frozenset[str] | None:
        return frozenset(entity_name(one, _NAMES) for one in self._settings.categories) or None

    def most_characters(self, text: str) -> int:
        return _LONGEST

    async def look(self, texts: Sequence[str], deadline: Deadline) -> list[list[Spotted]]:
        path = f"language/:analyze-text?api-version={self._settings.api_version}"

        def read(answer: Json) -> list[list[Spotted]]:
            return _read(answer, texts)

        return await self.service.ask(Question(path, self._body(texts), texts), read, deadline)

    def _body(self, texts: Sequence[str]) -> JsonObject:
        settings = self._settings
        parameters: JsonObject = {
            "modelVersion": settings.model_version,
            "loggingOptOut": True,
            "domain": settings.domain,
            "stringIndexType": "UnicodeCodePoint",
        }
        if settings.categories:
            parameters["piiCategories"] = [*settings.categories]
        documents: list[Json] = [
            {"id": f"{number}", "language": settings.language, "text": text}
            for number, text in enumerate(texts)
        ]
        return {
            "kind": "PiiEntityRecognition",
            "parameters": parameters,
            "analysisInput": {"documents": documents},
        }


def _read(answer: Json, texts: Sequence[str]) -> list[list[Spotted]]:
    """Raises ValueError where a document was not looked through."""
    if as_list(dig(answer, "results", "errors")):
        code = as_str(dig(answer, "results", "errors", 0, "error", "code"))
        raise ValueError(f"could not look through a text ({code or 'no reason'})")
    documents = {
        as_str(dig(one, "id")): as_list(dig(one, "entities"))
        for one in as_list(dig(answer, "results", "documents")) or []
    }
    found: list[list[Spotted]] = []
    for number, text in enumerate(texts):
        entities = documents.get(f"{number}")
        if entities is None:
            raise ValueError("sent no list of findings for each text")
        found.append([_spot(one, text) for one in entities])
    return found


def _spot(entity: Json, text: str) -> Spotted:
    start, length = as_int(dig(entity, "offset")), as_int(dig(entity, "length"))
    category = as_str(dig(entity, "category"))
    if start is None or length is None or category is None:
        raise ValueError("sent a finding without its place or entity")
    name = entity_name(category, _NAMES)
    return spotted(start, start + length, name, dig(entity, "confidenceScore"), text)
