from __future__ import annotations

import pytest

from jupyter_mesh.providers.token_estimate import tokens_in

ENGLISH = (
    "All human beings are born free and equal in dignity and rights. They are endowed with reason "
    "and conscience and should act towards one another in a spirit of brotherhood. Everyone is "
    "entitled to all the rights and freedoms set forth in this Declaration, without distinction."
)
GERMAN = (
    "Die Würde des Menschen ist unantastbar. Sie zu achten und zu schützen ist Verpflichtung aller "
    "staatlichen Gewalt. Das Deutsche Volk bekennt sich darum zu unverletzlichen und "
    "unveräußerlichen Menschenrechten als Grundlage jeder menschlichen Gemeinschaft."
)
CHINESE = "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。"
RUSSIAN = "Все люди рождаются свободными и равными в своем достоинстве и правах."
PYTHON = (
    "def mean(values: list[float]) -> float:\n"
    '    """The arithmetic mean."""\n'
    "    if not values:\n"
    '        raise ValueError("no values")\n'
    "    return sum(values) / len(values)\n"
)
TABLE = "id,price,count\n" + "\n".join(f"{i},{i * 1.37:.2f},{i * 7}" for i in range(100, 140))

# Counted with OpenAI's o200k_base.
COUNTED = [
    ("English", ENGLISH, 51),
    ("German", GERMAN, 52),
    ("Chinese", CHINESE, 35),
    ("Russian", RUSSIAN, 17),
    ("Python", PYTHON, 39),
    ("CSV", TABLE, 324),
]


@pytest.mark.parametrize(("text", "tokens"), [c[1:] for c in COUNTED], ids=[c[0] for c in COUNTED])
def test_the_estimate_is_within_fifteen_percent(text: str, tokens: int) -> None:
    assert tokens_in(text) == pytest.approx(tokens, rel=0.15)


def test_only_the_empty_text_has_no_tokens() -> None:
    assert tokens_in("") == 0
    assert all(tokens_in(text) >= 1 for text in ("a", " ", "\n", "é", "𝕏", "\u200b"))


def test_more_text_never_has_fewer_tokens() -> None:
    for text in (ENGLISH, CHINESE, RUSSIAN, PYTHON, TABLE):
        counts = [tokens_in(text[:end]) for end in range(0, len(text), 10)]
        assert counts == sorted(counts)
