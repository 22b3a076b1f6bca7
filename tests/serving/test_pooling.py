from __future__ import annotations

import pytest
import torch

from jupyter_mesh.serving.pooling import pool

A, B, C = [1.0, 2.0], [3.0, -4.0], [5.0, 6.0]
JUNK = [99.0, 99.0]
EXPECTED = {
    "cls": A,
    "lasttoken": C,
    "max": [5.0, 6.0],
    "mean": [3.0, 4 / 3],
    "mean_sqrt_len_tokens": [9 / 3**0.5, 4 / 3**0.5],
    "weightedmean": [(1 + 6 + 15) / 6, (2 - 8 + 18) / 6],
}


@pytest.mark.parametrize("mode", EXPECTED)
@pytest.mark.parametrize(
    ("tokens", "mask"),
    [
        ([A, B, C, JUNK, JUNK], [1, 1, 1, 0, 0]),
        ([JUNK, JUNK, A, B, C], [0, 0, 1, 1, 1]),
        ([A, B, C], [1, 1, 1]),
    ],
)
def test_padding_on_either_side_does_not_count(
    mode: str, tokens: list[list[float]], mask: list[int]
) -> None:
    vectors = pool(torch.tensor([tokens]), torch.tensor([mask]), [mode], normalize=False)
    assert vectors.tolist() == [pytest.approx(EXPECTED[mode])]


def test_several_ways_are_concatenated_and_the_whole_is_scaled_to_length_1() -> None:
    vectors = pool(
        torch.tensor([[A, B, C]]), torch.ones(1, 3), ["cls", "lasttoken"], normalize=True
    )
    length = (1 + 4 + 25 + 36) ** 0.5
    assert vectors.tolist() == [pytest.approx([value / length for value in [*A, *C]])]


def test_half_precision_is_summed_in_single() -> None:
    tokens = torch.full((1, 4096, 1), 1.001, dtype=torch.bfloat16)
    vectors = pool(tokens, torch.ones(1, 4096), ["mean"], normalize=False)
    assert vectors.dtype is torch.float32
    assert vectors.item() == pytest.approx(float(tokens[0, 0, 0]))
