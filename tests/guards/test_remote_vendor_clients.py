"""The servers that stand in for vendors are held to be faithful by the vendors' own clients, and so
is what our guards send.
"""

from __future__ import annotations

import json
from typing import Any

import boto3
import openai
import pytest
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel
from botocore.serialize import create_serializer

from jupyter_mesh.spi.guard import GuardedCall
from jupyter_mesh.testing.fake_guards import (
    Behaviour,
    Comprehend,
    FakeGuard,
    Guardrail,
    Moderations,
)

from .remote_guards import AWS, COMPREHEND, GUARDRAIL, KEY, MODERATIONS, PRESIDIO, started

TEXT = "😀 Ada Lovelace pays."
CALL = GuardedCall()


@pytest.fixture
def json_protocol(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the two protocols of the service botocore prefers CBOR; ours is the other one."""
    monkeypatch.setattr(ServiceModel, "resolved_protocol", "json")


def client(service: str, fake: FakeGuard) -> Any:
    return boto3.client(
        service,
        region_name="eu-west-1",
        endpoint_url=fake.address,
        aws_access_key_id=AWS.access_key,
        aws_secret_access_key=AWS.secret_key,
    )


@pytest.mark.usefixtures("json_protocol")
def test_botos_comprehend_finds_what_is_known_by_characters() -> None:
    with FakeGuard(Comprehend({"Ada Lovelace": "NAME"}, AWS)) as fake:
        comprehend = client("comprehend", fake)
        answer = comprehend.detect_pii_entities(Text=TEXT, LanguageCode="en")
        with pytest.raises(comprehend.exceptions.TextSizeLimitExceededException):
            comprehend.detect_pii_entities(Text="x" * 100_001, LanguageCode="en")
        with pytest.raises(comprehend.exceptions.UnsupportedLanguageException):
            comprehend.detect_pii_entities(Text=TEXT, LanguageCode="de")
    (entity,) = answer["Entities"]
    assert TEXT[entity["BeginOffset"] : entity["EndOffset"]] == "Ada Lovelace"
    assert entity["Type"] == "NAME"


def test_botos_guardrail_intervenes() -> None:
    known = {"Ada Lovelace": "pii=NAME", "pays": "VIOLENCE=HIGH"}
    with FakeGuard(Guardrail(known, AWS)) as fake:
        bedrock = client("bedrock-runtime", fake)
        asked = {"guardrailIdentifier": "abc123", "guardrailVersion": "DRAFT", "source": "INPUT"}
        answer = bedrock.apply_guardrail(**asked, content=[{"text": {"text": TEXT}}])
        with pytest.raises(bedrock.exceptions.ValidationException):
            bedrock.apply_guardrail(**asked, content=[{"text": {"text": "x" * 25_001}}])
    assert answer["action"] == "GUARDRAIL_INTERVENED"
    policy = answer["assessments"][0]["sensitiveInformationPolicy"]
    assert policy["piiEntities"][0]["type"] == "NAME"


def test_openais_client_gets_its_moderation() -> None:
    with FakeGuard(Moderations({"pays": "violence"}), api_key=KEY) as fake:
        asked = openai.OpenAI(base_url=f"{fake.address}/v1", api_key=KEY, max_retries=0)
        answer = asked.moderations.create(input=[TEXT, "harmless"])
        asked.close()
    first, second = answer.results
    assert (first.flagged, first.categories.violence) == (True, True)
    assert first.category_scores.violence == 0.9
    assert not second.flagged


def _serialized(service: str, operation: str, protocol: str, **asked: Any) -> dict[str, Any]:
    """What botocore would send."""
    model = ServiceModel(Loader().load_service_model(service, "service-2"), service)
    model_of_operation: OperationModel = model.operation_model(operation)
    serializer = create_serializer(protocol)
    return serializer.serialize_to_request(asked, model_of_operation)


async def test_comprehend_is_sent_what_botocore_sends() -> None:
    theirs = _serialized("comprehend", "DetectPiiEntities", "json", Text=TEXT, LanguageCode="en")
    async with COMPREHEND.server() as fake:
        async with started(COMPREHEND.make(fake.address)) as guard:
            await guard.find([TEXT], CALL)
        (ours,) = fake.requests
    assert ours.target == theirs["url_path"]
    assert ours.json == json.loads(theirs["body"])
    sent = {name.lower(): value for name, value in theirs["headers"].items()}
    assert {name: ours.headers[name] for name in sent} == sent


async def test_a_guardrail_is_sent_what_botocore_sends() -> None:
    arn = "arn:aws:bedrock:eu-west-1:123456789012:guardrail/abc123"
    asked = {"guardrailIdentifier": arn, "guardrailVersion": "3", "source": "OUTPUT"}
    theirs = _serialized(
        "bedrock-runtime", "ApplyGuardrail", "rest-json",
        **asked, content=[{"text": {"text": TEXT}}], outputScope="FULL",
    )  # fmt: skip
    async with GUARDRAIL.server() as fake:
        guard = GUARDRAIL.make(fake.address, guardrail=arn, version="3")
        async with started(guard):
            await guard.judge(TEXT, "response", CALL)
        (ours,) = fake.requests
    assert ours.target == theirs["url_path"]
    assert ours.json == json.loads(theirs["body"])


async def test_a_moderation_endpoint_is_sent_what_openais_client_sends() -> None:
    async with MODERATIONS.server() as fake:
        async with openai.AsyncOpenAI(base_url=fake.address, api_key=KEY, max_retries=0) as asked:
            await asked.moderations.create(input=TEXT, model="omni-moderation-latest")
        async with started(MODERATIONS.make(fake.address)) as guard:
            await guard.judge(TEXT, "request", CALL)
        theirs, ours = fake.requests
    assert (ours.path, ours.json) == (theirs.path, theirs.json)
    assert ours.headers["authorization"] == theirs.headers["authorization"]


@pytest.fixture(autouse=True)
def no_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)


async def test_presidios_server_understands_what_we_send_and_we_what_it_answers() -> None:
    """Its own classes for requests and results, which `app.py` is made of."""
    presidio = pytest.importorskip("presidio_analyzer")
    async with PRESIDIO.server() as fake:
        guard = PRESIDIO.make(fake.address, entities=["PERSON"], score_threshold=0.4)
        async with started(guard):
            await guard.find([TEXT, "Nobody."], CALL)
        (ours,) = fake.requests
        shown = fake.dialect.answer(ours, Behaviour())
    asked = presidio.AnalyzerRequest(ours.json)
    assert asked.text == [TEXT, "Nobody."]
    assert (asked.language, asked.entities, asked.score_threshold) == ("en", ["PERSON"], 0.4)
    theirs = presidio.RecognizerResult("PERSON", 2, 14, 0.85).to_dict()
    theirs.pop("recognition_metadata", None)
    assert shown == [[theirs], []]
