from __future__ import annotations

import pytest

from jupyter_mesh.serving.spans import spans_of

LABELS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
IOB = {label: [0.9 if label == other else 0.025 for other in LABELS] for label in LABELS}


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (["O", "O"], []),
        (["B-PER", "I-PER"], [("PER", 0, 5)]),
        (["B-PER", "B-PER"], [("PER", 0, 2), ("PER", 3, 5)]),
        (["I-PER", "I-PER"], [("PER", 0, 5)]),
        (["B-PER", "I-LOC"], [("PER", 0, 2), ("LOC", 3, 5)]),
        (["I-PER", "O", "I-PER"], [("PER", 0, 2), ("PER", 6, 8)]),
    ],
)
def test_neighbours_of_one_label_are_joined(tags: list[str], expected: list[object]) -> None:
    offsets = [(0, 2), (3, 5), (6, 8)][: len(tags)]
    spans = spans_of([IOB[tag] for tag in tags], offsets, LABELS)
    assert [(span.label, span.start, span.end) for span in spans] == expected


def test_special_tokens_belong_to_no_span() -> None:
    probs = [IOB["B-PER"], IOB["B-PER"], IOB["I-PER"], IOB["B-LOC"]]
    spans = spans_of(probs, [(0, 0), (0, 3), (3, 5), (0, 0)], LABELS)
    assert [(span.label, span.start, span.end) for span in spans] == [("PER", 0, 5)]


def test_labels_without_a_scheme_are_joined_by_name_and_scored_by_their_mean() -> None:
    (span,) = spans_of([[0.4, 0.6], [0.2, 0.8]], [(0, 1), (1, 2)], ("O", "NAME"))
    assert (span.label, span.start, span.end) == ("NAME", 0, 2)
    assert span.score == pytest.approx(0.7)
