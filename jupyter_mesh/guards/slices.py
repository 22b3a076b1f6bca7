"""Texts cut into what a worker looks through at a time, and the way back to where it stood."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

from ..spi.workers import ScannedSpan, Scanner
from .frames import FoundSpan

_MOST_PIECES = 256


class Piece(NamedTuple):
    """`start` to `end` of text number `text`; what is shown begins at `first` and ends at `last`.
    What is found belongs to the piece that it begins in.
    """

    text: int
    first: int
    start: int
    end: int
    last: int


Batch: TypeAlias = list[Piece]


def batches(scanner: type[Scanner], texts: Sequence[str]) -> Iterator[Batch]:
    """Pieces of all texts, about one slice together; short texts share a batch."""
    batch: Batch = []
    room = scanner.slice
    for piece in _pieces(scanner, texts):
        size = piece.end - piece.start
        if batch and (size > room or len(batch) == _MOST_PIECES):
            yield batch
            batch, room = [], scanner.slice
        batch.append(piece)
        room -= size
    if batch:
        yield batch


def _pieces(scanner: type[Scanner], texts: Sequence[str]) -> Iterator[Piece]:
    for number, text in enumerate(texts):
        for start in range(0, len(text), scanner.slice):
            end = min(start + scanner.slice, len(text))
            first = max(0, start - scanner.before)
            yield Piece(number, first, start, end, min(end + scanner.after, len(text)))


def shown(batch: Batch, texts: Sequence[str]) -> list[str]:
    """What a worker gets to see."""
    return [texts[piece.text][piece.first : piece.last] for piece in batch]


def placed(batch: Batch, found: Sequence[FoundSpan]) -> Iterator[tuple[int, ScannedSpan]]:
    """What was found, where it stands in which text.

    Raises:
        ValueError: It cannot have been found there.
    """
    for number, start, end, entity, score in found:
        if not 0 <= number < len(batch):
            raise ValueError("a finding lies in no text")
        piece = batch[number]
        start, end = piece.first + start, piece.first + end
        if not piece.first <= start < end <= piece.last or not 0.0 <= score <= 1.0:
            raise ValueError("a finding lies outside its text")
        if piece.start <= start < piece.end:
            yield piece.text, ScannedSpan(start, end, entity, score)
