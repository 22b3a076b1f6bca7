"""Detectors that are services: what each finds stands where we say, in every script and length."""

from __future__ import annotations

import pytest

from jupyter_mesh.guards.remote_comprehend import Comprehend
from jupyter_mesh.guards.remote_detector import RemoteDetector, entity_name
from jupyter_mesh.spi.guard import Detector, GuardedCall
from jupyter_mesh.testing.fake_guards import Dlp, FakeGuard, Presidio

from .remote_guards import (
    AZURE,
    DETECTORS,
    DLP,
    PEOPLE,
    PRESIDIO,
    GoogleToken,
    Vendor,
    started,
)

PERSON, EMAIL = PEOPLE
CALL = GuardedCall()
TEXTS = {
    "plain": f"Dear {PERSON}, write to {EMAIL}.",
    "at once": f"{PERSON}{EMAIL}",
    "emoji": f"😀👩‍👩‍👧 {PERSON} 🏳️‍🌈 {EMAIL} 😀",
    "accents": f"Élodie e\u0301crit à {PERSON} — {EMAIL}",
    "chinese": f"请联系{PERSON}，邮箱{EMAIL}。",
    "arabic": f"اكتب إلى {PERSON} على {EMAIL}",
    "control characters": f"\x00\x01{PERSON}\r\n\x85{EMAIL}\u2028",
    "many": f"{PERSON} " * 400,
    "nothing": "Nobody is named here 😀.",
}


@pytest.fixture(autouse=True)
def google(monkeypatch: pytest.MonkeyPatch) -> None:
    GoogleToken.install(monkeypatch)


def places_of(text: str) -> set[tuple[int, int, str]]:
    """Where the planted ones stand."""
    found: set[tuple[int, int, str]] = set()
    for value, entity in ((PERSON, "PERSON"), (EMAIL, "EMAIL_ADDRESS")):
        at = text.find(value)
        while at >= 0:
            found.add((at, at + len(value), entity))
            at = text.find(value, at + 1)
    return found


async def found_by(detector: Detector, *texts: str) -> list[set[tuple[int, int, str]]]:
    async with started(detector) as one:
        results = await one.find(texts, CALL)
    return [{(f.start, f.end, f.entity) for f in each} for each in results]


@pytest.mark.parametrize("vendor", DETECTORS, ids=lambda v: v.title)
async def test_findings_stand_where_they_are_in_every_script(
    vendor: Vendor[RemoteDetector],
) -> None:
    async with vendor.server() as service:
        results = await found_by(vendor.make(service.address), *TEXTS.values())
    for name, text, result in zip(TEXTS, TEXTS.values(), results, strict=True):
        assert result == places_of(text), name


