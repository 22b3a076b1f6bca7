"""From a label for each token to labelled spans of text."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from ..spi.jobs import Span

_OUTSIDE = "O"


def spans_of(
    probs: Sequence[Sequence[float]], offsets: Sequence[tuple[int, int]], labels: Sequence[str]
) -> tuple[Span, ...]:
    """Neighbouring tokens of one label, joined (transformers calls this aggregation `simple`).

    Labels may follow the IOB scheme: `B-PER` begins a span, `I-PER` continues one of its kind or
    begins one. Tokens that stand for no text (`[CLS]`) and those labelled `O` belong to no span.

    Args:
        probs: For each token, the probability of each label.
        offsets: For each token, where it begins and ends in the text; equal for special tokens.
        labels: Names, in the order of the probabilities.
    """
    groups: list[tuple[str, list[tuple[int, int, float]]]] = []
    for row, (start, end) in zip(probs, offsets, strict=True):
        if start == end:
            continue
        score = max(row)
        begins, label = _split(labels[list(row).index(score)])
        if begins or not groups or groups[-1][0] != label:
            groups.append((label, []))
        groups[-1][1].append((start, end, score))
    return tuple(
        Span(
            start=tokens[0][0],
            end=tokens[-1][1],
            label=label,
            score=fmean(score for _, _, score in tokens),
        )
        for label, tokens in groups
        if label != _OUTSIDE
    )


def _split(tag: str) -> tuple[bool, str]:
    """Whether a tag always begins a span, and the label without its IOB prefix."""
    return tag.startswith("B-"), tag[2:] if tag.startswith(("B-", "I-")) else tag
