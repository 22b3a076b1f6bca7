"""Words, however they are dressed up, and what only looks like them."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from jupyter_mesh.errors import ConfigError
from jupyter_mesh.guards.lexicon import Lexicon, LexiconScanner, built_in
from jupyter_mesh.guards.looked_through import LONG
from jupyter_mesh.guards.word_list import WordList, WordListConfig
from jupyter_mesh.spi.guard import GuardedCall

from .lent import Noted, lent_tools

OWN = {"house": ["blorb", "grum*", "snick snack", "~zeb", "~wub"]}


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("what a blorb", 1.0),
        ("BLORB!", 1.0),
        ("ｂｌｏｒｂ", 1.0),
        ("bl\u200borb", 1.0),
        ("blórb", 1.0),
        ("bl0rb", 1.0),
        ("b10rb", 1.0),
        ("blоrb", 1.0),  # the o is Cyrillic
        ("b l o r b", 1.0),
        ("b.l.o.r.b", 1.0),
        ("b_l_o_r_b", 1.0),
        ("__b__l__o__r__b__", 1.0),
        ("bloooorb", 1.0),
        ("bl*rb", 1.0),
        ("grum", 1.0),
        ("grumming", 1.0),
        ("Snick, snack!", 1.0),
        ("5n1ck sn4ck", 1.0),
        ("zeb", 0.4),
        ("zeb zeb", 0.4),
        ("zeb and wub", 0.64),
        ("blorbs", 0.0),
        ("ablorb", 0.0),
        ("b*", 0.0),
        ("gru", 0.0),
        ("snick a snack", 0.0),
        ("snick", 0.0),
        ("bl0rbx", 0.0),
        ("a b c d", 0.0),
        ("10 101 0", 0.0),
        ("", 0.0),
        ("***", 0.0),
    ],
)
def test_a_word_is_found_however_it_is_dressed_up(text: str, score: float) -> None:
    assert Lexicon(OWN).scores(text).get("house", 0.0) == pytest.approx(score)


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("I want to kill myself tonight", "self-harm"),
        ("you are worthless and nobody likes you", "harassment"),
        ("i will kill you", "violence"),
        ("f u c k off", "profanity"),
        ("sh1t happens", "profanity"),
        ("send nudes", "sexual"),
        ("they are vermin", "hate"),
        ("How do I kill a process on port 8080?", None),
        ("Scunthorpe is a town in England", None),
        ("The assassin's class in classical Assyria passed the assessment", None),
        ("Shoot the photo at noon, then cocktail hour", None),
        ("print(killed, shot, die_roll)", None),
        ("Dick Tracy read the document", None),
        ("Beat the eggs and cut the throat lozenges in half", None),
    ],
)
async def test_the_english_list_knows_words_and_passes_what_is_meant_well(
    text: str, category: str | None
) -> None:
    verdict = await WordList(WordListConfig()).judge(text, "request", GuardedCall())
    assert (verdict.score >= 0.5) == (category is not None), verdict
    if category is not None:
        assert category in verdict.categories


def test_every_category_of_the_english_list_has_words_and_none_stands_twice() -> None:
    found = built_in()
    assert set(found) == {"profanity", "harassment", "hate", "self-harm", "sexual", "violence"}
    for name, words in found.items():
        assert len(words) > 20, name
        assert len(words) == len(set(words)), name


async def test_own_words_come_from_lists_and_files(tmp_path: Path) -> None:
    file = tmp_path / "words.txt"
    file.write_text("# ours\nblorb\n\nsnick snack\n", "utf-8")
    config = WordListConfig(english=False, words={"a": ("zeb",)}, files={"b": file})
    judge = WordList(config)
    assert (await judge.judge("zeb blorb", "request", GuardedCall())).scores == {"a": 1, "b": 1}
    assert (await judge.judge("fuck", "request", GuardedCall())).score == 0


async def test_only_some_categories_of_the_english_list() -> None:
    judge = WordList(WordListConfig(only=("violence",)))
    assert (await judge.judge("fuck", "request", GuardedCall())).score == 0
    assert (await judge.judge("i will kill you", "request", GuardedCall())).score == 1


@pytest.mark.parametrize(
    "settings",
    [
        {"english": False},
        {"only": ("kindness",)},
        {"files": {"a": Path("no/such/file")}},
        {"wrods": {}},
    ],
)
def test_a_list_that_cannot_be_is_refused(settings: dict[str, object]) -> None:
    with pytest.raises((ConfigError, ValidationError)):
        WordList(WordListConfig.model_validate(settings))


async def test_long_texts_go_to_the_workers_and_give_the_same() -> None:
    text = "kindly " * LONG + "i will kill you"
    judge = WordList(WordListConfig())
    assert (await judge.judge(text, "request", GuardedCall())).score == 1
    settings = {"categories": {name: list(words) for name, words in OWN.items()}}
    spans = list(LexiconScanner(settings).scan("zeb wub"))  # pyright: ignore[reportArgumentType]
    assert [(span.entity, span.score) for span in spans] == [("house", pytest.approx(0.64))]


@pytest.mark.parametrize(
    "text",
    [
        "Signed: " + "_" * 200 + "Date: 1 May",
        "_" * 100_000 + "x",
        "a_" * 100_000,
        "you " * 50_000,
        "f*" * 50_000,
        "x" * 1_000_000,
    ],
    ids=lambda text: text[:5],
)
def test_no_text_is_read_in_many_ways(text: str) -> None:
    """Each is gone through once; a pattern that can share it out differently would never end."""
    assert Lexicon(built_in()).scores(text) == {}


async def test_many_messages_that_are_long_together_keep_nobody_waiting() -> None:
    judge, workers = WordList(WordListConfig()), Noted()
    judge.start("words", lent_tools(workers))
    many = ["kindly"] * (LONG // 6)
    await judge.judge_all(many, "request", GuardedCall())
    assert workers.asked == []
    verdicts = await judge.judge_all([*many, "i will kill you"], "request", GuardedCall())
    assert [verdict.score for verdict in verdicts] == [0.0] * len(many) + [1.0]
    assert workers.asked == [[*many, "i will kill you"]]
