# pyright: basic
# (torch's own annotations are partial)
"""Embedding, classifying and labelling texts: batches of similar length through an encoder."""

from __future__ import annotations

import base64
import sys
from abc import ABC, abstractmethod
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event
from typing import TypeAlias

import torch
from torch import Tensor

from ..errors import ContextTooLong, ProviderRejected
from ..spi.engine import Task
from ..spi.jobs import Done, EncodeJob, Job, Label, Output, Spans, Vector
from .loading import LoadedModel
from .pooling import pool
from .spans import spans_of

Emit: TypeAlias = Callable[[Output], None]


@dataclass(frozen=True, slots=True)
class _Text:
    """One tokenized text of a job; `offsets` are each token's place in the text."""

    index: int
    ids: list[int]
    offsets: list[tuple[int, int]]


class Encoder(ABC):
    """Answers encode jobs with one model; `produced` counts the texts done so far."""

    needs_offsets = False

    def __init__(self, loaded: LoadedModel) -> None:
        self.loaded = loaded
        self.produced = 0

    def run(self, job: Job, emit: Emit, cancelled: Event) -> Done:
        """Encode every text, longest first; a cancelled job ends at the next batch.

        Raises:
            ContextTooLong: A text is longer than the model takes, and truncation was not asked for.
            ProviderRejected: The model cannot do what the job asks.
        """
        if not isinstance(job, EncodeJob):
            raise ProviderRejected(f"A model for {self.loaded.spec.task} takes texts.", status=400)
        texts = self._tokenize(job)
        size = self.loaded.spec.max_batch
        for start in range(0, len(texts), size):
            if cancelled.is_set():
                break
            batch = texts[start : start + size]
            with torch.inference_mode():
                for output in self.outputs(batch, *self._padded(batch)):
                    emit(output)
            self.produced += len(batch)
        return Done(input_tokens=sum(len(text.ids) for text in texts))

    @abstractmethod
    def outputs(self, batch: Sequence[_Text], ids: Tensor, mask: Tensor) -> Sequence[Output]:
        """The output for each text of a padded batch."""

    def _tokenize(self, job: EncodeJob) -> list[_Text]:
        """The texts as tokens, longest first: batches of one length waste no padding."""
        window = self.loaded.info.context_window
        limit = None
        if job.truncate is not None:
            limit = window if job.truncate == -1 else min(job.truncate, window)
        encoded = self.loaded.tokenizer(
            [self._prepared(text) for text in job.texts],
            truncation=limit is not None,
            max_length=limit,
            return_offsets_mapping=self.needs_offsets,
        )
        offsets = encoded["offset_mapping"] if self.needs_offsets else [[] for _ in job.texts]
        texts = [
            _Text(index, ids, places)
            for index, (ids, places) in enumerate(zip(encoded["input_ids"], offsets, strict=True))
        ]
        texts.sort(key=lambda text: len(text.ids), reverse=True)
        if len(texts[0].ids) > window:
            raise ContextTooLong(
                f"`input[{texts[0].index}]` has {len(texts[0].ids):,} tokens; "
                f"{self.loaded.spec.name} takes {window:,}: split the text, or send "
                "`truncate_prompt_tokens: -1`.",
                param="input",
            )
        return texts

    def _prepared(self, text: str) -> str:
        text = self.loaded.layout.prompt + text
        return text.lower() if self.loaded.layout.lower_case else text

    def _padded(self, batch: Sequence[_Text]) -> tuple[Tensor, Tensor]:
        padded = self.loaded.tokenizer.pad(
            {"input_ids": [text.ids for text in batch]}, return_tensors="pt"
        ).to(self.loaded.model.device)
        return padded["input_ids"], padded["attention_mask"]


class Embedder(Encoder):
    """One vector per text, pooled and normalised as the model's own files say."""

    def outputs(self, batch: Sequence[_Text], ids: Tensor, mask: Tensor) -> Sequence[Output]:
        layout = self.loaded.layout
        states = self.loaded.model(input_ids=ids, attention_mask=mask).last_hidden_state
        vectors = pool(states, mask, layout.pooling, normalize=layout.normalize)
        return [
            Vector(index=text.index, data=_base64(vector))
            for text, vector in zip(batch, vectors.tolist(), strict=True)
        ]


class Classifier(Encoder):
    """The probability of each class: of one among them, or of each by itself (multi-label)."""

    def outputs(self, batch: Sequence[_Text], ids: Tensor, mask: Tensor) -> Sequence[Output]:
        logits = self.loaded.model(input_ids=ids, attention_mask=mask).logits.float()
        probs = torch.sigmoid(logits) if self._multi_label else torch.softmax(logits, dim=-1)
        return [
            Label(
                index=text.index,
                label=self.loaded.info.labels[max(range(len(row)), key=row.__getitem__)],
                probs=tuple(row),
            )
            for text, row in zip(batch, probs.tolist(), strict=True)
        ]

    @property
    def _multi_label(self) -> bool:
        """A lone class can only be present or not; else the model's config says."""
        kind = self.loaded.model.config.problem_type
        return kind == "multi_label_classification" or len(self.loaded.info.labels) == 1


class TokenClassifier(Encoder):
    """Labelled spans of each text."""

    needs_offsets = True

    def outputs(self, batch: Sequence[_Text], ids: Tensor, mask: Tensor) -> Sequence[Output]:
        logits = self.loaded.model(input_ids=ids, attention_mask=mask).logits.float()
        probs = torch.softmax(logits, dim=-1)
        return [
            # The mask tells which end was padded.
            Spans(
                index=text.index,
                spans=spans_of(row[kept.bool()].tolist(), text.offsets, self.loaded.info.labels),
            )
            for text, row, kept in zip(batch, probs, mask, strict=True)
        ]


ENCODERS: dict[Task, type[Encoder]] = {
    Task.EMBED: Embedder,
    Task.CLASSIFY: Classifier,
    Task.TOKEN_CLASSIFY: TokenClassifier,
}


def _base64(vector: list[float]) -> str:
    """Little-endian float32, as OpenAI's `encoding_format: base64`."""
    numbers = array("f", vector)
    if sys.byteorder == "big":
        numbers.byteswap()
    return base64.b64encode(numbers.tobytes()).decode()
