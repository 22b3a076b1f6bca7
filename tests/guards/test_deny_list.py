from __future__ import annotations

import asyncio
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from jupyter_mesh.errors import ConfigError
from jupyter_mesh.guards.deny_list import DenyList, DenyListConfig, DenyListDetector, TermIndex
from jupyter_mesh.guards.normal_form import normal_form
from jupyter_mesh.spi.guard import GuardedCall

TERMS = (
    "Project Falcon",
    "Initech",
    "C++",
    "Müller",
    "Straße",
    "秘密計画",
    "O'Brien",
    "№ 7",
    "R&D",
)

FOUND = [
    ("about Project Falcon.", "Project Falcon"),
    ("PROJECT FALCON", "PROJECT FALCON"),
    ("project\n  falcon", "project\n  falcon"),
    ("project\u00a0falcon", "project\u00a0falcon"),
    ("Pro\u200bject Fal\u00adcon", "Pro\u200bject Fal\u00adcon"),
    ("\u200bInitech\u200b", "Initech"),
    ("Ｉｎｉｔｅｃｈ", "Ｉｎｉｔｅｃｈ"),
    ("𝐈𝐧𝐢𝐭𝐞𝐜𝐡", "𝐈𝐧𝐢𝐭𝐞𝐜𝐡"),
    ("(Initech)", "Initech"),
    ("Initech's", "Initech"),
    ("Initech-like", "Initech"),
    ("we use C++, not", "C++"),
    ("Herr mu\u0308ller", "mu\u0308ller"),
    ("MÜLLER & Co", "MÜLLER"),
    ("Hauptstrasse, STRASSE", "STRASSE"),
    ("das秘密計画です", "秘密計画"),
    ("o'brien said", "o'brien"),
    ("No 7 there", "No 7"),
    ("the r&d team", "r&d"),
]
NOT_FOUND = [
    "Projects Falcon",
    "Project Falcons",
    "ProjectFalcon",
    "Project, Falcon",
    "Initechs",
    "myInitech",
    "Initech2",
    "Initech_x",
    "C+",
    "Muller",
    "mullers",
    "秘密",
    "OBrien",
    "R & D",
    "",
]


async def spans_of(text: str, **settings: object) -> list[str]:
    config = DenyListConfig.model_validate({"terms": TERMS, **settings})
    (found,) = await DenyListDetector(config).find([text], GuardedCall())
    return [text[one.start : one.end] for one in found]


@pytest.mark.parametrize(("text", "span"), FOUND)
async def test_a_term_is_found_to_the_letter_however_it_is_written(text: str, span: str) -> None:
    assert await spans_of(text) == [span]


@pytest.mark.parametrize("text", NOT_FOUND)
async def test_other_words_are_left_alone(text: str) -> None:
    assert await spans_of(text) == []


async def test_parts_of_words_count_when_whole_words_are_not_asked_for() -> None:
    assert await spans_of("myInitechs", whole_words=False) == ["Initech"]


async def test_a_file_gives_terms_line_by_line(tmp_path: Path) -> None:
    file = tmp_path / "customers.txt"
    file.write_text("# customers\nAcme GmbH\n\n  Globex  \n", "utf-8")
    detector = DenyListDetector(DenyListConfig(file=file, entity="CUSTOMER"))
    (found,) = await detector.find(["ACME GmbH, Globex and # customers"], GuardedCall())
    assert [(one.start, one.end, one.entity) for one in found] == [
        (0, 9, "CUSTOMER"),
        (11, 17, "CUSTOMER"),
    ]
    assert {(one.score, one.detector) for one in found} == {(1.0, "deny_list_detector")}


