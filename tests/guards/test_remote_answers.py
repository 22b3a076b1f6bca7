"""Answers that are JSON and yet not what they should be close the call and are not quoted."""

from __future__ import annotations

import pytest

from jupyter_mesh.errors import ProviderProtocolError
from jupyter_mesh.schemas.json import Json
from jupyter_mesh.spi.guard import Guard
from jupyter_mesh.testing.fake_guards import Behaviour, FakeGuard, Presidio

from .remote_guards import (
    AZURE,
    CALL,
    DLP,
    EVERY,
    PEOPLE,
    PRESIDIO,
    TEXT,
    GoogleToken,
    Vendor,
    World,
    ask,
    started,
)


@pytest.fixture(autouse=True)
def google(monkeypatch: pytest.MonkeyPatch) -> None:
    GoogleToken.install(monkeypatch)


@pytest.mark.parametrize("vendor", EVERY, ids=lambda v: v.title)
@pytest.mark.parametrize("answer", [{}, {"result": []}, {"results": [{}]}, {"Entities": 7}])
async def test_json_that_is_not_the_services_closes_the_call(
    vendor: Vendor[Guard], answer: dict[str, object]
) -> None:
    world = World()
    async with vendor.server() as service:
        service.default = Behaviour.model_validate({"answer": answer})
        async with started(vendor.make(service.address), world) as guard:
            with pytest.raises(ProviderProtocolError):
                await ask(guard)
    assert world.kinds == ["guard_failing"]


def _azure(**changes: object) -> dict[str, object]:
    entity = {"category": "Person", "offset": 0, "length": 3, "confidenceScore": 0.9, **changes}
    return {"results": {"documents": [{"id": "0", "entities": [entity]}], "errors": []}}


@pytest.mark.parametrize(
    "answer",
    [
        _azure(offset=-1),
        _azure(offset=1_000),
        _azure(length=0),
        _azure(length=1_000),
        _azure(offset=None),
        _azure(offset="0"),
        _azure(offset=True),
        _azure(category=""),
        _azure(category="<script>"),
        _azure(category="é"),
        _azure(category="A" * 65),
        _azure(category=None),
        _azure(confidenceScore=1.5),
        _azure(confidenceScore=-0.1),
        _azure(confidenceScore=None),
        _azure(confidenceScore="0.9"),
        _azure(confidenceScore=True),
        {"results": {"documents": [], "errors": []}},
        {"results": {"documents": [], "errors": [{"id": "0", "error": {"code": "Invalid"}}]}},
    ],
)
async def test_findings_that_cannot_be_close_the_call(answer: dict[str, object]) -> None:
    async with AZURE.server() as service:
        service.default = Behaviour.model_validate({"answer": answer})
        async with started(AZURE.make(service.address)) as guard:
            with pytest.raises(ProviderProtocolError):
                await guard.find([TEXT], CALL)


def _dlp(start: object, end: object) -> dict[str, object]:
    location = {"codepointRange": {"start": start, "end": end}}
    finding = {"infoType": {"name": "PERSON_NAME"}, "location": location}
    return {"result": {"findings": [finding]}}


@pytest.mark.parametrize(
    "places",
    [("0", PEOPLE[0]), (PEOPLE[0], "3"), ("0", "-1"), ("²", "5"), ("0", "9" * 5_000), (True, "4")],
)
async def test_what_stands_in_place_of_a_number_is_not_quoted(
    places: tuple[object, object],
) -> None:
    async with DLP.server() as service:
        service.default = Behaviour.model_validate({"answer": _dlp(*places)})
        async with started(DLP.make(service.address)) as guard:
            with pytest.raises(ProviderProtocolError) as raised:
                await guard.find([TEXT], CALL)
    assert PEOPLE[0] not in raised.value.message
    assert len(raised.value.message) < 300


async def test_a_place_within_a_character_closes_the_call_and_quotes_nothing() -> None:
    answer = [{"start": 2, "end": 5, "entity_type": "PERSON", "score": 1}]
    async with FakeGuard(_Fixed(answer)) as service:
        guard = PRESIDIO.make(service.address, batch=1, offsets="bytes")
        async with started(guard):
            with pytest.raises(ProviderProtocolError, match="within a character") as raised:
                await guard.find(["é😀 secret"], CALL)
    assert "secret" not in raised.value.message


class _Fixed(Presidio):
    """Finds the same in every text."""

    def __init__(self, answer: list[dict[str, object]]) -> None:
        super().__init__()
        self._answer = answer

    def looked_through(self, received: object, body: object) -> list[Json]:
        return self._answer  # pyright: ignore[reportReturnType]


async def test_the_same_answer_as_it_should_be_is_taken() -> None:
    async with AZURE.server() as service:
        service.default = Behaviour.model_validate({"answer": _azure()})
        async with started(AZURE.make(service.address)) as guard:
            ((found,),) = await guard.find([TEXT], CALL)
    assert (found.start, found.end, found.entity, found.score) == (0, 3, "PERSON", 0.9)
