"""Names by a model that labels words: what is made of its labels, and how rarely it is asked."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from typing import cast

import pytest

from jupyter_mesh.errors import MeshError, ScreeningUnavailable
from jupyter_mesh.guards.ner import Ner, NerConfig
from jupyter_mesh.schemas.events import Answer, Events, Finished
from jupyter_mesh.schemas.json import Json, JsonObject
from jupyter_mesh.schemas.request import Operation, Request
from jupyter_mesh.spi.guard import Finding, GuardedCall
from tests.guards.lent import lent_tools

Span = tuple[str, int, int, float]


class Asked:
    """A model that labels as told, and notes the texts it was shown."""

    def __init__(self, label: Callable[[str], Sequence[Span]]) -> None:
        self.label = label
        self.shown: list[str] = []
        self.answer: JsonObject | None = None

    def stream(self, request: Request, *, parent: str, purpose: str) -> Events:
        assert (request.operation, parent, purpose) == (Operation.TOKEN_CLASSIFY, "call-1", "guard")
        return self._events(cast("list[str]", request.body["input"]))

    async def _events(self, texts: list[str]) -> Events:
        self.shown += texts
        data: list[Json] = [
            {
                "index": n,
                "entities": [
                    {"label": label, "start": start, "end": end, "score": score}
                    for label, start, end, score in self.label(text)
                ],
            }
            for n, text in enumerate(texts)
        ]
        yield Answer({"data": data} if self.answer is None else self.answer)
        yield Finished()


def found(asked: Asked, texts: Sequence[str], **settings: object) -> list[list[Finding]]:
    detector = Ner(NerConfig.model_validate({"model": "local/names", **settings}))
    detector.start("ner", lent_tools(models=asked))
    return [list(one) for one in asyncio.run(detector.find(texts, GuardedCall("call-1")))]


def said(asked: Asked, text: str, **settings: object) -> list[tuple[str, str]]:
    [findings] = found(asked, [text], **settings)
    return [(text[one.start : one.end], one.entity) for one in findings]


def words(label: str, pattern: str, score: float = 0.9) -> Asked:
    return Asked(
        lambda text: [(label, *match.span(), score) for match in re.finditer(pattern, text)]
    )


LABELS: list[tuple[str, dict[str, object], list[tuple[str, str]]]] = [
    ("PER", {}, [("Ada", "PERSON")]),
    ("B-PER", {}, [("Ada", "PERSON")]),
    ("GPE", {}, [("Ada", "LOCATION")]),
    ("MISC", {}, []),
    ("LABEL_3", {"labels": {"LABEL_3": "CUSTOMER"}}, [("Ada", "CUSTOMER")]),
    ("PER", {"labels": {"LABEL_3": "CUSTOMER"}}, []),
    ("PER", {"thresholds": {"PERSON": 0.95}}, []),
    ("PER", {"thresholds": {"default": 0.95, "PERSON": 0.9}}, [("Ada", "PERSON")]),
    ("PER", {"thresholds": {"default": 0.95}}, []),
]


@pytest.mark.parametrize(("label", "settings", "findings"), LABELS)
def test_labels_are_called_as_policy_says(
    label: str, settings: dict[str, object], findings: list[tuple[str, str]]
) -> None:
    assert said(words(label, "Ada"), "is Ada in", **settings) == findings


BORDERS = [
    ("Lovel", "ask Ada Lovelace now", "Lovelace"),
    ("lace", "ask Ada Lovelace now", "Lovelace"),
    (" Ada Lovelace ", "ask Ada Lovelace now", "Ada Lovelace"),
    ("Lovelace,", "ask Lovelace, now", "Lovelace,"),
    ("Ada", "(Ada)", "Ada"),
    ("😀 Ada", "to 😀 Ada!", "😀 Ada"),
]


@pytest.mark.parametrize(("labelled", "text", "name"), BORDERS)
def test_a_name_is_whole_however_its_tokens_cut_it(labelled: str, text: str, name: str) -> None:
    assert said(words("PER", re.escape(labelled)), text) == [(name, "PERSON")]


def test_what_is_only_white_space_is_no_name() -> None:
    assert said(words("PER", " "), "a b") == []
    asked = words("PER", ".")
    assert said(asked, " \n ") == []
    assert asked.shown == []


def test_a_long_text_is_read_in_pieces_and_each_name_found_once() -> None:
    text = "".join(f"word{n} " if n % 7 else f"Ada{n} " for n in range(400))
    asked = words("PER", r"Ada\d+")
    names = [name for name, _ in said(asked, text, window=200, overlap=50)]
    assert names == re.findall(r"Ada\d+", text)
    assert max(map(len, asked.shown)) <= 200
    assert len(asked.shown) > 10


def test_the_same_text_is_read_once() -> None:
    asked = words("PER", "Ada")
    detector = Ner(NerConfig(model="local/names"))
    detector.start("ner", lent_tools(models=asked))
    for _ in range(3):
        first, second = asyncio.run(detector.find(["to Ada", "to Ada"], GuardedCall("call-1")))
        assert len(first) == len(second) == 1
    assert asked.shown == ["to Ada"]


GARBAGE: list[JsonObject] = [
    {},
    {"data": []},
    {"data": [{"entities": "none"}]},
    {"data": [{"entities": [{"label": "PER", "start": 5, "end": 2, "score": 1}]}]},
    {"data": [{"entities": [{"label": "PER", "start": None, "end": 2, "score": 1}]}]},
    {"data": [{"entities": [{"label": "PER", "start": 0, "end": 2}]}]},
]


@pytest.mark.parametrize("answer", GARBAGE)
def test_an_answer_that_is_none_raises(answer: JsonObject) -> None:
    asked = words("PER", "Ada")
    asked.answer = answer
    with pytest.raises(MeshError, match="did not answer as was asked"):
        found(asked, ["to Ada"])


def test_it_says_what_it_can_find_where_that_is_known() -> None:
    assert Ner(NerConfig(model="local/names")).entities() is None
    own = Ner(NerConfig(model="local/names", labels={"A": "PERSON", "B": "CITY"}))
    assert own.entities() == {"PERSON", "CITY"}
    assert "labels" in (own.remedy("NRP") or "")
    with pytest.raises(ScreeningUnavailable):
        asyncio.run(own.find(["Ada"], GuardedCall("call-1")))