@pytest.mark.parametrize("filler", ["x", "é", "😀"])
@pytest.mark.parametrize("vendor", DETECTORS, ids=lambda v: v.title)
async def test_texts_longer_than_a_service_takes_are_looked_through_whole(
    vendor: Vendor[RemoteDetector], filler: str
) -> None:
    """With the planted ones on and around the places where slices end; the fake refuses what is too
    long.
    """
    limits = {"max_characters": 2_000} if vendor is PRESIDIO else {}
    async with vendor.server() as service:
        guard = vendor.make(service.address, **limits)
        border = guard.most_characters(filler)
        text = (
            filler * (border - len(PERSON) // 2) + PERSON + filler * (border - 340) + f" {EMAIL} "
        )
        text += filler * border + PERSON
        (result,) = await found_by(guard, text)
        sent = b"".join(request.body for request in service.requests)
    assert len(sent) > len(text.encode())
    assert result == places_of(text)
    assert len(result) == 3


async def test_what_stands_in_two_slices_is_found_once() -> None:
    text = "x" * 1_750 + PERSON + "x" * 3_000
    async with PRESIDIO.server() as service:
        guard = PRESIDIO.make(service.address, max_characters=2_000)
        async with started(guard):
            (found,) = await guard.find([text], CALL)
        parts = service.requests[0].json["text"]
    assert isinstance(parts, list)
    assert sum(PERSON in f"{part}" for part in parts) == 2, "it stands in two"
    assert len(found) == 1


@pytest.mark.parametrize(
    ("unit", "width"),
    [
        ("utf16", lambda text: len(text.encode("utf-16-le")) // 2),
        ("bytes", lambda text: len(text.encode())),
    ],
)
async def test_a_service_that_counts_otherwise_is_understood(unit: str, width: object) -> None:
    texts = list(TEXTS.values())
    known = dict(zip(PEOPLE, PRESIDIO.words, strict=True))
    async with FakeGuard(Presidio(known, width)) as service:  # pyright: ignore[reportArgumentType]
        results = await found_by(PRESIDIO.make(service.address, offsets=unit), *texts)
    assert results == [places_of(text) for text in texts]


async def test_one_text_at_a_time_for_services_that_know_no_lists() -> None:
    async with PRESIDIO.server() as service:
        guard = PRESIDIO.make(service.address, batch=1, language="de", score_threshold=0.4)
        results = await found_by(guard, TEXTS["plain"], TEXTS["emoji"])
        bodies = [request.json for request in service.requests]
    assert results == [places_of(TEXTS["plain"]), places_of(TEXTS["emoji"])]
    assert {f"{body['text']}" for body in bodies} == {TEXTS["plain"], TEXTS["emoji"]}
    assert all((one["language"], one["score_threshold"]) == ("de", 0.4) for one in bodies)


@pytest.mark.parametrize(
    ("vendor", "settings"),
    [
        (PRESIDIO, {"entities": ["PERSON"]}),
        (AZURE, {"categories": ["Person"]}),
        (DLP, {"info_types": ["PERSON_NAME"]}),
    ],
    ids=lambda v: getattr(v, "title", None),
)
async def test_only_what_is_asked_for_is_looked_for_and_named(
    vendor: Vendor[RemoteDetector], settings: dict[str, object]
) -> None:
    async with vendor.server() as service:
        guard = vendor.make(service.address, **settings)
        (result,) = await found_by(guard, TEXTS["plain"])
    assert {entity for _, _, entity in result} == {"PERSON"}
    assert guard.entities() == {"PERSON"}
    assert vendor.make(service.address).entities() is None


def test_comprehend_can_tell_what_it_finds_and_nothing_else() -> None:
    guard = Comprehend(
        Comprehend.Config.model_validate({"residency": "region", "region": "eu-west-1"})
    )
    assert {"PERSON", "US_SSN", "AGE"} <= guard.entities()
    assert "ORGANIZATION" not in guard.entities()


async def test_findings_that_were_cut_off_are_fetched_in_halves() -> None:
    text = "".join(f"{PERSON} {n:05} and " for n in range(500))
    async with FakeGuard(Dlp({PERSON: "PERSON_NAME"}, most_findings=100)) as service:
        (result,) = await found_by(DLP.make(service.address), text)
        assert len(service.requests) > 8
    assert result == places_of(text)


async def test_a_text_is_shown_once_while_it_is_remembered() -> None:
    first, second = TEXTS["plain"], TEXTS["emoji"]
    async with PRESIDIO.server() as service:
        async with started(PRESIDIO.make(service.address)) as guard:
            before = await guard.find([first, first, second], CALL)
            after = await guard.find([second, first, "And you?"], CALL)
        assert [one.json["text"] for one in service.requests] == [[first, second], ["And you?"]]
        assert [after[1], after[0]] == [before[0], before[2]]
        async with started(PRESIDIO.make(service.address, remember=0)) as guard:
            await guard.find([first], CALL)
            await guard.find([first], CALL)
        assert len(service.requests) == 4


@pytest.mark.parametrize(
    ("said", "ours"),
    [
        ("Person", "PERSON"),
        ("USDriverLicense", "US_DRIVER_LICENSE"),
        ("EUTaxIdentificationNumber", "EU_TAX_IDENTIFICATION_NUMBER"),
        ("PLNationalIDV2", "PL_NATIONAL_IDV2"),
        ("US_SSN", "US_SSN"),
        ("drug-name", "DRUG_NAME"),
    ],
)
def test_names_of_others_get_our_form(said: str, ours: str) -> None:
    assert entity_name(said, {}) == ours
