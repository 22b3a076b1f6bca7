"""Google Cloud's Sensitive Data Protection (DLP).

Source: REST reference v2, `projects.locations.content.inspect`, and `google-cloud-dlp` 3.40; a
request holds at most half a megabyte.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal, TypeAlias
from urllib.parse import quote

from pydantic import Field, field_validator

from ..outbound.authorization import Authorization, TokenHeader
from ..outbound.google_credentials import GoogleCredentials
from ..outbound.http import Deadline
from ..outbound.settings import RARE, SECRET, BaseUrl, SecretReference
from ..schemas.json import Json, JsonObject, as_list, as_object, as_str, dig
from ..spi.guard import GuardConfig, GuardTools
from .offsets import Unit, places
from .remote_config import RemoteGuardConfig
from .remote_detector import RemoteDetector, Spotted, entity_name, spotted
from .remote_guard import together
from .remote_service import Question
from .remote_slices import OVERLAP, most_characters

Likelihood: TypeAlias = Literal["VERY_UNLIKELY", "UNLIKELY", "POSSIBLE", "LIKELY", "VERY_LIKELY"]

_MOST_BYTES = 400_000
_RANGES: tuple[tuple[str, Unit], ...] = (("codepointRange", "code_points"), ("byteRange", "bytes"))
_SCORES: dict[str | None, float] = {
    "VERY_UNLIKELY": 0.1,
    "UNLIKELY": 0.3,
    "POSSIBLE": 0.5,
    "LIKELY": 0.75,
    "VERY_LIKELY": 0.95,
}
_NAMES = {
    "AUSTRALIA_MEDICARE_NUMBER": "AU_MEDICARE",
    "AUSTRALIA_TAX_FILE_NUMBER": "AU_TFN",
    "CREDIT_CARD_NUMBER": "CREDIT_CARD",
    "DATE": "DATE_TIME",
    "DATE_OF_BIRTH": "DATE_TIME",
    "FIRST_NAME": "PERSON",
    "INDIA_AADHAAR_INDIVIDUAL": "IN_AADHAAR",
    "INDIA_PAN_INDIVIDUAL": "IN_PAN",
    "ITALY_FISCAL_CODE": "IT_FISCAL_CODE",
    "LAST_NAME": "PERSON",
    "ORGANIZATION_NAME": "ORGANIZATION",
    "PERSON_NAME": "PERSON",
    "POLAND_PESEL_NUMBER": "PL_PESEL",
    "SINGAPORE_NATIONAL_REGISTRATION_ID_NUMBER": "SG_NRIC_FIN",
    "SPAIN_NIF_NUMBER": "ES_NIF",
    "STREET_ADDRESS": "LOCATION",
    "TIME": "DATE_TIME",
    "UK_NATIONAL_HEALTH_SERVICE_NUMBER": "UK_NHS",
    "UK_NATIONAL_INSURANCE_NUMBER": "UK_NINO",
    "US_BANK_ROUTING_MICR": "ABA_ROUTING_NUMBER",
    "US_DRIVERS_LICENSE_NUMBER": "US_DRIVER_LICENSE",
    "US_INDIVIDUAL_TAXPAYER_IDENTIFICATION_NUMBER": "US_ITIN",
    "US_SOCIAL_SECURITY_NUMBER": "US_SSN",
}


class DlpConfig(RemoteGuardConfig):
    """Settings of Google's Sensitive Data Protection.

    Attributes:
        base_url: Google's endpoint, or that of a region.
        project: Whose quota it is.
        location: Where the texts are looked through, such as `europe-west3`; `global`: anywhere.
        credentials: A reference to the JSON of a service account's key or of a workload identity;
            without it, what the machine has (application default credentials).
        info_types: What to look for, in Google's names, such as `PERSON_NAME`; empty: what Google
            finds apt, which may change.
        template: The whole name of an inspection template to use.
        min_likelihood: The least sure finding that is told.
    """

    base_url: BaseUrl = "https://dlp.googleapis.com"
    project: str
    location: str = "global"
    credentials: SecretReference | None = Field(default=None, json_schema_extra=SECRET)
    info_types: tuple[str, ...] = ()
    template: str | None = Field(default=None, json_schema_extra=RARE)
    min_likelihood: Likelihood = "POSSIBLE"

    @field_validator("api_key")
    @classmethod
    def _has_no_keys(cls, value: str | None) -> str | None:
        if value is not None:
            raise ValueError("this service takes no API key: set `credentials`")
        return value


class Dlp(RemoteDetector):
    """Google's Sensitive Data Protection."""

    name: ClassVar[str] = "google_dlp"
    Config: type[GuardConfig] = DlpConfig
    names = _NAMES

    def __init__(self, config: GuardConfig) -> None:
        super().__init__(config)
        assert isinstance(config, DlpConfig)
        self._settings = config
        parent = f"projects/{quote(config.project)}/locations/{quote(config.location)}"
        self._path = f"v2/{parent}/content:inspect"

    def authorization(self, who: str, tools: GuardTools) -> Authorization:
        settings = self._settings
        verify = settings.ca_file or True if settings.tls_verify else False
        google = GoogleCredentials(who, tools.secrets, settings.credentials, verify)
        return TokenHeader(google.fetch)

    def entities(self) -> frozenset[str] | None:
        return frozenset(entity_name(one, _NAMES) for one in self._settings.info_types) or None

    def most_characters(self, text: str) -> int:
        return most_characters(text, _MOST_BYTES)

    async def look(self, texts: Sequence[str], deadline: Deadline) -> list[list[Spotted]]:
        (text,) = texts
        return [await self._looked_through(text, deadline)]

    async def _looked_through(self, text: str, deadline: Deadline) -> list[Spotted]:
        """What is found in one text; where that was more than fits an answer, in its halves."""

        def read(answer: Json) -> list[Spotted] | None:
            result = as_object(dig(answer, "result"))
            if result is None:
                raise ValueError("sent no result")
            if result.get("findingsTruncated") is True:
                if len(text) <= 4 * OVERLAP:
                    raise ValueError("found more than it tells")
                return None
            return [_spot(one, text) for one in as_list(result.get("findings")) or []]

        found = await self.service.ask(
            Question(self._path, self._body(text), [text]), read, deadline
        )
        if found is not None:
            return found
        middle = len(text) // 2 - OVERLAP // 2
        first, second = await together(
            self._looked_through(half, deadline)
            for half in (text[: middle + OVERLAP], text[middle:])
        )
        return [
            *first,
            *(Spotted(o.start + middle, o.end + middle, o.entity, o.score) for o in second),
        ]

    def _body(self, text: str) -> JsonObject:
        settings = self._settings
        config: JsonObject = {"minLikelihood": settings.min_likelihood, "includeQuote": False}
        if settings.info_types:
            config["infoTypes"] = [{"name": one} for one in settings.info_types]
        body: JsonObject = {"item": {"value": text}, "inspectConfig": config}
        if settings.template is not None:
            body["inspectTemplateName"] = settings.template
        return body


def _spot(finding: Json, text: str) -> Spotted:
    kind = as_str(dig(finding, "infoType", "name"))
    if kind is None:
        raise ValueError("sent a finding without its entity")
    start, end = _span(finding, text)
    score = _SCORES.get(as_str(dig(finding, "likelihood")), 0.5)
    return spotted(start, end, entity_name(kind, _NAMES), score, text)


def _span(finding: Json, text: str) -> tuple[int, int]:
    ranges: tuple[tuple[str, Unit], ...] = (
        ("codepointRange", "code_points"),
        ("byteRange", "bytes"),
    )
    for field, unit in ranges:
        span = as_object(dig(finding, "location", field))
        if span is not None:
            place = places(text, unit)
            return place(_number(span.get("start"))), place(_number(span.get("end")))
    raise ValueError("sent a finding without its place")


def _number(value: Json) -> int:
    """A 64-bit integer of Protocol Buffers in JSON: a string; left out where it is 0."""
    if value is None:
        return 0
    number = f"{value}"
    if not (number.isascii() and number.isdecimal()) or len(number) > 19:
        raise ValueError("sent a place that is no number")
    return int(number)