@pytest.mark.parametrize("content", [None, b"", b"# only a comment\n", b"\xff\xfe\x00"])
def test_a_list_without_terms_is_an_error_in_the_configuration(
    tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "terms.txt"
    if content is not None:
        file.write_bytes(content)
    for guard in (DenyList, DenyListDetector):
        with pytest.raises(ConfigError, match="deny list"):
            guard(DenyListConfig(file=file))


@pytest.mark.parametrize("settings", [{"entity": "lower"}, {"entity": ""}, {"words": ["x"]}])
def test_settings_that_cannot_be_right_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        DenyListConfig.model_validate({"terms": ["x"], **settings})


async def test_the_judge_condemns_without_telling_the_term() -> None:
    judge = DenyList(DenyListConfig(terms=("Initech",), entity="CUSTOMER"))
    for direction in ("request", "response"):
        verdict = await judge.judge("We work for Initech.", direction, GuardedCall())
        assert (verdict.score, verdict.categories) == (1.0, ("CUSTOMER",))
        assert "Initech" not in repr(verdict)
        assert (await judge.judge("We work for somebody.", direction, GuardedCall())).score == 0.0


TEXTS = st.text(
    st.characters(codec="utf-8") | st.sampled_from("aAﬁß\u0301\u0327\u200b\u00adéÅΩK①ｶﾞ½ŉ…\u00a0")
)


@given(TEXTS)
def test_texts_equal_under_nfkc_and_case_folding_have_one_form(text: str) -> None:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    one, other = (unicodedata.normalize("NFD", normal_form(t).text) for t in (text, folded))
    assert "".join(one.split()) == "".join(other.split())


@given(TEXTS)
def test_every_position_keeps_its_origin(text: str) -> None:
    form = normal_form(text)
    assert len(form.origins) == len(form.text)
    assert list(form.origins) == sorted(form.origins)
    for position, origin in enumerate(form.origins):
        start, end = form.span(position, position + 1)
        assert (start, end) == (origin, origin + 1)
        assert form.text[position] in normal_form(text[start:end]).text


@given(TEXTS, st.sampled_from(["Initech", "Müller", "Project Falcon"]), TEXTS)
def test_a_term_between_spaces_is_always_found(before: str, term: str, after: str) -> None:
    text = f"{before} {term} {after}"
    found = {text[start:end] for start, end in TermIndex([term]).spans(text)}
    assert any(one.startswith(term) for one in found)


def test_many_terms_cost_a_text_no_more_than_its_words() -> None:
    index = TermIndex([f"customer {number} ltd" for number in range(50_000)])
    assert len(index) == 50_000
    text = "the customer 777 ltd and customer 50001 ltd"
    assert [text[a:b] for a, b in index.spans(text)] == ["customer 777 ltd"]


@pytest.mark.timeout(60)
def test_terms_that_share_their_words_cost_a_text_no_more() -> None:
    index = TermIndex([f"the customer no. {number} ltd" for number in range(100_000)])
    text = "the customer  no. 777 ltd, not the customer no. 100001 ltd or no. 5 ltd. " * 500
    found = [text[a:b] for a, b in index.spans(text)]  # each by each, this is minutes
    assert found == ["the customer  no. 777 ltd"] * 500


@given(st.lists(st.sampled_from(["a", "b", "ab", "(a", "b)", "a-b", "c"]), max_size=12), st.data())
def test_a_term_is_found_wherever_its_words_stand_in_its_order(
    words: list[str], data: st.DataObject
) -> None:
    term = data.draw(st.lists(st.sampled_from(["a", "b", "ab", "a-b"]), min_size=1, max_size=4))
    others = ["a b", "b a", "b", "a a b", "c b"]  # so that another word than the first is rarest
    text = "  ".join(words)
    index = TermIndex([" ".join(term), *others])
    pattern = r"\s+".join(map(re.escape, term))
    expected = {one.span(1) for one in re.finditer(rf"(?<!\w)(?=({pattern})(?!\w))", text)}
    found = set(index.spans(text)) - set(TermIndex(others).spans(text))
    assert found | (expected & set(TermIndex(others).spans(text))) == expected


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "unit", ["project ", "project\n", "\u200b", "é", "a", " ", "o'", "秘密", "c+"]
)
async def test_a_megabyte_made_to_be_slow_is_finished(unit: str) -> None:
    await spans_of(unit * (1_000_000 // len(unit)))


def test_many_terms_inside_words_cost_a_text_no_more_than_its_characters() -> None:
    terms = [f"{number}号作戦" for number in range(30_000)] + ["計", "計画"]
    index = TermIndex(terms)
    assert len(index) == 30_002
    text = "これは第777号作戦の計画 " * 1000
    found = {text[a:b] for a, b in index.spans(text)}
    assert found == {"777号作戦", "77号作戦", "7号作戦", "計", "計画"}


@given(
    st.lists(st.text("ab李 ", min_size=1, max_size=4), max_size=5), st.text("ab李 ", max_size=30)
)
def test_terms_inside_words_are_found_wherever_a_plain_search_finds_them(
    terms: list[str], text: str
) -> None:
    known = {" ".join(term.split()) for term in terms} - {""}
    found = {text[a:b] for a, b in TermIndex(known, whole_words=False).spans(text)}
    assert {" ".join(one.split()) for one in found} == {
        term for term in known if re.search(r"\s+".join(map(re.escape, term.split())), text)
    }


async def test_nobody_waits_while_a_long_list_is_filed() -> None:
    detector = DenyListDetector(DenyListConfig(terms=tuple(f"customer {n}" for n in range(50_000))))
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0)
            beats += 1

    beating = asyncio.create_task(beat())
    first, second = await asyncio.gather(
        *(detector.find([f"Customer {n}"], GuardedCall()) for n in (7, 49_999))
    )
    beating.cancel()
    assert len(first[0]) == len(second[0]) == 1
    assert beats > 3  # in one piece it would be once or twice
